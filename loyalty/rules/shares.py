"""How a whole splits into parts that sum to it exactly, by the largest remainder."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one line of the basket brought of an award; without ``index`` the bill as a whole."""

    index: int | None
    points: int = 0
    credit_minor: int = 0


def split(whole: int, weights: Sequence[int]) -> list[int]:
    """Return ``whole`` in proportion to the weights, in units, summing to it exactly.

    Each part is rounded down; what is left goes one by one to the largest remainders, and among
    equal ones to the earlier part. The weights sum to more than zero.
    """
    total = sum(weights)
    parts = [whole * weight // total for weight in weights]
    left = whole - sum(parts)
    if left:
        by_remainder = sorted(
            range(len(weights)), key=lambda at: (-(whole * weights[at] % total), at)
        )
        for at in by_remainder[:left]:
            parts[at] += 1
    return parts
