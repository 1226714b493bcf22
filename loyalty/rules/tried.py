"""Each plan and line of a card with why it took part in an award, or why it did not."""

from collections.abc import Iterator
from dataclasses import dataclass

from loyalty.rules.baskets import Basket, Facts
from loyalty.rules.compiling import Compiled, CompiledLine, CompiledPlan, compiled, index_of, plain
from loyalty.rules.explanations import Pairs
from loyalty.rules.matching import (
    LineRun,
    PlanRun,
    SeenBill,
    bill_outcome,
    counted,
    run_plan,
    seen_bill,
)
from loyalty.rules.plans import Outcome, is_for_customer, is_for_tier, plan_outcome
from loyalty.rules.telling import Telling, number, numbers
from loyalty.rules.terms import LoyaltyTender, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """How one line fared, or with no ``key`` a plan as a whole.

    ``facts`` are those of the line's step in the explanation where it has one.
    """

    plan_code: str
    key: int | None
    outcome: Outcome
    facts: Pairs = ()


def tried(*, basket: Basket, terms: Terms, facts: Facts) -> tuple[Tried, ...]:
    """Return each plan, followed by its lines, in the order of codes and keys.

    It runs what ``awards.award`` runs and asks the same questions, so the two never disagree.
    """
    card = compiled(terms)
    plans = sorted(
        (plan for plans in card.plans.values() for plan in plans), key=lambda plan: plan.plan.code
    )
    if basket.amount_minor < terms.min_amount_minor:
        least = (("min_minor", str(terms.min_amount_minor)),)
        return tuple(row for plan in plans for row in _all(plan, Outcome.BELOW_MINIMUM, least))
    trial = _Trial(card, basket, facts)
    return tuple(row for plan in plans for row in trial.rows(plan))


def _all(plan: CompiledPlan, outcome: Outcome, told: Pairs = ()) -> list[Tried]:
    """Return that a plan and all its lines fared the same."""
    keys = (None, *(line.key for line in plan.lines))
    return [Tried(plan_code=plan.plan.code, key=key, outcome=outcome, facts=told) for key in keys]


class _Trial:
    """One bill of one member, held against plan after plan."""

    def __init__(self, card: Compiled, basket: Basket, facts: Facts) -> None:
        self.card = card
        self.basket = basket
        self.facts = facts
        self.bill: SeenBill = seen_bill(basket, card.terms)
        self.telling = Telling(card=card, bill=self.bill, facts=facts)
        method = card.terms.loyalty_tender
        is_worthless = bool(self.bill.loyalty_minor) and method == LoyaltyTender.NOTHING
        self.met = Outcome.PAID_WITH_LOYALTY if is_worthless else Outcome.TOOK_PART

    def rows(self, plan: CompiledPlan) -> Iterator[Tried]:
        outcome = plan_outcome(
            plan.plan, terms=self.card.terms, direction=self.basket.direction, facts=self.facts
        )
        if outcome is not Outcome.TOOK_PART:
            yield from _all(plan, outcome)
            return
        run = run_plan(self.card, plan, self.bill, self.facts)
        runs = {each.line: each for each in (*run.ordinary, *run.must_process)}
        yield Tried(plan_code=plan.plan.code, key=None, outcome=self._plan_outcome(run, runs))
        for line in plan.lines:
            outcome, told = self._line(line, run, runs.get(line))
            yield Tried(plan_code=plan.plan.code, key=line.key, outcome=outcome, facts=told)

    def _plan_outcome(self, run: PlanRun, runs: dict[CompiledLine, LineRun]) -> Outcome:
        if run.skipped_by is not None:
            return Outcome.EXEMPT
        return self.met if runs else Outcome.NO_MATCH

    def _line(
        self, line: CompiledLine, run: PlanRun, found: LineRun | None
    ) -> tuple[Outcome, Pairs]:
        if found is not None:
            told = self.telling.line(found).facts
            return (self.met if found.fires else Outcome.NOT_THIS_TIME), told
        if line is run.skipped_by:
            return Outcome.TOOK_PART, ()
        if line in run.exempted:
            return Outcome.TOOK_PART, (("lines", numbers(run.exempted[line])),)
        return self._absent(line, run)

    def _absent(self, line: CompiledLine, run: PlanRun) -> tuple[Outcome, Pairs]:
        """Return why a line made nothing of the bill; what asks least of the bill comes first."""
        if not is_for_tier(line.line, self.facts.tier_id):
            return Outcome.OTHER_TIER, ()
        if not is_for_customer(line.line, self.facts):
            return Outcome.OTHER_CUSTOMER, ()
        if run.skipped_by is not None:
            return Outcome.EXEMPT, ()
        return self._unmet(line, run) if line.is_bill else self._unseen(line, run)

    def _unmet(self, line: CompiledLine, run: PlanRun) -> tuple[Outcome, Pairs]:
        places = self.bill.places if line.line.is_exempt else run.left
        outcome = bill_outcome(line, self.bill, places)
        if outcome is Outcome.NO_TENDER:
            return outcome, (("tender", line.line.tender),)
        seen = number(*counted(line, self.bill, places))
        return outcome, (("seen", seen), ("least", plain(line.line.criteria_least)))

    def _unseen(self, line: CompiledLine, run: PlanRun) -> tuple[Outcome, Pairs]:
        alone = index_of((line,))
        items = self.bill.items
        places = [
            at for at in self.bill.places if alone.matching(items[at].product, items[at].group)
        ]
        if not places:
            return Outcome.NO_MATCH, ()
        left = [at for at in places if at in run.left]
        if not left:
            return Outcome.EXEMPT, (("lines", numbers(places)),)
        return Outcome.CLAIMED_BY_MORE_SPECIFIC, (("lines", numbers(left)),)
