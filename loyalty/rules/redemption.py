"""How much of a bill points can pay, and how many points that takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from loyalty.rules.terms import RedemptionMethod, Terms, TierBasis, TierTerms

# Only these thresholds are numbers of points, so only they can cut a balance of points into slices.
POINT_BASES = frozenset({TierBasis.AVAILABLE_POINTS, TierBasis.AWARDED_POINTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemable:
    """Money in minor units, and the points that pay exactly that."""

    money_minor: int
    points: int


class TooMuchMoneyError(ValueError):
    """The points cannot pay so much of this bill."""

    def __init__(self, *, money_minor: int, most_minor: int) -> None:
        super().__init__(f"{money_minor} > {most_minor}")
        self.most_minor = most_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slice:
    """Points of one worth, and up to where they may pay the bill, all in exact minor units."""

    points: int
    rate: Fraction
    ceiling: Fraction


def value(*, balance: int, bill_minor: int, tier: TierTerms | None, terms: Terms) -> Redeemable:
    """Return the most that a balance pays of a bill, and the fewest points that buy that money.

    Money is rounded down once, at the end, to whole minor units, the points for it up, so the shop
    keeps the fraction; points that buy nothing more stay with the member. Never more than the bill
    or the tier's percentage of it. Current tier: all points at that tier's rate. Fallback: points
    above a tier's threshold at its rate, those below slide to the next lower tier, and what its
    percentage leaves unused is left out. Source: IV3.19, rules 6.
    """
    paid = Fraction(0)
    for part in _slices(balance, bill_minor, tier, terms):
        paid += min(part.points * part.rate, max(part.ceiling - paid, Fraction(0)))
    money = floor(paid)
    points = _points(money, balance, bill_minor, tier, terms)
    return Redeemable(money_minor=money, points=points)


def cost_of(
    *, money_minor: int, balance: int, bill_minor: int, tier: TierTerms | None, terms: Terms
) -> int:
    """Return the fewest points that pay so much of a bill; rounded up. Source: rules 6.

    :raises TooMuchMoneyError: if it is more than the balance pays of this bill.
    """
    most = value(balance=balance, bill_minor=bill_minor, tier=tier, terms=terms)
    if money_minor > most.money_minor:
        raise TooMuchMoneyError(money_minor=money_minor, most_minor=most.money_minor)
    return _points(money_minor, balance, bill_minor, tier, terms)


def _points(money: int, balance: int, bill: int, tier: TierTerms | None, terms: Terms) -> int:
    """Return the points that buy this money, the highest slice first."""
    paid, points = Fraction(0), 0
    for part in _slices(balance, bill, tier, terms):
        wanted = min(part.ceiling, Fraction(money)) - paid
        if wanted > 0 < part.rate:
            needed = min(part.points, ceil(wanted / part.rate))
            points += needed
            paid += min(needed * part.rate, wanted)
    return points


def _slices(balance: int, bill: int, tier: TierTerms | None, terms: Terms) -> Iterator[_Slice]:
    """Yield the balance in parts of one worth, the highest tier's first."""
    left = balance
    if terms.redemption_method == RedemptionMethod.FALLBACK and terms.tier_basis in POINT_BASES:
        for step in sorted(terms.tiers, key=lambda step: step.min_value, reverse=True):
            above = max(left - step.min_value, 0)
            yield _slice(above, bill, step, terms)
            left -= above
        yield _slice(left, bill, None, terms)
    else:
        yield _slice(left, bill, tier, terms)


def _slice(points: int, bill: int, tier: TierTerms | None, terms: Terms) -> _Slice:
    rate = tier.rate if tier else terms.base_rate
    percent = tier.redemption_percent if tier else terms.base_redemption_percent
    share = min(Fraction(percent), Fraction(100)) / 100
    return _Slice(points=points, rate=Fraction(rate), ceiling=bill * share)
