"""Mirror entries: give spent units back to their lots, or take earned units out of theirs."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db.models import Sum

from loyalty.ledger.drafts import LotGrant, LotTake, Move
from loyalty.ledger.models import Entry, Kind, Lot, LotUse, Unit

# Points whose lot expired while they were spent come back for so long (rules 14).
GRACE = timedelta(days=7)


class PointsAlreadySpentError(ValueError):
    """What the deed gave was used since; that later deed must be undone first."""

    def __init__(self, *, missing: int) -> None:
        super().__init__(str(missing))
        self.missing = missing


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

    def taken_back(self, entry: Entry) -> Move | None:
        """Return the mirror of what gave points: the lots it made or filled up give them again.

        What has expired from them since counts as taken already. None if nothing is left to take.

        :raises PointsAlreadySpentError: if something else used them.
        """
        takes = [self._taken(entry, lot, lot.earned) for lot in entry.lots.order_by("pk")]
        # A deed that gave points back (a voucher taken away) put them into older lots.
        filled = entry.lot_uses.filter(amount__lt=0).select_related("lot").order_by("pk")
        takes += [self._taken(entry, use.lot, -use.amount) for use in filled]
        total = sum(take.amount for take in takes)
        some = tuple(take for take in takes if take.amount)
        return Move(amount=-total, unit=Unit(entry.unit), takes=some) if total else None

    def _taken(self, entry: Entry, lot: Lot, given: int) -> LotTake:
        taken = min(given, lot.remaining + self._moved[lot.pk])
        missing = given - taken
        if missing:
            since = LotUse.objects.filter(
                lot=lot, entry__transaction__kind=Kind.EXPIRY, entry_id__gt=entry.pk
            )
            missing -= since.aggregate(total=Sum("amount"))["total"] or 0
        if missing > 0:
            raise PointsAlreadySpentError(missing=missing)
        self._moved[lot.pk] -= taken
        return LotTake(lot_id=lot.pk, amount=taken)
