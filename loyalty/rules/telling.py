"""What plans and lines made of a bill, told as steps."""

from collections.abc import Sequence
from typing import NamedTuple

from loyalty.rules.baskets import Facts
from loyalty.rules.compiling import Compiled, plain
from loyalty.rules.conflicts import Resolution, Value
from loyalty.rules.explanations import Pairs, Reason, Step
from loyalty.rules.matching import LineRun, PlanRun, SeenBill, as_decimal
from loyalty.rules.terms import (
    CalculationOn,
    ConflictBasis,
    ConflictMethod,
    Terms,
    TransactionCriteria,
    Unit,
)


class PlanValue(NamedTuple):
    """What a plan gives in one unit: its lines above zero, and what they give together."""

    run: PlanRun
    lines: Sequence[LineRun]
    resolution: Resolution
    method: ConflictMethod


class UnitSum(NamedTuple):
    """What all plans give in one unit, before tier, rounding and limits.

    ``contributions`` are the lines that made it, each counting for its award divided by a number.
    """

    unit: Unit
    plans: Sequence[PlanValue]
    resolution: Resolution
    total: Value
    contributions: Sequence[tuple[LineRun, int]]

    def of(self, run: PlanRun) -> PlanValue | None:
        """Return what one plan gives, or None if nothing."""
        for value in self.plans:
            if value.run is run:
                return value
        return None


class Telling:
    """Tells one award: what its steps have in common is given once."""

    __slots__ = ("bill", "card", "facts")

    def __init__(self, *, card: Compiled, bill: SeenBill, facts: Facts) -> None:
        self.card = card
        self.bill = bill
        self.facts = facts

    def line(self, run: LineRun) -> Step:
        """Return what a line gave, and of what."""
        line = run.line
        told: Pairs = (("seen", number(run.basis, run.scale)), ("count", str(run.step_count)))
        if run.seen is not None and self.bill.has_lines:
            told += (("lines", numbers(run.seen)),)
        if line.needs_history:
            told += self._history(run)
        facts = line.facts + told
        if not run.fires:
            # What gave something says by its reason whether it gives once.
            once = () if line.is_every else (("on", CalculationOn.AT_LEAST.value),)
            return Step(reason=Reason.NOT_THIS_TIME, facts=facts + once)
        reason = Reason.STEPS if line.is_every else Reason.AT_LEAST
        if line.unit is Unit.POINTS:
            return Step(reason=reason, points=run.award, facts=facts)
        return Step(reason=reason, credit_minor=run.award, facts=facts)

    def _history(self, run: LineRun) -> Pairs:
        if not self.card.is_cumulative:
            return ordinal_facts(run)
        window = self.facts.windows.get(run.line.key)
        if window is None:
            return ()
        return (("window", plain(window.basis)), ("given", str(window.given)))

    def plan(self, run: PlanRun, sums: Sequence[UnitSum]) -> Step | None:
        """Return what a plan gave and why, or None where it saw nothing at all."""
        children = []
        if run.skipped_by is not None:
            key = ("key", str(run.skipped_by.key))
            children.append(Step(reason=Reason.EXEMPT_PLAN, facts=(key,)))
        children += [
            Step(
                reason=Reason.EXEMPT,
                facts=(("key", str(line.key)), ("lines", numbers(places))),
            )
            for line, places in run.exempted.items()
        ]
        children += [self.line(line) for line in run.ordinary]
        if not children:
            return None
        given = []
        for each in sums:
            value = each.of(run)
            given.append(int(value.resolution.value) if value else 0)
            if value and len(value.lines) > 1 and is_two_step(self.card.terms):
                values = [line.award for line in value.lines]
                children.append(
                    _conflict(each.unit, "PLAN", value.method, values, value.resolution)
                )
        return Step(
            reason=Reason.PLAN,
            points=given[0],
            credit_minor=given[1],
            facts=run.plan.facts,
            children=tuple(children),
        )

    def conflict(self, each: UnitSum) -> Step | None:
        """Return how the plans' values became one, or None where one plan alone gave something."""
        if len(each.plans) <= 1:
            return None
        values = [value.resolution.value for value in each.plans]
        method = self.card.terms.conflict_method
        return _conflict(each.unit, "CARD", method, values, each.resolution)

    def must_process(self, run: PlanRun) -> Step:
        """Return what a plan's lines gave beside all conflicts."""
        lines = tuple(self.line(line) for line in run.must_process)
        return Step(
            reason=Reason.MUST_PROCESS,
            points=sum(line.points for line in lines),
            credit_minor=sum(line.credit_minor for line in lines),
            facts=run.plan.facts,
            children=lines,
        )

    def loyalty_tender(self) -> Step:
        """Return how much of the bill was paid with points or credit, and what remains."""
        return Step(
            reason=Reason.LOYALTY_TENDER,
            facts=(
                ("method", self.card.terms.loyalty_tender.value),
                ("paid_minor", str(self.bill.loyalty_minor)),
                ("rest_minor", str(self.bill.amount)),
            ),
        )


def is_two_step(terms: Terms) -> bool:
    """Return whether each plan first makes one value of its lines (IV3.16)."""
    return terms.conflict_basis == ConflictBasis.PLAN_GLOBAL


def ordinal_facts(run: LineRun) -> Pairs:
    """Return which of the member's matching deeds this is, and which of them earn."""
    line = run.line.line
    return (
        ("ordinal", str(run.ordinal)),
        ("criteria", TransactionCriteria(line.transaction_criteria).value),
        ("every", str(line.transaction_count)),
    )


def _conflict(
    unit: Unit, level: str, method: ConflictMethod, values: Sequence[Value], result: Resolution
) -> Step:
    given = int(result.value)
    return Step(
        reason=Reason.CONFLICT,
        points=given if unit == Unit.POINTS else 0,
        credit_minor=given if unit == Unit.CREDIT else 0,
        facts=(
            ("unit", unit.value),
            ("level", level),
            ("method", method.value),
            ("values", " ".join(str(value) for value in values)),
            ("result", str(result.value)),
        ),
    )


def number(basis: int, scale: int) -> str:
    """Return minor units or pieces as digits."""
    return str(basis) if scale == 1 else plain(as_decimal(basis, scale))


def numbers(places: Sequence[int]) -> str:
    """Return the positions of items, as one text."""
    return str(places[0]) if len(places) == 1 else " ".join(map(str, places))
