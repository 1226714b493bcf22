"""What all refunds of one bill so far should have taken back of its award, by line or by amount."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import assert_never

from loyalty.rules.terms import RefundMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class LineBack:
    """A line of the bill: what it brought, what it cost, and how much of it was returned so far.

    ``is_named`` says that a refund named it; that alone returns a line which cost nothing.
    """

    share: int
    amount_minor: int
    returned_minor: int = 0
    is_named: bool = False

    def owed(self) -> int:
        """Return what of the line's share is owed, rounded down, so that its parts sum to it."""
        if self.amount_minor <= 0:
            return self.share if self.is_named else 0
        return self.share * self.returned_minor // self.amount_minor


def owed(
    *,
    method: RefundMethod,
    award: int,
    bill_minor: int,
    refunded_minor: int,
    lines: Sequence[LineBack] = (),
) -> int:
    """Return what all refunds so far, this one included, take back of an award, in its unit.

    ``refunded_minor`` counts all of them, those by line included. Pro rata, a returned line gives
    back what it brought, in proportion to its own amount. What belongs to no line, and what is
    refunded without naming one, goes in proportion to the bill. Rounded down, so that the member
    keeps the fraction; once the whole bill is refunded it is the whole award. Never falls as more
    is refunded. Source: IV3.20, rules 8.
    """
    match method:
        case RefundMethod.ALL:
            return award
        case RefundMethod.NONE:
            return 0
        case RefundMethod.PRO_RATA:
            if refunded_minor >= bill_minor:
                return award
            by_line = sum(line.owed() for line in lines)
            unnamed = refunded_minor - sum(line.returned_minor for line in lines)
            of_lines = sum(line.share for line in lines)
            rest = (award - of_lines) * refunded_minor + of_lines * unnamed
            return min(award, by_line + floor(Fraction(rest, bill_minor)))
        case unknown:
            assert_never(unknown)
