"""Undoing the latest deed: its mirror, with all it caused, and what stands in its way."""

from datetime import timedelta

import pytest
from django.db import IntegrityError

from cards.models import Reward
from loyalty.ledger import posting
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import RewardCounter, Voucher
from loyalty.operations import expiries, offers, rollbacks, standing
from loyalty.operations.deeds import RepeatDiffersError
from loyalty.rules.offers import OfferState
from tests.cast import (
    NOON,
    join,
    make_cast,
    make_manager,
    make_reward,
    make_staff,
    make_tier,
    make_user,
)
from tests.operations import counter
from tests.operations.counter import (
    account_of,
    adjust,
    balance,
    buy,
    days,
    issue,
    open_lots,
    place,
    redeem,
    remove,
    rich_cast,
    roll_back,
    rows,
    set_status,
    undo,
    use,
)

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def full_cast():
    """Return a cast with tiers, an entry reward, a balance and two vouchers, one used."""
    cast = make_cast(expiry_days=100)
    silver = make_tier(
        cast.card, "Silver", 2000, entry_reward=make_reward(cast.card, "Mug", 900, stock=5)
    )
    make_reward(cast.card, "Tart", 30)
    adjust(cast, 1000)
    issue(cast)
    use(cast, Voucher.objects.get())
    issue(cast)
    return cast, silver


DEEDS = {
    "purchase": lambda cast, _: buy(cast, 5000, receipt="9"),
    "purchase that earns nothing": lambda cast, _: buy(cast, 50),
    "purchase that raises the tier": lambda cast, _: buy(cast, 150_000),
    "redemption": lambda cast, _: redeem(cast),
    "voucher issued": lambda cast, _: issue(cast),
    "voucher used": lambda cast, _: use(cast, Voucher.objects.get(status="ISSUED")),
    "voucher removed with points": lambda cast, _: remove(
        cast, Voucher.objects.get(status="ISSUED").pk
    ),
    "voucher removed without points": lambda cast, _: remove(
        cast, Voucher.objects.get(status="ISSUED").pk, returned=False
    ),
    "adjustment up": lambda cast, _: adjust(cast, 1500),
    "adjustment down": lambda cast, _: adjust(cast, -500),
    "adjustment that leaves the tier": lambda cast, _: adjust(cast, 9, is_counted_for_tier=False),
    "tier by hand": lambda cast, silver: place(cast, silver, hold_until=NOON + days(9)),
    "tier by hand with its reward": lambda cast, silver: place(
        cast, silver, are_rewards_given=True
    ),
}


@pytest.mark.req("R11.1")
@pytest.mark.parametrize("name", DEEDS)
def test_rolling_a_deed_back_brings_everything_back(name):
    cast, silver = full_cast()
    before = counter.standing(cast)
    done = DEEDS[name](cast, silver)

    undone = roll_back(cast, done, note=Note(internal="mistake", comment="We corrected this."))

    assert counter.standing(cast) == before
    assert (undone.kind, undone.reverses, undone.points) == (Kind.REVERSAL, done, -done.points)
    assert undone.note.internal == "mistake"
    caused = Transaction.objects.filter(caused_by=done).count()
    assert Transaction.objects.filter(caused_by=undone, kind="REVERSAL").count() == caused


def test_an_undo_tells_both_balances_and_what_was_undone():
    cast = rich_cast(500)
    done = redeem(cast)

    undone = undo(cast, done)

    assert undone.result == {
        "points": 200,
        "credit_minor": 0,
        "balance_before": 300,
        "balance_after": 500,
        "undone": "REDEMPTION",
        "reward": "Croissant",
    }


def test_a_repeated_undo_returns_the_first_one():
    cast = make_cast()
    done = buy(cast, 1000)
    first = undo(cast, done, key="k")
    before = rows()

    assert (undo(cast, done, key="k"), rows()) == (first, before)
    with pytest.raises(rollbacks.AlreadyUndoneError):
        undo(cast, done)
    other = buy(cast, 2000)
    with pytest.raises(RepeatDiffersError):
        undo(cast, other, key="k")
    assert roll_back(cast, other, key="m") == roll_back(cast, other, key="m")


@pytest.mark.req("R11.2")
def test_staff_undo_their_own_latest_deed_within_the_cards_minutes():
    cast = make_cast(undo_minutes=15)
    done = buy(cast, 1000)

    with pytest.raises(rollbacks.UndoTimeOverError) as refused:
        undo(cast, done, at=NOON + 15 * MINUTE + timedelta(seconds=1))

    assert refused.value.minutes == 15
    assert undo(cast, done, at=NOON + 15 * MINUTE).reverses == done


def test_staff_cannot_undo_a_colleagues_or_a_managers_deed():
    cast = make_cast()
    cleo = make_user("cleo")
    make_staff(cleo, cast.harbour)
    done = buy(cast, 1000)

    with pytest.raises(standing.NotAllowedError):
        undo(cast, done, actor=cleo)
    make_manager(cast.sam, cast.partner)
    with pytest.raises(standing.NotAllowedError):
        undo(cast, adjust(cast, 5, actor=cast.sam))


def test_staff_of_another_club_and_members_undo_nothing():
    cast = make_cast()
    done = buy(cast, 1000)

    for actor in (cast.tess, cast.mia):
        with pytest.raises(standing.MembershipNotFoundError):
            undo(cast, done, actor=actor)
        with pytest.raises(standing.MembershipNotFoundError):
            roll_back(cast, done, actor=actor)
    make_staff(cast.mia, cast.harbour)
    make_manager(cast.mia, cast.partner)
    for undoing in (undo, roll_back):
        with pytest.raises(standing.OwnMembershipError):
            undoing(cast, done, actor=cast.mia)


def test_only_the_latest_deed_is_undone():
    cast = make_cast()
    first, second = buy(cast, 1000), buy(cast, 2000)

    for undoing in (undo, roll_back):
        with pytest.raises(rollbacks.NotTheLatestError) as refused:
            undoing(cast, first)
        assert refused.value.latest == second

    undo(cast, second)
    assert undo(cast, first).points == -10


def test_status_and_enrolment_neither_count_nor_block():
    cast = make_cast(welcome_points=5)
    done = buy(cast, 1000)
    set_status(cast, "BLOCKED")

    assert rollbacks.latest_reversible(cast.membership.account_id) == done
    undone = roll_back(cast, done)

    assert (undone.points, rollbacks.latest_reversible(cast.membership.account_id)) == (-10, None)
    for other in (Transaction.objects.get(kind="STATUS"), undone):
        with pytest.raises(rollbacks.NothingToUndoError):
            roll_back(cast, other)
    for caused in Transaction.objects.filter(kind__in=["ENROLMENT", "BONUS"]):
        with pytest.raises(rollbacks.NothingToUndoError):
            roll_back(cast, caused)


def test_a_deed_of_another_account_is_not_found():
    cast = make_cast()
    noors = join(cast.noor, cast.card)
    done = buy(cast, 1000, membership=noors)

    with pytest.raises(rollbacks.NothingToUndoError):
        roll_back(cast, done)


def test_the_undoing_of_a_voucher_removal_takes_its_points_again():
    cast = rich_cast(250)
    issue(cast)
    gone = remove(cast, Voucher.objects.get().pk)

    undone = roll_back(cast, gone)

    assert (undone.points, balance(cast), Voucher.objects.get().status) == (-200, 50, "ISSUED")


def test_a_removal_is_not_undone_when_its_piece_went_to_somebody_else():
    cast = rich_cast()
    Reward.objects.update(stock=1)
    issue(cast)
    gone = remove(cast, Voucher.objects.get().pk)
    noors = join(cast.noor, cast.card)
    adjust(cast, 500, membership=noors)
    redeem(cast, membership=noors)

    with pytest.raises(offers.RewardNotAvailableError) as refused:
        roll_back(cast, gone)

    assert (refused.value.state, RewardCounter.objects.get().issued) == (OfferState.SOLD_OUT, 1)


@pytest.mark.parametrize("is_booked", [True, False])
def test_spent_points_whose_lot_expired_meanwhile_return_for_seven_days(is_booked):
    cast = make_cast(expiry_days=10)
    buy(cast, 30_000)
    got = redeem(cast)
    at = NOON + days(20)
    if is_booked:
        assert expiries.book_expiry(at=at) == 1

    undone = roll_back(cast, got, at=at)

    late = [(200, at + days(7))]
    assert [lot for lot in open_lots(cast) if lot[1] > at] == late
    assert undone.result["balance_after"] == 200
    assert expiries.book_expiry(at=at + days(8)) == 1
    assert balance(cast) == 0


@pytest.mark.parametrize(("is_booked", "taken"), [(True, 0), (False, -100)])
def test_an_award_whose_points_expired_is_undone_for_what_is_left(is_booked, taken):
    cast = make_cast(expiry_days=10)
    adjust(cast, 40, at=NOON - days(5))
    done = buy(cast, 10_000)
    at = NOON + days(20)
    if is_booked:
        expiries.book_expiry(at=at)

    undone = roll_back(cast, done, at=at)

    account = account_of(cast.membership)
    assert (undone.points, account.lifetime_points) == (taken, 40)
    # What nobody could spend any more does not make the balance told smaller.
    assert (undone.result["balance_before"], undone.result["balance_after"]) == (0, 0)


def test_a_broken_constraint_that_is_no_refusal_is_not_hidden(monkeypatch):
    cast = make_cast()
    done = buy(cast, 1000)

    def break_something(_drafts):
        raise IntegrityError("something else")

    monkeypatch.setattr(posting, "post", break_something)

    with pytest.raises(IntegrityError):
        undo(cast, done)
