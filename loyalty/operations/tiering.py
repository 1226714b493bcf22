"""Let what a deed moves decide the account's tier, in one place for every deed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from loyalty.ledger.drafts import Draft, TierMove
from loyalty.ledger.models import Kind, Lot, Transaction, Unit
from loyalty.members.models import Account, TierSource
from loyalty.operations import drafting
from loyalty.operations.standing import Standing
from loyalty.rules import tiers
from loyalty.rules.terms import Terms, TierManagement, TierTerms

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What an account holds and was awarded, by which tiers are reached."""

    available_points: int
    awarded_points: int
    available_credit_minor: int
    awarded_credit_minor: int

    def measured(self, terms: Terms) -> int:
        """Return the one that the card's thresholds are held against."""
        return tiers.measure(
            basis=terms.tier_basis,
            available_points=self.available_points,
            awarded_points=self.awarded_points,
            available_credit_minor=self.available_credit_minor,
            awarded_credit_minor=self.awarded_credit_minor,
        )


def settle(standing: Standing, drafts: list[Draft], *, may_lower: bool = False) -> list[Draft]:
    """Move the tier that the drafts reach, on the first of them, and give its entry reward.

    Nothing happens where the first draft moves the tier already, where tiers are not judged after
    each deed, or where one is held by hand. On awarded bases a deed only ever raises, unless it
    ``may_lower`` because a person corrected what was awarded. Source: IV3.7 to IV3.10, IV3.18.
    """
    main, account, terms = drafts[0], standing.account, standing.terms
    if main.tier is not None or not terms.tiers:
        return drafts
    value = sums_after(standing, drafts).measured(terms)
    to_tier_id = judged(standing, value, may_lower=may_lower)
    if to_tier_id == account.tier_id:
        return drafts
    main.tier = TierMove(to_tier_id=to_tier_id, source=TierSource.AUTOMATIC)
    reached = terms.tier(to_tier_id)
    main.result["new_tier"] = reached.name if reached else None
    main.events = (*main.events, drafting.tier_fact(to_tier_id))
    if not is_rise(terms, account.tier_id, reached):
        return drafts
    return [*drafts, *drafting.entry_reward(main, standing, reached)]


def is_rise(terms: Terms, from_tier_id: int | None, reached: TierTerms | None) -> bool:
    """Return whether a tier is above the one before; an archived one before counts as none."""
    before = terms.tier(from_tier_id)
    return reached is not None and (before is None or before.min_value < reached.min_value)


def judged(standing: Standing, value: int, *, may_lower: bool) -> int | None:
    """Return the tier that the account should have with this measure, judged after a deed."""
    account, terms, at = standing.account, standing.terms, standing.deed.occurred_at
    if terms.tier_management != TierManagement.AUTOMATIC:
        return account.tier_id
    is_by_hand = account.tier_source == TierSource.MANUAL
    is_held = tiers.is_held(is_set_by_hand=is_by_hand, held_until=account.tier_hold_until, at=at)
    if may_lower and not is_held:
        found = tiers.reached(value, terms.tiers)
        return found.tier_id if found else None
    return tiers.assessed(
        terms=terms,
        value=value,
        tier_id=account.tier_id,
        is_set_by_hand=is_by_hand,
        held_until=account.tier_hold_until,
        at=at,
        is_due=True,
    )


def automatic(standing: Standing, value: int) -> TierMove:
    """Return the tier that this measure reaches, as a move by the rule."""
    found = tiers.reached(value, standing.terms.tiers)
    return TierMove(to_tier_id=found.tier_id if found else None, source=TierSource.AUTOMATIC)


def sums_after(standing: Standing, drafts: Sequence[Draft]) -> Sums:
    """Return what the account will hold and will have been awarded once the drafts are posted."""
    own = [one for one in drafts if one.account is standing.account]
    moved = {
        unit: sum(move.amount for one in own for move in one.moves if move.unit == unit)
        for unit in Unit
    }
    awarded = awarded_in_window(standing)
    by_awards = standing.terms.tier_basis in tiers.AWARDED_BASES
    due = Counter[Unit]() if by_awards else due_taken(standing, own)
    return Sums(
        available_points=standing.available + moved[Unit.POINTS] + due[Unit.POINTS],
        awarded_points=awarded.awarded_points + sum(one.lifetime_points for one in own),
        available_credit_minor=standing.available_credit + moved[Unit.CREDIT] + due[Unit.CREDIT],
        awarded_credit_minor=awarded.awarded_credit_minor
        + sum(one.lifetime_credit_minor for one in own),
    )


def due_taken(standing: Standing, drafts: Sequence[Draft]) -> Counter[Unit]:
    """Return how much the drafts take from lots past their date, which nobody could spend.

    What they put back into such lots first, to take it with the rest, is taken off.
    """
    taken: Counter[tuple[Unit, int]] = Counter()
    if standing.due_points or standing.due_credit:
        for one in drafts:
            for move in one.moves:
                for take in move.takes:
                    taken[move.unit, take.lot_id or 0] += take.amount
    found: Counter[Unit] = Counter()
    if taken:
        lots = Lot.objects.filter(
            pk__in=[lot_id for _unit, lot_id in taken],
            account=standing.account,
            expires_at__lte=standing.deed.occurred_at,
        )
        due = set(lots.values_list("pk", flat=True))
        for (unit, lot_id), amount in taken.items():
            found[unit] += amount if lot_id in due else 0
    return found


def first_day(terms: Terms, *, today: date, joined: date) -> date | None:
    """Return the first day whose awards count for the tier, or None if all do."""
    return tiers.window_start(
        window=terms.tier_window, days=terms.tier_window_days, today=today, joined=joined
    )


def awarded_in_window(standing: Standing) -> Sums:
    """Return what the account was awarded in the card's window, up to now.

    What was undone or refunded counts on the day of the deed that it corrects.
    """
    account = standing.account
    start = counted_since(standing)
    found: Mapping[str, int]
    found = {"points": account.lifetime_points, "credit": account.lifetime_credit_minor}
    if standing.known and standing.known.awarded is not None:
        found = standing.known.awarded
    elif start is not None:
        zone = standing.membership.partner.zone()
        found = awarded_since([account.pk], start, zone)[account.pk]
    return Sums(
        available_points=standing.available,
        awarded_points=found["points"],
        available_credit_minor=standing.available_credit,
        awarded_credit_minor=found["credit"],
    )


def counted_since(standing: Standing) -> date | None:
    """Return the first day whose awards count for the account's tier, or None if all do."""
    zone = standing.membership.partner.zone()
    group = standing.membership.group
    counted_from = group.head if group else standing.membership
    return first_day(
        standing.terms,
        today=standing.deed.occurred_at.astimezone(zone).date(),
        joined=counted_from.joined_at.astimezone(zone).date(),
    )


def awarded_since(
    account_ids: Sequence[int], start: date, zone: "ZoneInfo"
) -> dict[int, dict[str, int]]:
    """Return the points and credit that each account was awarded from a day on.

    What a group took over counts on the day on which its member was awarded it.
    """
    since = datetime.combine(start, time.min, tzinfo=zone)
    deeds = (
        Transaction.objects.filter(
            account__in=Account.objects.filter(
                Q(pk__in=account_ids) | Q(absorbed_by__in=account_ids)
            ).values("pk")
        )
        .exclude(kind=Kind.TRANSFER)
        .annotate(
            counts_at=Coalesce("reverses__occurred_at", "refunds__occurred_at", "occurred_at"),
            counts_for=Coalesce("account__absorbed_by", "account"),
        )
        .filter(counts_at__gte=since)
        .order_by()
        .values("counts_for")
        .annotate(
            points=Sum("lifetime_points", default=0), credit=Sum("lifetime_credit_minor", default=0)
        )
    )
    found = {pk: {"points": 0, "credit": 0} for pk in account_ids}
    for row in deeds:
        found[row["counts_for"]] = {
            "points": max(0, row["points"]),
            "credit": max(0, row["credit"]),
        }
    return found
