"""Which date a lot was given at its award, however often it was moved since.

A transfer tells in its facts from which lot each of its own lots comes, and that date.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from loyalty.ledger.drafts import LotGrant, LotTake, Move
from loyalty.ledger.models import Kind, Lot, LotUse, Transaction, Unit


def open_lots(account_id: int) -> list[Lot]:
    """Return the account's lots with something left, points before credit, the oldest first."""
    rows = Lot.objects.filter(account=account_id, remaining__gt=0).select_related(
        "entry__transaction"
    )
    return sorted(rows, key=lambda lot: (lot.unit != Unit.POINTS, lot.pk))


def given_dates(lots: Sequence[Lot]) -> dict[int, datetime | None]:
    """Return until when each lot was good when it was awarded, by its key.

    ``entry__transaction`` should come with the lots.
    """
    return {lot.pk: _given(lot) for lot in lots}


def _given(lot: Lot) -> datetime | None:
    moved_by = lot.entry.transaction
    if moved_by.kind != Kind.TRANSFER:
        return lot.expires_at
    told = next(fact["given"] for own, fact in _moved(moved_by) if own.pk == lot.pk)
    return datetime.fromisoformat(told) if told else None


def later_lots(lot: Lot) -> Iterator[Lot]:
    """Return the lots into which a lot was moved on the same account, to last longer."""
    uses = LotUse.objects.filter(lot=lot, entry__transaction__kind=Kind.TRANSFER)
    for use in uses.select_related("entry__transaction").order_by("pk"):
        for later, fact in _moved(use.entry.transaction):
            if fact["lot"] == lot.pk:
                yield later
                yield from later_lots(later)


def _moved(transfer: Transaction) -> Iterable[tuple[Lot, dict[str, Any]]]:
    """Return the lots that a transfer made, each with what it says about it."""
    made = Lot.objects.filter(entry__transaction=transfer).order_by("pk")
    return zip(made, transfer.facts.get("lots", ()), strict=False)


def facts_of(lots: Sequence[Lot]) -> list[dict[str, Any]]:
    """Return what a transfer tells of the lots that it moves, in the order of its grants."""
    given = given_dates(lots)
    return [
        {"lot": lot.pk, "given": date.isoformat() if (date := given[lot.pk]) else None}
        for lot in lots
    ]


def taken(lots: Sequence[Lot]) -> tuple[Move, ...]:
    """Return the entries that take all that is left in these lots, one for each unit."""
    moves = []
    for unit in Unit:
        own = [lot for lot in lots if lot.unit == unit]
        if own:
            takes = tuple(LotTake(lot_id=lot.pk, amount=lot.remaining) for lot in own)
            moves.append(Move(amount=-_left(own), unit=unit, takes=takes))
    return tuple(moves)


def granted(lots: Sequence[Lot], until: Sequence[datetime | None]) -> tuple[Move, ...]:
    """Return the entries that give as much again in new lots with these dates, in their order."""
    moves = []
    for unit in Unit:
        own = [(lot, date) for lot, date in zip(lots, until, strict=True) if lot.unit == unit]
        if own:
            grants = tuple(LotGrant(amount=lot.remaining, expires_at=date) for lot, date in own)
            moves.append(Move(amount=_left([lot for lot, _ in own]), unit=unit, grants=grants))
    return tuple(moves)


def _left(lots: Iterable[Lot]) -> int:
    return sum(lot.remaining for lot in lots)
