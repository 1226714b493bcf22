"""What a refund takes back, and what happens when it is not there any more."""

from dataclasses import dataclass
from typing import assert_never

from loyalty.rules.terms import Clawback, RefundMethod


class RefundExceedsPurchaseError(ValueError):
    """More is refunded than the purchase was, or than is left of it."""

    def __init__(self, *, refund_minor: int, left_minor: int) -> None:
        super().__init__(f"{refund_minor} > {left_minor}")
        self.left_minor = left_minor


class ClawbackTooLargeError(ValueError):
    """The refund would take back more than the member has left."""

    def __init__(self, *, wanted: int, available: int) -> None:
        super().__init__(f"{wanted} > {available}")
        self.missing = wanted - available


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What is taken from the balance now, and what the next awards settle."""

    taken: int
    shortfall: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """What of an award reaches the balance, and what of it settles a shortfall."""

    credited: int
    settled: int


def taken_back(
    *,
    method: RefundMethod,
    award: int,
    bill_minor: int,
    refunded_before_minor: int,
    refund_minor: int,
    taken_before: int,
) -> int:
    """Return what this refund takes back of a bill's award, in the award's unit.

    Pro rata is rounded down on all that was refunded so far, so the member keeps the fraction until
    the rest is refunded, and parts sum to the whole. All takes the whole award with the first
    refund. Never less than nothing. Source: IV3.20, rules 8.

    :raises RefundExceedsPurchaseError: if more is refunded than is left of the bill.
    """
    left = bill_minor - refunded_before_minor
    if refund_minor > left:
        raise RefundExceedsPurchaseError(refund_minor=refund_minor, left_minor=left)
    owed = _owed(method, award, bill_minor, refunded_before_minor + refund_minor)
    # More was taken before where the card's method has changed in between.
    return max(owed - taken_before, 0)


def _owed(method: RefundMethod, award: int, bill: int, refunded: int) -> int:
    """Return what all refunds together should have taken."""
    match method:
        case RefundMethod.ALL:
            return award
        case RefundMethod.PRO_RATA:
            # A bill of nothing has no share of a share: its refund is the whole.
            return award * refunded // bill if bill else award
        case RefundMethod.NONE:
            return 0
        case unknown:
            assert_never(unknown)


def line_taken_back(
    *,
    share: int,
    line_minor: int,
    refunded_before_minor: int,
    refund_minor: int,
    taken_before: int,
) -> int:
    """Return what a refund of one line takes back of what that line earned; rounded down.

    ``share`` is the line's part of the award, from the stored explanation. Pro rata where lines
    are known; parts sum to the share. Source: IV3.20, rules 8.

    :raises RefundExceedsPurchaseError: if more is refunded than is left of the line.
    """
    return taken_back(
        method=RefundMethod.PRO_RATA,
        award=share,
        bill_minor=line_minor,
        refunded_before_minor=refunded_before_minor,
        refund_minor=refund_minor,
        taken_before=taken_before,
    )


def settle(*, wanted: int, available: int, clawback: Clawback) -> Settlement:
    """Return what is taken now and what stays owed, so that no balance goes below zero.

    Source: rules 8.

    :raises ClawbackTooLargeError: if less is there and the card refuses such refunds.
    """
    if wanted > available and clawback == Clawback.REFUSE:
        raise ClawbackTooLargeError(wanted=wanted, available=available)
    taken = min(wanted, available)
    return Settlement(taken=taken, shortfall=wanted - taken)


def earn_against_shortfall(*, earned: int, shortfall: int) -> Credited:
    """Return how an award is split: it settles what is owed, the rest is credited (rules 8)."""
    settled = min(earned, shortfall)
    return Credited(credited=earned - settled, settled=settled)
