"""What was read of many accounts at once, so that deciding on each asks nothing more."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from loyalty.ledger.models import Lot, Unit
from loyalty.rules.lots import OpenLot


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An account's open lots, and what it was awarded in the card's window; None if not read."""

    lots: Mapping[Unit, Sequence[OpenLot]] | None = None
    awarded: Mapping[str, int] | None = None


def open_lots(account_ids: Collection[int]) -> dict[int, dict[Unit, list[OpenLot]]]:
    """Return the lots with something left of each account by unit, unordered; one statement."""
    found: dict[int, dict[Unit, list[OpenLot]]] = defaultdict(lambda: {unit: [] for unit in Unit})
    rows = Lot.objects.filter(account__in=account_ids, remaining__gt=0)
    for account_id, unit, pk, remaining, expires_at in rows.values_list(
        "account_id", "unit", "pk", "remaining", "expires_at"
    ):
        lot = OpenLot(lot_id=pk, remaining=remaining, expires_at=expires_at)
        found[account_id][Unit(unit)].append(lot)
    return found
