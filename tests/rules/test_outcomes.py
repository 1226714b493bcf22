"""Why each plan and line took part in an award or not."""

from datetime import time
from decimal import Decimal

import pytest

from loyalty.rules.baskets import Window
from loyalty.rules.plans import Outcome
from loyalty.rules.terms import (
    AwardCriteria,
    CustomerType,
    Direction,
    Hours,
    LoyaltyTender,
    PlanType,
    TransactionCriteria,
)
from loyalty.rules.tried import tried
from tests.rules.shop import (
    CAKE,
    CIGARETTES,
    COFFEE,
    THURSDAY_NOON,
    a_bill,
    a_line,
    a_plan,
    bill_quantity,
    bill_value,
    bought,
    by_pieces,
    item,
    item_group,
    some_facts,
    some_terms,
)
from tests.rules.telling import line_facts


def outcomes(bill, terms, **facts):
    rows = tried(basket=bill, terms=terms, facts=some_facts(**facts))
    return {(row.plan_code, row.key): row.outcome for row in rows}


def facts_of(key, bill, terms, **facts):
    rows = tried(basket=bill, terms=terms, facts=some_facts(**facts))
    return next(row.facts for row in rows if row.key == key)


MIA = {"customer_type": CustomerType.CODE, "customer_code": "MIA"}
LINE_TABLE = [
    # line, outcome, facts
    (a_line(key=1, tier_id=2), Outcome.OTHER_TIER, ()),
    (a_line(key=1, **MIA), Outcome.OTHER_CUSTOMER, ()),
    (a_line(key=1, **item("TEA")), Outcome.NO_MATCH, ()),
    (a_line(key=1, **item("CIG")), Outcome.EXEMPT, (("lines", "2"),)),
    (a_line(key=1, must_process=True, **item("CIG")), Outcome.EXEMPT, (("lines", "2"),)),
    (a_line(key=1, **item_group("DRINK")), Outcome.CLAIMED_BY_MORE_SPECIFIC, (("lines", "0"),)),
    (
        a_line(key=1, **bill_value("20.01")),
        Outcome.BELOW_CRITERIA,
        (("seen", "2000"), ("least", "2001")),
    ),
    (
        by_pieces(key=1, **bill_quantity("3.5")),
        Outcome.BELOW_CRITERIA,
        (("seen", "3"), ("least", "3.5")),
    ),
    (a_line(key=1, tender="CARD", **bill_value("1")), Outcome.NO_TENDER, (("tender", "CARD"),)),
    (
        a_line(key=1, is_exempt=True, **bill_value("30.01")),
        Outcome.BELOW_CRITERIA,
        (("seen", "3000"), ("least", "3001")),
    ),
    (a_line(key=1, is_exempt=True, **item("TEA")), Outcome.NO_MATCH, ()),
    (a_line(key=1, is_exempt=True, **item("CAKE")), Outcome.TOOK_PART, (("lines", "1"),)),
    (
        a_line(
            key=1,
            transaction_criteria=TransactionCriteria.GREATER,
            transaction_count=2,
            **item("CAKE"),
        ),
        Outcome.NOT_THIS_TIME,
        (
            *line_facts("1"),
            ("seen", "1200"),
            ("count", "12"),
            ("lines", "1"),
            ("ordinal", "1"),
            ("criteria", "GREATER"),
            ("every", "2"),
        ),
    ),
    (
        a_line(key=1),
        Outcome.TOOK_PART,
        (*line_facts("1"), ("seen", "1200"), ("count", "12"), ("lines", "1")),
    ),
]


@pytest.mark.req("R7.3", "IV8.1", "IV8.4", "IV8.6", "IV8.10", "IV8.12", "IV8.18")
@pytest.mark.parametrize(("line", "expected", "facts"), LINE_TABLE)
def test_each_line_says_why_it_took_part_or_not(line, expected, facts):
    others = (a_line(key=90, is_exempt=True, **item("CIG")), a_line(key=91, **item("COF")))
    terms, bill = some_terms(a_plan(line, *others)), a_bill(COFFEE, CAKE, CIGARETTES)

    assert outcomes(bill, terms, tier_id=1)["PLAN", 1] == expected
    assert facts_of(1, bill, terms, tier_id=1) == facts


PLAN_TABLE = [
    # changes of the plan, outcome of the plan and its line
    ({}, Outcome.TOOK_PART),
    ({"direction": Direction.BUY}, Outcome.OTHER_DIRECTION),
    ({"until": THURSDAY_NOON}, Outcome.NOT_NOW),
    ({"type": PlanType.SPECIAL_DAYS}, Outcome.INACTIVE_DAY),
    ({"hours": (Hours(store="HILL"),)}, Outcome.WRONG_STORE),
    ({"hours": (Hours(start=time(13)),)}, Outcome.WRONG_HOURS),
]


@pytest.mark.req("IV7.5", "IV7.7", "IV7.10", "FA2")
@pytest.mark.parametrize(("changes", "expected"), PLAN_TABLE)
def test_each_plan_says_why_it_holds_or_not(changes, expected):
    terms = some_terms(a_plan(a_line(key=1), **changes), a_plan(code="A"))

    assert outcomes(a_bill("1.00"), terms) == {
        ("A", None): Outcome.NO_MATCH,
        ("PLAN", None): expected,
        ("PLAN", 1): expected,
    }


@pytest.mark.req("IV8.1")
def test_a_plan_taken_out_says_so_for_each_line():
    lines = (a_line(key=1, is_exempt=True), a_line(key=2), a_line(key=3, tier_id=9))

    assert outcomes(a_bill("1.00"), some_terms(a_plan(*lines))) == {
        ("PLAN", None): Outcome.EXEMPT,
        ("PLAN", 1): Outcome.TOOK_PART,
        ("PLAN", 2): Outcome.EXEMPT,
        ("PLAN", 3): Outcome.OTHER_TIER,
    }


def test_below_the_smallest_amount_no_line_is_tried():
    terms = some_terms(a_plan(a_line(key=1)), min_amount_minor=500)

    assert outcomes(a_bill("4.99"), terms) == {
        ("PLAN", None): Outcome.BELOW_MINIMUM,
        ("PLAN", 1): Outcome.BELOW_MINIMUM,
    }
    assert facts_of(1, a_bill("4.99"), terms) == (("min_minor", "500"),)


@pytest.mark.req("IV3.27")
def test_what_was_paid_with_points_is_the_reason_where_that_earns_nothing():
    terms = some_terms(
        a_plan(a_line(key=1), a_line(key=2, **item("TEA"))), loyalty_tender=LoyaltyTender.NOTHING
    )
    bill = a_bill(bought("5.00"), paid=(("POINTS", "1.00", True),))

    assert outcomes(bill, terms) == {
        ("PLAN", None): Outcome.PAID_WITH_LOYALTY,
        ("PLAN", 1): Outcome.PAID_WITH_LOYALTY,
        ("PLAN", 2): Outcome.NO_MATCH,
    }


def test_a_window_is_told_to_the_rule_tester_too():
    terms = some_terms(a_plan(a_line(key=1)), award_criteria=AwardCriteria.CUMULATIVE)
    windows = {1: Window(basis=Decimal(250), given=2)}

    assert facts_of(1, a_bill("1.50"), terms, windows=windows)[-2:] == (
        ("window", "250"),
        ("given", "2"),
    )
