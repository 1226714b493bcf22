"""Balances corrected by hand by managers, and points given by staff."""

from datetime import timedelta

import pytest

from clubs.models import Manager, StaffMember
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Kind, TransactionNote
from loyalty.operations import adjustments, drafting, standing
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.operations.deeds import RepeatDiffersError
from tests.cast import NOON, deed, make_cast, make_manager, make_tier
from tests.operations.counter import account_of, adjust, balance, rich_cast, undo

pytestmark = pytest.mark.django_db


@pytest.mark.req("CU14", "CU15", "CU16", "CU17", "CU18", "CU19")
def test_a_manager_adds_and_takes_points_with_a_reason_and_two_kinds_of_words():
    cast = make_cast()
    note = Note(internal="called twice", comment="Sorry for the wait")

    done = adjust(cast, 30, reason=AdjustmentReason.GOODWILL, note=note, key="k")
    adjust(cast, -24)

    assert balance(cast) == 6
    assert (done.result["reason"], done.lifetime_points) == ("GOODWILL", 30)
    words = TransactionNote.objects.get()
    assert (words.transaction, words.internal, words.comment) == (
        done,
        "called twice",
        "Sorry for the wait",
    )
    assert adjust(cast, 30, reason=AdjustmentReason.GOODWILL, note=note, key="k") == done
    with pytest.raises(RepeatDiffersError):
        adjust(cast, 31, reason=AdjustmentReason.GOODWILL, note=note, key="k")


def test_an_adjustment_below_zero_names_the_most_that_can_be_taken():
    cast = rich_cast(30)

    with pytest.raises(drafting.NotEnoughPointsError) as refused:
        adjust(cast, -31)

    assert refused.value.available == 30


def test_the_largest_adjustment_is_the_smaller_of_the_cards_and_the_managers():
    cast = make_cast(adjust_cap=500)

    for cap, most in ((None, 500), (40, 40), (900, 500)):
        Manager.objects.update(adjust_cap=cap)
        for points in (most + 1, -most - 1):
            with pytest.raises(adjustments.AboveCapError) as refused:
                adjust(cast, points)
            assert refused.value.most == most
        assert adjust(cast, most).points == most


def test_an_adjustment_of_nothing_is_refused():
    with pytest.raises(adjustments.NothingToAdjustError):
        adjust(make_cast(), 0)


def test_only_a_manager_adjusts_and_never_their_own():
    cast = make_cast()
    with pytest.raises(standing.MembershipNotFoundError):
        adjust(cast, 5, actor=cast.sam)
    make_manager(cast.mia, cast.partner)
    with pytest.raises(standing.OwnMembershipError):
        adjust(cast, 5, actor=cast.mia)


def test_an_adjustment_moves_the_tier_unless_told_not_to():
    cast = make_cast()
    silver = make_tier(cast.card, "Silver", 100)

    adjust(cast, 100, is_counted_for_tier=False)
    assert account_of(cast.membership).tier is None
    adjust(cast, 100)
    assert account_of(cast.membership).tier == silver
    adjust(cast, -150)

    account = account_of(cast.membership)
    # A correction takes awarded points down to zero, not below.
    assert (account.tier, account.lifetime_points, account.points) == (None, 0, 50)


def give(cast, points, *, actor=None, key="", scan=None, at=NOON):
    return adjustments.give_points(
        deed=deed(actor or cast.sam, key=key, at=at),
        membership_id=cast.membership.pk,
        points=points,
        reason=AdjustmentReason.STAMP_CARD,
        scan_id=scan or cast.scan(actor or cast.sam, at=at),
    )


@pytest.mark.req("FA12", "PA2.3")
def test_staff_with_the_permission_give_points_within_the_cards_cap():
    cast = make_cast(gift_cap=20)
    with pytest.raises(standing.NotAllowedError):
        give(cast, 5)
    StaffMember.objects.filter(user=cast.sam).update(may_give_points=True)

    done = give(cast, 20, key="k")

    assert (done.kind, done.points, give(cast, 20, key="k")) == (Kind.ADJUSTMENT, 20, done)
    for nothing in (0, -5):
        with pytest.raises(adjustments.NothingToAdjustError):
            give(cast, nothing)
    with pytest.raises(RepeatDiffersError):
        give(cast, 19, key="k")


@pytest.mark.req("FA12")
def test_the_cap_on_gifts_is_what_one_person_gives_one_member_in_a_day():
    cast = make_cast(gift_cap=20)
    StaffMember.objects.filter(user=cast.sam).update(may_give_points=True)
    give(cast, 12, at=NOON)

    with pytest.raises(adjustments.AboveCapError) as refused:
        give(cast, 9, at=NOON + timedelta(hours=23))
    assert (refused.value.given, refused.value.most) == (12, 8)

    last = give(cast, 8, at=NOON + timedelta(hours=23))
    with pytest.raises(adjustments.AboveCapError):
        give(cast, 1, at=NOON + timedelta(hours=23))
    undo(cast, last, at=NOON + timedelta(hours=23))
    assert give(cast, 8, at=NOON + timedelta(hours=23)).points == 8
    assert give(cast, 12, at=NOON + timedelta(hours=24)).points == 12


def test_a_manager_who_also_serves_gives_points_without_the_staff_permission():
    cast = make_cast()
    make_manager(cast.sam, cast.partner)

    assert give(cast, 5).points == 5
