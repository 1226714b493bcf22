"""What a purchase earns in points and credit, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import lcm

from loyalty.rules.baskets import Basket, Facts
from loyalty.rules.compiling import Compiled, CompiledLine, CompiledPlan, compiled
from loyalty.rules.conflicts import Value, resolve
from loyalty.rules.explanations import Reason, Step
from loyalty.rules.matching import LineRun, PlanRun, SeenBill, as_decimal, run_plan, seen_bill
from loyalty.rules.rounding import Rounding, whole_of_ratio
from loyalty.rules.shares import Share, split
from loyalty.rules.telling import PlanValue, Telling, UnitSum, is_two_step
from loyalty.rules.terms import ConflictMethod, CriteriaGroup, LoyaltyTender, Terms, Unit

ONCE = (1, 1)  # The multiplier of a member without a tier.


class AmountTooLargeError(ValueError):
    """The amount is above what one purchase may be."""

    def __init__(self, *, amount_minor: int, most_minor: int) -> None:
        super().__init__(f"{amount_minor} > {most_minor}")
        self.amount_minor = amount_minor
        self.most_minor = most_minor


class TooManyPointsError(ValueError):
    """The points are above what one deed may give."""

    def __init__(self, *, points: int, most: int) -> None:
        super().__init__(f"{points} > {most}")
        self.points = points
        self.most = most


class BasketDoesNotSumError(ValueError):
    """The lines of a bill do not sum to its amount."""

    def __init__(self, *, amount_minor: int, lines_minor: int) -> None:
        super().__init__(f"{lines_minor} is not {amount_minor}")
        self.amount_minor = amount_minor
        self.lines_minor = lines_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """That a deed met the conditions of a line whose later awards depend on it.

    ``points`` and ``credit_minor`` are what the line itself made of it, before conflicts, tier and
    limits: what it counts as given in a window, whether or not another plan was better.
    """

    key: int
    basis: Decimal
    points: int = 0
    credit_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """What a deed earns, why, what later deeds must know of it, and how it splits for refunds.

    ``missing_minor`` is what is missing to the next step, or to the first amount that earns, where
    the card has a single line that counts amounts; else 0.
    """

    points: int
    credit_minor: int = 0
    steps: tuple[Step, ...] = ()
    matches: tuple[Match, ...] = ()
    missing_minor: int = 0
    shares: tuple[Share, ...] = ()


def entered(*, points: int, terms: Terms) -> Award:
    """Return an award that staff entered as points; no amount, no multiplier (R9.2).

    Plans need amounts, so none is used; the explanation names how many lines that left out.

    :raises TooManyPointsError: if they are above the card's cap.
    """
    if points > terms.max_points:
        raise TooManyPointsError(points=points, most=terms.max_points)
    skipped = sum(len(plan.lines) for plan in terms.plans)
    facts = (("skipped_lines", str(skipped)),) if skipped else ()
    return Award(
        points=points,
        steps=(Step(reason=Reason.ENTERED, points=points, facts=facts),),
        shares=(Share(index=None, points=points),),
    )


def award(*, basket: Basket, terms: Terms, facts: Facts) -> Award:
    """Return what a purchase earns (rules 1 to 5, 9).

    Each unit by itself: the lines of a plan, the conflict between plans, what must be processed
    beside them, the tier's multiplier; then rounded once, in the card's mode (down by default, so
    the shop keeps the fraction), and cut at the card's limits.

    :raises AmountTooLargeError: if the amount is above the card's largest.
    :raises BasketDoesNotSumError: if the lines do not sum to the amount.
    """
    _refuse_impossible(basket, terms)
    card = compiled(terms)
    plans = card.in_force(basket.direction, facts)
    only = _only_line(plans, facts)
    if basket.amount_minor < terms.min_amount_minor:
        return _below_minimum(basket.amount_minor, card, only, facts)
    bill = seen_bill(basket, terms)
    runs = [run_plan(card, plan, bill, facts) for plan in plans]
    telling = Telling(card=card, bill=bill, facts=facts)
    if bill.loyalty_minor and terms.loyalty_tender == LoyaltyTender.NOTHING:
        return Award(
            points=0, steps=(telling.loyalty_tender(),), matches=_matches(runs, earns=False)
        )
    sums = [_sum(unit, runs, terms) for unit in Unit]
    steps = _told(telling, runs, sums, is_flat=only is not None)
    given, after = _finished(card, sums, facts)
    return Award(
        points=given[0],
        credit_minor=given[1],
        steps=(*steps, *after) or (Step(reason=Reason.NO_MATCH),),
        matches=_matches(runs, earns=True),
        missing_minor=_missing(bill.amount, card, only, facts, given),
        shares=_shares(bill, sums, given),
    )


def _refuse_impossible(basket: Basket, terms: Terms) -> None:
    if basket.amount_minor > terms.max_amount_minor:
        raise AmountTooLargeError(
            amount_minor=basket.amount_minor, most_minor=terms.max_amount_minor
        )
    if basket.lines:
        lines_minor = sum(line.amount_minor for line in basket.lines)
        if lines_minor != basket.amount_minor:
            raise BasketDoesNotSumError(amount_minor=basket.amount_minor, lines_minor=lines_minor)


def _sum(unit: Unit, runs: Sequence[PlanRun], terms: Terms) -> UnitSum:
    """Return what the plans give together in one unit (rules 5)."""
    two_steps = is_two_step(terms)
    plans = []
    for run in runs:
        lines = [line for line in run.ordinary if line.award > 0 and line.line.unit is unit]
        if lines:
            method = run.plan.plan.conflict_method if two_steps else ConflictMethod.SUM
            resolution = resolve([line.award for line in lines], method)
            plans.append(PlanValue(run, lines, resolution, method))
    resolution = resolve([plan.resolution.value for plan in plans], terms.conflict_method)
    contributions = [
        (plans[at].lines[taken], resolution.parts * plans[at].resolution.parts)
        for at in resolution.taken
        for taken in plans[at].resolution.taken
    ]
    total = resolution.value
    for run in runs:
        for line in run.must_process:
            if line.award > 0 and line.line.unit is unit:
                total += line.award
                contributions.append((line, 1))
    return UnitSum(unit, plans, resolution, total, contributions)


def _told(
    telling: Telling, runs: Sequence[PlanRun], sums: Sequence[UnitSum], *, is_flat: bool
) -> list[Step]:
    """Return the steps up to the sum; a card with a single line needs no tree."""
    bill, terms = telling.bill, telling.card.terms
    is_reduced = bill.loyalty_minor > 0 and terms.loyalty_tender == LoyaltyTender.REST
    steps = [telling.loyalty_tender()] if is_reduced else []
    if is_flat:
        for run in runs:
            steps += [telling.line(line) for line in (*run.ordinary, *run.must_process)]
        return steps
    plans = [telling.plan(run, sums) for run in runs]
    conflicts = [telling.conflict(each) for each in sums]
    steps += [step for step in (*plans, *conflicts) if step is not None]
    steps += [telling.must_process(run) for run in runs if run.must_process]
    return steps


def _finished(
    card: Compiled, sums: Sequence[UnitSum], facts: Facts
) -> tuple[tuple[int, int], list[Step]]:
    """Return points and credit after tier, rounding and limits, and the steps that tell it."""
    terms, tier = card.terms, card.tiers.get(facts.tier_id)
    multiplier = tier.multiplier if tier else ONCE
    points, credit = (_rounded(each.total, multiplier, terms.rounding) for each in sums)
    steps = []
    if tier is not None and any(each.total for each in sums):
        steps.append(Step(reason=Reason.TIER, points=points, credit_minor=credit, facts=tier.facts))
    elif any(each.total.denominator != 1 for each in sums):
        before = ((each.unit.value, str(each.total)) for each in sums if each.total)
        rounding = ("rounding", terms.rounding.value)
        steps.append(
            Step(
                reason=Reason.ROUNDING,
                points=points,
                credit_minor=credit,
                facts=(rounding, *before),
            )
        )
    for unit, limit, most in _limits(terms, facts):
        value = points if unit is Unit.POINTS else credit
        if value > most:
            points, credit = (most, credit) if unit is Unit.POINTS else (points, most)
            told = (("unit", unit.value), ("limit", limit), ("most", str(most)))
            steps.append(Step(reason=Reason.CAP, points=points, credit_minor=credit, facts=told))
    return (points, credit), steps


def _rounded(total: Value, multiplier: tuple[int, int], mode: Rounding) -> int:
    top, bottom = multiplier
    return whole_of_ratio(total.numerator * top, total.denominator * bottom, mode)


def _limits(terms: Terms, facts: Facts) -> list[tuple[Unit, str, int]]:
    """Return the card's limits and what is left of them, those of a purchase first."""
    limits = [(Unit.POINTS, "PURCHASE", terms.max_points)]
    if terms.max_credit_minor is not None:
        limits.append((Unit.CREDIT, "PURCHASE", terms.max_credit_minor))
    if terms.max_points_day is not None:
        left = max(0, terms.max_points_day - facts.points_today)
        limits.append((Unit.POINTS, "DAY", left))
    if terms.max_credit_day_minor is not None:
        left = max(0, terms.max_credit_day_minor - facts.credit_today_minor)
        limits.append((Unit.CREDIT, "DAY", left))
    return limits


def _matches(runs: Sequence[PlanRun], *, earns: bool) -> tuple[Match, ...]:
    """Return what later deeds must know of this one.

    A deed that earns nothing for how it was paid still has its ordinal, but adds to no window.
    """
    found = [
        _match(line, earns=earns)
        for run in runs
        for line in (*run.ordinary, *run.must_process)
        if line.line.needs_history
    ]
    return tuple(sorted(found, key=lambda match: match.key))


def _match(run: LineRun, *, earns: bool) -> Match:
    if not earns:
        return Match(key=run.line.key, basis=Decimal(0))
    is_points = run.line.unit == Unit.POINTS
    return Match(
        key=run.line.key,
        basis=as_decimal(run.basis, run.scale),
        points=run.award if is_points else 0,
        credit_minor=0 if is_points else run.award,
    )


def _shares(bill: SeenBill, sums: Sequence[UnitSum], given: tuple[int, int]) -> tuple[Share, ...]:
    """Return what each item brought of the award, in proportion to the lines that made it."""
    points, credit = (
        _parts(bill, each.contributions, whole) for each, whole in zip(sums, given, strict=True)
    )
    found = {at for parts in (points, credit) for at, part in parts.items() if part}
    return tuple(
        Share(index=at, points=points.get(at, 0), credit_minor=credit.get(at, 0))
        for at in sorted(found, key=_bill_last)
    )


def _bill_last(at: int | None) -> tuple[bool, int]:
    return (at is None, at or 0)


def _parts(
    bill: SeenBill, contributions: Sequence[tuple[LineRun, int]], whole: int
) -> dict[int | None, int]:
    """Return how one unit splits over the items; None is the bill as a whole."""
    if whole == 0:
        return {}
    weights: list[tuple[int | None, int, int]] = []
    for run, parts in contributions:
        weights += _weights(bill, run, parts)
    scale = lcm(*(bottom for _, _, bottom in weights))
    sums: dict[int | None, int] = {}
    for at, top, bottom in weights:
        sums[at] = sums.get(at, 0) + top * (scale // bottom)
    places = sorted(sums, key=_bill_last)
    return dict(zip(places, split(whole, [sums[at] for at in places]), strict=True))


def _weights(bill: SeenBill, run: LineRun, parts: int) -> list[tuple[int | None, int, int]]:
    if run.seen is None or not bill.has_lines:
        return [(None, run.award, parts)]
    if len(run.seen) == 1:
        return [(run.seen[0], run.award, parts)]
    counts = bill.amounts if run.line.is_by_amount else bill.pieces
    each = [(at, max(counts[at], 0)) for at in run.seen]
    total = sum(count for _, count in each)
    if total == 0:  # A window's earlier deeds can earn on their own.
        return [(None, run.award, parts)]
    return [(at, run.award * count, parts * total) for at, count in each]


def _only_line(plans: Sequence[CompiledPlan], facts: Facts) -> CompiledLine | None:
    """Return the line in force for this member, if there is exactly one and nothing is exempt."""
    held = [plan.lines_for(facts).lines for plan in plans]
    if sum([len(lines) for lines in held]) != 1:
        return None
    (only,) = (line for lines in held for line in lines)
    return None if only.line.is_exempt else only


def _is_plain(line: CompiledLine) -> bool:
    """Return whether the line turns each step of any amount into the same."""
    return (
        line.line.group == CriteriaGroup.ALL
        and line.is_by_amount
        and line.is_every
        and not line.needs_history
    )


def _below_minimum(amount: int, card: Compiled, only: CompiledLine | None, facts: Facts) -> Award:
    """Return that a purchase is too small; no line was tried, so it counts for none."""
    least = (("min_minor", str(card.terms.min_amount_minor)),)
    missing = 0
    if only is not None and _is_plain(only):
        missing = _missing_to_the_first(amount, card, only, facts)
    return Award(
        points=0,
        steps=(Step(reason=Reason.BELOW_MINIMUM, facts=least),),
        missing_minor=missing,
    )


def _missing(
    amount: int, card: Compiled, only: CompiledLine | None, facts: Facts, given: tuple[int, int]
) -> int:
    """Return what is missing to the next step; 0 where a limit leaves nothing to come."""
    if only is None or not _is_plain(only):
        return 0
    value = given[0] if only.unit is Unit.POINTS else given[1]
    if any(unit is only.unit and value >= most for unit, _, most in _limits(card.terms, facts)):
        return 0
    if value == 0:
        # One more step is not enough where a tier multiplies by less than one.
        return _missing_to_the_first(amount, card, only, facts)
    top, bottom = only.value
    return _rounded_up((amount * bottom // top + 1) * top, bottom) - amount


def _missing_to_the_first(amount: int, card: Compiled, line: CompiledLine, facts: Facts) -> int:
    """Return what is missing to the smallest amount that earns anything; 0 where none does."""
    tier = card.tiers.get(facts.tier_id)
    per_step, bottom = tier.multiplier if tier else ONCE
    per_step *= line.award
    if per_step == 0:
        return 0
    steps = 1
    if card.terms.rounding != Rounding.UP:
        needed = 1 if card.terms.rounding == Rounding.DOWN else 2
        steps = _rounded_up(bottom, needed * per_step)
    top, parts = line.value
    return max(card.terms.min_amount_minor, _rounded_up(steps * top, parts)) - amount


def _rounded_up(top: int, bottom: int) -> int:
    return whole_of_ratio(top, bottom, Rounding.UP)
