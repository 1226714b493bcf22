"""Why an award is what it is, told step by step."""

import json
from decimal import Decimal

import pytest

from loyalty.rules.awards import award
from loyalty.rules.explanations import Reason, Step, steps_as_data, steps_from_data
from loyalty.rules.terms import (
    AwardCriteria,
    CalculationOn,
    ConflictBasis,
    ConflictMethod,
    TierTerms,
)
from tests.rules.shop import (
    CAKE,
    CIGARETTES,
    COFFEE,
    CREDIT,
    a_bill,
    a_line,
    a_plan,
    bill_value,
    by_pieces,
    item,
    item_group,
    some_facts,
    some_terms,
)
from tests.rules.telling import line_facts

SILVER = TierTerms(tier_id=1, name="Silver", min_value=0, multiplier=Decimal("1.50"))


def told(bill, terms, **facts):
    return award(basket=bill, terms=terms, facts=some_facts(**facts)).steps


@pytest.mark.req("R7.3")
def test_a_simple_card_needs_no_tree():
    terms = some_terms(a_plan(a_line(key=1)), tiers=(SILVER,), max_points=12)

    assert told(a_bill("9.70"), terms, tier_id=1) == (
        Step(
            reason=Reason.STEPS,
            points=9,
            facts=(*line_facts("1"), ("seen", "970"), ("count", "9")),
        ),
        Step(
            reason=Reason.TIER,
            points=13,
            facts=(("tier", "Silver"), ("multiplier", "1.5"), ("rounding", "DOWN")),
        ),
        Step(
            reason=Reason.CAP,
            points=12,
            facts=(("unit", "POINTS"), ("limit", "PURCHASE"), ("most", "12")),
        ),
    )


@pytest.mark.req("R7.3", "IV8.1", "IV8.2")
def test_a_plan_tells_what_each_line_saw():
    lines = (
        a_line(key=1, is_exempt=True, **item_group("TOB")),
        by_pieces(key=2, award=5, **item("COF")),
        a_line(key=3, value="10"),
        a_line(
            key=4,
            value="20",
            award=3,
            calculation_on=CalculationOn.AT_LEAST,
            must_process=True,
            **bill_value("20"),
        ),
    )
    plan = (("code", "PLAN"), ("name", "Every day"), ("type", "NORMAL"))

    assert told(a_bill(COFFEE, CAKE, CIGARETTES), some_terms(a_plan(*lines, name="Every day"))) == (
        Step(
            reason=Reason.PLAN,
            points=11,
            facts=plan,
            children=(
                Step(reason=Reason.EXEMPT, facts=(("key", "1"), ("lines", "2"))),
                Step(
                    reason=Reason.STEPS,
                    points=10,
                    facts=(
                        *line_facts("2", basis="QUANTITY", value="1", award="5"),
                        ("seen", "2"),
                        ("count", "2"),
                        ("lines", "0"),
                    ),
                ),
                Step(
                    reason=Reason.STEPS,
                    points=1,
                    facts=(
                        *line_facts("3", value="1000"),
                        ("seen", "1200"),
                        ("count", "1"),
                        ("lines", "1"),
                    ),
                ),
            ),
        ),
        Step(
            reason=Reason.MUST_PROCESS,
            points=3,
            facts=plan,
            children=(
                Step(
                    reason=Reason.AT_LEAST,
                    points=3,
                    facts=(
                        *line_facts("4", value="2000", award="3"),
                        ("seen", "2000"),
                        ("count", "1"),
                    ),
                ),
            ),
        ),
    )


def conflict(level, method, values, result, **given):
    facts = (
        ("unit", "CREDIT" if "credit_minor" in given else "POINTS"),
        ("level", level),
        ("method", method),
        ("values", values),
        ("result", result),
    )
    return Step(reason=Reason.CONFLICT, facts=facts, **given)


@pytest.mark.req("IV3.16", "IV3.17", "R7.3")
def test_a_conflict_tells_the_values_it_looked_at_in_both_steps():
    one = a_plan(a_line(award=10), a_line(award=30), code="A", conflict_method=ConflictMethod.SUM)
    other = a_plan(
        a_line(award=20),
        a_line(award=55),
        a_line(award=6, **CREDIT),
        code="B",
        conflict_method=ConflictMethod.AVERAGE,
    )
    terms = some_terms(
        other,
        one,
        conflict_basis=ConflictBasis.PLAN_GLOBAL,
        conflict_method=ConflictMethod.MINIMUM,
    )

    steps = told(a_bill("1.00"), terms)

    assert [(step.reason, step.points, step.credit_minor) for step in steps] == [
        (Reason.PLAN, 40, 0),
        (Reason.PLAN, 37, 6),
        (Reason.CONFLICT, 37, 0),
        (Reason.ROUNDING, 37, 6),
    ]
    assert steps[0].children[-1] == conflict("PLAN", "SUM", "10 30", "40", points=40)
    assert steps[1].children[-1] == conflict("PLAN", "AVERAGE", "20 55", "75/2", points=37)
    assert steps[2] == conflict("CARD", "MINIMUM", "40 75/2", "75/2", points=37)
    assert steps[3].facts == (("rounding", "DOWN"), ("POINTS", "75/2"), ("CREDIT", "6"))


@pytest.mark.req("IV3.17", "IV8.21")
def test_credit_in_conflict_is_told_as_credit():
    plans = (a_plan(a_line(award=5, **CREDIT)), a_plan(a_line(award=7, **CREDIT), code="Q"))

    steps = told(a_bill("1.00"), some_terms(*plans))

    assert steps[2:] == (conflict("CARD", "MAXIMUM", "5 7", "7", credit_minor=7),)


def test_a_value_alone_is_no_conflict():
    plans = (a_plan(a_line(), a_line(value="9")), a_plan(a_line(value="9"), code="Q"))
    terms = some_terms(*plans, conflict_basis=ConflictBasis.PLAN_GLOBAL)

    steps = told(a_bill("1.00"), terms)

    assert [step.reason for step in steps] == [Reason.PLAN, Reason.PLAN]
    assert [len(step.children) for step in steps] == [2, 1]


@pytest.mark.req("IV8.1")
def test_a_plan_taken_out_says_by_which_line():
    plan = a_plan(a_line(key=5, is_exempt=True), a_line(key=6))

    assert told(a_bill("1.00"), some_terms(plan)) == (
        Step(
            reason=Reason.PLAN,
            facts=(("code", "PLAN"), ("name", ""), ("type", "NORMAL")),
            children=(Step(reason=Reason.EXEMPT_PLAN, facts=(("key", "5"),)),),
        ),
    )


@pytest.mark.req("IV8.1")
def test_of_two_lines_that_take_a_plan_out_the_one_with_the_lower_key_is_named():
    lines = (a_line(key=6, is_exempt=True), a_line(key=5, is_exempt=True))

    (step,) = told(a_bill("1.00"), some_terms(a_plan(*lines)))

    assert step.children[0].facts == (("key", "5"),)


@pytest.mark.req("IV8.1")
def test_a_plan_that_only_exempts_tells_what():
    (step,) = told(a_bill(CIGARETTES), some_terms(a_plan(a_line(is_exempt=True, **item("CIG")))))

    assert [child.reason for child in step.children] == [Reason.EXEMPT]


def test_lines_are_told_in_the_order_of_their_keys():
    lines = (a_line(key=3), a_line(key=1, **bill_value("0")), a_line(key=2, **CREDIT))

    (step,) = told(a_bill("1.00"), some_terms(a_plan(*lines)))

    assert [child.facts[0] for child in step.children] == [("key", "1"), ("key", "2"), ("key", "3")]


@pytest.mark.parametrize("lines", [(), (a_line(**item("TEA")), a_line(**item("COF")))])
def test_a_bill_that_no_line_looks_at_says_so(lines):
    assert told(a_bill("1.00"), some_terms(a_plan(*lines))) == (Step(reason=Reason.NO_MATCH),)


@pytest.mark.req("IV3.27")
def test_the_part_paid_with_points_is_told_first():
    bill = a_bill("10.00", paid=(("POINTS", "4.00", True),))

    steps = told(bill, some_terms(a_plan(a_line())))

    assert [(step.reason, step.points) for step in steps] == [
        (Reason.LOYALTY_TENDER, 0),
        (Reason.STEPS, 6),
    ]
    assert steps[0].facts == (
        ("method", "REST"),
        ("paid_minor", "400"),
        ("rest_minor", "600"),
    )


@pytest.mark.req("IV3.13")
def test_a_window_without_earlier_purchases_is_not_told():
    terms = some_terms(a_plan(a_line(key=1)), award_criteria=AwardCriteria.CUMULATIVE)

    assert told(a_bill("1.00"), terms)[0].facts == (
        *line_facts("1"),
        ("seen", "100"),
        ("count", "1"),
    )


def test_limits_of_credit_and_of_the_day_are_told_one_by_one():
    plan = a_plan(a_line(award=50), a_line(award=30, **CREDIT))
    terms = some_terms(
        plan, max_points=40, max_credit_minor=25, max_points_day=60, max_credit_day_minor=20
    )

    steps = told(a_bill("1.00"), terms, points_today=30)

    assert [(step.points, step.credit_minor, step.facts) for step in steps[1:]] == [
        (40, 30, (("unit", "POINTS"), ("limit", "PURCHASE"), ("most", "40"))),
        (40, 25, (("unit", "CREDIT"), ("limit", "PURCHASE"), ("most", "25"))),
        (30, 25, (("unit", "POINTS"), ("limit", "DAY"), ("most", "30"))),
        (30, 20, (("unit", "CREDIT"), ("limit", "DAY"), ("most", "20"))),
    ]


def test_steps_survive_being_stored():
    plans = (
        a_plan(a_line(), a_line(award=5, **CREDIT), a_line(is_exempt=True, **item("CIG"))),
        a_plan(a_line(value="2", transaction_count=2), code="Q"),
    )
    steps = told(
        a_bill(COFFEE, CIGARETTES), some_terms(*plans, tiers=(SILVER,)), tier_id=1, ordinals={}
    )

    stored = json.dumps(steps_as_data(steps))

    assert steps_from_data(json.loads(stored)) == steps


def test_stored_steps_leave_out_what_is_empty():
    steps = (Step(reason=Reason.NO_MATCH), Step(reason=Reason.CAP, credit_minor=3))

    assert steps_as_data(steps) == [
        {"reason": "NO_MATCH", "points": 0, "facts": {}},
        {"reason": "CAP", "points": 0, "facts": {}, "credit_minor": 3},
    ]
