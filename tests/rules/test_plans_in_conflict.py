"""What several plans give together: the highest, the lowest, the sum or the average."""

from fractions import Fraction

import pytest

from loyalty.rules.conflicts import Resolution, resolve
from loyalty.rules.terms import ConflictMethod
from tests.rules.shop import (
    CAKE,
    COFFEE,
    CREDIT,
    GLOBAL,
    LEAST,
    MEAN,
    MOST,
    TOTAL,
    TWO_STEPS,
    a_bill,
    a_line,
    a_plan,
    earned,
    item,
    points,
    some_terms,
)

# Rules 5: plan A rows 10 and 30, plan B rows 20 and 50; rounded once, down.
CONFLICT_TABLE = [
    # basis, plan A, plan B, (minimum, maximum, sum, average)
    (GLOBAL, MOST, MEAN, (40, 70, 110, 55)),
    (TWO_STEPS, MOST, MEAN, (30, 35, 65, 32)),
    (TWO_STEPS, TOTAL, MEAN, (35, 40, 75, 37)),
    (TWO_STEPS, LEAST, MOST, (10, 50, 60, 30)),
    (TWO_STEPS, MEAN, LEAST, (20, 20, 40, 20)),
]


def two_plans(method_a=TOTAL, method_b=TOTAL, *more):
    one = a_plan(a_line(award=10), a_line(award=30), code="A", conflict_method=method_a)
    other = a_plan(a_line(award=20), a_line(award=50), *more, code="B", conflict_method=method_b)
    return one, other


@pytest.mark.req("IV3.16", "IV3.17", "IV7.1")
@pytest.mark.parametrize(("basis", "method_a", "method_b", "expected"), CONFLICT_TABLE)
def test_plans_in_conflict_give_what_the_card_says(basis, method_a, method_b, expected):
    plans = two_plans(method_a, method_b)
    found = [
        points(a_bill("1.00"), some_terms(*plans, conflict_basis=basis, conflict_method=method))
        for method in ConflictMethod
    ]

    assert tuple(found) == expected


@pytest.mark.req("IV8.2", "IV3.17")
def test_what_must_be_processed_is_added_to_the_best_plan():
    plans = two_plans(TOTAL, TOTAL, a_line(award=15, must_process=True))

    assert points(a_bill("1.00"), some_terms(*plans)) == 85


@pytest.mark.req("IV3.17")
@pytest.mark.parametrize("method", ConflictMethod)
def test_a_plan_that_gave_nothing_has_no_say(method):
    plans = (a_plan(a_line(award=8)), a_plan(a_line(value="50"), code="DEAR"))

    assert points(a_bill("1.00"), some_terms(*plans, conflict_method=method)) == 8


@pytest.mark.req("IV3.16")
@pytest.mark.parametrize("method", ConflictMethod)
def test_inside_a_plan_a_line_that_gave_nothing_has_no_say(method):
    plan = a_plan(a_line(award=8), a_line(value="50"), conflict_method=method)

    assert points(a_bill("1.00"), some_terms(plan, conflict_basis=TWO_STEPS)) == 8


@pytest.mark.req("IV8.19", "IV8.21")
def test_points_and_credit_are_resolved_each_by_itself():
    points_plan = a_plan(a_line(award=9), a_line(award=5, **CREDIT), code="A")
    credit_plan = a_plan(a_line(award=4), a_line(award=25, **CREDIT), code="B")

    assert earned(a_bill("2.00"), some_terms(points_plan, credit_plan)) == (18, 50)


@pytest.mark.req("IV8.8", "IV8.19", "IV8.21")
def test_an_item_claimed_for_points_still_counts_for_credit_elsewhere():
    plan = a_plan(a_line(award=9, **item("COF")), a_line(award=1), a_line(award=5, **CREDIT))

    assert earned(a_bill(COFFEE, CAKE), some_terms(plan)) == (8 * 9 + 12, 20 * 5)


RESOLUTION_TABLE = [
    # values, minimum, maximum, sum, average
    ([], 0, 0, 0, 0),
    ([7], 7, 7, 7, 7),
    ([4, 4], 4, 4, 8, 4),
    ([1, 2, 4], 1, 4, 7, Fraction(7, 3)),
    ([3, Fraction(5, 2)], Fraction(5, 2), 3, Fraction(11, 2), Fraction(11, 4)),
]


@pytest.mark.req("IV3.17")
@pytest.mark.parametrize(("values", "least", "most", "total", "mean"), RESOLUTION_TABLE)
def test_values_become_one_exactly(values, least, most, total, mean):
    found = [resolve(values, method).value for method in ConflictMethod]

    assert found == [least, most, total, mean]


def test_a_resolution_names_the_values_that_made_it():
    assert [resolve([4, 9, 9, 2], method) for method in ConflictMethod] == [
        Resolution(2, (3,), 1),
        Resolution(9, (1,), 1),
        Resolution(24, (0, 1, 2, 3), 1),
        Resolution(6, (0, 1, 2, 3), 4),
    ]
