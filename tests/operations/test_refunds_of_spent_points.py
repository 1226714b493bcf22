"""A refund of what was spent: out of which lots, what stays owed, and what has expired."""

import pytest

from loyalty.operations import expiries
from loyalty.rules.refunds import ClawbackTooLargeError
from tests.cast import NOON, make_cast, make_reward
from tests.operations.counter import buy, days, open_lots, redeem, rows
from tests.operations.money import held, mismatches, refund, settings

pytestmark = pytest.mark.django_db


@pytest.mark.req("IV3.20")
def test_spent_points_stay_owed_and_the_next_awards_settle_them():
    cast = make_cast()
    make_reward(cast.card, "Bun", 8)
    sale = buy(cast, 1000)
    redeem(cast, cast.card.rewards.get(name="Bun"))

    done = refund(cast, sale, 1000)
    owing = held(cast)
    next_sale = buy(cast, 500)

    assert (done.points, done.result["shortfall_points"]) == (-2, 8)
    assert (owing, held(cast)) == ((0, 0, 8), (0, 5, 3))
    assert (next_sale.points, next_sale.result["settled_points"]) == (0, 5)
    assert mismatches() == []


@pytest.mark.req("IV3.20")
def test_a_card_may_refuse_to_take_back_what_was_spent():
    cast = make_cast(clawback="REFUSE")
    make_reward(cast.card, "Bun", 8)
    sale = buy(cast, 1000)
    redeem(cast, cast.card.rewards.get(name="Bun"))
    before = rows()

    with pytest.raises(ClawbackTooLargeError) as refused:
        refund(cast, sale, 1000)

    assert (refused.value.missing, rows(), held(cast)) == (8, before, (2, 10, 0))


def test_todays_setting_decides_what_happens_to_spent_points():
    cast = make_cast(clawback="REFUSE")
    make_reward(cast.card, "Bun", 8)
    sale = buy(cast, 1000, at=NOON - days(2))
    redeem(cast, cast.card.rewards.get(name="Bun"), at=NOON - days(2))
    settings(cast, clawback="SHORTFALL")

    refund(cast, sale, 1000)

    assert held(cast) == (0, 0, 8)


@pytest.mark.req("IV3.20")
def test_the_purchases_own_lot_is_taken_first_then_the_earliest_to_expire():
    cast = make_cast(expiry_days=90)
    old = buy(cast, 500, at=NOON - days(10))
    make_reward(cast.card, "Bun", 7)
    sale = buy(cast, 1000, at=NOON - days(5))
    late = buy(cast, 300)
    redeem(cast, cast.card.rewards.get(name="Bun"))  # 5 of the old lot, 2 of the sale's own.

    refund(cast, sale, 1000)

    # 8 were left of its own lot; the missing 2 come out of the only other one.
    assert [left for left, _ in open_lots(cast)] == [1]
    assert (old.points, late.points, held(cast)) == (5, 3, (1, 8, 0))


def test_what_has_expired_of_the_purchase_is_taken_from_nowhere_else():
    cast = make_cast(expiry_days=5)
    sale = buy(cast, 1000, at=NOON - days(20))
    buy(cast, 700)
    expiries.book_expiry(at=NOON)

    parts = [refund(cast, sale, 500), refund(cast, sale, 500)]

    assert [(one.points, one.result["lapsed_points"]) for one in parts] == [(0, 5), (0, 5)]
    assert held(cast) == (7, 7, 0)
    assert mismatches() == []


def test_what_is_past_its_date_counts_as_expired_before_the_job_books_it():
    cast = make_cast(expiry_days=5)
    sale = buy(cast, 1000, at=NOON - days(7))
    buy(cast, 700)

    done = refund(cast, sale, 1000)

    assert (done.points, done.result["lapsed_points"], held(cast)) == (0, 10, (17, 7, 0))
