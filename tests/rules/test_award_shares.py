"""Which line of a bill brought how much of its award."""

from decimal import Decimal

import pytest

from loyalty.rules.awards import award
from loyalty.rules.baskets import Window
from loyalty.rules.shares import Share, split
from loyalty.rules.terms import AwardCriteria, ConflictMethod
from tests.rules.shop import (
    CAKE,
    CIGARETTES,
    COFFEE,
    CREDIT,
    EXEMPT_TOBACCO,
    FROM_TWENTY,
    MEAN,
    PER_COFFEE,
    PER_TEN,
    TWO_STEPS,
    a_bill,
    a_line,
    a_plan,
    a_tier,
    bill_value,
    bought,
    by_pieces,
    item,
    item_group,
    some_facts,
    some_terms,
)

# What each item brought, (item, points); None is the bill as a whole.
COFFEE_CAKE_SMOKE = (COFFEE, CAKE, CIGARETTES)
SHARES_TABLE = [
    # lines, shares
    ((EXEMPT_TOBACCO, PER_COFFEE, PER_TEN, FROM_TWENTY), [(0, 10), (1, 1), (None, 3)]),
    ((a_line(value="30", award=10),), [(0, 3), (1, 4), (2, 3)]),
    ((by_pieces(value="4", award=10),), [(0, 5), (1, 3), (2, 2)]),
    ((a_line(**bill_value("1")),), [(None, 30)]),
    ((a_line(**item("CAKE")), a_line(value="40")), [(1, 12)]),
]


@pytest.mark.req("IV3.20")
@pytest.mark.parametrize(("lines", "expected"), SHARES_TABLE)
def test_each_item_has_its_share_of_the_award(lines, expected):
    terms = some_terms(a_plan(*lines))

    found = award(basket=a_bill(*COFFEE_CAKE_SMOKE), terms=terms, facts=some_facts())

    assert [(share.index, share.points) for share in found.shares] == expected


SHARES_OF_PLANS_TABLE = [
    # method, what coffee and cake brought where plan A gives 8 for coffee and B 12 for cake
    (ConflictMethod.MINIMUM, [(0, 8)]),
    (ConflictMethod.MAXIMUM, [(1, 12)]),
    (ConflictMethod.SUM, [(0, 8), (1, 12)]),
    (ConflictMethod.AVERAGE, [(0, 4), (1, 6)]),
]


@pytest.mark.req("IV3.17", "IV3.20")
@pytest.mark.parametrize(("method", "expected"), SHARES_OF_PLANS_TABLE)
def test_only_the_plans_that_were_used_have_shares(method, expected):
    plans = (a_plan(a_line(**item("COF"))), a_plan(a_line(**item("CAKE")), code="Q"))
    terms = some_terms(*plans, conflict_method=method)

    found = award(basket=a_bill(COFFEE, CAKE), terms=terms, facts=some_facts())

    assert [(share.index, share.points) for share in found.shares] == expected


@pytest.mark.req("IV3.16", "IV3.20")
def test_a_line_of_an_averaged_plan_has_the_share_that_it_brought():
    averaged = a_plan(
        a_line(value="0.50", **item("COF")), a_line(**item("CAKE")), conflict_method=MEAN
    )
    plain = a_plan(a_line(**item("CIG")), code="Q")
    terms = some_terms(
        averaged, plain, conflict_basis=TWO_STEPS, conflict_method=ConflictMethod.SUM
    )

    found = award(basket=a_bill(*COFFEE_CAKE_SMOKE), terms=terms, facts=some_facts())

    assert [(share.index, share.points) for share in found.shares] == [(0, 8), (1, 6), (2, 10)]


@pytest.mark.req("IV3.20")
def test_shares_hold_both_units_and_sum_to_what_was_given_after_tier_and_limits():
    plan = a_plan(a_line(**item("COF")), a_line(award=2), a_line(award=3, **CREDIT, **item("CAKE")))
    terms = some_terms(plan, tiers=(a_tier("1.5"),), max_points=31)

    found = award(basket=a_bill(COFFEE, CAKE), terms=terms, facts=some_facts(tier_id=1))

    assert found.shares == (
        Share(index=0, points=8),
        Share(index=1, points=23, credit_minor=54),
    )


def test_an_award_that_only_earlier_purchases_explain_belongs_to_the_bill():
    line = a_line(key=7, **item_group("DRINK"))
    free = (bought("0", "COF", "DRINK"), bought("0", "TEA", "DRINK"))
    terms = some_terms(a_plan(line), award_criteria=AwardCriteria.CUMULATIVE)
    windows = {7: Window(basis=Decimal(300), given=1)}

    found = award(basket=a_bill(*free), terms=terms, facts=some_facts(windows=windows))

    assert found.shares == (Share(index=None, points=2),)


SPLIT_TABLE = [
    # whole, weights, parts
    (10, [1, 1, 1], [4, 3, 3]),
    (7, [10, 20, 30, 40], [1, 1, 2, 3]),
    (0, [3, 4], [0, 0]),
    (5, [0, 2], [0, 5]),
    (7000, [3333, 3333, 3334], [2333, 2333, 2334]),
    (80, [-50, 150], [-40, 120]),
]


@pytest.mark.parametrize(("whole", "weights", "parts"), SPLIT_TABLE)
def test_a_whole_splits_by_the_largest_remainder(whole, weights, parts):
    assert split(whole, weights) == parts
