"""What is still owed: rolled forward to the unit, by age and end, in money, and what will lapse."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cards.models import Card
from loyalty.analytics import liability, rollups
from loyalty.analytics.liability import Held
from loyalty.analytics.reading import Scope
from loyalty.analytics.spans import Span, Step
from loyalty.ledger.models import Unit
from loyalty.operations import expiries
from tests.analytics import comparing, raw
from tests.analytics.histories import BEGIN, ZONES, Past, histories, undone
from tests.cast import NOON, join, make_cast, make_tier, publish
from tests.operations.counter import adjust, buy, days, redeem, roll_back
from tests.operations.families import Family
from tests.operations.money import refund
from tests.operations.test_statements import counted

pytestmark = pytest.mark.django_db
POINTS, EUROS = Held(unit=Unit.POINTS), Held(unit=Unit.CREDIT, currency="EUR")
LATER = NOON + days(20)
MAY = Span(first=date(2026, 5, 1), until=date(2026, 6, 1))


def owed(cast, span=MAY, step=Step.MONTH, at=LATER, scope=None):
    return liability.liability(scope=scope or comparing.whole(cast), span=span, step=step, at=at)


def told(roll):
    """Return the lines of a roll that are not zero, and what it opens and closes with."""
    lines = ("earned", "redeemed", "expired", "refunded", "adjusted", "reversed", "transferred")
    moves = {name: getattr(roll, name) for name in lines if getattr(roll, name)}
    return roll.opening, moves, roll.closing


def count(cast):
    """Let the job count what is open now, on a day on which it did not yet."""
    rollups.rebuild(partner=cast.partner, at=raw.later())


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_month_rolls_forward_from_what_was_open_to_what_is(is_kept):
    cast = make_cast(expiry_days=30, refund_method="ALL", welcome_points=3)
    buy(cast, 10_000, at=NOON - days(29))
    buy(cast, 30_000)
    redeem(cast)
    adjust(cast, 40)
    adjust(cast, -4)
    refund(cast, buy(cast, 1000), 1000)
    roll_back(cast, buy(cast, 700, at=NOON + days(1)), at=NOON + days(1))
    expiries.book_expiry(at=NOON + days(10))
    if is_kept:
        raw.roll(cast.partner)

    rolls = owed(cast).rolls[POINTS]

    assert [told(one) for one in rolls] == [
        (
            100,
            {
                "earned": 317,
                "redeemed": -200,
                "refunded": -10,
                "adjusted": 36,
                "reversed": -7,
            },
            236,
        )
    ]
    assert rolls[-1].closing == raw.balances(Card.objects.all())[0]


def test_each_day_opens_with_what_the_day_before_closed_with():
    cast = make_cast()
    buy(cast, 1000)
    buy(cast, 2000, at=NOON + days(2))
    raw.roll(cast.partner)

    rolls = owed(cast, Span(first=date(2026, 5, 13), until=date(2026, 5, 18)), Step.DAY)

    assert [
        (one.part.day, one.opening, one.earned, one.closing) for one in rolls.rolls[POINTS]
    ] == [
        (13, 0, 0, 0),
        (14, 0, 10, 10),
        (15, 10, 0, 10),
        (16, 10, 20, 30),
        (17, 30, 0, 30),
    ]


def test_what_moves_into_a_group_leaves_the_card_with_as_much():
    family = Family().earn()
    family.form()
    cast = family.cast
    raw.roll(cast.partner)

    (roll,) = owed(cast).rolls[POINTS]

    assert told(roll) == (0, {"earned": 320}, 320)


@pytest.mark.slow
@settings(max_examples=6)
@given(
    zone=st.sampled_from(ZONES),
    deeds=histories,
    first=st.integers(-30, 40),
    step=st.sampled_from(Step),
)
def test_closing_is_what_all_accounts_hold_whatever_happened(zone, deeds, first, step):
    with undone():
        cast = Past(zone, deeds).cast
        start = BEGIN.date() + timedelta(days=first)
        span = Span(first=start, until=BEGIN.date() + timedelta(days=90))
        scopes = comparing.scopes(cast)[:3]
        for scope in scopes:
            closing_is_what_accounts_hold(owed(cast, span, step, scope=scope).rolls, scope)
        count(cast)
        for scope in scopes:
            closing_is_what_accounts_hold(owed(cast, span, step, scope=scope).rolls, scope)
            still = {held: found.total for held, found in owed(cast, scope=scope).open.items()}
            points, credit = raw.balances(scope.cards)
            assert still.pop(POINTS, 0) == points
            assert {held.currency: value for held, value in still.items()} == credit


def closing_is_what_accounts_hold(rolls, scope):
    closing = {held: found[-1].closing for held, found in rolls.items()}
    points, credit = raw.balances(scope.cards)
    assert closing.pop(POINTS, 0) == points
    assert {held.currency: value for held, value in closing.items() if value} == credit


def test_what_is_open_is_told_by_the_months_it_was_earned_in_and_ends_in():
    cast = make_cast(expiry_days=31, credit_per_step_minor=5)
    buy(cast, 1000, at=NOON - days(20))
    buy(cast, 3000)
    Card.objects.filter(pk=cast.card.pk).update(expiry_days=None)
    cast.card.refresh_from_db()
    publish(cast.card, at=NOON)
    buy(cast, 500, at=NOON + days(1))
    count(cast)

    found = owed(cast)

    april, may, june = date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)
    assert found.open[POINTS].by_age == {april: 10, may: 35}
    assert found.open[POINTS].by_end == {may: 10, june: 30, None: 5}
    assert found.open[EUROS].by_end == {may: 50, june: 150, None: 25}
    assert found.counted_at is not None


def test_points_are_worth_what_the_tier_makes_of_them():
    cast = make_cast(base_rate=Decimal("0.05"))
    silver = make_tier(cast.card, "Silver", 100, rate=Decimal("0.07"))
    noor = join(cast.noor, cast.card)
    buy(cast, 3300)
    buy(cast, 20_000, membership=noor)
    count(cast)

    (worth,) = owed(cast).worth

    assert (worth.currency, worth.by_tier) == ("EUR", {None: 33 * 5, silver.pk: 200 * 7})
    assert worth.total_minor == 1565


def test_points_that_pay_no_bill_are_worth_nothing():
    cast = make_cast()
    buy(cast, 3300)
    count(cast)

    (worth,) = owed(cast).worth

    assert worth.total_minor == 0


def test_breakage_is_the_share_that_expired_of_what_ended_in_twelve_months():
    cast = make_cast(expiry_days=10)
    buy(cast, 60_000)
    redeem(cast)
    redeem(cast)
    roll_back(cast, redeem(cast))
    expiries.book_expiry(at=NOON + days(11))
    buy(cast, 10_000, at=NOON + days(12))
    count(cast)

    found = owed(cast).breakage[POINTS]

    # Of 600 that ended, 200 expired; what was undone has not ended.
    assert (found.share, found.expected) == (Decimal("0.3333"), 33)
    year_later = owed(cast, at=NOON + days(380)).breakage[POINTS]
    assert (year_later.share, year_later.expected) == (None, 0)


def test_the_year_before_the_29th_of_february_begins_on_the_28th():
    cast = make_cast()

    assert owed(cast, at=NOON.replace(year=2028, month=2, day=29)).rolls == {
        POINTS: owed(cast).rolls[POINTS],
        EUROS: owed(cast).rolls[EUROS],
    }


def test_liability_is_of_the_cards_given():
    cast = make_cast()
    buy(cast, 1000)
    count(cast)
    hill = Scope(partner=cast.partner, cards=Card.objects.filter(club=cast.hill))

    found = owed(cast, scope=hill)

    assert (found.rolls, found.open, found.worth, found.breakage) == ({}, {}, [], {})


@pytest.mark.parametrize("members", [1, 3])
def test_liability_sends_few_statements_however_much_is_open(members):
    cast = make_cast()
    buy(cast, 1000)
    for _number in range(members - 1):
        buy(cast, 1000, at=NOON + days(_number + 1))
    count(cast)

    with counted() as statements:
        owed(cast)

    assert len(statements) == 6, "\n".join(statements)


def test_what_is_open_is_counted_once_a_day_and_card_by_card():
    cast = make_cast()
    buy(cast, 1000)
    at = raw.later()
    assert raw.roll(cast.partner, at=at, counts=True) > 2
    buy(cast, 1000)

    assert raw.roll(cast.partner, at=at, counts=True) == 1  # The day of the deed, and no balance.
    assert owed(cast).open[POINTS].total == 10
    raw.roll(cast.partner, at=at + timedelta(days=1), counts=True)
    assert owed(cast).open[POINTS].total == 20
