"""Tiers: what counts, since when, who moves them, and which setups cannot work."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules import tiers
from loyalty.rules.terms import Terms, TierBasis, TierManagement, TierTerms, TierWindow

NOON = datetime(2026, 5, 14, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def a_tier(tier_id, name, min_value, rate="0"):
    return TierTerms(tier_id=tier_id, name=name, min_value=min_value, rate=Decimal(rate))


# Rules 7: Bronze 0, Silver 100, Gold 300.
BRONZE, SILVER, GOLD = a_tier(1, "Bronze", 0), a_tier(2, "Silver", 100), a_tier(3, "Gold", 300)
LADDER = (BRONZE, SILVER, GOLD)

REACHED_TABLE = [
    # value, reached, following
    (0, BRONZE, SILVER),
    (99, BRONZE, SILVER),
    (100, SILVER, GOLD),
    (340, GOLD, None),
]


@pytest.mark.req("IV6.7")
@pytest.mark.parametrize(("value", "here", "ahead"), REACHED_TABLE)
def test_the_highest_threshold_met_is_the_tier(value, here, ahead):
    ladder = (GOLD, BRONZE, SILVER)

    assert (tiers.reached(value, ladder), tiers.following(value, ladder)) == (here, ahead)


def test_below_all_thresholds_there_is_no_tier():
    assert (tiers.reached(5, (SILVER,)), tiers.following(5, ())) == (None, None)


# Rules 7: awarded 340, redeemed 260, expired 30; credit is 900 less 750.
BASIS_TABLE = [
    # basis, value, tier
    (TierBasis.AVAILABLE_POINTS, 50, BRONZE),
    (TierBasis.AWARDED_POINTS, 340, GOLD),
    (TierBasis.AVAILABLE_CREDIT, 150, SILVER),
    (TierBasis.AWARDED_CREDIT, 900, GOLD),
]


@pytest.mark.req("IV3.7", "IV3.8", "IV3.9", "IV3.10")
@pytest.mark.parametrize(("basis", "value", "tier"), BASIS_TABLE)
def test_the_cards_basis_says_what_thresholds_are_held_against(basis, value, tier):
    found = tiers.measure(
        basis=basis,
        available_points=340 - (260 + 30),
        awarded_points=340,
        available_credit_minor=900 - 750,
        awarded_credit_minor=900,
    )

    assert (found, tiers.reached(found, LADDER)) == (value, tier)


WINDOW_TABLE = [
    # window, days, today, first day that counts; joined on 14 May 2024
    (TierWindow.LIFETIME, None, date(2026, 5, 14), None),
    (TierWindow.ROLLING, 30, date(2026, 5, 14), date(2026, 4, 15)),
    (TierWindow.ROLLING, 1, date(2026, 5, 14), date(2026, 5, 14)),
    (TierWindow.ROLLING, None, date(2026, 5, 14), None),
    (TierWindow.CALENDAR_YEAR, None, date(2026, 12, 31), date(2026, 1, 1)),
    (TierWindow.ANNIVERSARY, None, date(2026, 5, 13), date(2025, 5, 14)),
    (TierWindow.ANNIVERSARY, None, date(2026, 5, 14), date(2026, 5, 14)),
    (TierWindow.ANNIVERSARY, None, date(2024, 6, 1), date(2024, 5, 14)),
]


@pytest.mark.req("IV3.8", "IV3.10")
@pytest.mark.parametrize(("window", "days", "today", "start"), WINDOW_TABLE)
def test_awards_count_from_the_start_of_the_window(window, days, today, start):
    joined = date(2024, 5, 14)

    assert tiers.window_start(window=window, days=days, today=today, joined=joined) == start


# Rules 7: joined on 1 January, judged after 30 days: 31 January, 2 March, 1 April.
DUE_TABLE = [
    # today, last assessed, is due, latest day
    (date(2026, 1, 5), None, False, None),
    (date(2026, 1, 30), None, False, None),
    (date(2026, 1, 31), None, True, date(2026, 1, 31)),
    (date(2026, 1, 31), date(2026, 1, 31), False, date(2026, 1, 31)),
    (date(2026, 2, 2), date(2026, 1, 31), False, date(2026, 1, 31)),
    (date(2026, 3, 1), date(2026, 1, 31), False, date(2026, 1, 31)),
    (date(2026, 3, 2), date(2026, 1, 31), True, date(2026, 3, 2)),
    # Missed days are made good by one assessment.
    (date(2026, 4, 7), date(2026, 1, 31), True, date(2026, 4, 1)),
]


@pytest.mark.req("IV3.18")
@pytest.mark.parametrize(("today", "last", "expected", "latest"), DUE_TABLE)
def test_members_are_judged_each_so_many_days_after_joining(today, last, expected, latest):
    joined = date(2026, 1, 1)

    found = tiers.is_assessment_due(
        management=TierManagement.AFTER_DAYS,
        tier_days=30,
        joined=joined,
        today=today,
        last_assessed=last,
    )

    assert found == expected
    assert tiers.assessment_day(tier_days=30, joined=joined, today=today) == latest


MANAGEMENT_TABLE = [
    # management, days, is due
    (TierManagement.MANUAL, 30, False),
    (TierManagement.AUTOMATIC, None, True),
    (TierManagement.AFTER_DAYS, None, False),
]


@pytest.mark.req("IV3.18")
@pytest.mark.parametrize(("management", "days", "expected"), MANAGEMENT_TABLE)
def test_the_system_judges_always_or_never_by_the_cards_choice(management, days, expected):
    found = tiers.is_assessment_due(
        management=management,
        tier_days=days,
        joined=date(2026, 1, 1),
        today=date(2026, 5, 14),
        last_assessed=date(2026, 5, 14),
    )

    assert found == expected


def assessed(value, tier, *, held_until=None, by_hand=False, is_due=True, **changes):
    return tiers.assessed(
        terms=Terms(tiers=LADDER, **changes),
        value=value,
        tier_id=tier.tier_id if tier else None,
        is_set_by_hand=by_hand,
        held_until=held_until,
        at=NOON,
        is_due=is_due,
    )


AVAILABLE = {"tier_basis": TierBasis.AVAILABLE_POINTS}
AVAILABLE_CREDIT = {"tier_basis": TierBasis.AVAILABLE_CREDIT}
AWARDED = {"tier_basis": TierBasis.AWARDED_POINTS}
AWARDED_CREDIT = {"tier_basis": TierBasis.AWARDED_CREDIT}
THIS_YEAR = {"tier_basis": TierBasis.AWARDED_POINTS, "tier_window": TierWindow.CALENDAR_YEAR}
MANUAL = {"tier_management": TierManagement.MANUAL}
ASSESSED_TABLE = [
    # value, tier now, what differs, tier afterwards
    (340, None, AWARDED, GOLD),
    (340, SILVER, AWARDED, GOLD),
    (340, GOLD, AWARDED, GOLD),
    (50, GOLD, AVAILABLE, BRONZE),
    (50, GOLD, AVAILABLE_CREDIT, BRONZE),
    (50, GOLD, AWARDED, GOLD),
    (50, GOLD, AWARDED_CREDIT, GOLD),
    (50, GOLD, THIS_YEAR, BRONZE),
    (340, BRONZE, MANUAL, BRONZE),
    (340, None, MANUAL, None),
    (340, SILVER, {"is_due": False}, SILVER),
    (340, SILVER, {"by_hand": True}, SILVER),
    (340, SILVER, {"by_hand": True, "held_until": NOON + DAY}, SILVER),
    (340, SILVER, {"by_hand": True, "held_until": NOON}, GOLD),
    # What somebody set is no tier that was earned, so after the hold it may be lowered.
    (50, GOLD, {"by_hand": True, "held_until": NOON, **AWARDED}, BRONZE),
]


@pytest.mark.req("IV3.7", "IV3.8", "IV3.9", "IV3.10", "IV3.18", "CU34")
@pytest.mark.parametrize(("value", "now", "changes", "expected"), ASSESSED_TABLE)
def test_the_tier_follows_the_value_unless_it_is_held_or_never_falls(value, now, changes, expected):
    assert assessed(value, now, **changes) == (expected.tier_id if expected else None)


# Rules 7: joined on 1 January, judged after 30 days; Gold is crossed on 5 January, 50 are left
# from 2 February on.
STORY = [
    # today, available, tier
    (date(2026, 1, 1), 0, BRONZE),
    (date(2026, 1, 5), 310, BRONZE),
    (date(2026, 1, 30), 310, BRONZE),
    (date(2026, 1, 31), 310, GOLD),
    (date(2026, 2, 2), 50, GOLD),
    (date(2026, 3, 1), 50, GOLD),
    (date(2026, 3, 2), 50, BRONZE),
]


@pytest.mark.req("IV3.18")
def test_between_two_assessments_the_tier_stays():
    tier_id, last, found = BRONZE.tier_id, None, []

    for today, available, _ in STORY:
        is_due = tiers.is_assessment_due(
            management=TierManagement.AFTER_DAYS,
            tier_days=30,
            joined=date(2026, 1, 1),
            today=today,
            last_assessed=last,
        )
        tier_id = tiers.assessed(
            terms=Terms(tiers=LADDER, tier_basis=TierBasis.AVAILABLE_POINTS),
            value=available,
            tier_id=tier_id,
            is_set_by_hand=False,
            held_until=None,
            at=NOON,
            is_due=is_due,
        )
        last = today if is_due else last
        found.append(tier_id)

    assert found == [tier.tier_id for _, _, tier in STORY]


ARCHIVED = a_tier(9, "Diamond", 50)


@pytest.mark.req("IV3.18")
def test_an_archived_tier_stays_only_while_it_is_held():
    found = [assessed(150, ARCHIVED, by_hand=by_hand) for by_hand in (True, False)]

    assert found == [ARCHIVED.tier_id, SILVER.tier_id]


def test_below_all_thresholds_an_earned_tier_stays_and_an_available_one_goes():
    found = [
        tiers.assessed(
            terms=Terms(tiers=(SILVER, GOLD), tier_basis=basis),
            value=5,
            tier_id=SILVER.tier_id,
            is_set_by_hand=False,
            held_until=None,
            at=NOON,
            is_due=True,
        )
        for basis in (TierBasis.AWARDED_POINTS, TierBasis.AVAILABLE_POINTS)
    ]

    assert found == [SILVER.tier_id, None]


@given(st.integers(0, 400), st.sampled_from([None, *LADDER]))
def test_a_second_look_changes_nothing(value, now):
    once = assessed(value, now)
    tier = next((tier for tier in LADDER if tier.tier_id == once), None)

    assert assessed(value, tier) == once


ORDERED_TABLE = [
    # thresholds in the owner's order, do they rise
    ((), True),
    ((100,), True),
    ((0, 100, 300), True),
    ((0, 300, 100), False),
    ((0, 100, 100), False),
]


@pytest.mark.req("IV6.7")
@pytest.mark.parametrize(("values", "expected"), ORDERED_TABLE)
def test_thresholds_that_cross_are_found(values, expected):
    ladder = [a_tier(number, str(number), value) for number, value in enumerate(values)]

    assert tiers.ordered(ladder) == expected


WORSE_TABLE = [
    # rates of Bronze, Silver, Gold; names of the tiers that are worse
    ("0.01", "0.02", "0.05", []),
    ("0.01", "0.01", "0.01", []),
    ("0.01", "0.05", "0.02", ["Gold"]),
    ("0.05", "0.01", "0.02", ["Silver", "Gold"]),
    ("0.01", "0", "0.02", ["Silver"]),
]


@pytest.mark.req("IV6.8")
@pytest.mark.parametrize(("bronze", "silver", "gold", "worse"), WORSE_TABLE)
def test_a_higher_tier_with_a_worse_rate_is_named(bronze, silver, gold, worse):
    ladder = [
        a_tier(3, "Gold", 300, gold),
        a_tier(1, "Bronze", 0, bronze),
        a_tier(2, "Silver", 100, silver),
    ]

    assert [tier.name for tier in tiers.worse_rates(ladder)] == worse
