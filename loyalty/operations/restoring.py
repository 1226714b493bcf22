"""Mirror entries: give spent units back to their lots, or take earned units out of theirs."""

from collections import defaultdict
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from django.db.models import Sum

from loyalty.ledger.drafts import LotGrant, LotTake, Move
from loyalty.ledger.models import Entry, Kind, Lot, LotUse, Transaction, Unit
from loyalty.members.models import Account
from loyalty.operations import lot_dates

# Points whose lot expired while they were spent come back for so long (rules 14).
GRACE = timedelta(days=7)
# What an account was awarded and owes, as transactions move it.
SUMS = ("lifetime_points", "lifetime_credit_minor", "shortfall_points", "shortfall_credit_minor")


class PointsAlreadySpentError(ValueError):
    """What the deed gave was used since; that later deed must be undone first."""

    def __init__(self, *, missing: int) -> None:
        super().__init__(str(missing))
        self.missing = missing


class MovedToGroupError(ValueError):
    """What the deed moved was taken over by a membership group, where it counts as spent."""


class MovedToCustomerError(ValueError):
    """What the deed moved was taken over by another record of the customer, and counts as spent."""


class Mirror:
    """Mirrors the entries of one deed and its parts, the latest first.

    It remembers what it moved already, because nothing of it is written yet.
    """

    def __init__(self, *, at: datetime, own: AbstractSet[int] = frozenset()) -> None:
        """Begin; ``own`` are the transactions of the deed and its parts."""
        self.at = at
        self._own = own
        self._left: dict[tuple[int, str], int] = {}
        self._moved: defaultdict[int, int] = defaultdict(int)

    def left(self, account: Account, name: str) -> int:
        """Return what the parts so far leave of one of the account's sums."""
        now: int = getattr(account, name)
        return self._left.get((account.pk, name), now)

    def sums_of(self, account: Account, original: Transaction) -> dict[str, int]:
        """Return by how much a transaction's sums go back; none of them falls below zero."""
        back = {}
        for name in SUMS:
            left = self.left(account, name)
            back[name] = max(-getattr(original, name), -left)
            self._left[account.pk, name] = left + back[name]
        return back

    def of(self, entry: Entry) -> Move | None:
        """Return the mirror of an entry, or None if nothing is left to take.

        :raises PointsAlreadySpentError: if what it gave was used by something else.
        """
        if entry.amount < 0:
            return self.given_back(entry)
        return self.taken_back(entry)

    def given_back(self, entry: Entry) -> Move:
        """Return the mirror of a spending: each lot gets back what was taken from it.

        What was taken from a lot that has expired meanwhile comes back as a new lot with seven
        days' grace, because a lot's date never changes. A lot that the deed itself made is filled
        in any case, for that is emptied next.
        """
        takes: list[LotTake] = []
        late = 0
        for use in entry.lot_uses.select_related("lot__entry").order_by("pk"):
            is_late = use.lot.expires_at is not None and use.lot.expires_at <= self.at
            if is_late and use.lot.entry.transaction_id not in self._own:
                late += use.amount
            else:
                takes.append(LotTake(lot_id=use.lot_id, amount=-use.amount))
                self._moved[use.lot_id] += use.amount
        grants = (LotGrant(amount=late, expires_at=self.at + GRACE),) if late else ()
        return Move(amount=-entry.amount, unit=Unit(entry.unit), grants=grants, takes=tuple(takes))

    def given_anew(self, entry: Entry) -> Move:
        """Return the mirror of a spending on an account that a group took over.

        Its lots are closed, so the group gets lots with the same dates, or with seven days' grace.
        """
        grants = []
        for use in entry.lot_uses.select_related("lot").order_by("pk"):
            date = use.lot.expires_at
            is_late = date is not None and date <= self.at
            grants.append(
                LotGrant(amount=use.amount, expires_at=self.at + GRACE if is_late else date)
            )
        return Move(amount=-entry.amount, unit=Unit(entry.unit), grants=tuple(grants))

    def taken_back(self, entry: Entry) -> Move | None:
        """Return the mirror of what gave points: the lots it made or filled up give them again.

        What has expired from them since counts as taken already. None if nothing is left to take.

        :raises PointsAlreadySpentError: if something else used them.
        :raises MovedToGroupError: if a membership group has them now.
        """
        takes: list[LotTake] = []
        for lot in entry.lots.order_by("pk"):
            takes += self._taken(entry, lot, lot.earned)
        # A deed that gave points back (a voucher taken away) put them into older lots.
        filled = entry.lot_uses.filter(amount__lt=0).select_related("lot").order_by("pk")
        for use in filled:
            takes += self._taken(entry, use.lot, -use.amount)
        total = sum(take.amount for take in takes)
        some = tuple(take for take in takes if take.amount)
        return Move(amount=-total, unit=Unit(entry.unit), takes=some) if total else None

    def _taken(self, entry: Entry, lot: Lot, given: int) -> list[LotTake]:
        taken = self._in_lot(lot, given)
        takes = [LotTake(lot_id=lot.pk, amount=taken)]
        missing = given - taken
        if missing:
            missing -= _expired_since(entry, lot)
        if missing > 0:
            for later in lot_dates.later_lots(lot):
                part = self._in_lot(later, max(missing, 0))
                takes.append(LotTake(lot_id=later.pk, amount=part))
                missing -= part + _expired_since(entry, later)
        if missing > 0:
            if LotUse.objects.filter(lot=lot, lot__account__absorbed_by__isnull=False).exists():
                raise MovedToGroupError
            raise PointsAlreadySpentError(missing=missing)
        return takes

    def _in_lot(self, lot: Lot, wanted: int) -> int:
        """Return how much of it the lot still has, and remember that it is taken."""
        taken = min(wanted, lot.remaining + self._moved[lot.pk])
        self._moved[lot.pk] -= taken
        return taken


def _expired_since(entry: Entry, lot: Lot) -> int:
    """Return how much of a lot has expired after an entry gave it."""
    since = LotUse.objects.filter(
        lot=lot, entry__transaction__kind=Kind.EXPIRY, entry_id__gt=entry.pk
    )
    found: int = since.aggregate(found=Sum("amount", default=0))["found"]
    return found
