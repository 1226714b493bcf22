"""Mirror an entry: give spent points back to their lots, or take earned points out of theirs."""

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


def given_back(entry: Entry, at: datetime) -> Move:
    """Return the mirror of a spending: each lot gets back what was taken from it.

    What was taken from a lot that has expired meanwhile comes back as a new lot with seven days'
    grace, because a lot's date never changes.
    """
    takes: list[LotTake] = []
    late = 0
    for use in entry.lot_uses.select_related("lot").order_by("pk"):
        if use.lot.expires_at is not None and use.lot.expires_at <= at:
            late += use.amount
        else:
            takes.append(LotTake(lot_id=use.lot_id, amount=-use.amount))
    grants = (LotGrant(amount=late, expires_at=at + GRACE),) if late else ()
    return Move(amount=-entry.amount, unit=Unit(entry.unit), grants=grants, takes=tuple(takes))


def taken_back(entry: Entry) -> Move | None:
    """Return the mirror of an award: what its lots still hold is taken out of them.

    What has expired from them counts as taken already. None if nothing is left to take.

    :raises PointsAlreadySpentError: if something else used them.
    """
    takes: list[LotTake] = []
    for lot in entry.lots.order_by("pk"):
        missing = lot.earned - lot.remaining - _expired(lot)
        if missing > 0:
            raise PointsAlreadySpentError(missing=missing)
        if lot.remaining:
            takes.append(LotTake(lot_id=lot.pk, amount=lot.remaining))
    total = sum(take.amount for take in takes)
    return Move(amount=-total, unit=Unit(entry.unit), takes=tuple(takes)) if total else None


def _expired(lot: Lot) -> int:
    found = LotUse.objects.filter(lot=lot, entry__transaction__kind=Kind.EXPIRY)
    return found.aggregate(total=Sum("amount"))["total"] or 0


def mirrored(entry: Entry, at: datetime) -> Move | None:
    """Return the entry that undoes another, whichever way it went.

    :raises PointsAlreadySpentError: if what it gave was used since.
    """
    return taken_back(entry) if entry.amount > 0 else given_back(entry, at)
