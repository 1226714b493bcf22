"""A card's rules made ready for the counter: lines found by member, product and product group."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from loyalty.rules.baskets import BasketLine, Facts
from loyalty.rules.plans import Outcome, is_for_customer, is_for_tier, plan_outcome
from loyalty.rules.terms import (
    AwardCriteria,
    Basis,
    CalculationOn,
    CriteriaGroup,
    CustomerType,
    Direction,
    Line,
    Plan,
    Terms,
    TransactionCriteria,
    Unit,
)

MOST_COMPILED = 512  # Cards whose rules a process holds ready; beyond it starts afresh.
MOST_KINDS = 1024  # Kinds of members a plan holds ready, likewise.


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledLine:
    """A line with what does not change from deed to deed; a ratio stands for each decimal."""

    line: Line
    key: int
    unit: Unit
    award: int
    must_process: bool
    is_bill: bool
    is_by_amount: bool
    is_every: bool
    value: tuple[int, int]
    least: tuple[int, int]
    always_fires: bool
    needs_history: bool
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Lines by what they look at, each group in the order of its keys."""

    items: dict[str, tuple[CompiledLine, ...]]
    groups: dict[str, tuple[CompiledLine, ...]]
    everything: tuple[CompiledLine, ...]

    def claimers(self, product: str, group: str) -> tuple[CompiledLine, ...]:
        """Return the most specific lines that see such an item (rules 4)."""
        return self.items.get(product) or self.groups.get(group) or self.everything

    def matching(self, product: str, group: str) -> tuple[CompiledLine, ...]:
        """Return all lines that see such an item."""
        return (*self.items.get(product, ()), *self.groups.get(group, ()), *self.everything)


class Sight(NamedTuple):
    """Which lines see an item: those that take it out, or else those that count it."""

    exempt: tuple[CompiledLine, ...]
    counting: tuple[CompiledLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLines:
    """The lines of a plan that are for one kind of member.

    ``skipping`` are exempt lines that take out the whole plan, ``bills`` those that count bills.
    """

    lines: tuple[CompiledLine, ...]
    skipping: tuple[CompiledLine, ...]
    bills: tuple[CompiledLine, ...]
    exempt: Index
    must_process: Index
    ordinary: tuple[Index, ...]
    products: frozenset[str]
    groups: frozenset[str]
    sights: dict[tuple[str, str], Sight]

    def sight(self, item: BasketLine) -> Sight:
        """Return which lines see an item; kept for the next one of its kind."""
        # What no line names is all the same, so what is kept is bounded by what the lines name.
        product = item.product if item.product in self.products else ""
        group = item.group if item.group in self.groups else ""
        found = self.sights.get((product, group))
        if found is None:
            found = self.sights[product, group] = self._sight(product, group)
        return found

    def _sight(self, product: str, group: str) -> Sight:
        exempt = self.exempt.matching(product, group)
        if exempt:
            return Sight(exempt, ())
        # Each unit by itself, so the same item may count for points here and for credit there.
        claiming = [line for index in self.ordinary for line in index.claimers(product, group)]
        return Sight((), (*claiming, *self.must_process.matching(product, group)))


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPlan:
    """A plan with its lines, found by what they ask of a member."""

    plan: Plan
    lines: tuple[CompiledLine, ...]
    tiers: frozenset[int]
    customers: frozenset[str]
    customer_groups: frozenset[str]
    held: dict[tuple[int | None, str, frozenset[str]], HeldLines]
    facts: tuple[tuple[str, str], ...]

    def lines_for(self, facts: Facts) -> HeldLines:
        """Return the lines that are for this member; kept for the next one of the same kind."""
        tier_id = facts.tier_id if facts.tier_id in self.tiers else None
        customer = facts.member if facts.member in self.customers else ""
        groups = self.customer_groups
        kind = (tier_id, customer, groups & facts.customer_groups if groups else groups)
        found = self.held.get(kind)
        if found is None:
            if len(self.held) >= MOST_KINDS:
                self.held.clear()
            found = self.held[kind] = _held_lines(
                line
                for line in self.lines
                if is_for_tier(line.line, facts.tier_id) and is_for_customer(line.line, facts)
            )
        return found


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
    plans = [
        _plan(plan, is_cumulative=is_cumulative)
        for plan in sorted(terms.plans, key=lambda plan: plan.code)
    ]
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


def _plan(plan: Plan, *, is_cumulative: bool) -> CompiledPlan:
    def codes(kind: CustomerType) -> frozenset[str]:
        return frozenset(row.customer_code for row in plan.lines if row.customer_type == kind)

    return CompiledPlan(
        plan=plan,
        lines=tuple(
            compiled_line(line, is_cumulative=is_cumulative)
            for line in sorted(plan.lines, key=lambda line: line.key)
        ),
        tiers=frozenset(row.tier_id for row in plan.lines if row.tier_id is not None),
        customers=codes(CustomerType.CODE),
        customer_groups=codes(CustomerType.GROUP),
        held={},
        facts=(("code", plan.code), ("name", plan.name), ("type", plan.type.value)),
    )


def _held_lines(lines: Iterable[CompiledLine]) -> HeldLines:
    held = tuple(lines)
    exempt = [row for row in held if row.line.is_exempt]
    counting = [row for row in held if not row.line.is_exempt]
    ordinary = [row for row in counting if not row.must_process]
    everything = [row for row in exempt if row.line.group == CriteriaGroup.ALL]
    return HeldLines(
        lines=held,
        skipping=(*everything, *(row for row in exempt if row.is_bill)),
        bills=tuple(row for row in counting if row.is_bill),
        exempt=index_of(row for row in exempt if row.line.group != CriteriaGroup.ALL),
        must_process=index_of(row for row in counting if row.must_process),
        ordinary=tuple(index_of(row for row in ordinary if row.unit == unit) for unit in Unit),
        products=_codes(held, CriteriaGroup.ITEM),
        groups=_codes(held, CriteriaGroup.ITEM_GROUP),
        sights={},
    )


def _codes(lines: Iterable[CompiledLine], group: CriteriaGroup) -> frozenset[str]:
    return frozenset(row.line.criteria_code for row in lines if row.line.group == group) - {""}


def index_of(lines: Iterable[CompiledLine]) -> Index:
    """Return lines found by product and product group."""
    rows = tuple(lines)
    return Index(
        items=_by_code(rows, CriteriaGroup.ITEM),
        groups=_by_code(rows, CriteriaGroup.ITEM_GROUP),
        everything=tuple(row for row in rows if row.line.group == CriteriaGroup.ALL),
    )


def _by_code(
    lines: Iterable[CompiledLine], group: CriteriaGroup
) -> dict[str, tuple[CompiledLine, ...]]:
    """Return lines by the code they name; without a code they see nothing."""
    found: dict[str, tuple[CompiledLine, ...]] = {}
    for row in lines:
        code = row.line.criteria_code
        if row.line.group == group and code:
            found[code] = (*found.get(code, ()), row)
    return found


def compiled_line(line: Line, *, is_cumulative: bool) -> CompiledLine:
    """Return a line made ready; a bill line counts what it gates on (IV8.14, IV8.15)."""
    basis = {
        CriteriaGroup.BILL_VALUE: Basis.AMOUNT,
        CriteriaGroup.BILL_QUANTITY: Basis.QUANTITY,
    }.get(line.group, line.basis)
    counts_each = line.transaction_criteria == TransactionCriteria.EVERY
    always_fires = counts_each and line.transaction_count == 1
    return CompiledLine(
        line=line,
        key=line.key,
        unit=Unit(line.unit),
        award=line.award,
        must_process=line.must_process,
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
