"""Points as money: how much of a bill they pay and how many it takes."""

from decimal import Decimal
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules import redemption, tiers
from loyalty.rules.redemption import Redeemable
from loyalty.rules.terms import RedemptionMethod, Terms, TierBasis, TierTerms


def a_tier(tier_id, min_value, rate, percent):
    return TierTerms(
        tier_id=tier_id,
        name=str(tier_id),
        min_value=min_value,
        rate=Decimal(rate),
        redemption_percent=Decimal(percent),
    )


# Rules 6, in cents: Bronze from 0, 1 per point, 10 %; Silver 100, 2, 20 %; Gold 300, 5, 50 %.
LADDER = (a_tier(1, 0, "1", "10"), a_tier(2, 100, "2", "20"), a_tier(3, 300, "5", "50"))
CURRENT = Terms(tiers=LADDER, redemption_method=RedemptionMethod.CURRENT_TIER)
FALLBACK = Terms(tiers=LADDER, redemption_method=RedemptionMethod.FALLBACK)

METHOD_TABLE = [
    # balance, bill, current tier: money, points; fallback: money, points
    (0, 2000, (0, 0), (0, 0)),
    (50, 2000, (50, 50), (50, 50)),
    (100, 2000, (200, 100), (100, 100)),
    (150, 2000, (300, 150), (200, 150)),
    (300, 2000, (1000, 200), (400, 200)),
    (300, 10_000, (1500, 300), (500, 300)),
    (340, 2000, (1000, 200), (400, 140)),
    (340, 10_000, (1700, 340), (700, 340)),
]


def worth(balance, bill, terms, tier=None):
    return redemption.value(balance=balance, bill_minor=bill, tier=tier, terms=terms)


@pytest.mark.req("IV3.19", "IV6.7", "IV6.8")
@pytest.mark.parametrize(("balance", "bill", "current", "fallback"), METHOD_TABLE)
def test_a_balance_is_worth_what_the_method_says(balance, bill, current, fallback):
    tier = tiers.reached(balance, LADDER)

    found = (worth(balance, bill, CURRENT, tier), worth(balance, bill, FALLBACK, tier))

    assert found == (
        Redeemable(money_minor=current[0], points=current[1]),
        Redeemable(money_minor=fallback[0], points=fallback[1]),
    )


BASE_TABLE = [
    # rate, percent, balance, bill, money and points without a tier
    ("0", "100", 500, 2000, (0, 0)),
    ("1", "100", 500, 2000, (500, 500)),
    ("1", "100", 500, 0, (0, 0)),
    # A third of the balance buys the bill: no more is burnt than is given.
    ("10", "100", 300, 1000, (1000, 100)),
    # Half a cent per point: a cent takes two points, and the odd point stays.
    ("0.5", "100", 7, 2000, (3, 6)),
    ("0.5", "100", 1, 2000, (0, 0)),
    # Three points for a cent cannot be written as a decimal; the fourth is needed.
    ("0.3333", "100", 4, 2000, (1, 4)),
    ("3", "100", 300, 10, (10, 4)),
    # 12.5 % of 0.99 is 12.375 cents.
    ("1", "12.5", 500, 99, (12, 12)),
    ("1", "150", 500, 200, (200, 200)),
]


@pytest.mark.req("IV3.19")
@pytest.mark.parametrize(("rate", "percent", "balance", "bill", "expected"), BASE_TABLE)
def test_without_a_tier_the_cards_own_rate_holds(rate, percent, balance, bill, expected):
    money, points = expected
    for method in RedemptionMethod:
        terms = Terms(
            base_rate=Decimal(rate),
            base_redemption_percent=Decimal(percent),
            redemption_method=method,
        )

        assert worth(balance, bill, terms) == Redeemable(money_minor=money, points=points)


@pytest.mark.req("IV3.19")
def test_points_below_the_lowest_tier_slide_to_the_cards_own_rate():
    terms = Terms(
        tiers=LADDER[1:],
        redemption_method=RedemptionMethod.FALLBACK,
        base_rate=Decimal("0.5"),
        base_redemption_percent=Decimal(100),
    )

    assert worth(150, 2000, terms) == Redeemable(money_minor=150, points=150)


@pytest.mark.req("IV3.19")
def test_thresholds_in_credit_cannot_cut_points_so_the_current_tier_holds():
    terms = Terms(
        tiers=LADDER,
        redemption_method=RedemptionMethod.FALLBACK,
        tier_basis=TierBasis.AWARDED_CREDIT,
    )

    assert worth(340, 2000, terms, LADDER[2]) == Redeemable(money_minor=1000, points=200)


@pytest.mark.req("IV3.19")
def test_points_that_a_higher_tiers_percentage_leaves_over_are_not_burnt():
    ladder = (a_tier(1, 0, "1", "50"), a_tier(2, 100, "5", "10"))
    terms = Terms(tiers=ladder, redemption_method=RedemptionMethod.FALLBACK)

    # 10 % of 10.00 takes 20 of the 60 points above 100; the 100 below pay 1.00 more.
    assert worth(160, 1000, terms) == Redeemable(money_minor=200, points=120)


COST_TABLE = [
    # money wished, points by current tier (Gold), points by fallback; balance 340, bill 100.00
    (0, 0, 0),
    (1, 1, 1),
    (5, 1, 1),
    (6, 2, 2),
    (200, 40, 40),
    (201, 41, 41),
    (602, 121, 242),
    (700, 140, 340),
]


@pytest.mark.req("IV3.19")
@pytest.mark.parametrize(("money", "current", "fallback"), COST_TABLE)
def test_a_smaller_wish_costs_the_fewest_points_that_buy_it(money, current, fallback):
    found = [
        redemption.cost_of(
            money_minor=money, balance=340, bill_minor=10_000, tier=LADDER[2], terms=terms
        )
        for terms in (CURRENT, FALLBACK)
    ]

    assert found == [current, fallback]


def test_a_wish_for_more_than_the_points_pay_names_the_most():
    with pytest.raises(redemption.TooMuchMoneyError) as refused:
        redemption.cost_of(
            money_minor=701, balance=340, bill_minor=10_000, tier=None, terms=FALLBACK
        )

    assert refused.value.most_minor == 700


rates = st.decimals(min_value="0", max_value="9.999", places=3)
percents = st.decimals(min_value="0", max_value="100", places=2)
steps = st.tuples(st.integers(0, 500), rates, percents)
ladders = st.lists(steps, max_size=4, unique_by=lambda step: step[0])
balances = st.integers(0, 2000)
bills = st.integers(0, 50_000)


def some_terms(ladder, base, method):
    built = [a_tier(number, *step) for number, step in enumerate(ladder, 1)]
    return Terms(
        tiers=tuple(sorted(built, key=lambda tier: tier.min_value)),
        redemption_method=method,
        base_rate=base,
        base_redemption_percent=Decimal(30),
    )


@given(ladders, rates, st.sampled_from(RedemptionMethod), balances, bills)
def test_points_never_pay_more_than_the_bill_or_burn_more_than_there_are(
    ladder, base, method, balance, bill
):
    terms = some_terms(ladder, base, method)
    tier = tiers.reached(balance, terms.tiers)
    holders = [tier] if method == RedemptionMethod.CURRENT_TIER else [None, *terms.tiers]
    percent = max(holder.redemption_percent if holder else Decimal(30) for holder in holders)
    rate = max(holder.rate if holder else base for holder in holders)

    found = worth(balance, bill, terms, tier)

    assert 0 <= found.money_minor <= bill * percent / 100
    assert 0 <= found.points <= balance
    assert found.money_minor <= found.points * rate


@given(ladders, rates, balances, st.integers(0, 300), bills)
def test_more_points_never_pay_less_under_fallback(ladder, base, balance, more, bill):
    terms = some_terms(ladder, base, RedemptionMethod.FALLBACK)

    fewer, all_of_them = worth(balance, bill, terms), worth(balance + more, bill, terms)

    assert fewer.money_minor <= all_of_them.money_minor


@given(steps, balances, st.integers(0, 300), bills)
def test_more_points_never_pay_less_in_one_tier(step, balance, more, bill):
    tier = a_tier(1, *step)

    fewer, all_of_them = (
        worth(balance, bill, Terms(), tier),
        worth(balance + more, bill, Terms(), tier),
    )

    assert fewer.money_minor <= all_of_them.money_minor


@given(steps, balances, bills, st.data())
def test_one_point_fewer_would_not_buy_the_money(step, balance, bill, data):
    tier = a_tier(1, *step)
    most = worth(balance, bill, Terms(), tier).money_minor
    wish = data.draw(st.integers(0, most))

    points = redemption.cost_of(
        money_minor=wish, balance=balance, bill_minor=bill, tier=tier, terms=Terms()
    )

    assert points == (ceil(wish / Fraction(tier.rate)) if wish else 0)
    assert points <= balance


@given(ladders, rates, balances, bills)
def test_the_points_burnt_are_worth_the_money_by_themselves(ladder, base, balance, bill):
    terms = some_terms(ladder, base, RedemptionMethod.FALLBACK)

    found = worth(balance, bill, terms)
    again = redemption.cost_of(
        money_minor=found.money_minor, balance=balance, bill_minor=bill, tier=None, terms=terms
    )

    assert again == found.points
