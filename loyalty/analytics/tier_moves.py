"""Which members would have another tier by draft rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Sum

from loyalty.ledger.models import Lot, Unit
from loyalty.members.models import Account, Membership, MembershipStatus, TierSource
from loyalty.operations import tiering
from loyalty.rules import tiers
from loyalty.rules.terms import Terms, TierBasis, TierManagement, TierWindow

AVAILABLE = frozenset({TierBasis.AVAILABLE_POINTS, TierBasis.AVAILABLE_CREDIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class TierStep:
    """That an account would stand on another tier.

    ``is_kept`` where the thresholds say so but the card never lowers a tier that it gave.
    """

    from_tier_id: int | None
    to_tier_id: int | None
    is_kept: bool


class Assessment:
    """A batch of accounts held against the draft's thresholds, as of one moment."""

    def __init__(
        self,
        *,
        terms: Terms,
        accounts: Iterable[Sequence[Membership]],
        at: datetime,
        zone: ZoneInfo,
    ) -> None:
        self._terms = terms
        self._at = at
        self._starts: dict[int, date | None] = {}
        self._awarded: dict[int, dict[str, int]] = {}
        self._due: dict[tuple[int, str], int] = {}
        if self.is_idle:
            return
        groups = [list(holders) for holders in accounts]
        if terms.tier_basis in AVAILABLE:
            self._due = _due([holders[0].account_id for holders in groups], at)
        elif terms.tier_window != TierWindow.LIFETIME:
            self._read_windows(groups, zone)

    @property
    def is_idle(self) -> bool:
        """Return whether the draft moves nobody: it has no tiers, or people move members."""
        terms = self._terms
        return not terms.tiers or terms.tier_management == TierManagement.MANUAL

    def start(self, account_id: int) -> date | None:
        """Return the first day whose awards count for an account, or None if all do."""
        return self._starts.get(account_id)

    def step(self, account: Account, points: int, credit_minor: int) -> TierStep | None:
        """Return the move of an account whose awards change by so much, or None if it stays."""
        is_by_hand = account.tier_source == TierSource.MANUAL
        hold = account.tier_hold_until
        if self.is_idle or tiers.is_held(is_set_by_hand=is_by_hand, held_until=hold, at=self._at):
            return None
        value = self._value(account, points, credit_minor)
        found = tiers.reached(value, self._terms.tiers)
        to_tier_id = found.tier_id if found else None
        if to_tier_id == account.tier_id:
            return None
        moved = tiers.assessed(
            terms=self._terms,
            value=value,
            tier_id=account.tier_id,
            is_set_by_hand=is_by_hand,
            held_until=hold,
            at=self._at,
            is_due=True,
        )
        return TierStep(
            from_tier_id=account.tier_id, to_tier_id=to_tier_id, is_kept=moved != to_tier_id
        )

    def _value(self, account: Account, points: int, credit_minor: int) -> int:
        """Return what the draft's thresholds are held against; a difference counts as unspent."""
        awarded = self._awarded.get(account.pk) or {
            "points": account.lifetime_points,
            "credit": account.lifetime_credit_minor,
        }
        due_points = self._due.get((account.pk, Unit.POINTS.value), 0)
        due_credit = self._due.get((account.pk, Unit.CREDIT.value), 0)
        return tiers.measure(
            basis=self._terms.tier_basis,
            available_points=max(0, account.points - due_points + points),
            awarded_points=max(0, awarded["points"] + points),
            available_credit_minor=max(0, account.credit_minor - due_credit + credit_minor),
            awarded_credit_minor=max(0, awarded["credit"] + credit_minor),
        )

    def _read_windows(self, groups: Iterable[Sequence[Membership]], zone: ZoneInfo) -> None:
        """Read what each account was awarded in its window, one statement for each first day."""
        today = self._at.astimezone(zone).date()
        by_start: dict[date, list[int]] = {}
        for holders in groups:
            group = holders[0].group
            counted = group.head if group else holders[0]
            joined = counted.joined_at.astimezone(zone).date()
            start = tiers.window_start(
                window=self._terms.tier_window,
                days=self._terms.tier_window_days,
                today=today,
                joined=joined,
            )
            self._starts[holders[0].account_id] = start
            if start is not None:
                by_start.setdefault(start, []).append(holders[0].account_id)
        for start, account_ids in by_start.items():
            self._awarded |= tiering.awarded_since(account_ids, start, zone)


def active(holders: Iterable[Membership]) -> int:
    """Return how many members of an account take part."""
    return sum(one.status == MembershipStatus.ACTIVE for one in holders)


def _due(account_ids: Sequence[int], at: datetime) -> dict[tuple[int, str], int]:
    """Return what lies in lots whose date has passed and is not booked yet, by account and unit."""
    lots = Lot.objects.filter(account__in=account_ids, remaining__gt=0, expires_at__lte=at)
    sums = lots.order_by().values_list("account_id", "unit").annotate(due=Sum("remaining"))
    return {(account_id, unit): due for account_id, unit, due in sums}
