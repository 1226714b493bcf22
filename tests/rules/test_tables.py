"""The arithmetic as tables: earning, rounding, tiers, expiry, lots, offers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules import awards, expiry, lots, offers, tiers
from loyalty.rules.baskets import Basket, Facts
from loyalty.rules.explanations import Reason
from loyalty.rules.lots import OpenLot
from loyalty.rules.offers import Offer, OfferState
from loyalty.rules.rounding import Rounding, whole_of_ratio
from loyalty.rules.terms import Line, Plan, Terms, TierTerms

NOON = datetime(2026, 5, 14, 12, 0, tzinfo=UTC)
LISBON = ZoneInfo("Europe/Lisbon")


def a_tier(min_value=0, multiplier="1", tier_id=1, name="Silver"):
    return TierTerms(
        tier_id=tier_id, name=name, min_value=min_value, multiplier=Decimal(multiplier)
    )


def some_terms(**changes):
    line = Line(
        key=-1,
        value=Decimal(changes.pop("step_minor", 100)),
        award=changes.pop("points_per_step", 1),
    )
    facts = {
        "max_amount_minor": 10_000_000,
        "max_points": 100_000,
        "plans": (Plan(code="SIMPLE", lines=(line,)),),
    }
    return Terms(**(facts | changes))


def earn(*, amount_minor, terms, tier):
    """Return the award of a plain amount for a member of this tier."""
    tier_id = None
    if tier is not None:
        terms, tier_id = replace(terms, tiers=(tier,)), tier.tier_id
    return awards.award(
        basket=Basket(amount_minor=amount_minor),
        terms=terms,
        facts=Facts(at=NOON, tier_id=tier_id),
    )


# Rules 1: every 100.00 gives 10, only full steps count.
EVERY_TABLE = [
    # spent minor, points, missing to the next step
    (0, 0, 10_000),
    (9_999, 0, 1),
    (10_000, 10, 10_000),
    (25_000, 20, 5_000),
    (340_000, 340, 10_000),
    (349_999, 340, 1),
]


@pytest.mark.req("R7.3")
@pytest.mark.parametrize(("spent", "points", "missing"), EVERY_TABLE)
def test_only_full_steps_of_the_amount_earn(spent, points, missing):
    terms = some_terms(step_minor=10_000, points_per_step=10)

    found = earn(amount_minor=spent, terms=terms, tier=None)

    assert (found.points, found.missing_minor) == (points, missing)
    assert [step.reason for step in found.steps] == [Reason.STEPS]


# 7 points (7.00 at 1 per 1.00) times the tier, rounded once, at the end.
ROUNDING_TABLE = [
    # multiplier, down, half up, up
    ("1.00", 7, 7, 7),
    ("1.50", 10, 11, 11),
    ("1.25", 8, 9, 9),
    ("1.10", 7, 8, 8),
    ("2.00", 14, 14, 14),
    ("0.50", 3, 4, 4),
]


@pytest.mark.req("R7.3", "IV6.7")
@pytest.mark.parametrize(("multiplier", "down", "half_up", "up"), ROUNDING_TABLE)
def test_a_tier_multiplies_and_the_cards_mode_rounds(multiplier, down, half_up, up):
    tier = a_tier(multiplier=multiplier)

    found = [
        earn(amount_minor=700, terms=some_terms(rounding=mode), tier=tier).points
        for mode in (Rounding.DOWN, Rounding.HALF_UP, Rounding.UP)
    ]

    assert found == [down, half_up, up]


def test_the_explanation_names_each_step_with_its_facts():
    terms = some_terms(min_amount_minor=500, max_points=12)

    found = earn(amount_minor=970, terms=terms, tier=a_tier(multiplier="1.50"))

    assert [(step.reason, step.points) for step in found.steps] == [
        (Reason.STEPS, 9),
        (Reason.TIER, 13),
        (Reason.CAP, 12),
    ]
    assert dict(found.steps[0].facts) == {
        "key": "-1",
        "unit": "POINTS",
        "basis": "AMOUNT",
        "value": "100",
        "award": "1",
        "seen": "970",
        "count": "9",
    }
    assert dict(found.steps[1].facts) == {
        "tier": "Silver",
        "multiplier": "1.5",
        "rounding": "DOWN",
    }


MINIMUM_TABLE = [
    # spent, points, missing
    (1, 0, 499),
    (499, 0, 1),
    (500, 5, 100),
]


@pytest.mark.parametrize(("spent", "points", "missing"), MINIMUM_TABLE)
def test_below_the_smallest_amount_nothing_is_earned(spent, points, missing):
    terms = some_terms(min_amount_minor=500)

    found = earn(amount_minor=spent, terms=terms, tier=None)

    assert (found.points, found.missing_minor) == (points, missing)
    assert (found.steps[0].reason == Reason.BELOW_MINIMUM) == (spent < 500)


def test_below_a_smallest_amount_that_is_less_than_a_step_the_step_is_missing():
    terms = some_terms(step_minor=5000, min_amount_minor=1000)

    found = earn(amount_minor=999, terms=terms, tier=None)

    assert (found.points, found.missing_minor) == (0, 4001)


FIRST_POINT_TABLE = [
    # multiplier, mode, missing at 1.50 to the first amount that earns
    ("0.25", Rounding.DOWN, 250),
    ("0.25", Rounding.HALF_UP, 50),
    ("0.30", Rounding.DOWN, 250),
    ("0.07", Rounding.DOWN, 1350),
]


@pytest.mark.parametrize(("multiplier", "mode", "missing"), FIRST_POINT_TABLE)
def test_a_slow_tier_is_told_the_amount_at_which_it_earns(multiplier, mode, missing):
    terms, tier = some_terms(rounding=mode), a_tier(multiplier=multiplier)

    found = earn(amount_minor=150, terms=terms, tier=tier)
    enough, short = (
        earn(amount_minor=150 + missing - gap, terms=terms, tier=tier).points for gap in (0, 1)
    )

    assert (found.points, found.missing_minor, enough, short) == (0, missing, 1, 0)


def test_rounding_up_earns_from_the_first_step_on():
    terms, tier = some_terms(rounding=Rounding.UP), a_tier(multiplier="0.07")

    found = earn(amount_minor=40, terms=terms, tier=tier)

    assert (found.points, found.missing_minor) == (0, 60)


def test_a_card_that_gives_nothing_per_step_never_says_that_less_than_nothing_is_missing():
    found = earn(amount_minor=150, terms=some_terms(points_per_step=0), tier=None)

    assert (found.points, found.missing_minor) == (0, 0)


def test_an_amount_above_the_largest_is_refused():
    with pytest.raises(awards.AmountTooLargeError) as refused:
        earn(amount_minor=101, terms=some_terms(max_amount_minor=100), tier=None)

    assert refused.value.most_minor == 100


@pytest.mark.req("R9.2")
def test_entered_points_are_taken_as_they_are_up_to_the_cap():
    terms = some_terms(max_points=50)

    found = awards.entered(points=50, terms=terms)

    assert (found.points, found.steps[0].reason, found.missing_minor) == (50, Reason.ENTERED, 0)
    with pytest.raises(awards.TooManyPointsError) as refused:
        awards.entered(points=51, terms=terms)
    assert refused.value.most == 50


amounts = st.integers(min_value=0, max_value=1_000_000)
multipliers = st.decimals(min_value="0.01", max_value="9.99", places=2)


@given(amounts, amounts, st.integers(1, 5000), multipliers)
def test_splitting_a_purchase_never_earns_more_than_the_whole(one, other, step, multiplier):
    terms = some_terms(step_minor=step, points_per_step=3, max_points=10**9)
    tier = a_tier(multiplier=str(multiplier))

    def points(amount):
        return earn(amount_minor=amount, terms=terms, tier=tier).points

    assert points(one) + points(other) <= points(one + other)


@given(amounts, st.integers(1, 5000))
def test_the_missing_amount_is_the_smallest_that_earns_more(amount, step):
    terms = some_terms(step_minor=step, max_points=10**9)
    found = earn(amount_minor=amount, terms=terms, tier=None)

    def points(more):
        return earn(amount_minor=amount + more, terms=terms, tier=None).points

    assert points(found.missing_minor) == found.points + 1
    assert points(found.missing_minor - 1) == found.points


WHOLE_TABLE = [
    # value, down, half up, up
    ("0", 0, 0, 0),
    ("0.01", 0, 0, 1),
    ("0.5", 0, 1, 1),
    ("1.5", 1, 2, 2),
    ("2.49", 2, 2, 3),
    ("3.00", 3, 3, 3),
]


@pytest.mark.parametrize(("value", "down", "half_up", "up"), WHOLE_TABLE)
def test_parts_become_whole_in_the_named_mode(value, down, half_up, up):
    ratio = Decimal(value).as_integer_ratio()

    assert [whole_of_ratio(*ratio, mode) for mode in Rounding] == [down, half_up, up]


# Rules 7: Bronze 0, Silver 100, Gold 300.
BRONZE, SILVER, GOLD = (
    a_tier(points, tier_id=number, name=name)
    for number, (name, points) in enumerate([("Bronze", 0), ("Silver", 100), ("Gold", 300)], 1)
)
TIER_TABLE = [
    # awarded, reached, following
    (0, BRONZE, SILVER),
    (99, BRONZE, SILVER),
    (100, SILVER, GOLD),
    (340, GOLD, None),
]


@pytest.mark.parametrize(("awarded", "here", "ahead"), TIER_TABLE)
def test_the_highest_threshold_met_is_the_tier(awarded, here, ahead):
    ladder = (GOLD, BRONZE, SILVER)

    assert (tiers.reached(awarded, ladder), tiers.following(awarded, ladder)) == (here, ahead)


def test_below_all_thresholds_there_is_no_tier():
    assert (tiers.reached(5, (SILVER,)), tiers.following(5, ())) == (None, None)


def test_terms_find_a_tier_by_its_key():
    terms = some_terms(tiers=(SILVER, GOLD))

    assert [terms.tier(key) for key in (GOLD.tier_id, 99, None)] == [GOLD, None, None]


BERLIN, CAIRO, KIRITIMATI = map(ZoneInfo, ("Europe/Berlin", "Africa/Cairo", "Pacific/Kiritimati"))
EXPIRY_TABLE = [
    # awarded (UTC), days, zone, first instant without them (UTC)
    # Rules 13: 31 January and 90 days: the last day is 1 May.
    (datetime(2026, 1, 31, 10, tzinfo=UTC), 90, LISBON, datetime(2026, 5, 1, 23, tzinfo=UTC)),
    # The clock goes forward on 29 March: that day has 23 hours.
    (datetime(2026, 3, 28, 10, tzinfo=UTC), 1, BERLIN, datetime(2026, 3, 29, 22, tzinfo=UTC)),
    # 23:30 UTC on 27 February is the 28th in Berlin.
    (datetime(2024, 2, 27, 23, 30, tzinfo=UTC), 1, BERLIN, datetime(2024, 2, 29, 23, tzinfo=UTC)),
    (datetime(2026, 12, 31, 9, tzinfo=UTC), 0, KIRITIMATI, datetime(2026, 12, 31, 10, tzinfo=UTC)),
    # 24 April 2026 has no midnight in Cairo; it begins at one o'clock.
    (datetime(2026, 4, 22, 10, tzinfo=UTC), 1, CAIRO, datetime(2026, 4, 23, 22, tzinfo=UTC)),
]


@pytest.mark.req("IV4.2")
@pytest.mark.parametrize(("awarded", "number", "zone", "end"), EXPIRY_TABLE)
def test_points_last_until_the_end_of_the_last_day(awarded, number, zone, end):
    found = expiry.sliding(awarded_at=awarded, days=number, zone=zone)

    assert found.astimezone(UTC) == end


def test_without_days_points_last_for_ever():
    assert expiry.sliding(awarded_at=NOON, days=None, zone=LISBON) is None


def a_lot(lot_id, remaining, ends_in_days):
    ends = None if ends_in_days is None else NOON + timedelta(days=ends_in_days)
    return OpenLot(lot_id=lot_id, remaining=remaining, expires_at=ends)


# Rules 13: lots 50 (1 March), 80 (1 April), 30 (1 May); 70 are spent: 50 + 20.
MARCH, APRIL, MAY = a_lot(1, 50, 1), a_lot(2, 80, 32), a_lot(3, 30, 62)
TAKING_TABLE = [
    # lots, spent, taken
    ((MAY, MARCH, APRIL), 70, [(1, 50), (2, 20)]),
    ((a_lot(9, 5, None), MAY), 33, [(3, 30), (9, 3)]),
    ((a_lot(2, 5, 1), a_lot(1, 5, 1)), 7, [(1, 5), (2, 2)]),
    ((a_lot(1, 5, 0), a_lot(2, 5, 1)), 5, [(2, 5)]),
    ((MARCH,), 80, [(1, 50)]),
    ((MARCH,), 0, []),
]


@pytest.mark.parametrize(("held", "spent", "taken"), TAKING_TABLE)
def test_the_earliest_expiry_is_taken_first_and_none_past_its_date(held, spent, taken):
    assert lots.take(held, spent, NOON) == taken


def test_what_can_be_spent_leaves_out_lots_past_their_date():
    held = [a_lot(1, 5, -1), a_lot(2, 7, 0), a_lot(3, 11, 1), a_lot(4, 13, None)]

    assert lots.usable(held, NOON) == 24


DAY = timedelta(days=1)
OFFER_TABLE = [
    # what is different, points, state
    ({}, 200, OfferState.READY),
    ({}, 199, OfferState.NOT_ENOUGH),
    ({"is_offered": False}, 999, OfferState.ENDED),
    ({"valid_until": NOON}, 999, OfferState.ENDED),
    ({"valid_until": NOON + DAY}, 200, OfferState.READY),
    ({"valid_from": NOON + DAY}, 999, OfferState.NOT_STARTED),
    ({"valid_from": NOON}, 200, OfferState.READY),
    ({"stock": 3, "issued": 3}, 999, OfferState.SOLD_OUT),
    ({"stock": 3, "issued": 2}, 200, OfferState.READY),
    ({"per_member": 1, "taken": 1}, 999, OfferState.LIMIT_REACHED),
    ({"per_member": 2, "taken": 1}, 200, OfferState.READY),
    ({"min_tier_points": 101}, 999, OfferState.TIER_TOO_LOW),
    ({"min_tier_points": 100}, 200, OfferState.READY),
    # The reason named is the one that more points would not cure.
    ({"stock": 0, "min_tier_points": 999}, 0, OfferState.SOLD_OUT),
]


@pytest.mark.req("R3.5", "CU23")
@pytest.mark.parametrize(("change", "points", "state"), OFFER_TABLE)
def test_a_reward_stands_for_a_member_as_its_limits_say(change, points, state):
    facts = {
        "cost": 200,
        "is_offered": True,
        "stock": None,
        "issued": 0,
        "per_member": None,
        "taken": 0,
        "valid_from": None,
        "valid_until": None,
        "min_tier_points": None,
    }

    found = offers.state(Offer(**(facts | change)), available=points, tier_points=100, at=NOON)

    assert found == state
