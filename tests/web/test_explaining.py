"""Why an award is what it is, in the sentences that counter, wallet and dashboard share."""

import pytest

from cards.models import Card
from loyalty.rules import awards
from loyalty.rules.terms import (
    CalculationOn,
    ConflictMethod,
    LoyaltyTender,
    TransactionCriteria,
    Unit,
)
from loyalty.web.explaining import explanation
from tests.rules.shop import a_bill, a_line, a_plan, some_facts, some_terms

CARD = Card(currency="EUR", unit_one="point", unit_many="points")
EVERY_THIRD = {"transaction_count": 3, "transaction_criteria": TransactionCriteria.EVERY}
ONCE = {"value": "15.00", "award": 10, "calculation_on": CalculationOn.AT_LEAST}
SENTENCES = [
    # line, earlier purchases, bill, what is told
    ({}, 0, "12.60", ["1 point per €1.00, rounded down"]),
    (ONCE, 0, "15.00", ["10 points once, from €15.00 on"]),
    (
        ONCE | EVERY_THIRD,
        2,
        "15.00",
        ["10 points once, from €15.00 on, every 3 such purchases; this is number 3"],
    ),
    (
        ONCE | EVERY_THIRD,
        0,
        "15.00",
        [
            "10 points once, from €15.00 on,"
            " every 3 such purchases; this is number 1: nothing this time"
        ],
    ),
    (
        EVERY_THIRD,
        0,
        "15.00",
        [
            "1 point per €1.00, rounded down,"
            " every 3 such purchases; this is number 1: nothing this time"
        ],
    ),
    ({"unit": Unit.CREDIT, "award": 5}, 0, "2.00", ["€0.05 credit per €1.00, rounded down"]),
]


def told(bill, *plans, earlier=0, **settings):
    facts = some_facts(ordinals={line.key: earlier for plan in plans for line in plan.lines})
    found = awards.award(basket=bill, terms=some_terms(*plans, **settings), facts=facts)
    return explanation(found, CARD)


@pytest.mark.req("R7.3", "IV8.12", "IV8.16")
@pytest.mark.parametrize(("line", "earlier", "bill", "sentences"), SENTENCES)
def test_a_line_says_what_it_gives_and_when(line, earlier, bill, sentences):
    assert told(a_bill(bill), a_plan(a_line(**line)), earlier=earlier) == sentences


@pytest.mark.req("R7.3", "IV3.17")
@pytest.mark.parametrize(
    ("method", "sentence"),
    [
        (ConflictMethod.MAXIMUM, "of 10, 5 the highest counts: 10"),
        (ConflictMethod.MINIMUM, "of 10, 5 the lowest counts: 5"),
        (ConflictMethod.SUM, "10, 5 together: 15"),
        (ConflictMethod.AVERAGE, "of 10, 5 the average counts: 7.5"),
    ],
)
def test_how_several_rules_became_one_is_told(method, sentence):
    every = a_plan(a_line(), name="Every day")
    spring = a_plan(a_line(value="2.00"), name="Spring", code="SPRING")

    found = told(a_bill("10.00"), every, spring, conflict_method=method)

    assert sentence in found


@pytest.mark.req("R7.3", "IV3.27")
@pytest.mark.parametrize(
    ("method", "sentences"),
    [
        (LoyaltyTender.NOTHING, ["€4.00 were paid from the card: this purchase earns nothing"]),
        (
            LoyaltyTender.REST,
            ["€4.00 were paid from the card: €6.00 earn", "1 point per €1.00, rounded down"],
        ),
    ],
)
def test_what_a_bill_earns_that_was_paid_from_the_card_is_told(method, sentences):
    bill = a_bill("10.00", paid=[("CARD", "4.00", True), ("CASH", "6.00", False)])

    assert told(bill, a_plan(a_line()), loyalty_tender=method) == sentences
