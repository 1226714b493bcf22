"""A card's published rules as values: what the engine computes with."""

from dataclasses import dataclass
from decimal import Decimal

from loyalty.rules.rounding import Rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class TierTerms:
    """A tier as it was published: from how many awarded points, and what it multiplies by."""

    tier_id: int
    name: str
    min_points: int
    multiplier: Decimal
    entry_reward_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of a plan: every ``step_minor`` of the bill earns ``points_per_step``."""

    step_minor: int
    points_per_step: int
    min_amount_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Everything a deed needs to know of a card's rules. Money is in minor units."""

    line: Line
    is_points_only: bool
    max_amount_minor: int
    max_points: int
    rounding: Rounding
    welcome_points: int
    expiry_days: int | None
    tiers: tuple[TierTerms, ...]

    def tier(self, tier_id: int | None) -> TierTerms | None:
        """Return the terms of a tier, or None."""
        return next((tier for tier in self.tiers if tier.tier_id == tier_id), None)
