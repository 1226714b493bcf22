"""What a what-if run has counted so far, as plain data between its chunks."""

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from loyalty.analytics.tier_moves import TierStep
from loyalty.analytics.trials import Trial
from loyalty.ledger.models import Transaction
from loyalty.rules.awards import Award
from loyalty.rules.explanations import steps_as_data

MOST_CHANGED = 20


@dataclass(slots=True, kw_only=True)
class Seen:
    """What one member's purchases gave, and what they would have given."""

    purchases: int = 0
    points: int = 0
    credit_minor: int = 0


@dataclass(slots=True, kw_only=True)
class Tally:
    """Sums, tier moves and the most changed purchases; ids only, no personal data.

    ``cursor`` is the last account that was seen, ``until_id`` the last transaction that counts.
    ``weight`` is what a point weighs against a minor unit of credit. ``refused`` purchases are
    above the draft's largest amount; ``unknown`` ones were stored without what rules look at.
    """

    until_id: int = 0
    weight: str = "1"
    cursor: int = 0
    purchases: int = 0
    refused: int = 0
    unknown: int = 0
    points_before: int = 0
    points_after: int = 0
    credit_before: int = 0
    credit_after: int = 0
    members: int = 0
    better: int = 0
    worse: int = 0
    mixed: int = 0
    moves: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    changed: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "Tally":
        """Return what ``as_data`` wrote."""
        return cls(**data)

    def as_data(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return asdict(self)

    def see(self, row: Transaction, seen: Seen, trial: Trial) -> tuple[int, int]:
        """Count one purchase; return how many points and how much credit the draft changes."""
        self.purchases += 1
        before = row.lifetime_points, row.lifetime_credit_minor
        if "rules" not in row.facts:
            self.unknown += 1
            self._sum(before, before)
            return 0, 0
        award = trial.award(row)
        self.refused += award is None
        after = (award.points, award.credit_minor) if award else (0, 0)
        self._sum(before, after)
        points, credit = after[0] - before[0], after[1] - before[1]
        seen.purchases += 1
        seen.points += points
        seen.credit_minor += credit
        if points or credit:
            self._rank(row, award, points, credit)
        return points, credit

    def _sum(self, before: tuple[int, int], after: tuple[int, int]) -> None:
        self.points_before += before[0]
        self.credit_before += before[1]
        self.points_after += after[0]
        self.credit_after += after[1]

    def judge(self, seen: Seen) -> None:
        """Count whether a member would have been better off, worse off, or both."""
        if not seen.purchases:
            return
        self.members += 1
        changes = (seen.points, seen.credit_minor)
        gains, losses = any(one > 0 for one in changes), any(one < 0 for one in changes)
        self.mixed += gains and losses
        self.better += gains and not losses
        self.worse += losses and not gains

    def move(self, step: TierStep, members: int) -> None:
        """Count members who would stand on another tier."""
        if members:
            name = f"{step.from_tier_id or 0}>{step.to_tier_id or 0}"
            into = self.kept if step.is_kept else self.moves
            into[name] = into.get(name, 0) + members

    def _rank(self, row: Transaction, award: Award | None, points: int, credit: int) -> None:
        """Keep a purchase if it is among the most changed; among equal ones the earlier stays."""
        size = abs(points) * Decimal(self.weight) + abs(credit)
        if len(self.changed) == MOST_CHANGED and size <= Decimal(self.changed[-1]["size"]):
            return
        at = next(
            (at for at, one in enumerate(self.changed) if Decimal(one["size"]) < size),
            len(self.changed),
        )
        entry = {
            "transaction": row.pk,
            "membership": row.membership_id,
            "size": str(size),
            "points": [row.lifetime_points, row.lifetime_points + points],
            "credit": [row.lifetime_credit_minor, row.lifetime_credit_minor + credit],
            "steps": steps_as_data(award.steps) if award else None,
        }
        self.changed.insert(at, entry)
        del self.changed[MOST_CHANGED:]

    def explained(self) -> list[dict[str, Any]]:
        """Return the most changed purchases with why they gave what they gave, in one statement."""
        rows = Transaction.objects.in_bulk([one["transaction"] for one in self.changed])
        return [
            one | {"steps_before": rows[one["transaction"]].result.get("explanation", [])}
            for one in self.changed
        ]
