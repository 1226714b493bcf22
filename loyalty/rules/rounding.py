"""How a part of a point becomes whole."""

from enum import StrEnum
from typing import assert_never


class Rounding(StrEnum):
    """The card's rounding mode; DOWN, the default, lets the shop keep the fraction."""

    DOWN = "DOWN"
    HALF_UP = "HALF_UP"
    UP = "UP"


def whole_of_ratio(numerator: int, denominator: int, mode: Rounding) -> int:
    """Return a non-negative ratio as whole points in the given mode; exact, unlike a decimal."""
    match mode:
        case Rounding.DOWN:
            return numerator // denominator
        case Rounding.HALF_UP:
            return (2 * numerator + denominator) // (2 * denominator)
        case Rounding.UP:
            return -(-numerator // denominator)
        case unknown:
            assert_never(unknown)
