"""Which lots a spending takes: the earliest expiry first, those without expiry last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLot:
    """A lot with something left in it."""

    lot_id: int
    remaining: int
    expires_at: datetime | None

    def is_usable(self, at: datetime) -> bool:
        """Return whether its points can be spent; past its date they cannot, booked or not."""
        return self.expires_at is None or self.expires_at > at


def usable(lots: Sequence[OpenLot], at: datetime) -> int:
    """Return how many units can be spent at this moment."""
    return sum(lot.remaining for lot in lots if lot.is_usable(at))


def take(lots: Sequence[OpenLot], amount: int, at: datetime) -> list[tuple[int, int]]:
    """Return (lot, units) pairs that make up ``amount``, or fewer if there is not enough.

    Source: IV4, rules 13.
    """
    ordered = sorted(
        (lot for lot in lots if lot.is_usable(at)),
        key=lambda lot: (lot.expires_at is None, lot.expires_at or at, lot.lot_id),
    )
    taken: list[tuple[int, int]] = []
    for lot in ordered:
        if amount <= 0:
            break
        part = min(lot.remaining, amount)
        taken.append((lot.lot_id, part))
        amount -= part
    return taken
