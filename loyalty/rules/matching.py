"""What each line of a plan sees of a bill, and what it makes of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import NamedTuple, assert_never

from loyalty.rules.baskets import Basket, BasketLine, Facts
from loyalty.rules.compiling import Compiled, CompiledLine, CompiledPlan, HeldLines
from loyalty.rules.plans import Outcome
from loyalty.rules.shares import split
from loyalty.rules.terms import LoyaltyTender, Terms, TransactionCriteria


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBill:
    """A bill as the lines see it: without the part paid with points, pieces as whole numbers.

    ``pieces`` are in parts of ``scale``. A bill without lines is one unnamed item.
    """

    items: tuple[BasketLine, ...]
    places: range
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
        places=range(len(items)),
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
    seen: Sequence[int] | None
    basis: int
    scale: int
    step_count: int
    award: int
    ordinal: int
    fires: bool


@dataclass(slots=True, kw_only=True)
class PlanRun:
    """What a plan's lines made of a bill, in the order of their keys."""

    plan: CompiledPlan
    left: Sequence[int]
    skipped_by: CompiledLine | None = None
    exempted: dict[CompiledLine, list[int]]
    ordinary: list[LineRun]
    must_process: list[LineRun]


def run_plan(card: Compiled, plan: CompiledPlan, bill: SeenBill, facts: Facts) -> PlanRun:
    """Return what a plan that holds makes of a bill (rules 4)."""
    held = plan.lines_for(facts)
    run = PlanRun(plan=plan, left=bill.places, exempted={}, ordinary=[], must_process=[])
    run.skipped_by = _skipping(held, bill)
    if run.skipped_by is not None:
        return run
    seen = _seen(run, held, bill)
    runs = [_items_run(card, line, places, bill, facts) for line, places in seen.items()]
    runs += [
        _bill_run(card, line, run.left, bill, facts)
        for line in held.bills
        if bill_outcome(line, bill, run.left) is Outcome.TOOK_PART
    ]
    if len(runs) > 1:
        runs.sort(key=_key)
    for each in runs:
        (run.must_process if each.line.must_process else run.ordinary).append(each)
    return run


def _skipping(held: HeldLines, bill: SeenBill) -> CompiledLine | None:
    """Return the exempt line that takes out the whole plan, if there is one (IV8.1)."""
    for line in held.skipping:
        if not line.is_bill or bill_outcome(line, bill, bill.places) is Outcome.TOOK_PART:
            return line
    return None


def _seen(run: PlanRun, held: HeldLines, bill: SeenBill) -> dict[CompiledLine, list[int]]:
    """Return which items each line counts, and note in the run those that are exempt."""
    seen: dict[CompiledLine, list[int]] = {}
    for at in bill.places:
        sight = held.sight(bill.items[at])
        for line in sight.counting:
            if line in seen:
                seen[line].append(at)
            else:
                seen[line] = [at]
        for line in sight.exempt:
            run.exempted.setdefault(line, []).append(at)
    if run.exempted:
        gone = {at for places in run.exempted.values() for at in places}
        run.left = [at for at in bill.places if at not in gone]
    return seen


def _key(run: LineRun) -> int:
    return run.line.key


def bill_outcome(line: CompiledLine, bill: SeenBill, left: Sequence[int]) -> Outcome:
    """Return whether a bill line's conditions are met by the items that are left (rules 9)."""
    top, bottom = line.least
    basis, scale = counted(line, bill, left)
    if basis * bottom < top * scale:
        return Outcome.BELOW_CRITERIA
    if line.line.tender and bill.paid.get(line.line.tender, 0) <= 0:
        return Outcome.NO_TENDER
    return Outcome.TOOK_PART


def counted(line: CompiledLine, bill: SeenBill, places: Sequence[int]) -> tuple[int, int]:
    """Return the sum of what a line counts over some items, and the scale it is in."""
    counts, scale = (bill.amounts, 1) if line.is_by_amount else (bill.pieces, bill.scale)
    basis = counts[places[0]] if len(places) == 1 else sum([counts[at] for at in places])
    return basis, scale


def _items_run(
    card: Compiled, line: CompiledLine, places: Sequence[int], bill: SeenBill, facts: Facts
) -> LineRun:
    basis, scale = counted(line, bill, places)
    return _line_run(card, line, places, basis, scale, facts)


def _bill_run(
    card: Compiled, line: CompiledLine, left: Sequence[int], bill: SeenBill, facts: Facts
) -> LineRun:
    """Return what a bill line makes of the bill, or of what was paid with its tender (rules 9)."""
    basis, scale = counted(line, bill, left)
    if line.line.tender and line.is_by_amount:
        basis = min(basis, bill.paid[line.line.tender])
    return _line_run(card, line, None, basis, scale, facts)


def _line_run(
    card: Compiled,
    line: CompiledLine,
    seen: Sequence[int] | None,
    basis: int,
    scale: int,
    facts: Facts,
) -> LineRun:
    """Return what a line makes of its basis: only full steps count (rules 1 to 3)."""
    basis = max(basis, 0)  # Returned pieces can outweigh bought ones; they take nothing away here.
    if card.is_cumulative:
        return _cumulative_run(line, seen, basis, scale, facts)
    top, bottom = line.value
    count = basis * bottom // (top * scale)
    if line.always_fires:
        return LineRun(line, seen, basis, scale, count, steps_award(line, count), 1, True)
    ordinal = facts.ordinals.get(line.key, 0) + 1
    fires = fires_at(line, ordinal)
    award = steps_award(line, count) if fires else 0
    return LineRun(line, seen, basis, scale, count, award, ordinal, fires)


def _cumulative_run(
    line: CompiledLine, seen: Sequence[int] | None, basis: int, scale: int, facts: Facts
) -> LineRun:
    """Return what the window's sum gives beyond what it gave already (IV3.13, rules 3)."""
    window = facts.windows.get(line.key)
    if window is None:
        before, given = Fraction(0), 0
    else:
        before, given = Fraction(window.basis), window.given
    count = int((before + Fraction(basis, scale)) / Fraction(*line.value))
    award = max(0, steps_award(line, count) - given)
    return LineRun(line, seen, basis, scale, count, award, 1, True)


def steps_award(line: CompiledLine, count: int) -> int:
    """Return what so many full steps earn: each of them, or the first alone (IV8.16)."""
    return count * line.award if line.is_every else min(count, 1) * line.award


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
        case unknown:
            assert_never(unknown)


def as_decimal(basis: int, scale: int) -> Decimal:
    """Return a basis in minor units or pieces."""
    return Decimal(basis) / scale if scale != 1 else Decimal(basis)
