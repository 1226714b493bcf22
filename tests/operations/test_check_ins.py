"""A member checks in at the door: where, how often, and what it gives (PA2.2)."""

import pytest

from cards.models import MilestoneRule
from clubs.models import PlaceStatus
from loyalty.ledger.models import Entry, Source
from loyalty.members.models import MembershipStatus, Voucher
from loyalty.operations import check_ins
from loyalty.operations.check_ins import CheckedInAlreadyError, NoCheckInHereError
from loyalty.operations.deeds import RepeatDiffersError
from loyalty.operations.standing import (
    CardNotOpenError,
    MembershipNotActiveError,
    MembershipNotFoundError,
)
from tests.cast import NOON, deed, join, make_card, make_cast, make_reward, make_store, publish
from tests.operations.counter import balance, buy, days, mismatches, set_status

pytestmark = [pytest.mark.django_db, pytest.mark.req("PA2.2")]
HOUR = days(1 / 24)


def make_door(*rules, **card):
    """Return a cast whose store takes check-ins, with rules (kind, count, what it gives)."""
    cast = make_cast(**card)
    cast.old_port.allows_check_in = True
    cast.old_port.save()
    for kind, count, gives in rules:
        MilestoneRule.objects.create(
            partner=cast.partner, card=cast.card, kind=kind, count=count, **gives
        )
    publish(cast.card)
    return cast


def enter(cast, *, at=NOON, key="", actor=None, store=None, membership=None):
    return check_ins.check_in(
        deed=deed(actor or cast.mia, Source.WALLET, store=store or cast.old_port, at=at, key=key),
        membership_id=(membership or cast.membership).pk,
    )


def test_checking_in_gives_points_and_is_remembered():
    cast = make_door(("CHECK_IN", None, {"points": 5, "is_repeated": True}))

    done = enter(cast)
    again = enter(cast, at=NOON + 4 * HOUR)

    told = (done.kind, done.source, done.points, done.store)
    assert told == ("BONUS", "WALLET", 5, cast.old_port)
    assert done.result == {
        "points": 5,
        "credit_minor": 0,
        "balance_before": 0,
        "balance_after": 5,
        "reason": "CHECK_IN",
        "occurrence": 1,
        "fired": True,
    }
    assert (again.result["occurrence"], balance(cast)) == (2, 10)
    assert mismatches() == []


def test_a_rule_that_is_not_repeated_gives_once():
    cast = make_door(("CHECK_IN", None, {"points": 5}))

    enter(cast)
    done = enter(cast, at=NOON + days(1))

    assert (done.points, done.result["fired"], balance(cast)) == (0, False, 5)


def test_a_second_check_in_within_the_cards_hours_is_refused():
    cast = make_door(("CHECK_IN", None, {"points": 5, "is_repeated": True}), check_in_hours=4)
    enter(cast)

    with pytest.raises(CheckedInAlreadyError) as caught:
        enter(cast, at=NOON + 3.99 * HOUR)

    assert (caught.value.again_at, balance(cast)) == (NOON + 4 * HOUR, 5)


def test_the_limit_is_per_member_and_club_whichever_card_they_take():
    cast = make_door()
    second = join(cast.mia, make_card(cast.harbour, "Harbour Tea"))
    enter(cast)

    with pytest.raises(CheckedInAlreadyError):
        enter(cast, membership=second, at=NOON + HOUR)


def test_a_repeat_of_the_same_request_returns_the_first():
    cast = make_door(("CHECK_IN", None, {"points": 5, "is_repeated": True}))

    first, again = enter(cast, key="a" * 32), enter(cast, key="a" * 32)
    other = make_store(cast.harbour, "Quay", allows_check_in=True)
    with pytest.raises(RepeatDiffersError):
        enter(cast, key="a" * 32, store=other)

    assert (first, balance(cast)) == (again, 5)


def test_a_check_in_without_rules_is_a_visit_and_moves_nothing():
    cast = make_door()

    done = enter(cast)

    assert (done.points, Entry.objects.count()) == (0, 0)


def test_a_check_in_counts_as_a_visit():
    cast = make_door(("VISITS", 2, {"points": 50}))
    enter(cast)
    buy(cast, 1000, at=NOON + HOUR)
    same_day = balance(cast)

    done = enter(cast, at=NOON + days(1))

    assert (same_day, balance(cast)) == (10, 60)
    assert done.result["brought"][0]["reason"] == "VISITS"
    assert mismatches(NOON + days(1)) == []


def test_a_check_in_gives_a_reward_while_there_is_one():
    cast = make_door()
    mug = make_reward(cast.card, "Mug", 10, stock=1)
    MilestoneRule.objects.create(
        partner=cast.partner, card=cast.card, kind="CHECK_IN", reward=mug, is_repeated=True
    )
    publish(cast.card)

    given, sold_out = enter(cast), enter(cast, at=NOON + days(1))

    assert (given.result["fired"], sold_out.result["fired"]) == (True, False)
    assert list(Voucher.objects.values_list("origin", "reward")) == [("MILESTONE", mug.pk)]


@pytest.mark.parametrize("why", ["switched off", "archived", "other club", "no store"])
def test_only_a_store_of_the_club_that_allows_it(why):
    cast = make_door()
    store = cast.old_port
    if why == "switched off":
        store.allows_check_in = False
    elif why == "archived":
        store.status = PlaceStatus.ARCHIVED
    elif why == "other club":
        store = cast.hilltop
        store.allows_check_in = True
    store.save()

    here = None if why == "no store" else store
    with pytest.raises(NoCheckInHereError):
        check_ins.check_in(
            deed=deed(cast.mia, Source.WALLET, store=here), membership_id=cast.membership.pk
        )


@pytest.mark.parametrize("status", [MembershipStatus.BLOCKED, MembershipStatus.REMOVED])
def test_blocked_and_removed_members_are_refused(status):
    cast = make_door()
    set_status(cast, status)

    with pytest.raises(MembershipNotActiveError):
        enter(cast)


def test_a_paused_card_takes_no_check_ins():
    cast = make_door()
    cast.card.status = "PAUSED"
    cast.card.save()

    with pytest.raises(CardNotOpenError):
        enter(cast)


@pytest.mark.parametrize("who", ["noor", "sam", "petra"])
def test_nobody_checks_in_for_another(who):
    cast = make_door()

    with pytest.raises(MembershipNotFoundError):
        enter(cast, actor=getattr(cast, who))
