"""Judge tiers by the clock: holds that end, days that come, windows that move on (rules 7)."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum

from cards import terms
from cards.models import Card, CardStatus, TermsVersion
from loyalty.ledger.drafts import Draft, TierMove
from loyalty.ledger.models import Kind, Lot, Source, Unit
from loyalty.members.models import Account, Membership, TierSource
from loyalty.operations import drafting, standing, tiering
from loyalty.operations.deeds import Deed, fingerprint, one_transaction
from loyalty.rules import tiers
from loyalty.rules.terms import Terms, TierManagement, TierTerms, TierWindow

# So many accounts are judged at once; the counter waits for none of them longer than that takes.
CHUNK = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Review:
    """A card whose tiers the clock moves, on a day where the business is."""

    card: Card
    version_id: int
    rules: Terms
    zone: ZoneInfo
    at: datetime

    @property
    def today(self) -> date:
        """Return the day of the review."""
        return self.at.astimezone(self.zone).date()


@one_transaction
def review_tiers(*, at: datetime, chunk: int = CHUNK) -> int:
    """Judge up to ``chunk`` accounts of one card, and return how many; zero: all are judged today.

    A tier held by hand until a day that has come goes back under the rule; tiers after X days are
    judged on the day of joining and each multiple of X, or as soon after it as this runs; a window
    of days or a year may have moved on. Each account is judged once a day where the business is;
    what changes is a TIER_CHANGE by the system, with the entry reward on a rise. Running it twice
    changes nothing. Source: IV3.18, CU34, rules 7.
    """
    for review in _reviews(at):
        wanted = list(_wanted(review).order_by("pk").values_list("pk", flat=True)[:chunk])
        locked = Account.objects.select_for_update(no_key=True, skip_locked=True)
        accounts = list(locked.filter(pk__in=wanted).order_by("pk"))
        if accounts:
            _judge(review, accounts)
            judged = [account.pk for account in accounts]
            Account.objects.filter(pk__in=judged).update(tier_assessed_date=review.today)
            return len(accounts)
    return 0


def is_review_due(*, at: datetime) -> bool:
    """Return whether an account waits to be judged today."""
    return any(_wanted(review).exists() for review in _reviews(at))


def _reviews(at: datetime) -> list[_Review]:
    """Return the cards in use whose rules let the clock move tiers."""
    rows = Card.objects.filter(status=CardStatus.ACTIVE).select_related("partner")
    found = {card.pk: card for card in rows.order_by("pk")}
    versions = TermsVersion.objects.filter(card__in=found, published_at__lte=at).order_by("number")
    reviews = []
    for card_id, version_id in dict(versions.values_list("card_id", "pk")).items():
        rules, card = terms.of_version(version_id), found[card_id]
        if rules.tiers and rules.tier_management != TierManagement.MANUAL:
            reviews.append(
                _Review(
                    card=card, version_id=version_id, rules=rules, zone=card.partner.zone(), at=at
                )
            )
    return reviews


def _wanted(review: _Review) -> QuerySet[Account]:
    """Return the card's accounts that the clock may move and that were not judged today."""
    rows = Account.objects.filter(
        Q(tier_assessed_date=None) | Q(tier_assessed_date__lt=review.today),
        card=review.card,
        absorbed_by=None,
    )
    if _moves_on(review.rules):
        return rows
    return rows.filter(tier_source=TierSource.MANUAL, tier_hold_until__lte=review.at)


def _moves_on(rules: Terms) -> bool:
    """Return whether tiers may change though nothing is booked."""
    by_days = rules.tier_management == TierManagement.AFTER_DAYS
    is_windowed = rules.tier_basis in tiers.AWARDED_BASES
    return by_days or (is_windowed and rules.tier_window != TierWindow.LIFETIME)


def _judge(review: _Review, accounts: Sequence[Account]) -> None:
    """Book a tier change for each account that should have another tier, and rewards on a rise."""
    holders = _holders(accounts)
    sums = _sums(review, accounts, holders)
    moves = [
        (account, holders[account.pk], move)
        for account in accounts
        if account.pk in holders  # An account of nobody reaches nothing.
        and (move := _move(review, account, holders[account.pk], sums[account.pk]))
    ]
    falls = []
    for account, holder, move in moves:
        reached = review.rules.tier(move.to_tier_id)
        change = _change(review, account, holder, move, reached)
        if tiering.is_rise(review.rules, account.tier_id, reached):
            # One by one, so that each sees what the others took of the reward's stock.
            drafting.post([change, *_reward(review, change, holder, reached)])
        else:
            falls.append(change)
    if falls:
        drafting.post(falls)


def _holders(accounts: Sequence[Account]) -> dict[int, Membership]:
    """Return whose account each is: of a group its head's."""
    rows = Membership.objects.filter(account__in=accounts).select_related("group__head")
    return {
        row.account_id: row.group.head if row.group else row
        for row in rows.order_by("account_id", "pk")
    }


def _sums(
    review: _Review, accounts: Sequence[Account], holders: Mapping[int, Membership]
) -> dict[int, int]:
    """Return what each account's tier is held against."""
    due = _due(review, accounts)
    awarded = _awarded(review, accounts, holders)
    return {
        account.pk: tiering.Sums(
            available_points=account.points - due[account.pk, Unit.POINTS],
            awarded_points=awarded[account.pk]["points"],
            available_credit_minor=account.credit_minor - due[account.pk, Unit.CREDIT],
            awarded_credit_minor=awarded[account.pk]["credit"],
        ).measured(review.rules)
        for account in accounts
    }


def _due(review: _Review, accounts: Sequence[Account]) -> Counter[tuple[int, str]]:
    """Return what is past its date and not booked yet, by account and unit."""
    lots = Lot.objects.filter(account__in=accounts, remaining__gt=0, expires_at__lte=review.at)
    rows = lots.order_by().values_list("account_id", "unit").annotate(due=Sum("remaining"))
    return Counter({(account_id, unit): found for account_id, unit, found in rows})


def _awarded(
    review: _Review, accounts: Sequence[Account], holders: Mapping[int, Membership]
) -> dict[int, dict[str, int]]:
    """Return what counts as awarded: all, or what fell into the window of each account."""
    found = {
        account.pk: {"points": account.lifetime_points, "credit": account.lifetime_credit_minor}
        for account in accounts
    }
    by_day: dict[date, list[int]] = defaultdict(list)
    for pk, holder in holders.items():
        first_day = tiering.first_day(
            review.rules, today=review.today, joined=_joined(review, holder)
        )
        if first_day is not None:
            by_day[first_day].append(pk)
    for first_day, pks in by_day.items():
        found |= tiering.awarded_since(pks, first_day, review.zone)
    return found


def _joined(review: _Review, holder: Membership) -> date:
    return holder.joined_at.astimezone(review.zone).date()


def _move(review: _Review, account: Account, holder: Membership, value: int) -> TierMove | None:
    """Return where the rule puts the account, or None if it is there, is held, or has to wait."""
    is_by_hand = account.tier_source == TierSource.MANUAL
    is_held = tiers.is_held(
        is_set_by_hand=is_by_hand, held_until=account.tier_hold_until, at=review.at
    )
    is_due = tiers.is_assessment_due(
        management=review.rules.tier_management,
        tier_days=review.rules.tier_days,
        joined=_joined(review, holder),
        today=review.today,
        last_assessed=account.tier_assessed_date,
    )
    if is_held or not is_due:
        return None
    to_tier_id = tiers.assessed(
        terms=review.rules,
        value=value,
        tier_id=account.tier_id,
        is_set_by_hand=is_by_hand,
        held_until=account.tier_hold_until,
        at=review.at,
        is_due=True,
    )
    if to_tier_id == account.tier_id and not is_by_hand:
        return None
    return TierMove(to_tier_id=to_tier_id, source=TierSource.AUTOMATIC)


def _change(
    review: _Review,
    account: Account,
    holder: Membership,
    move: TierMove,
    reached: TierTerms | None,
) -> Draft:
    return Draft(
        kind=Kind.TIER_CHANGE,
        source=Source.SYSTEM,
        partner_id=account.partner_id,
        card_id=account.card_id,
        membership_id=holder.pk,
        account=account,
        actor_id=None,
        store_id=None,
        # An account is judged once a day.
        request_id=f"tier-review:{account.pk}:{review.today.isoformat()}",
        fingerprint=fingerprint("tier review"),
        occurred_at=review.at,
        terms_id=review.version_id,
        tier=move,
        result={"points": 0, "new_tier": reached.name if reached else None},
        events=(drafting.tier_fact(move.to_tier_id),),
    )


def _reward(
    review: _Review, change: Draft, holder: Membership, reached: TierTerms | None
) -> list[Draft]:
    """Return the entry reward of a rise."""
    deed = Deed(
        actor=None,
        source=Source.SYSTEM,
        store=None,
        request_id=change.request_id,
        occurred_at=review.at,
    )
    found = standing.look(deed=deed, membership_id=holder.pk)
    return drafting.entry_reward(change, replace(found, account=change.account), reached)
