"""The same figures out of the ledger's rows, one by one in plain Python: what sums must equal."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone

from loyalty.analytics import reading, rollups
from loyalty.analytics.models import RollupMark
from loyalty.analytics.spans import SETTLED, Step
from loyalty.analytics.tallying import BASKETS, FLOWS, SORT
from loyalty.ledger.models import Entry, Transaction, VoucherMove
from loyalty.members.models import Account

VISITS = {"PURCHASE", "BUY", "POINTS", "REDEMPTION", "PAYMENT"}


def later():
    """Return noon of tomorrow: what was recorded so far is settled, and midnight is far away."""
    tomorrow = timezone.now() + timedelta(days=1)
    return tomorrow.replace(hour=12, minute=0, second=0, microsecond=0)


def soon():
    """Return the first moment at which all that was recorded so far is settled, for pages of now.

    Later it could be tomorrow.
    """
    return timezone.now() + SETTLED + timedelta(seconds=1)


def roll(partner, *, at=None, steps=None, counts=False):
    """Let the job do so many steps for a partner, or all; the round of the day only if asked."""
    at = at or later()
    rolling = rollups.Rolling(at=at)
    if not counts:
        today = (at - SETTLED).astimezone(partner.zone()).date()
        RollupMark.objects.get_or_create(partner=partner, defaults={"timezone": partner.timezone})
        RollupMark.objects.filter(partner=partner).update(counted_date=today)
    done = 0
    while (steps is None or done < steps) and rolling.roll(partner):
        done += 1
    return done


def ask(scope, windows, by):
    return reading.read(scope, lambda reader: reader.sums(windows, by=by))


def told(rows, by):
    """Return the sums without those of nothing, by window, part and the columns named."""
    found = {}
    for row in rows:
        sums = {name: row[name] for name in FLOWS if row[name]}
        if sums:
            found[tuple(row[name] for name in ("named", "part", *by))] = sums
    return found


def sort_of(deed, steps):
    """Return what a transaction counts as: deed, aspect, source, whether it undoes."""
    original = deed.reverses or deed
    aspect = ""
    if original.kind == "VOUCHER":
        aspect = steps[original.pk]
    elif original.refunds is not None:
        aspect = original.refunds.kind
    return (original.kind, aspect, deed.source, deed.kind == "REVERSAL")


def deeds_of(scope):
    """Return what was done; in the own wallet nobody works."""
    found = Transaction.objects.filter(card__in=scope.cards, **scope.place())
    if scope.actor_id:
        found = found.exclude(source="WALLET")
    return found.select_related(
        "card", "store", "reward", "refunds", "reverses__refunds", "partner"
    ).order_by("pk")


def steps_of_vouchers():
    rows = VoucherMove.objects.order_by("-pk").values_list("transaction_id", "to_status")
    return dict(rows)


def day_of(deed):
    return deed.occurred_at.astimezone(deed.partner.zone()).date()


def part_of(window, day):
    if window.step is None:
        return window.span.until
    return day if window.step == Step.DAY else day.replace(day=1)


def summed(scope, windows, by):
    """Return what `ask` must return, as `told` tells it."""
    steps = steps_of_vouchers()
    moves = defaultdict(Counter)
    for entry in Entry.objects.order_by("pk"):
        way = "in" if entry.amount > 0 else "out"
        moves[entry.transaction_id][f"{entry.unit.lower()}_{way}"] += abs(entry.amount)
    found = defaultdict(Counter)
    for deed in deeds_of(scope):
        day = day_of(deed)
        values = dict(zip(SORT, sort_of(deed, steps), strict=True)) | {
            "card__currency": deed.card.currency,
            "card_id": deed.card_id,
            "store_id": deed.store_id,
            "actor_id": deed.actor_id,
            "reward_id": deed.reward_id,
        }
        money = (deed.reverses or deed).amount_minor or 0
        sums = Counter(
            deed_count=1,
            money_minor=money,
            awarded_points=deed.lifetime_points,
            awarded_credit=deed.lifetime_credit_minor,
            **moves[deed.pk],
        )
        for window in windows:
            if window.span.first <= day < window.span.until:
                key = (window.name, part_of(window, day), *(values[name] for name in by))
                for name, value in sums.items():
                    found[key][name] += value
    return {
        key: {name: sums[name] for name in FLOWS if sums[name]}
        for key, sums in found.items()
        if any(sums.values())
    }


def baskets(scope, span):
    """Return the baskets of a span: number, money, and the same of those with a reward."""
    steps = steps_of_vouchers()
    undone = reversed_ids()
    stands = [
        deed
        for deed in deeds_of(scope)
        if deed.pk not in undone and span.first <= day_of(deed) < span.until
    ]
    rewarded = {
        (deed.membership_id, day_of(deed))
        for deed in stands
        if deed.kind == "REDEMPTION" or (deed.kind == "VOUCHER" and steps[deed.pk] == "USED")
    }
    found = Counter()
    for deed in stands:
        if deed.kind == "PURCHASE":
            found.update(basket_count=1, basket_minor=deed.amount_minor or 0)
            if (deed.membership_id, day_of(deed)) in rewarded:
                found.update(rewarded_count=1, rewarded_minor=deed.amount_minor or 0)
    return {name: found[name] for name in BASKETS}


def visits(scope):
    """Return the deeds by which a member shows to be active, undone or not."""
    steps = steps_of_vouchers()
    return [
        deed
        for deed in deeds_of(scope)
        if deed.membership_id is not None
        and (
            deed.kind in VISITS
            or (deed.kind == "VOUCHER" and steps[deed.pk] == "USED")
            or (deed.kind == "BONUS" and deed.result.get("reason") == "CHECK_IN")
        )
    ]


def active(scope, span):
    return len(
        {deed.membership_id for deed in visits(scope) if span.first <= day_of(deed) < span.until}
    )


def hours(scope, span):
    """Return the visits that stand by weekday and hour, on the clock of where they were."""
    undone = reversed_ids()
    found = Counter()
    for deed in visits(scope):
        if span.first <= day_of(deed) < span.until and deed.pk not in undone:
            name = (deed.store and deed.store.timezone) or deed.partner.timezone
            moment = deed.occurred_at.astimezone(ZoneInfo(name))
            found[moment.isoweekday(), moment.hour] += 1
    return dict(found)


def reversed_ids():
    return set(Transaction.objects.filter(~Q(reverses=None)).values_list("reverses", flat=True))


def sales(deed):
    """Return what a transaction adds to the sales; what is undone or refunded takes off."""
    original = deed.reverses or deed
    sign = -1 if deed.reverses else 1
    if original.kind == "REFUND" and original.refunds.kind == "PURCHASE":
        return -sign * (original.amount_minor or 0)
    return sign * (original.amount_minor or 0) if original.kind == "PURCHASE" else 0


def balances(cards):
    """Return what all accounts hold: points, and credit by currency."""
    points, credit = 0, Counter()
    for account in Account.objects.filter(card__in=cards).select_related("card"):
        points += account.points
        credit[account.card.currency] += account.credit_minor
    return points, {name: value for name, value in credit.items() if value}


def moment(day, hour=12):
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
