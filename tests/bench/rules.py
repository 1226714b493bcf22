"""Measures the earning engine: awards a second on one core, with their explanations.

CPU time of this process, the best of several spells, so that what else runs on the machine matters
less. The figures are of the pure function: rules compiled before, no database.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial

from loyalty.rules.awards import Award, award
from loyalty.rules.baskets import Basket, Facts
from loyalty.rules.explanations import Step
from loyalty.rules.terms import ConflictBasis, ConflictMethod, Plan, Terms, TierTerms
from loyalty.rules.tried import tried
from tests.rules.shop import (
    CREDIT,
    THURSDAY_NOON,
    a_bill,
    a_line,
    a_plan,
    bill_value,
    bought,
    by_pieces,
    item,
    item_group,
    some_terms,
)

SPELLS = 7
WIDTHS = "{:58}{:>9}{:>9}{:>9}\n"
SILVER = TierTerms(tier_id=1, name="Silver", min_value=0, multiplier=Decimal("1.5"))
MEMBER = Facts(at=THURSDAY_NOON, tier_id=1, customer_groups=frozenset({"VIP"}))


def main(words: Sequence[str]) -> None:
    """Measure each case and print one line for it."""
    seconds = float(words[0]) if words else 1.0
    sys.stdout.write(WIDTHS.format("", "a second", "us", "steps"))
    for name, bill, terms in _cases():
        rate = _rate(partial(_award, bill, terms), seconds)
        steps = _count(_award(bill, terms).steps)
        sys.stdout.write(WIDTHS.format(name, f"{rate:,.0f}", f"{1e6 / rate:.1f}", steps))
    _, bill, terms = list(_cases())[-1]
    rate = _rate(partial(tried, basket=bill, terms=terms, facts=MEMBER), seconds)
    sys.stdout.write(
        WIDTHS.format("each of its lines tried", f"{rate:,.0f}", f"{1e6 / rate:.1f}", "")
    )


def _award(bill: Basket, terms: Terms) -> Award:
    return award(basket=bill, terms=terms, facts=MEMBER)


def _cases() -> Iterator[tuple[str, Basket, Terms]]:
    simple = some_terms(a_plan(a_line()), tiers=(SILVER,))
    yield "simple card, one amount", a_bill("9.70"), simple
    yield "simple card, 5 items", BASKET, simple
    chain = some_terms(*(_plan(number) for number in range(5)), tiers=(SILVER,))
    yield "5 plans of 10 lines, 5 items, 3 lines a plan see something", BASKET, chain
    averaged = replace(
        chain,
        conflict_basis=ConflictBasis.PLAN_GLOBAL,
        conflict_method=ConflictMethod.AVERAGE,
    )
    yield "the same, averaged in two steps", BASKET, averaged
    dense = some_terms(*(_dense_plan(number) for number in range(5)), tiers=(SILVER,))
    yield "5 plans of 10 lines, 5 items, 8 lines a plan see something", BASKET, dense


BASKET = a_bill(
    bought("8.00", "COF", "DRINK", "2"),
    bought("12.00", "CAKE", "FOOD"),
    bought("10.00", "CIG", "TOB"),
    bought("5.00", "TEA", "DRINK"),
    bought("15.00", "MUG", "WARE"),
)


def _plan(number: int) -> Plan:
    """A campaign of a chain: some products, some groups, most of them not on this bill."""
    other = [a_line(award=3, **item(f"OTHER{number}{place}")) for place in range(5)]
    return a_plan(
        *other,
        a_line(is_exempt=True, **item_group("TOB")),
        a_line(award=2 + number, **item("COF")),
        a_line(award=1 + number, **item_group("FOOD")),
        a_line(award=9, tier_id=2),
        a_line(value="5.00", **bill_value("20.00")),
        code=f"P{number}",
    )


def _dense_plan(number: int) -> Plan:
    """A plan of which nearly every line sees something on this bill."""
    return a_plan(
        a_line(is_exempt=True, **item_group("TOB")),
        a_line(award=1 + number),
        a_line(award=2, **item_group("DRINK")),
        a_line(award=2, **item_group("FOOD"), **CREDIT),
        by_pieces(award=5, **item("COF")),
        by_pieces(award=5, **item("TEA")),
        a_line(value="5.00", **bill_value("20.00")),
        a_line(value="10.00", must_process=True, tier_id=1),
        a_line(award=9, tier_id=2),
        a_line(transaction_count=3, **CREDIT),
        code=f"P{number}",
    )


def _rate(step: Callable[[], object], seconds: float) -> float:
    """Return how often a second the step can be done."""
    step()
    rounds, spent = 1, 0.0
    while spent < seconds / SPELLS:
        rounds *= 2
        spent = _spent(step, rounds)
    return rounds / min(_spent(step, rounds) for _ in range(SPELLS))


def _spent(step: Callable[[], object], rounds: int) -> float:
    began = time.process_time()
    for _ in range(rounds):
        step()
    return time.process_time() - began


def _count(steps: tuple[Step, ...]) -> int:
    return sum(1 + _count(step.children) for step in steps)
