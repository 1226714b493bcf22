"""Returned goods: what all refunds of a bill take back, by line and by amount together."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules import returns
from loyalty.rules.returns import LineBack
from loyalty.rules.terms import RefundMethod

ALL, PRO_RATA, NONE = RefundMethod.ALL, RefundMethod.PRO_RATA, RefundMethod.NONE
A, B = 6000, 4000  # Two lines of a bill of 100.00.

# Rules 8: the bill earned 10. What A and B brought, what was returned of each, what without a line.
LINE_TABLE = [
    # shares, returned by line, by amount, owed
    ((10, 0), (0, 4000), 0, 0),
    ((10, 0), (6000, 0), 0, 10),
    ((10, 0), (3000, 0), 0, 5),
    ((7, 3), (2000, 1000), 0, 2),
    ((7, 3), (0, 0), 5000, 5),
    ((7, 3), (6000, 0), 1000, 8),
    # Five of the ten belong to the bill as a whole.
    ((5, 0), (6000, 0), 0, 8),
    ((5, 0), (0, 4000), 0, 2),
    ((0, 0), (0, 0), 2500, 2),
    ((10, 0), (0, 4000), 6000, 10),
]


@pytest.mark.req("IV3.20")
@pytest.mark.parametrize(("shares", "lines", "unnamed", "owed"), LINE_TABLE)
def test_returned_lines_owe_what_they_brought(shares, lines, unnamed, owed):
    found = returns.owed(
        method=PRO_RATA,
        award=10,
        bill_minor=A + B,
        refunded_minor=sum(lines) + unnamed,
        lines=[
            LineBack(share=share, amount_minor=amount, returned_minor=returned)
            for share, amount, returned in zip(shares, (A, B), lines, strict=True)
        ],
    )

    assert found == owed


@pytest.mark.req("IV3.20")
@pytest.mark.parametrize(("method", "owed"), [(ALL, 10), (PRO_RATA, 4), (NONE, 0)])
def test_the_method_decides_what_a_part_owes(method, owed):
    found = returns.owed(method=method, award=10, bill_minor=10_000, refunded_minor=4000)

    assert found == owed


parts = st.tuples(st.sampled_from([0, 1, None]), st.integers(1, 4000))


@pytest.mark.req("IV3.20")
@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.lists(parts, max_size=8))
def test_what_is_owed_never_falls_and_ends_at_the_whole(share_a, share_b, of_bill, returned):
    award = share_a + share_b + of_bill
    left, back, unnamed, found = {0: A, 1: B}, {0: 0, 1: 0}, 0, [0]
    for line, wish in returned:
        room = A + B - sum(back.values()) - unnamed
        part = min(wish, room, left[line]) if line is not None else min(wish, room)
        if line is None:
            unnamed += part
        else:
            back[line] += part
            left[line] -= part
        found.append(_owed(award, (share_a, share_b), back, unnamed))
    found.append(_owed(award, (share_a, share_b), back, A + B - sum(back.values())))

    assert all(before <= after for before, after in pairwise(found))
    assert (found[-1], max(accumulate(found, max))) == (award, award)


def _owed(award, shares, back, unnamed):
    return returns.owed(
        method=PRO_RATA,
        award=award,
        bill_minor=A + B,
        refunded_minor=sum(back.values()) + unnamed,
        lines=[
            LineBack(share=share, amount_minor=amount, returned_minor=back[at])
            for at, (share, amount) in enumerate(zip(shares, (A, B), strict=True))
        ],
    )
