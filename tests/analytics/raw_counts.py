"""What the daily round counts, out of the ledger's rows in plain Python."""

from collections import Counter, defaultdict
from datetime import date

from cards.models import Card
from loyalty.analytics.counting import CARD_PARTS, PARTNER_PARTS
from loyalty.analytics.models import Comeback
from loyalty.analytics.reading import Counted, Scope
from loyalty.analytics.spans import CountDay
from loyalty.ledger.models import TierChange
from loyalty.members.models import Membership
from tests.analytics import raw


def count(cast, today):
    """Count all cards as of a day of the test's own, as the daily round does; return the scope."""
    day = CountDay(today=today, zone=cast.partner.zone())
    cards = list(Card.objects.filter(partner=cast.partner).order_by("pk"))
    todo = [(part, {"card": card}) for card in cards for part in CARD_PARTS]
    todo += [(part, {"partner": cast.partner}) for part in PARTNER_PARTS]
    for part, of in todo:
        part.write(part.count(*of.values(), day), **of)
    ids = [card.pk for card in cards]
    return Counted(card_ids=ids, all_of=cast.partner.pk, at=raw.later(), date=today)


def tell_comebacks(cast):
    """Tell anew who came after which day, where anything changed, as the daily round does."""
    cards = Card.objects.filter(partner=cast.partner).order_by("pk")
    todo = [(part, {"card": card}) for card in cards for part in CARD_PARTS]
    todo += [(part, {"partner": cast.partner}) for part in PARTNER_PARTS]
    for part, of in todo:
        if part.model is Comeback:
            part.write(part.count(*of.values(), None), **of)


def month_of(moment, partner):
    return moment.astimezone(partner.zone()).date().replace(day=1)


def visit_days(cards):
    """Return the days on which each membership was there."""
    found = defaultdict(set)
    for deed in raw.visits(Scope(partner=None, cards=cards)):
        found[deed.membership_id].add(raw.day_of(deed))
    return found


def month_number(day):
    return day.year * 12 + day.month


def cohorts(cards, today):
    """Return those who joined in each of twelve months, and the active of the months after."""
    days = visit_days(cards)
    found = {}
    for one in Membership.objects.filter(card__in=cards).select_related("partner"):
        joined = month_of(one.joined_at, one.partner)
        if month_number(joined) <= month_number(today) - 12:
            continue
        sizes = found.setdefault(joined, Counter())
        sizes["all"] += 1
        for month in {day.replace(day=1) for day in days[one.pk]}:
            sizes[month_number(month) - month_number(joined)] += 1
    return {
        joined: (sizes["all"], {after: n for after, n in sizes.items() if after != "all"})
        for joined, sizes in found.items()
    }


def frequency(cards, span):
    """Return by how often they came: how many members, and their visits."""
    found = {}
    for days in visit_days(cards).values():
        times = sum(span.first <= day < span.until for day in days)
        least = max((one for one in (1, 2, 3, 6, 11) if one <= times), default=0)
        members, visits = found.get(least, (0, 0))
        found[least] = (members + 1, visits + times)
    found.pop(0, None)
    return found


def missed(cards, today):
    """Return members at risk: visits, gap and last day, most visits first."""
    active = set(
        Membership.objects.filter(card__in=cards, status="ACTIVE").values_list("pk", flat=True)
    )
    since = date(today.year - 1, today.month, 1)
    found = []
    for pk, all_days in visit_days(cards).items():
        days = sorted(day for day in all_days if day >= since)
        if pk not in active or len(days) < 3:
            continue
        away, length = (today - days[-1]).days, (days[-1] - days[0]).days
        if away > 30 and away > 2 * length / (len(days) - 1):
            gap = (2 * length + len(days) - 1) // (2 * (len(days) - 1))
            found.append((pk, len(days), gap, days[-1]))
    return sorted(found, key=lambda one: (-one[1], one[0]))


def best(cards, span):
    """Return what each member who is there spent, by currency, earned, and how often they came."""
    there = {
        one.pk
        for one in Membership.objects.filter(card__in=cards).select_related("member")
        if one.status != "REMOVED" and not (one.member.merged_into_id or one.member.erased_at)
    }
    spent, earned, came = defaultdict(Counter), Counter(), Counter()
    for deed in raw.deeds_of(Scope(partner=None, cards=cards)):
        if deed.membership_id not in there or not span.first <= raw.day_of(deed) < span.until:
            continue
        earned[deed.membership_id] += deed.lifetime_points
        spent[deed.card.currency][deed.membership_id] += raw.sales(deed)
    for pk, days in visit_days(cards).items():
        came[pk] = pk in there and sum(span.first <= day < span.until for day in days)
    told = {("SPENT", name): amounts for name, amounts in spent.items()}
    told |= {("EARNED", ""): earned, ("VISITS", ""): came}
    return {
        key: sorted(((-n, pk) for pk, n in amounts.items() if n > 0))[:20]
        for key, amounts in told.items()
        if any(n > 0 for n in amounts.values())
    }


def tiers(cards):
    found = Membership.objects.filter(card__in=cards, status="ACTIVE").select_related("account")
    return dict(Counter((one.card_id, one.account.tier_id) for one in found))


def tier_moves(cards, span):
    """Return ups and downs of each month."""
    found = defaultdict(Counter)
    changes = TierChange.objects.filter(transaction__card__in=cards).select_related(
        "transaction__partner", "from_tier", "to_tier"
    )
    for one in changes:
        day = raw.day_of(one.transaction)
        before, after = (tier.min_value if tier else -1 for tier in (one.from_tier, one.to_tier))
        if span.first <= day < span.until and before != after:
            found[day.replace(day=1)]["up" if after > before else "down"] += 1
    return {month: (moves["up"], moves["down"]) for month, moves in found.items()}
