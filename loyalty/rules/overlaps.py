"""Two lines that both earn on one purchase where one was meant, each with such a purchase."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from itertools import combinations, islice
from typing import NamedTuple

from loyalty.rules.awards import Award, award
from loyalty.rules.baskets import Basket, BasketLine, Facts, Payment
from loyalty.rules.compiling import compiled
from loyalty.rules.matching import run_plan, seen_bill
from loyalty.rules.plans import Outcome, plan_outcome
from loyalty.rules.special_days import occurrence
from loyalty.rules.terms import (
    Basis,
    ConflictBasis,
    ConflictMethod,
    CriteriaGroup,
    CustomerType,
    Line,
    Plan,
    PlanType,
    Terms,
    TransactionCriteria,
)

MOST_TRIED = 2_000  # Examples tried before a search ends: a page waits for it.
SOME_AMOUNT = 1_000  # What an example costs where no line asks for an amount.


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A line of an overlap and what it gives, in its unit."""

    plan: Plan
    line: Line
    gives: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two lines that both give, and the purchase at which they do; ``award`` is all it earns."""

    parts: tuple[Part, Part]
    basket: Basket
    facts: Facts
    award: Award


class _Placed(NamedTuple):
    plan: Plan
    line: Line


def overlaps(
    *,
    terms: Terms,
    at: datetime,
    product_groups: Mapping[str, str],
    plan_code: str | None = None,
    most: int = 3,
) -> list[Overlap]:
    """Return pairs of lines whose awards add up on one purchase, at most so many.

    Looked for from ``at`` on, with ``plan_code`` only pairs with a line of that plan. Lines that
    must be processed are meant to come on top, and so are lines for bills beside lines for items;
    of lines whose plans compete only one counts. None of these is an overlap. ``product_groups``
    names the group of each product that has one.
    """
    found = _found(terms, at, product_groups, plan_code)
    return list(islice(found, most))


def _found(
    terms: Terms, at: datetime, groups: Mapping[str, str], plan_code: str | None
) -> Iterator[Overlap]:
    moments: dict[tuple[str, str], Facts | None] = {}
    tried = 0
    for one, other in _pairs(terms, plan_code):
        codes = (one.plan.code, other.plan.code)
        if codes not in moments:
            moments[codes] = _moment(terms, one.plan, other.plan, at)
        moment = moments[codes]
        example = moment and _example(terms, one, other, moment, groups)
        if not example:
            continue
        tried += 1
        if tried > MOST_TRIED:
            return
        if overlap := _proven(terms, one, other, *example):
            yield overlap


def _pairs(terms: Terms, plan_code: str | None) -> Iterator[tuple[_Placed, _Placed]]:
    """Return the pairs of lines of one kind and unit whose awards would add up."""
    lines = [
        _Placed(plan, line)
        for plan in terms.plans
        for line in plan.lines
        if not line.is_exempt and not line.must_process
    ]
    for one, other in combinations(lines, 2):
        if plan_code is not None and plan_code not in {one.plan.code, other.plan.code}:
            continue
        is_one_kind = one.line.unit == other.line.unit and one.line.is_bill == other.line.is_bill
        if is_one_kind and _adds_up(terms, one.plan, other.plan):
            yield one, other


def _adds_up(terms: Terms, one: Plan, other: Plan) -> bool:
    """Return whether two lines of these plans add up rather than compete (rules 5)."""
    if one.direction != other.direction:
        return False
    if one is not other:
        return terms.conflict_method == ConflictMethod.SUM
    is_two_step = terms.conflict_basis == ConflictBasis.PLAN_GLOBAL
    return not is_two_step or one.conflict_method == ConflictMethod.SUM


def _moment(terms: Terms, one: Plan, other: Plan, at: datetime) -> Facts | None:
    """Return a time and place at which both plans hold, or None if there is none to be found."""
    is_customer_day = PlanType.CUSTOMER_DAYS in {one.type, other.type}
    stores = list(dict.fromkeys(row.store for plan in (one, other) for row in plan.hours)) or [""]
    for moment in _moments(terms, (one, other), at):
        for store in stores:
            facts = Facts(at=moment, store=store, is_customer_day=is_customer_day)
            held = (
                plan_outcome(plan, terms=terms, direction=plan.direction, facts=facts)
                for plan in (one, other)
            )
            if all(outcome is Outcome.TOOK_PART for outcome in held):
                return facts
    return None


def _moments(terms: Terms, plans: tuple[Plan, Plan], at: datetime) -> Iterator[datetime]:
    """Return the times at which something begins: in the week from now on, or on special days."""
    starts = [plan.start.astimezone(at.tzinfo) for plan in plans if plan.start is not None]
    first = max([at, *starts])
    days = [first.date() + timedelta(days=number) for number in range(7)]
    if any(plan.type == PlanType.SPECIAL_DAYS for plan in plans):
        days += _special_days(terms, first.date())
    hours = {row.start for plan in plans for row in plan.hours}
    yield first
    for day in days:
        for hour in sorted({time(12), *hours}):
            moment = datetime.combine(day, hour, tzinfo=at.tzinfo)
            if moment >= first:
                yield moment


def _special_days(terms: Terms, first: date) -> list[date]:
    """Return the next date of each of the programme's days."""
    found = []
    for day in terms.special_days:
        if day.is_yearly:
            years = (first, first.replace(year=first.year + 1, day=1))
            dates = [occurrence(day=year, occasion=day.day) for year in years]
            found.append(min(date_ for date_ in dates if date_ >= first))
        elif day.day >= first:
            found.append(day.day)
    return found


def _example(
    terms: Terms, one: _Placed, other: _Placed, moment: Facts, groups: Mapping[str, str]
) -> tuple[Basket, Facts] | None:
    """Return a purchase that meets the conditions of both lines, or None if there is none."""
    lines = (one.line, other.line)
    who, item = _who(*lines, moment), _item(lines, groups)
    if who is None or item is None:
        return None
    paid: dict[str, int] = {}
    for line in lines:
        if line.tender:
            paid[line.tender] = max(paid.get(line.tender, 0), _amount(line))
    amount = max(terms.min_amount_minor, sum(paid.values()), *map(_amount, lines)) or SOME_AMOUNT
    if amount > terms.max_amount_minor:
        return None
    if paid:
        paid[min(paid)] += amount - sum(paid.values())
    pieces = max(Decimal(1), *map(_pieces, lines))
    is_named = bool(item.product or item.group) or pieces != 1
    basket = Basket(
        amount_minor=amount,
        direction=one.plan.direction,
        lines=(replace(item, quantity=pieces, amount_minor=amount),) if is_named else (),
        payments=tuple(Payment(tender=name, amount_minor=paid[name]) for name in sorted(paid)),
    )
    return basket, who


def _amount(line: Line) -> int:
    """Return the smallest amount at which the line gives something; 0 where it counts pieces."""
    if line.basis != Basis.AMOUNT:
        return 0
    return int(max(line.value, line.criteria_least).to_integral_value(ROUND_CEILING))


def _pieces(line: Line) -> Decimal:
    """Return the smallest number of pieces likewise."""
    if line.basis != Basis.QUANTITY:
        return Decimal(0)
    return max(line.value, line.criteria_least)


def _who(one: Line, other: Line, moment: Facts) -> Facts | None:
    """Return a member that both lines are for, at the purchase at which both fire, or None.

    Whether one named member is in a named group is not for the rules to know: no example then.
    """
    tiers = {line.tier_id for line in (one, other)} - {None}
    named = {
        (line.customer_type, line.customer_code)
        for line in (one, other)
        if line.customer_type != CustomerType.ALL
    }
    if len(tiers) > 1 or len(named) > 1:
        return None
    kind, code = next(iter(named), (CustomerType.ALL, ""))
    return replace(
        moment,
        tier_id=next(iter(tiers), None),
        member=code if kind == CustomerType.CODE else "",
        customer_groups=frozenset({code} if kind == CustomerType.GROUP else ()),
        ordinals={line.key: _earlier(line) for line in (one, other)},
    )


def _earlier(line: Line) -> int:
    """Return how many matching purchases come before the first that earns (rules 2)."""
    is_after = line.transaction_criteria == TransactionCriteria.GREATER
    return line.transaction_count if is_after else line.transaction_count - 1


def _item(lines: Iterable[Line], groups: Mapping[str, str]) -> BasketLine | None:
    """Return an item that both lines look at; without names where everything will do."""
    products = {line.criteria_code for line in lines if line.group == CriteriaGroup.ITEM}
    named = {line.criteria_code for line in lines if line.group == CriteriaGroup.ITEM_GROUP}
    if len(products) > 1 or len(named) > 1:
        return None
    product, group = next(iter(products), ""), next(iter(named), "")
    if product and group and groups.get(product) != group:
        return None
    return BasketLine(product=product, group=group or groups.get(product, ""), amount_minor=0)


def _proven(
    terms: Terms, one: _Placed, other: _Placed, basket: Basket, facts: Facts
) -> Overlap | None:
    """Return the overlap if the engine itself lets both lines give something."""
    card = compiled(terms)
    bill = seen_bill(basket, terms)
    given = {
        run.line.key: run.award
        for plan in card.in_force(basket.direction, facts)
        for run in run_plan(card, plan, bill, facts).ordinary
    }
    gives = [given.get(placed.line.key, 0) for placed in (one, other)]
    if not all(gives):
        return None
    first, second = (
        Part(plan=placed.plan, line=placed.line, gives=award_)
        for placed, award_ in zip((one, other), gives, strict=True)
    )
    whole = award(basket=basket, terms=terms, facts=facts)
    return Overlap(parts=(first, second), basket=basket, facts=facts, award=whole)
