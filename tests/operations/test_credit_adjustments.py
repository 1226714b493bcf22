"""Credit corrected by hand, as points are."""

import pytest

from loyalty.ledger.models import Kind, Source
from loyalty.operations import adjustments, drafting
from loyalty.operations.deeds import RepeatDiffersError
from tests.cast import NOON, deed, make_cast, make_tier
from tests.operations.counter import account_of, roll_back

pytestmark = pytest.mark.django_db


def adjust_credit(cast, minor, *, key="", **how):
    return adjustments.adjust_credit(
        deed=deed(cast.petra, Source.ADMIN, at=NOON, key=key),
        membership_id=cast.membership.pk,
        credit_minor=minor,
        **how,
    )


@pytest.mark.req("IV9.7", "CU16")
def test_a_manager_adds_and_takes_credit_with_a_reason():
    cast = make_cast()

    given = adjust_credit(cast, 500, key="k")
    taken = adjust_credit(cast, -120)

    account = account_of(cast.membership)
    assert (given.kind, given.points, given.credit_minor) == (Kind.ADJUSTMENT, 0, 500)
    assert (given.result["credit_before"], given.result["credit_after"]) == (0, 500)
    assert (taken.credit_minor, account.credit_minor, account.points) == (-120, 380, 0)
    assert (account.lifetime_credit_minor, account.lifetime_points) == (380, 0)
    assert adjust_credit(cast, 500, key="k") == given
    with pytest.raises(RepeatDiffersError):
        adjust_credit(cast, 400, key="k")


@pytest.mark.req("IV9.7")
def test_credit_never_goes_below_zero_or_above_what_a_manager_may_move():
    cast = make_cast(adjust_cap=5)
    adjust_credit(cast, 300)

    with pytest.raises(drafting.NotEnoughPointsError) as refused:
        adjust_credit(cast, -301)
    with pytest.raises(adjustments.AboveCapError) as capped:
        adjust_credit(cast, 501)
    with pytest.raises(adjustments.NothingToAdjustError):
        adjust_credit(cast, 0)

    assert (refused.value.available, capped.value.most) == (300, 500)
    assert account_of(cast.membership).credit_minor == 300


@pytest.mark.req("IV9.7", "IV3.10")
def test_credit_that_counts_moves_a_tier_by_awarded_credit_and_an_undo_moves_it_back():
    cast = make_cast(tier_basis="AWARDED_CREDIT")
    silver = make_tier(cast.card, "Silver", 300)

    aside = adjust_credit(cast, 400, is_counted_for_tier=False)
    assert account_of(cast.membership).tier is None
    done = adjust_credit(cast, 300)
    assert account_of(cast.membership).tier == silver
    roll_back(cast, done)

    account = account_of(cast.membership)
    assert (account.tier, account.credit_minor, account.lifetime_credit_minor) == (
        None,
        aside.credit_minor,
        0,
    )
