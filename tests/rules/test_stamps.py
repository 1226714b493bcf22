"""Stamps: full cards and what carries over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.stamps import Filled, filled

STAMP_TABLE = [
    # stamps, per card, full cards, in progress
    (0, 10, 0, 0),
    (9, 10, 0, 9),
    (10, 10, 1, 0),
    (24, 10, 2, 4),
    (3, 1, 3, 0),
]


@pytest.mark.req("CU32")
@pytest.mark.parametrize(("balance", "per_card", "cards", "in_progress"), STAMP_TABLE)
def test_a_full_card_leaves_the_remainder_on_the_next(balance, per_card, cards, in_progress):
    found = filled(balance=balance, per_card=per_card)

    assert found == Filled(cards=cards, in_progress=in_progress)


@pytest.mark.req("CU32")
@given(st.integers(0, 10_000), st.integers(1, 50))
def test_no_stamp_is_lost(balance, per_card):
    found = filled(balance=balance, per_card=per_card)

    assert found.cards * per_card + found.in_progress == balance
    assert 0 <= found.in_progress < per_card
