"""What a bill earns by what it was paid with, and what a purchase from a customer earns."""

from decimal import Decimal

import pytest

from loyalty.rules.awards import Award, Match, award
from loyalty.rules.explanations import Reason, Step
from loyalty.rules.terms import Direction, LoyaltyTender
from tests.rules.shop import (
    a_bill,
    a_line,
    a_plan,
    bill_value,
    bought,
    by_pieces,
    item,
    points,
    some_facts,
    some_terms,
)

# Rules 9: bill value from 100, every 10 gives 1.
CARD_LINE = a_line(value="10", tender="CARD", **bill_value("100"))
TENDER_TABLE = [
    # bill, paid, earned
    ("120", (("CASH", "70", False), ("CARD", "50", False)), 5),
    ("120", (("CARD", "30", False), ("CARD", "30", False), ("CASH", "60", False)), 6),
    ("120", (("CARD", "150", False),), 12),
    ("99", (("CARD", "99", False),), 0),
    ("120", (("CASH", "120", False),), 0),
    ("120", (("CARD", "0", False),), 0),
    ("120", (), 0),
]


@pytest.mark.req("IV8.18")
@pytest.mark.parametrize(("bill", "paid", "expected"), TENDER_TABLE)
def test_a_tender_line_counts_what_was_paid_with_it(bill, paid, expected):
    assert points(a_bill(bill, paid=paid), some_terms(a_plan(CARD_LINE))) == expected


@pytest.mark.req("IV8.1", "IV8.18")
def test_a_plan_can_be_taken_out_for_what_was_paid_with_a_tender():
    lines = (a_line(is_exempt=True, tender="GIFT", **bill_value("0")), a_line())
    terms = some_terms(a_plan(*lines))

    found = [points(a_bill("9", paid=((code, "9", False),)), terms) for code in ("GIFT", "CASH")]

    assert found == [0, 9]


BURNT = (("POINTS", "30", True), ("CASH", "70", False))
LOYALTY_TABLE = [
    # line, full, rest, nothing
    (a_line(value="10"), 10, 7, 0),
    (a_line(value="10", **bill_value("100")), 10, 0, 0),
    (by_pieces(), 3, 3, 0),
    (a_line(value="10", **item("A")), 3, 2, 0),
    (a_line(value="10", tender="POINTS", **bill_value("50")), 3, 0, 0),
    (a_line(value="10", tender="CASH", **bill_value("50")), 7, 7, 0),
]


@pytest.mark.req("IV3.27")
@pytest.mark.parametrize(("line", "full", "rest", "nothing"), LOYALTY_TABLE)
def test_what_was_paid_with_points_earns_as_the_card_says(line, full, rest, nothing):
    lines = bought("33.33", "A"), bought("33.33", "B"), bought("33.34", "C")
    bill = a_bill(*lines, paid=BURNT)

    found = [
        points(bill, some_terms(a_plan(line), loyalty_tender=method)) for method in LoyaltyTender
    ]

    assert found == [full, rest, nothing]


@pytest.mark.req("IV3.27", "IV8.12")
def test_a_purchase_paid_with_points_counts_but_adds_nothing_where_it_earns_nothing():
    line = a_line(key=7, transaction_count=2)
    bill = a_bill("100", paid=BURNT)
    terms = some_terms(a_plan(line), loyalty_tender=LoyaltyTender.NOTHING)

    found = award(basket=bill, terms=terms, facts=some_facts(ordinals={7: 1}))

    facts = (("method", "NOTHING"), ("paid_minor", "3000"), ("rest_minor", "10000"))
    assert found == Award(
        points=0,
        steps=(Step(reason=Reason.LOYALTY_TENDER, facts=facts),),
        matches=(Match(key=7, basis=Decimal(0)),),
    )


@pytest.mark.req("IV3.27")
def test_more_paid_with_points_than_the_bill_leaves_nothing_to_earn_on():
    bill = a_bill("20", paid=(("POINTS", "25", True),))

    assert points(bill, some_terms(a_plan(a_line()))) == 0


@pytest.mark.req("FA1", "FA2")
def test_sales_and_buys_have_their_own_steps_and_without_one_a_buy_earns_nothing():
    sale = a_plan(a_line(value="1"), code="SALE")
    buy = a_plan(a_line(value="5"), code="BUY", direction=Direction.BUY)
    bills = [a_bill("20", direction=way) for way in Direction]

    assert [points(bill, some_terms(sale, buy)) for bill in bills] == [20, 4]
    assert points(bills[1], some_terms(sale)) == 0
