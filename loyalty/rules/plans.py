"""Which plans and lines hold for a deed, and a card's lines indexed for the counter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum

from loyalty.rules import special_days
from loyalty.rules.baskets import BasketLine, Facts
from loyalty.rules.terms import (
    AwardCriteria,
    Basis,
    CalculationOn,
    CriteriaGroup,
    CustomerType,
    Direction,
    Hours,
    Line,
    Plan,
    PlanType,
    SpecialDay,
    Terms,
    TransactionCriteria,
    Unit,
)

MIDNIGHT = time.min
MOST_COMPILED = 512  # Cards whose rules a process holds ready; beyond it starts afresh.


class Outcome(StrEnum):
    """Why a plan or a line took part in an award, or why it did not."""

    TOOK_PART = "TOOK_PART"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    PAID_WITH_LOYALTY = "PAID_WITH_LOYALTY"
    OTHER_DIRECTION = "OTHER_DIRECTION"
    NOT_NOW = "NOT_NOW"
    INACTIVE_DAY = "INACTIVE_DAY"
    WRONG_STORE = "WRONG_STORE"
    WRONG_HOURS = "WRONG_HOURS"
    OTHER_TIER = "OTHER_TIER"
    OTHER_CUSTOMER = "OTHER_CUSTOMER"
    NO_MATCH = "NO_MATCH"
    EXEMPT = "EXEMPT"
    CLAIMED_BY_MORE_SPECIFIC = "CLAIMED_BY_MORE_SPECIFIC"
    BELOW_CRITERIA = "BELOW_CRITERIA"
    NO_TENDER = "NO_TENDER"
    NOT_THIS_TIME = "NOT_THIS_TIME"


def plan_outcome(plan: Plan, *, terms: Terms, direction: Direction, facts: Facts) -> Outcome:
    """Return whether a plan holds for this deed, or why not (IV7.5 to IV7.11)."""
    if plan.direction != direction:
        return Outcome.OTHER_DIRECTION
    if (plan.start is not None and facts.at < plan.start) or (
        plan.until is not None and facts.at >= plan.until
    ):
        return Outcome.NOT_NOW
    is_cumulative = terms.award_criteria == AwardCriteria.CUMULATIVE
    if not _is_its_day(plan, terms, facts):
        return Outcome.INACTIVE_DAY
    return _hours_outcome(plan.hours, facts, is_cumulative=is_cumulative)


def _is_its_day(plan: Plan, terms: Terms, facts: Facts) -> bool:
    match plan.type:
        case PlanType.NORMAL:
            return True
        case PlanType.SPECIAL_DAYS:
            return is_special(facts.at.date(), terms.special_days)
        case PlanType.CUSTOMER_DAYS:
            return facts.is_customer_day


def _hours_outcome(hours: Sequence[Hours], facts: Facts, *, is_cumulative: bool) -> Outcome:
    if not hours:
        return Outcome.TOOK_PART
    here = [row for row in hours if row.store in {"", facts.store}]
    if not here:
        return Outcome.WRONG_STORE
    # Purchases that count together have no hour of their own, so only the store remains (IV7.11).
    is_open = is_cumulative or any(_is_open(row, facts) for row in here)
    return Outcome.TOOK_PART if is_open else Outcome.WRONG_HOURS


def is_special(on: date, days: Iterable[SpecialDay]) -> bool:
    """Return whether a date is one of the programme's days (IV6.3)."""
    return any(
        (special_days.occurrence(day=on, occasion=day.day) if day.is_yearly else day.day) == on
        for day in days
    )


def _is_open(row: Hours, facts: Facts) -> bool:
    """Return whether a row covers this moment; past midnight it belongs to the day before."""
    now, today = facts.at.time(), facts.at.weekday()
    is_today = row.weekday is None or row.weekday == today
    if row.start == row.until == MIDNIGHT:
        return is_today
    if row.start <= row.until:
        return is_today and row.start <= now < row.until
    is_yesterday = row.weekday is None or row.weekday == (today - 1) % 7
    return (is_today and row.start <= now) or (is_yesterday and now < row.until)


def is_for_tier(line: Line, tier_id: int | None) -> bool:
    """Return whether a line is for members of this tier (IV8.6)."""
    return line.tier_id is None or line.tier_id == tier_id


def is_for_customer(line: Line, facts: Facts) -> bool:
    """Return whether a line is for this member (IV8.4, IV8.5)."""
    match line.customer_type:
        case CustomerType.ALL:
            return True
        case CustomerType.CODE:
            return line.customer_code == facts.member
        case CustomerType.GROUP:
            return line.customer_code in facts.customer_groups


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledLine:
    """A line with what does not change from deed to deed; a ratio stands for each decimal."""

    line: Line
    is_for_all: bool
    is_bill: bool
    is_by_amount: bool
    is_every: bool
    value: tuple[int, int]
    least: tuple[int, int]
    always_fires: bool
    needs_history: bool
    facts: tuple[tuple[str, str], ...]

    def is_for(self, facts: Facts) -> bool:
        """Return whether the line is for this member."""
        return self.is_for_all or is_for_customer(self.line, facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Lines by what they look at, each group in the order of its keys."""

    items: dict[str, tuple[CompiledLine, ...]]
    groups: dict[str, tuple[CompiledLine, ...]]
    everything: tuple[CompiledLine, ...]
    bills: tuple[CompiledLine, ...]

    def claimers(self, item: BasketLine, facts: Facts) -> Sequence[CompiledLine]:
        """Return the most specific of this member's lines that see the item (rules 4)."""
        if item.product and (found := mine(self.items.get(item.product, ()), facts)):
            return found
        if item.group and (found := mine(self.groups.get(item.group, ()), facts)):
            return found
        return mine(self.everything, facts)

    def matching(self, item: BasketLine, facts: Facts) -> Sequence[CompiledLine]:
        """Return all of this member's lines that see the item."""
        return mine(
            (
                *(self.items.get(item.product, ()) if item.product else ()),
                *(self.groups.get(item.group, ()) if item.group else ()),
                *self.everything,
            ),
            facts,
        )


def mine(lines: Sequence[CompiledLine], facts: Facts) -> Sequence[CompiledLine]:
    """Return the lines that are for this member."""
    if all(line.is_for_all for line in lines):
        return lines
    return [line for line in lines if line.is_for(facts)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TierLines:
    """The lines of a plan that are for members of one tier; None where there is none."""

    lines: tuple[CompiledLine, ...]
    exempt: Index | None
    must_process: Index | None
    ordinary: tuple[tuple[Unit, Index], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPlan:
    """A plan with its lines found by tier."""

    plan: Plan
    by_tier: dict[int | None, TierLines]
    for_others: TierLines
    facts: tuple[tuple[str, str], ...]

    def lines_for(self, tier_id: int | None) -> TierLines:
        """Return the lines for members of this tier."""
        return self.by_tier.get(tier_id, self.for_others)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledTier:
    """A tier's multiplier as a ratio, and its words for an explanation."""

    multiplier: tuple[int, int]
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A card's rules made ready: plans by direction, tiers that multiply by their keys."""

    terms: Terms
    is_cumulative: bool
    plans: dict[Direction, tuple[CompiledPlan, ...]]
    tiers: dict[int | None, CompiledTier]

    def in_force(self, direction: Direction, facts: Facts) -> list[CompiledPlan]:
        """Return the plans that hold for this deed."""
        return [
            plan
            for plan in self.plans[direction]
            if plan_outcome(plan.plan, terms=self.terms, direction=direction, facts=facts)
            is Outcome.TOOK_PART
        ]


# By identity: terms never change, and comparing them costs more than compiling. The compiled form
# keeps its terms alive, so an identity in here is never another object's.
_COMPILED: dict[int, Compiled] = {}


def compiled(terms: Terms) -> Compiled:
    """Return a card's rules made ready, compiled once while the process holds these terms."""
    found = _COMPILED.get(id(terms))
    if found is None:
        if len(_COMPILED) >= MOST_COMPILED:
            _COMPILED.clear()
        found = _COMPILED[id(terms)] = _compile(terms)
    return found


def _compile(terms: Terms) -> Compiled:
    is_cumulative = terms.award_criteria == AwardCriteria.CUMULATIVE
    # In the order of codes and keys, so that the order in which they were typed changes nothing.
    plans = [_plan(plan, is_cumulative) for plan in sorted(terms.plans, key=lambda plan: plan.code)]
    return Compiled(
        terms=terms,
        is_cumulative=is_cumulative,
        plans={
            way: tuple(plan for plan in plans if plan.plan.direction == way) for way in Direction
        },
        tiers={
            tier.tier_id: CompiledTier(
                multiplier=tier.multiplier.as_integer_ratio(),
                facts=(
                    ("tier", tier.name),
                    ("multiplier", plain(tier.multiplier)),
                    ("rounding", terms.rounding.value),
                ),
            )
            for tier in terms.tiers
            if tier.multiplier != 1
        },
    )


def _plan(plan: Plan, is_cumulative: bool) -> CompiledPlan:  # noqa: FBT001 - private, one caller
    lines = [
        compiled_line(line, is_cumulative=is_cumulative)
        for line in sorted(plan.lines, key=lambda line: line.key)
    ]
    named = {line.line.tier_id for line in lines} - {None}
    return CompiledPlan(
        plan=plan,
        by_tier={tier_id: _tier_lines(lines, tier_id) for tier_id in named},
        for_others=_tier_lines(lines, None),
        facts=(("code", plan.code), ("name", plan.name), ("type", plan.type.value)),
    )


def _tier_lines(lines: Sequence[CompiledLine], tier_id: int | None) -> TierLines:
    held = tuple(line for line in lines if is_for_tier(line.line, tier_id))
    ordinary = [row for row in held if not (row.line.is_exempt or row.line.must_process)]
    by_unit = [(unit, [row for row in ordinary if row.line.unit == unit]) for unit in Unit]
    exempt = [row for row in held if row.line.is_exempt]
    must_process = [row for row in held if row.line.must_process and not row.line.is_exempt]
    return TierLines(
        lines=held,
        exempt=index_of(exempt) if exempt else None,
        must_process=index_of(must_process) if must_process else None,
        ordinary=tuple((unit, index_of(rows)) for unit, rows in by_unit if rows),
    )


def index_of(lines: Sequence[CompiledLine]) -> Index:
    """Return lines found by product and product group."""
    return Index(
        items=_by_code(row for row in lines if row.line.group == CriteriaGroup.ITEM),
        groups=_by_code(row for row in lines if row.line.group == CriteriaGroup.ITEM_GROUP),
        everything=tuple(row for row in lines if row.line.group == CriteriaGroup.ALL),
        bills=tuple(row for row in lines if row.is_bill),
    )


def _by_code(lines: Iterable[CompiledLine]) -> dict[str, tuple[CompiledLine, ...]]:
    found: dict[str, tuple[CompiledLine, ...]] = {}
    for row in lines:
        code = row.line.criteria_code
        found[code] = (*found.get(code, ()), row)
    return found


def compiled_line(line: Line, *, is_cumulative: bool) -> CompiledLine:
    """Return a line made ready; a bill line counts what it gates on (IV8.14, IV8.15)."""
    basis = {
        CriteriaGroup.BILL_VALUE: Basis.AMOUNT,
        CriteriaGroup.BILL_QUANTITY: Basis.QUANTITY,
    }.get(line.group, line.basis)
    counts_each = line.transaction_criteria == TransactionCriteria.EVERY
    always_fires = is_cumulative or (counts_each and line.transaction_count == 1)
    return CompiledLine(
        line=line,
        is_for_all=line.customer_type == CustomerType.ALL,
        is_bill=line.is_bill,
        is_by_amount=basis == Basis.AMOUNT,
        is_every=line.calculation_on == CalculationOn.EVERY,
        value=line.value.as_integer_ratio(),
        least=line.criteria_least.as_integer_ratio(),
        always_fires=always_fires,
        needs_history=is_cumulative or not always_fires,
        facts=(
            ("key", str(line.key)),
            ("unit", line.unit.value),
            ("basis", basis.value),
            ("value", plain(line.value)),
            ("award", str(line.award)),
        ),
    )


def plain(number: Decimal) -> str:
    """Return a decimal as digits, without an exponent or needless zeros."""
    return f"{number.normalize():f}"
