"""What can be in the way of a row, as a code and plain figures; interfaces choose the words."""

from enum import StrEnum
from typing import Any

from loyalty.members.models import MembershipStatus
from loyalty.operations import adjustments, drafting, mass_adjustments, standing
from loyalty.operations.deeds import RepeatDiffersError


class Problem(StrEnum):
    """Why a row is not booked."""

    NO_MEMBER = "NO_MEMBER"
    NOT_FOUND = "NOT_FOUND"
    MERGED = "MERGED"
    NO_AMOUNT = "NO_AMOUNT"
    TWO_AMOUNTS = "TWO_AMOUNTS"
    NOT_WHOLE = "NOT_WHOLE"
    NOT_MONEY = "NOT_MONEY"
    TOO_FINE = "TOO_FINE"
    REASON = "REASON"
    TOO_LONG = "TOO_LONG"
    DATE = "DATE"
    ZERO = "ZERO"
    ABOVE_CAP = "ABOVE_CAP"
    NOT_ENOUGH = "NOT_ENOUGH"
    TAKES = "TAKES"
    DATE_PASSED = "DATE_PASSED"
    OWN = "OWN"
    REMOVED = "REMOVED"
    BLOCKED = "BLOCKED"
    REPEAT = "REPEAT"


class RowError(ValueError):
    """A row that cannot be booked, with the problem and its figures."""

    def __init__(self, problem: Problem, **facts: Any) -> None:
        super().__init__(problem)
        self.problem = problem
        self.facts = facts


_PLAIN = {
    standing.MembershipNotFoundError: Problem.NOT_FOUND,
    standing.OwnMembershipError: Problem.OWN,
    adjustments.NothingToAdjustError: Problem.ZERO,
    mass_adjustments.OpeningTakesError: Problem.TAKES,
    mass_adjustments.DatePassedError: Problem.DATE_PASSED,
    RepeatDiffersError: Problem.REPEAT,
}


def of(error: Exception) -> RowError:
    """Return the problem that an operation's refusal of a line is.

    :raises KeyError: if the refusal is none of a line.
    """
    match error:
        case RowError():
            return error
        case standing.MembershipNotActiveError():
            is_blocked = error.status == MembershipStatus.BLOCKED
            return RowError(Problem.BLOCKED if is_blocked else Problem.REMOVED)
        case adjustments.AboveCapError():
            return RowError(Problem.ABOVE_CAP, most=error.most)
        case drafting.NotEnoughPointsError():
            return RowError(Problem.NOT_ENOUGH, available=error.available)
        case _:
            return RowError(_PLAIN[type(error)])
