"""Which tier a member's awarded points reach."""

from collections.abc import Sequence

from loyalty.rules.terms import TierTerms


def reached(awarded: int, tiers: Sequence[TierTerms]) -> TierTerms | None:
    """Return the highest tier whose threshold is met, or None below all of them."""
    met = [tier for tier in tiers if tier.min_points <= awarded]
    return max(met, key=lambda tier: tier.min_points, default=None)


def following(awarded: int, tiers: Sequence[TierTerms]) -> TierTerms | None:
    """Return the next tier to climb to, or None at the top."""
    ahead = [tier for tier in tiers if tier.min_points > awarded]
    return min(ahead, key=lambda tier: tier.min_points, default=None)
