"""Undoing a refund leaves nothing behind; its purchase and its debt stand in the way."""

import pytest

from loyalty.operations import rollbacks
from tests.cast import make_cast, make_reward
from tests.operations.counter import buy, redeem, roll_back, undo
from tests.operations.counter import standing as stands
from tests.operations.money import held, mismatches, refund, reverse

pytestmark = pytest.mark.django_db


@pytest.mark.req("R11.2")
def test_a_refund_can_be_rolled_back_and_leaves_nothing_behind():
    cast = make_cast()
    make_reward(cast.card, "Bun", 8)
    sale = buy(cast, 1000)
    redeem(cast, cast.card.rewards.get(name="Bun"))
    before, owed = stands(cast), held(cast)
    done = refund(cast, sale, 1000)

    undo(cast, done)

    assert (stands(cast), held(cast)) == (before, owed)
    assert refund(cast, sale, 1000, key="once-more").result["left_minor"] == 0
    assert mismatches() == []


@pytest.mark.req("R11.1")
def test_a_purchase_is_not_undone_before_its_refund():
    cast = make_cast()
    sale = buy(cast, 1000)
    done = refund(cast, sale, 400)

    with pytest.raises(rollbacks.RefundedError):
        roll_back(cast, sale)

    roll_back(cast, done)
    roll_back(cast, sale)
    assert held(cast) == (0, 0, 0)


@pytest.mark.req("R11.1")
def test_not_even_a_superuser_reverses_a_purchase_before_its_refund():
    cast = make_cast()
    sale = buy(cast, 1000)
    refund(cast, sale, 400)
    buy(cast, 200)

    with pytest.raises(rollbacks.RefundedError):
        reverse(cast, sale)

    assert held(cast) == (8, 8, 0)


@pytest.mark.req("R11.2")
def test_a_refund_whose_debt_was_settled_is_not_reversed_before_that_award():
    cast = make_cast()
    make_reward(cast.card, "Bun", 8)
    sale = buy(cast, 1000)
    redeem(cast, cast.card.rewards.get(name="Bun"))
    done = refund(cast, sale, 1000)
    later = buy(cast, 500)

    with pytest.raises(rollbacks.ShortfallSettledError):
        reverse(cast, done)

    roll_back(cast, later)
    roll_back(cast, done)
    assert held(cast) == (2, 10, 0)
    assert mismatches() == []
