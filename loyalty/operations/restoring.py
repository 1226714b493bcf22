"""Mirror entries: give spent units back to their lots, or take earned units out of theirs."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db.models import Sum

from loyalty.ledger.drafts import LotGrant, LotTake, Move
from loyalty.ledger.models import Entry, Kind, Lot, LotUse, Unit
from loyalty.operations import lot_dates

# Points whose lot expired while they were spent come back for so long (rules 14).
GRACE = timedelta(days=7)


class PointsAlreadySpentError(ValueError):
    """What the deed gave was used since; that later deed must be undone first."""

    def __init__(self, *, missing: int) -> None:
        super().__init__(str(missing))
        self.missing = missing


class MovedToGroupError(ValueError):
    """What the deed moved was taken over by a membership group, where it counts as spent."""


class Mirror:
    """Mirrors the entries of one deed and its parts, the latest first.

    It remembers what it moved already, because nothing of it is written yet.
    """

    def __init__(self, *, at: datetime) -> None:
        self.at = at
        self._moved: defaultdict[int, int] = defaultdict(int)

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
        days' grace, because a lot's date never changes.
        """
        takes: list[LotTake] = []
        late = 0
        for use in entry.lot_uses.select_related("lot").order_by("pk"):
            if use.lot.expires_at is not None and use.lot.expires_at <= self.at:
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
            since = LotUse.objects.filter(
                lot=lot, entry__transaction__kind=Kind.EXPIRY, entry_id__gt=entry.pk
            )
            missing -= since.aggregate(total=Sum("amount"))["total"] or 0
        if missing > 0:
            for later in lot_dates.later_lots(lot):
                part = self._in_lot(later, missing)
                takes.append(LotTake(lot_id=later.pk, amount=part))
                missing -= part
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
