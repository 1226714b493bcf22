"""What each line of a plan sees of a bill, and what it makes of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from loyalty.rules.baskets import Basket, BasketLine, Facts
from loyalty.rules.plans import (
    Compiled,
    CompiledLine,
    CompiledPlan,
    Index,
    Outcome,
    TierLines,
    mine,
)
from loyalty.rules.shares import split
from loyalty.rules.terms import LoyaltyTender, Terms, TransactionCriteria, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBill:
    """A bill as the lines see it: without the part paid with points, pieces as whole numbers.

    ``pieces`` are in parts of ``scale``. A bill without lines is one unnamed item.
    """

    items: tuple[BasketLine, ...]
    amounts: Sequence[int]
    pieces: Sequence[int]
    scale: int
    has_lines: bool
    amount: int
    loyalty_minor: int
    paid: dict[str, int]


def seen_bill(basket: Basket, terms: Terms) -> SeenBill:
    """Return the bill as the card's rule for loyalty tender leaves it (IV3.27, rules 9).

    Under REST each amount shrinks in proportion to what was paid with points or credit; pieces
    stay, for a piece is bought however it is paid.
    """
    loyalty = min(
        sum(paid.amount_minor for paid in basket.payments if paid.is_loyalty), basket.amount_minor
    )
    is_reduced = loyalty > 0 and terms.loyalty_tender == LoyaltyTender.REST
    amount = basket.amount_minor - loyalty if is_reduced else basket.amount_minor
    paid: dict[str, int] = {}
    for payment in basket.payments:
        if not (is_reduced and payment.is_loyalty):
            paid[payment.tender] = paid.get(payment.tender, 0) + payment.amount_minor
    items = basket.lines or (BasketLine(amount_minor=amount),)
    amounts = [item.amount_minor for item in items]
    if is_reduced and basket.lines:
        amounts = split(amount, amounts)
    pieces, scale = _whole_pieces(items)
    return SeenBill(
        items=items,
        amounts=amounts,
        pieces=pieces,
        scale=scale,
        has_lines=bool(basket.lines),
        amount=amount,
        loyalty_minor=loyalty,
        paid=paid,
    )


def _whole_pieces(items: Iterable[BasketLine]) -> tuple[list[int], int]:
    """Return quantities as whole numbers of the smallest part that any of them has."""
    quantities = [item.quantity for item in items]
    pieces = [int(quantity) for quantity in quantities]
    if pieces == quantities:
        return pieces, 1
    ratios = [quantity.as_integer_ratio() for quantity in quantities]
    scale = lcm(*(bottom for _, bottom in ratios))
    return [top * (scale // bottom) for top, bottom in ratios], scale


class LineRun(NamedTuple):
    """What a line whose conditions are met made of a bill.

    ``seen`` are the positions of the items, None the whole bill. ``basis`` is in minor units, or
    in pieces of ``scale``. ``ordinal`` counts the deeds that met the conditions, this one included.
    """

    line: CompiledLine
    seen: tuple[int, ...] | None
    basis: int
    scale: int
    step_count: int
    award: int
    ordinal: int
    fires: bool


@dataclass(slots=True, kw_only=True)
class PlanRun:
    """What a plan's lines made of a bill, before they meet those of other plans."""

    plan: CompiledPlan
    lines: TierLines
    skipped_by: CompiledLine | None = None
    exempted: list[tuple[CompiledLine, tuple[int, ...]]] = field(default_factory=list)
    left: Sequence[int] = ()
    ordinary: dict[Unit, list[LineRun]] = field(default_factory=dict)
    must_process: list[LineRun] = field(default_factory=list)


def run_plan(card: Compiled, plan: CompiledPlan, bill: SeenBill, facts: Facts) -> PlanRun:
    """Return what a plan that holds makes of a bill (rules 4)."""
    lines = plan.lines_for(facts.tier_id)
    run = PlanRun(plan=plan, lines=lines, left=range(len(bill.items)))
    if lines.exempt is not None:
        _exempt(run, lines.exempt, bill, facts)
        if run.skipped_by is not None:
            return run
    for unit, index in lines.ordinary:
        found = _runs(card, index, run, bill, facts, is_claiming=True)
        if found:
            run.ordinary[unit] = found
    if lines.must_process is not None:
        run.must_process = _runs(card, lines.must_process, run, bill, facts, is_claiming=False)
    return run


def _exempt(run: PlanRun, index: Index, bill: SeenBill, facts: Facts) -> None:
    """Take out what exempt lines name: the whole plan, or the items (IV8.1)."""
    whole = range(len(bill.items))
    for line in (*mine(index.everything, facts), *mine(index.bills, facts)):
        if not line.is_bill or bill_outcome(line, bill, whole) is Outcome.TOOK_PART:
            run.skipped_by = line
            return
    taken = positions(index, bill, whole, facts, is_claiming=False)
    run.exempted = [(line, tuple(at)) for line, at in taken.items()]
    gone = {at for _, each in run.exempted for at in each}
    run.left = [at for at in whole if at not in gone]


def positions(
    index: Index,
    bill: SeenBill,
    left: Iterable[int],
    facts: Facts,
    *,
    is_claiming: bool,
) -> dict[CompiledLine, list[int]]:
    """Return which items each line sees: where they claim, the most specific alone."""
    find = index.claimers if is_claiming else index.matching
    found: dict[CompiledLine, list[int]] = {}
    for at in left:
        for line in find(bill.items[at], facts):
            found.setdefault(line, []).append(at)
    return found


def bill_outcome(line: CompiledLine, bill: SeenBill, left: Sequence[int]) -> Outcome:
    """Return whether a bill line's conditions are met by the items that are left (rules 9)."""
    top, bottom = line.least
    counts, scale = (bill.amounts, 1) if line.is_by_amount else (bill.pieces, bill.scale)
    if sum(counts[at] for at in left) * bottom < top * scale:
        return Outcome.BELOW_CRITERIA
    if line.line.tender and bill.paid.get(line.line.tender, 0) <= 0:
        return Outcome.NO_TENDER
    return Outcome.TOOK_PART


def _runs(
    card: Compiled,
    index: Index,
    run: PlanRun,
    bill: SeenBill,
    facts: Facts,
    *,
    is_claiming: bool,
) -> list[LineRun]:
    """Return the lines whose conditions are met, in the order of their keys."""
    runs = []
    seen = positions(index, bill, run.left, facts, is_claiming=is_claiming)
    for line, each in seen.items():
        counts, scale = (bill.amounts, 1) if line.is_by_amount else (bill.pieces, bill.scale)
        runs.append(
            _line_run(card, line, tuple(each), sum(counts[at] for at in each), scale, facts)
        )
    for line in mine(index.bills, facts):
        if bill_outcome(line, bill, run.left) is not Outcome.TOOK_PART:
            continue
        counts, scale = (bill.amounts, 1) if line.is_by_amount else (bill.pieces, bill.scale)
        basis = sum(counts[at] for at in run.left)
        if line.line.tender and line.is_by_amount:
            basis = min(basis, bill.paid[line.line.tender])
        runs.append(_line_run(card, line, None, basis, scale, facts))
    if len(runs) > 1:
        runs.sort(key=_key)
    return runs


def _key(run: LineRun) -> int:
    return run.line.line.key


def _line_run(
    card: Compiled,
    line: CompiledLine,
    seen: tuple[int, ...] | None,
    basis: int,
    scale: int,
    facts: Facts,
) -> LineRun:
    """Return what a line makes of its basis: only full steps count (rules 1 to 3)."""
    basis = max(basis, 0)  # Returned pieces can outweigh bought ones; they take nothing away here.
    top, bottom = line.value
    if card.is_cumulative:
        return _cumulative_run(line, seen, basis, scale, facts)
    ordinal = facts.ordinals.get(line.line.key, 0) + 1 if line.needs_history else 1
    fires = line.always_fires or fires_at(line, ordinal)
    count = basis * bottom // (top * scale)
    award = steps_award(line, count) if fires else 0
    return LineRun(line, seen, basis, scale, count, award, ordinal, fires)


def _cumulative_run(
    line: CompiledLine, seen: tuple[int, ...] | None, basis: int, scale: int, facts: Facts
) -> LineRun:
    """Return what the window's sum gives beyond what it gave already (IV3.13, rules 3)."""
    window = facts.windows.get(line.line.key)
    if window is None:
        before, given = Fraction(0), 0
    else:
        before, given = Fraction(window.basis), window.given
    count = int((before + Fraction(basis, scale)) / Fraction(*line.value))
    award = max(0, steps_award(line, count) - given)
    return LineRun(line, seen, basis, scale, count, award, 1, True)


def steps_award(line: CompiledLine, count: int) -> int:
    """Return what so many full steps earn: each of them, or the first alone (IV8.16)."""
    return count * line.line.award if line.is_every else min(count, 1) * line.line.award


def fires_at(line: CompiledLine, ordinal: int) -> bool:
    """Return whether a line earns at its k-th matching deed (IV8.12, IV8.13, rules 2)."""
    count = line.line.transaction_count
    match line.line.transaction_criteria:
        case TransactionCriteria.EVERY:
            return ordinal % count == 0
        case TransactionCriteria.EQUAL:
            return ordinal == count
        case TransactionCriteria.GREATER:
            return ordinal > count


def as_decimal(basis: int, scale: int) -> Decimal:
    """Return a basis in minor units or pieces."""
    return Decimal(basis) / scale if scale != 1 else Decimal(basis)
