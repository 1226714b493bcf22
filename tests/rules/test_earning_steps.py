"""How often a line earns: each full step, at which purchases, over several days."""

from decimal import Decimal

import pytest

from loyalty.rules.awards import Award, Match, award
from loyalty.rules.baskets import Window
from loyalty.rules.explanations import Reason, Step
from loyalty.rules.terms import AwardCriteria, CalculationOn, TransactionCriteria
from tests.rules.shop import (
    CREDIT,
    a_bill,
    a_line,
    a_plan,
    bought,
    by_pieces,
    points,
    some_facts,
    some_terms,
)

# Rules 1: value 100, award 10.
CALCULATION_TABLE = [
    # spent, every, greater or equal
    ("0", 0, 0),
    ("99.99", 0, 0),
    ("100", 10, 10),
    ("250", 20, 10),
    ("3400", 340, 10),
    ("3499.99", 340, 10),
]


@pytest.mark.req("R7.3", "IV8.16", "IV8.17", "IV8.20", "FA1")
@pytest.mark.parametrize(("spent", "every", "at_least"), CALCULATION_TABLE)
def test_each_full_step_earns_or_the_threshold_once(spent, every, at_least):
    lines = [a_line(value="100", award=10, calculation_on=way) for way in CalculationOn]

    assert [points(a_bill(spent), some_terms(a_plan(line))) for line in lines] == [every, at_least]


# Rules 2: n = 3, one column for each of the member's matching purchases.
TURN_TABLE = [
    # criteria, the purchases k = 1 to 7 that earn
    (TransactionCriteria.EVERY, [3, 6]),
    (TransactionCriteria.EQUAL, [3]),
    (TransactionCriteria.GREATER, [4, 5, 6, 7]),
]


@pytest.mark.req("IV8.12", "IV8.13")
@pytest.mark.parametrize(("criteria", "earning"), TURN_TABLE)
def test_a_line_earns_at_the_purchases_it_counts_to(criteria, earning):
    line = a_line(key=7, award=1, transaction_criteria=criteria, transaction_count=3)
    terms = some_terms(a_plan(line))

    found = [
        k
        for k in range(1, 8)
        if points(a_bill("5.00"), terms, ordinals={7: k - 1} if k > 1 else {})
    ]

    assert found == earning


@pytest.mark.req("IV8.12")
def test_a_purchase_that_earns_nothing_still_counts_for_the_ordinal():
    line = a_line(key=7, transaction_count=3)

    found = award(basket=a_bill("5.00"), terms=some_terms(a_plan(line)), facts=some_facts())

    assert found == Award(
        points=0,
        steps=(
            Step(
                reason=Reason.NOT_THIS_TIME,
                facts=(
                    ("key", "7"),
                    ("unit", "POINTS"),
                    ("basis", "AMOUNT"),
                    ("value", "100"),
                    ("award", "1"),
                    ("seen", "500"),
                    ("count", "5"),
                    ("ordinal", "1"),
                    ("criteria", "EVERY"),
                    ("every", "3"),
                ),
            ),
        ),
        matches=(Match(key=7, basis=Decimal(500)),),
    )


# Rules 3: 30 days, every 100 gives 10; what the window holds before the purchase.
WINDOW_TABLE = [
    # spent, window before, given in it, every: now, at least: now
    ("60", "0", 0, 0, 0),
    ("60", "60", 0, 10, 10),
    ("90", "120", 10, 10, 0),
    ("50", "150", 20, 0, 0),
    ("60", "140", 10, 10, 0),
    ("240", "0", 0, 20, 10),
]


@pytest.mark.req("IV3.13")
@pytest.mark.parametrize(("spent", "before", "given", "every", "at_least"), WINDOW_TABLE)
def test_purchases_of_a_window_add_up_and_nothing_is_paid_twice(
    spent, before, given, every, at_least
):
    window = Window(basis=Decimal(before) * 100, given=given)
    lines = [a_line(key=7, value="100", award=10, calculation_on=way) for way in CalculationOn]

    found = [
        award(
            basket=a_bill(spent),
            terms=some_terms(a_plan(line), award_criteria=AwardCriteria.CUMULATIVE),
            facts=some_facts(windows={7: window}),
        )
        for line in lines
    ]

    assert [each.points for each in found] == [every, at_least]
    assert found[0].matches == (Match(key=7, basis=Decimal(spent) * 100, points=every),)


@pytest.mark.req("IV3.13", "IV8.12", "IV8.13")
def test_the_transaction_count_says_nothing_where_purchases_count_together():
    line = a_line(key=7, transaction_count=3)
    terms = some_terms(a_plan(line), award_criteria=AwardCriteria.CUMULATIVE)

    found = award(basket=a_bill("5.50"), terms=terms, facts=some_facts())

    assert (found.points, found.missing_minor) == (5, 0)
    assert found.matches == (Match(key=7, basis=Decimal(550), points=5),)


@pytest.mark.req("IV3.13")
def test_a_window_of_pieces_and_credit_is_told_in_its_own_units():
    line = by_pieces(key=7, value="1.5", award=20, **CREDIT)
    terms = some_terms(a_plan(line), award_criteria=AwardCriteria.CUMULATIVE)
    window = Window(basis=Decimal("1.25"), given=0)

    found = award(
        basket=a_bill(bought("4.00", quantity="0.25")),
        terms=terms,
        facts=some_facts(windows={7: window}),
    )

    assert found.credit_minor == 20
    assert found.matches == (Match(key=7, basis=Decimal("0.25"), credit_minor=20),)
    assert dict(found.steps[0].facts) == {
        "key": "7",
        "unit": "CREDIT",
        "basis": "QUANTITY",
        "value": "1.5",
        "award": "20",
        "seen": "0.25",
        "count": "1",
        "lines": "0",
        "window": "1.25",
        "given": "0",
    }
