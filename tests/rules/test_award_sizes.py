"""How large an award is: times the tier, made whole, within limits; and what the next one takes."""

from dataclasses import replace

import pytest

from loyalty.rules.awards import (
    AmountTooLargeError,
    Award,
    BasketDoesNotSumError,
    TooManyPointsError,
    award,
    entered,
)
from loyalty.rules.explanations import Reason, Step
from loyalty.rules.rounding import Rounding, whole_of_ratio
from loyalty.rules.shares import Share
from loyalty.rules.terms import CalculationOn
from tests.rules.shop import (
    CAKE,
    COFFEE,
    CREDIT,
    MEAN,
    a_bill,
    a_line,
    a_plan,
    a_tier,
    bill_value,
    bought,
    by_pieces,
    earned,
    item,
    points,
    some_facts,
    some_terms,
)

TIER_TABLE = [
    # multiplier, down, half up, up: of 7 points and 5 minor units
    ("1.00", (7, 5), (7, 5), (7, 5)),
    ("1.50", (10, 7), (11, 8), (11, 8)),
    ("1.25", (8, 6), (9, 6), (9, 7)),
    ("0.50", (3, 2), (4, 3), (4, 3)),
]


@pytest.mark.req("R7.3", "IV6.7", "IV8.6")
@pytest.mark.parametrize(("multiplier", "down", "half_up", "up"), TIER_TABLE)
def test_a_tier_multiplies_both_units_and_the_cards_mode_rounds(multiplier, down, half_up, up):
    plan = a_plan(a_line(award=7), a_line(award=5, **CREDIT))
    tiers = (a_tier(multiplier),)

    found = [
        earned(a_bill("1.00"), some_terms(plan, tiers=tiers, rounding=mode), tier_id=1)
        for mode in Rounding
    ]

    assert found == [down, half_up, up]


def test_a_tier_that_the_rules_do_not_know_multiplies_nothing():
    terms = some_terms(a_plan(a_line()), tiers=(a_tier("2"),))

    assert [points(a_bill("3.00"), terms, tier_id=tier) for tier in (None, 9)] == [3, 3]


def test_an_average_times_a_tier_is_rounded_once():
    # 7 and 8 make 7.5; times 1.4 that is 10.5, and 9.8 if the average were rounded before.
    plans = (a_plan(a_line(award=7)), a_plan(a_line(award=8), code="B"))
    terms = some_terms(*plans, conflict_method=MEAN, tiers=(a_tier("1.4"),))

    assert points(a_bill("1.00"), terms, tier_id=1) == 10


WHOLE_TABLE = [
    # numerator, denominator, down, half up, up
    (0, 3, 0, 0, 0),
    (1, 3, 0, 0, 1),
    (1, 2, 0, 1, 1),
    (5, 3, 1, 2, 2),
    (6, 3, 2, 2, 2),
]


@pytest.mark.parametrize(("top", "bottom", "down", "half_up", "up"), WHOLE_TABLE)
def test_ratios_become_whole_in_the_named_mode(top, bottom, down, half_up, up):
    assert [whole_of_ratio(top, bottom, mode) for mode in Rounding] == [down, half_up, up]


CAP_TABLE = [
    # limits, awarded today before, points and credit of 50 and 30
    ({}, (0, 0), (50, 30)),
    ({"max_points": 49, "max_credit_minor": 30}, (0, 0), (49, 30)),
    ({"max_points": 50, "max_credit_minor": 29}, (0, 0), (50, 29)),
    ({"max_points_day": 60, "max_credit_day_minor": 31}, (9, 2), (50, 29)),
    ({"max_points_day": 60, "max_credit_day_minor": 31}, (11, 0), (49, 30)),
    ({"max_points_day": 60, "max_credit_day_minor": 31}, (70, 40), (0, 0)),
    ({"max_points": 40, "max_points_day": 60}, (30, 0), (30, 30)),
]


@pytest.mark.req("R9.2")
@pytest.mark.parametrize(("limits", "before", "expected"), CAP_TABLE)
def test_an_award_stays_within_the_limits_of_a_purchase_and_of_a_day(limits, before, expected):
    plan = a_plan(a_line(award=50), a_line(award=30, **CREDIT))
    today = {"points_today": before[0], "credit_today_minor": before[1]}

    assert earned(a_bill("1.00"), some_terms(plan, **limits), **today) == expected


MISSING_TABLE = [
    # changed terms, spent, earned, missing
    ({}, "9.70", 9, 30),
    ({"min_amount_minor": 500}, "4.99", 0, 1),
    ({"min_amount_minor": 500}, "5.00", 5, 100),
    ({"max_points": 9}, "9.70", 9, 0),
    ({"max_points_day": 0}, "9.70", 0, 0),
    ({"tiers": (a_tier("0.25"),)}, "1.50", 0, 250),
    ({"tiers": (a_tier("0.25"),), "rounding": Rounding.HALF_UP}, "1.50", 0, 50),
    ({"tiers": (a_tier("0.30"),)}, "1.50", 0, 250),
    ({"tiers": (a_tier("0.07"),)}, "1.50", 0, 1350),
    ({"tiers": (a_tier("0.07"),), "rounding": Rounding.UP}, "0.40", 0, 60),
    ({"tiers": (a_tier("0"),)}, "1.50", 0, 0),
]


@pytest.mark.req("R7.3")
@pytest.mark.parametrize(("changes", "spent", "expected", "missing"), MISSING_TABLE)
def test_what_is_missing_is_the_way_to_the_next_or_the_first_award(
    changes, spent, expected, missing
):
    terms = some_terms(a_plan(a_line()), **changes)

    found = award(basket=a_bill(spent), terms=terms, facts=some_facts(tier_id=1))

    assert (found.points, found.missing_minor) == (expected, missing)


def test_below_a_smallest_amount_that_is_less_than_a_step_the_step_is_missing():
    terms = some_terms(a_plan(a_line(value="50")), min_amount_minor=1000)

    found = award(basket=a_bill("9.99"), terms=terms, facts=some_facts())

    assert found == Award(
        points=0,
        steps=(Step(reason=Reason.BELOW_MINIMUM, facts=(("min_minor", "1000"),)),),
        missing_minor=4001,
    )


NOT_PLAIN_TABLE = [
    # lines of which nothing can be said
    (),
    (a_line(), a_line()),
    (a_line(), a_line(is_exempt=True, **item("CIG"))),
    (a_line(is_exempt=True, **item("CIG")),),
    (a_line(calculation_on=CalculationOn.AT_LEAST),),
    (a_line(transaction_count=2),),
    (a_line(**bill_value("1")),),
    (by_pieces(),),
]


@pytest.mark.parametrize("lines", NOT_PLAIN_TABLE)
@pytest.mark.parametrize("least", [0, 500])
def test_where_the_way_to_the_next_award_is_not_plain_none_is_told(lines, least):
    terms = some_terms(a_plan(*lines), min_amount_minor=least)

    found = award(basket=a_bill("1.50"), terms=terms, facts=some_facts())

    assert found.missing_minor == 0


@pytest.mark.parametrize("least", [0, 500])
def test_a_line_that_gives_nothing_promises_nothing(least):
    terms = some_terms(a_plan(a_line(award=0)), min_amount_minor=least)

    found = award(basket=a_bill("1.50"), terms=terms, facts=some_facts())

    assert (found.points, found.missing_minor) == (0, 0)


def test_credit_tells_what_is_missing_as_points_do():
    terms = some_terms(a_plan(a_line(value="2.50", award=5, **CREDIT)))

    found = award(basket=a_bill("6.00"), terms=terms, facts=some_facts())

    assert (found.credit_minor, found.missing_minor) == (10, 150)


def test_an_amount_above_the_largest_is_refused():
    with pytest.raises(AmountTooLargeError) as refused:
        award(
            basket=a_bill("1.01"),
            terms=some_terms(max_amount_minor=100),
            facts=some_facts(),
        )

    assert (refused.value.amount_minor, refused.value.most_minor) == (101, 100)


def test_a_bill_that_differs_from_its_lines_is_refused():
    bill = a_bill("30.00", lines=(COFFEE, CAKE))

    with pytest.raises(BasketDoesNotSumError) as refused:
        award(basket=bill, terms=some_terms(), facts=some_facts())

    assert (refused.value.amount_minor, refused.value.lines_minor) == (3000, 2000)


@pytest.mark.req("R9.2")
def test_entered_points_are_taken_as_they_are_up_to_the_cap():
    terms = some_terms(a_plan(a_line(), a_line()), max_points=50)

    found = entered(points=50, terms=terms)

    step = Step(reason=Reason.ENTERED, points=50, facts=(("skipped_lines", "2"),))
    assert found == Award(points=50, steps=(step,), shares=(Share(index=None, points=50),))
    with pytest.raises(TooManyPointsError) as refused:
        entered(points=51, terms=terms)
    assert (refused.value.points, refused.value.most) == (51, 50)


def test_returned_pieces_on_a_bill_take_nothing_away():
    lines = (bought("-5.00", "COF", quantity="-1"), bought("9.00", "CAKE"))
    plan = a_plan(a_line(key=1, **item("COF")), by_pieces(**item("COF")), a_line())

    found = award(basket=a_bill(*lines), terms=some_terms(plan), facts=some_facts())

    assert found.points == 9
    assert [step.points for step in found.steps[0].children] == [0, 0, 9]


@pytest.mark.req("R7.3")
def test_an_award_on_a_simple_card_is_told_whole():
    found = award(basket=a_bill("9.70"), terms=some_terms(a_plan(a_line())), facts=some_facts())

    assert replace(found, steps=()) == Award(
        points=9, missing_minor=30, shares=(Share(index=None, points=9),)
    )
