"""Why an award is what it is, as a tree of steps; the words belong to the pages."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """What a step of an explanation says."""

    ENTERED = "ENTERED"  # Staff typed the points.
    BELOW_MINIMUM = "BELOW_MINIMUM"  # The purchase is too small; no line was tried.
    LOYALTY_TENDER = "LOYALTY_TENDER"  # Part of the bill was paid with points or credit.
    NO_MATCH = "NO_MATCH"  # No line of the plans in force looks at anything on the bill.
    PLAN = "PLAN"  # What one plan gave; its children say how.
    EXEMPT = "EXEMPT"  # Items that a line took out of the plan.
    EXEMPT_PLAN = "EXEMPT_PLAN"  # A line took the whole plan out.
    STEPS = "STEPS"  # Each full step earned.
    AT_LEAST = "AT_LEAST"  # Once from a threshold on.
    NOT_THIS_TIME = "NOT_THIS_TIME"  # The conditions are met, but it is not this one's turn.
    MUST_PROCESS = "MUST_PROCESS"  # What a plan's lines gave beside all conflicts.
    CONFLICT = "CONFLICT"  # Several values became one.
    TIER = "TIER"  # The tier multiplied the sum.
    ROUNDING = "ROUNDING"  # A part of a point became whole.
    CAP = "CAP"  # A limit cut the award.


Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the computation.

    PLAN, MUST_PROCESS and lines say what they gave themselves; CONFLICT, TIER, ROUNDING and CAP
    what stands after them. A part of a point is left out here and told in the facts.
    """

    reason: Reason
    points: int = 0
    credit_minor: int = 0
    facts: Pairs = ()
    children: tuple["Step", ...] = ()


def steps_as_data(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """Return steps as plain JSON; what is empty is left out, but for points and facts."""
    return [_as_data(step) for step in steps]


def counted_places(steps: Iterable[Step]) -> frozenset[int] | None:
    """Return which items of a bill brought something; None if the bill did as one amount."""
    named = [dict(step.facts).get("lines") for step in _earning(steps)]
    if not named or None in named:
        return None
    return frozenset(int(place) for lines in named if lines for place in lines.split())


def _earning(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        if step.reason in {Reason.STEPS, Reason.AT_LEAST}:
            yield step
        yield from _earning(step.children)


def _as_data(step: Step) -> dict[str, Any]:
    data: dict[str, Any] = {
        "reason": step.reason.value,
        "points": step.points,
        "facts": dict(step.facts),
    }
    if step.credit_minor:
        data["credit_minor"] = step.credit_minor
    if step.children:
        data["children"] = steps_as_data(step.children)
    return data


def steps_from_data(data: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Return steps that were stored as plain JSON.

    A database may have put facts into another order; compare stored steps as data.
    """
    return tuple(
        Step(
            reason=Reason(step["reason"]),
            points=step["points"],
            credit_minor=step.get("credit_minor", 0),
            facts=tuple(step["facts"].items()),
            children=steps_from_data(step.get("children", ())),
        )
        for step in data
    )
