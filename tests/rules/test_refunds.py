"""Refunds: what is taken back, whole by parts, and what is owed when it is spent."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules import refunds
from loyalty.rules.refunds import Credited, Settlement
from loyalty.rules.terms import Clawback, RefundMethod

ALL, PRO_RATA, NONE = RefundMethod.ALL, RefundMethod.PRO_RATA, RefundMethod.NONE


def taken_one_by_one(award, bill, parts, method=PRO_RATA):
    """Refund the parts in their order and return what each takes."""
    refunded, taken = 0, []
    for part in parts:
        back = refunds.taken_back(
            method=method,
            award=award,
            bill_minor=bill,
            refunded_before_minor=refunded,
            refund_minor=part,
            taken_before=sum(taken),
        )
        refunded, taken = refunded + part, [*taken, back]
    return taken


# Rules 8: bill 60 + 40 earned 10; the 40 are returned.
METHOD_TABLE = [
    # method, taken
    (ALL, [10]),
    (PRO_RATA, [4]),
    (NONE, [0]),
]


@pytest.mark.req("IV3.20")
@pytest.mark.parametrize(("method", "taken"), METHOD_TABLE)
def test_a_refund_takes_what_the_method_says(method, taken):
    assert taken_one_by_one(10, 10_000, [4000], method) == taken


PARTS_TABLE = [
    # award, parts of the bill, method, taken by each
    (10, [3333, 3333, 3333], PRO_RATA, [3, 3, 4]),
    (10, [4000, 6000], PRO_RATA, [4, 6]),
    (7, [1000, 2000, 3000, 4000], PRO_RATA, [0, 2, 2, 3]),
    (10, [4000, 6000], ALL, [10, 0]),
    (10, [4000, 6000], NONE, [0, 0]),
    (0, [4000, 6000], PRO_RATA, [0, 0]),
    # A bill of nothing that earned by pieces: its refund takes all of it, once.
    (5, [0], PRO_RATA, [5]),
    (5, [0, 0], PRO_RATA, [5, 0]),
]


@pytest.mark.req("IV3.20")
@pytest.mark.parametrize(("award", "parts", "method", "taken"), PARTS_TABLE)
def test_parts_of_a_refund_sum_to_the_whole(award, parts, method, taken):
    assert taken_one_by_one(award, sum(parts), parts, method) == taken


@pytest.mark.req("IV3.20")
@given(st.integers(0, 10_000), st.lists(st.integers(1, 50_000), min_size=1, max_size=8))
def test_however_a_bill_is_returned_its_award_is_taken_once(award, parts):
    taken = taken_one_by_one(award, sum(parts), parts)

    assert (sum(taken), min(taken) >= 0) == (award, True)


@given(st.integers(0, 10_000), st.lists(st.integers(0, 50_000), min_size=2, max_size=2))
def test_returning_more_never_takes_less(award, parts):
    bill = 50_000
    wholes = [taken_one_by_one(award, bill, [part])[0] for part in sorted(parts)]

    assert all(less <= more for less, more in pairwise(wholes))


def test_a_method_changed_between_two_refunds_takes_nothing_twice():
    found = refunds.taken_back(
        method=PRO_RATA,
        award=10,
        bill_minor=10_000,
        refunded_before_minor=1000,
        refund_minor=4000,
        taken_before=10,
    )

    assert found == 0


@pytest.mark.req("IV3.20")
@pytest.mark.parametrize("method", RefundMethod)
def test_more_than_is_left_of_a_bill_cannot_be_refunded(method):
    with pytest.raises(refunds.RefundExceedsPurchaseError) as refused:
        taken_one_by_one(10, 10_000, [4000, 6001], method)

    assert refused.value.left_minor == 6000


# Rules 8: A 60 earned 10, B 40 is exempt; and a line of 30 that earned 7 is returned in thirds.
LINE_TABLE = [
    # share, line, refunded before, refund, taken before, taken
    (0, 4000, 0, 4000, 0, 0),
    (10, 6000, 0, 6000, 0, 10),
    (7, 3000, 0, 1000, 0, 2),
    (7, 3000, 1000, 1000, 2, 2),
    (7, 3000, 2000, 1000, 4, 3),
]


@pytest.mark.req("IV3.20")
@pytest.mark.parametrize(("share", "line", "before", "refund", "had", "taken"), LINE_TABLE)
def test_a_returned_line_gives_back_what_it_earned(share, line, before, refund, had, taken):
    found = refunds.line_taken_back(
        share=share,
        line_minor=line,
        refunded_before_minor=before,
        refund_minor=refund,
        taken_before=had,
    )

    assert found == taken


def test_more_than_is_left_of_a_line_cannot_be_refunded():
    with pytest.raises(refunds.RefundExceedsPurchaseError) as refused:
        refunds.line_taken_back(
            share=7, line_minor=3000, refunded_before_minor=2000, refund_minor=1001, taken_before=4
        )

    assert refused.value.left_minor == 1000


SETTLE_TABLE = [
    # wanted, available, clawback, taken, shortfall
    (10, 10, Clawback.REFUSE, 10, 0),
    (10, 25, Clawback.REFUSE, 10, 0),
    (10, 25, Clawback.SHORTFALL, 10, 0),
    (10, 4, Clawback.SHORTFALL, 4, 6),
    (10, 0, Clawback.SHORTFALL, 0, 10),
    (0, 0, Clawback.REFUSE, 0, 0),
]


@pytest.mark.req("IV3.20")
@pytest.mark.parametrize(("wanted", "available", "clawback", "taken", "shortfall"), SETTLE_TABLE)
def test_what_is_spent_already_is_owed(wanted, available, clawback, taken, shortfall):
    found = refunds.settle(wanted=wanted, available=available, clawback=clawback)

    assert found == Settlement(taken=taken, shortfall=shortfall)


@pytest.mark.req("IV3.20")
def test_a_card_may_refuse_a_refund_of_spent_points():
    with pytest.raises(refunds.ClawbackTooLargeError) as refused:
        refunds.settle(wanted=10, available=4, clawback=Clawback.REFUSE)

    assert refused.value.missing == 6


SHORTFALL_TABLE = [
    # earned, shortfall, credited, settled
    (10, 0, 10, 0),
    (10, 6, 4, 6),
    (10, 10, 0, 10),
    (10, 25, 0, 10),
    (0, 6, 0, 0),
]


@pytest.mark.req("IV3.20")
@pytest.mark.parametrize(("earned", "shortfall", "credited", "settled"), SHORTFALL_TABLE)
def test_the_next_awards_settle_what_is_owed(earned, shortfall, credited, settled):
    found = refunds.earn_against_shortfall(earned=earned, shortfall=shortfall)

    assert found == Credited(credited=credited, settled=settled)
