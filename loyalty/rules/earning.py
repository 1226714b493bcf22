"""How many points a purchase earns, and why."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from loyalty.rules.rounding import Rounding, whole
from loyalty.rules.terms import Terms, TierTerms


class Reason(StrEnum):
    """One step of an explanation; the words belong to the pages."""

    BELOW_MINIMUM = "BELOW_MINIMUM"
    STEPS = "STEPS"
    TIER = "TIER"
    CAP = "CAP"
    ENTERED = "ENTERED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the computation and the points after it."""

    reason: Reason
    points: int
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """The award of one deed: points, why, and the amount missing to the next step.

    Where it earned nothing, ``missing_minor`` is what is missing to the first amount that does.
    """

    points: int
    steps: tuple[Step, ...]
    missing_minor: int = 0


class AmountTooLargeError(ValueError):
    """The amount is above what one purchase may be."""

    def __init__(self, *, amount_minor: int, most_minor: int) -> None:
        super().__init__(f"{amount_minor} > {most_minor}")
        self.most_minor = most_minor


class TooManyPointsError(ValueError):
    """The points are above what one deed may give."""

    def __init__(self, *, points: int, most: int) -> None:
        super().__init__(f"{points} > {most}")
        self.most = most


def earn_by_amount(*, amount_minor: int, terms: Terms, tier: TierTerms | None) -> Earning:
    """Return what a purchase of this amount earns.

    Only full steps count; the tier multiplies the sum and the result is rounded once, at the end,
    in the card's mode (down by default, so the shop keeps the fraction). Source: rules 1, R7.3.

    :raises AmountTooLargeError: if the amount is above the card's largest.
    """
    line = terms.line
    if amount_minor > terms.max_amount_minor:
        raise AmountTooLargeError(amount_minor=amount_minor, most_minor=terms.max_amount_minor)
    if amount_minor < line.min_amount_minor:
        missing = _first_paying_amount(terms, tier) - amount_minor
        least = (("min_minor", str(line.min_amount_minor)),)
        step = Step(reason=Reason.BELOW_MINIMUM, points=0, facts=least)
        return Earning(points=0, steps=(step,), missing_minor=missing)
    count = amount_minor // line.step_minor  # A part step earns nothing.
    points = count * line.points_per_step
    facts = (
        ("amount_minor", str(amount_minor)),
        ("step_minor", str(line.step_minor)),
        ("points_per_step", str(line.points_per_step)),
        ("count", str(count)),
    )
    steps: tuple[Step, ...] = (Step(reason=Reason.STEPS, points=points, facts=facts),)
    if tier is not None and tier.multiplier != Decimal(1):
        points = whole(points * tier.multiplier, terms.rounding)
        steps = (*steps, _tier_step(points, terms, tier))
    if points > terms.max_points:
        points = terms.max_points
        steps = (*steps, Step(reason=Reason.CAP, points=points))
    missing = (count + 1) * line.step_minor - amount_minor
    if (
        points == 0 < line.points_per_step
    ):  # One more step is not enough where a tier multiplies by less than one.
        missing = _first_paying_amount(terms, tier) - amount_minor
    return Earning(points=points, steps=steps, missing_minor=missing)


def _first_paying_amount(terms: Terms, tier: TierTerms | None) -> int:
    """Return the smallest amount that earns anything, in minor units."""
    line = terms.line
    per_step = line.points_per_step * (tier.multiplier if tier else Decimal(1))
    count = 1
    if per_step and terms.rounding != Rounding.UP:
        needed = Decimal(1) if terms.rounding == Rounding.DOWN else Decimal("0.5")
        count = max(1, whole(needed / per_step, Rounding.UP))
    return max(line.min_amount_minor, count * line.step_minor)


def _tier_step(points: int, terms: Terms, tier: TierTerms) -> Step:
    facts = (
        ("tier", tier.name),
        ("multiplier", f"{tier.multiplier.normalize():f}"),
        ("rounding", terms.rounding.value),
    )
    return Step(reason=Reason.TIER, points=points, facts=facts)


def earn_by_points(*, points: int, terms: Terms) -> Earning:
    """Return an award that staff entered as points; no amount, no multiplier (R9.2).

    :raises TooManyPointsError: if they are above the card's cap.
    """
    if points > terms.max_points:
        raise TooManyPointsError(points=points, most=terms.max_points)
    return Earning(points=points, steps=(Step(reason=Reason.ENTERED, points=points),))
