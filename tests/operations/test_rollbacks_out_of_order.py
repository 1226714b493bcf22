"""Undoing out of order: any deed, by a superuser with a reason, while what it gave is there."""

import pytest

from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Source
from loyalty.members.models import Voucher
from loyalty.operations import expiries, restoring, rollbacks, standing
from tests.cast import NOON, deed, make_cast, make_tier, make_user
from tests.operations.counter import (
    account_of,
    balance,
    buy,
    days,
    issue,
    place,
    redeem,
    remove,
    rich_cast,
    use,
)

pytestmark = pytest.mark.django_db


def reverse(cast, done, *, at=NOON, key="", words="mistake", actor=None):
    return rollbacks.reverse_transaction(
        deed=deed(actor or cast.root, Source.ADMIN, at=at, key=key),
        membership_id=cast.membership.pk,
        transaction_id=done.pk,
        note=Note(internal=words),
    )


def rooted(cast):
    object.__setattr__(cast, "root", make_user("root", is_superuser=True))
    return cast


def test_a_removal_is_not_undone_when_its_points_are_spent():
    cast = rooted(rich_cast(250))
    issue(cast)
    gone = remove(cast, Voucher.objects.get().pk)
    redeem(cast)

    with pytest.raises(restoring.PointsAlreadySpentError) as refused:
        reverse(cast, gone)

    assert refused.value.missing == 150


def test_an_award_that_expired_in_part_gives_back_the_rest():
    cast = rooted(make_cast(expiry_days=10))
    done = buy(cast, 30_000)
    redeem(cast)
    expiries.book_expiry(at=NOON + days(20))

    with pytest.raises(restoring.PointsAlreadySpentError) as refused:
        reverse(cast, done, at=NOON + days(20))

    assert (refused.value.missing, str(refused.value)) == (200, "200")


def test_a_used_voucher_holds_the_deed_that_gave_it():
    cast = rooted(make_cast())
    make_tier(cast.card, "Silver", 100, entry_reward=cast.reward)
    done = buy(cast, 10_000)
    use(cast, Voucher.objects.get())

    with pytest.raises(rollbacks.VoucherUsedError):
        reverse(cast, done)


def test_a_superuser_undoes_any_deed_with_a_reason_while_its_points_are_there():
    cast = rooted(make_cast())
    first = buy(cast, 1000)
    buy(cast, 2000)

    with pytest.raises(standing.NotAllowedError):
        reverse(cast, first, words="")
    with pytest.raises(standing.NotAllowedError):
        reverse(cast, first, actor=cast.petra)
    undone = reverse(cast, first, key="k")

    assert (undone.points, balance(cast), reverse(cast, first, key="k")) == (-10, 20, undone)
    with pytest.raises(rollbacks.AlreadyUndoneError):
        reverse(cast, first)


def test_nobody_without_a_name_undoes_out_of_order():
    cast = rooted(make_cast())
    done = buy(cast, 1000)

    with pytest.raises(standing.NotAllowedError):
        rollbacks.reverse_transaction(
            deed=deed(None, Source.SYSTEM),
            membership_id=cast.membership.pk,
            transaction_id=done.pk,
            note=Note(internal="x"),
        )


def test_points_that_were_spent_hold_the_award():
    cast = rooted(make_cast())
    done = buy(cast, 20_000)
    redeem(cast)

    with pytest.raises(restoring.PointsAlreadySpentError) as refused:
        reverse(cast, done)

    assert refused.value.missing == 200


def test_undoing_a_tier_rise_out_of_order_asks_the_points_that_stay():
    cast = rooted(make_cast())
    silver = make_tier(cast.card, "Silver", 100)
    rise = buy(cast, 10_000)
    more = buy(cast, 15_000)

    reverse(cast, rise)
    assert account_of(cast.membership).tier == silver

    reverse(cast, more)
    assert account_of(cast.membership).tier is None


def test_undoing_a_tier_by_hand_out_of_order_restores_the_hold_before_it():
    cast = rooted(make_cast())
    silver, gold = make_tier(cast.card, "Silver", 100), make_tier(cast.card, "Gold", 300)
    place(cast, silver, hold_until=NOON + days(5))
    risen = place(cast, gold)
    buy(cast, 10_000)

    reverse(cast, risen)

    account = account_of(cast.membership)
    assert (account.tier, account.tier_source) == (silver, "MANUAL")
    assert account.tier_hold_until == NOON + days(5)


def test_undoing_a_tier_by_hand_out_of_order_goes_back_to_the_rule_when_no_hold_is_left():
    cast = rooted(make_cast())
    silver, gold = make_tier(cast.card, "Silver", 100), make_tier(cast.card, "Gold", 300)
    place(cast, silver, hold_until=NOON + days(5))
    risen = place(cast, gold)
    buy(cast, 10_000)

    reverse(cast, risen, at=NOON + days(6))

    account = account_of(cast.membership)
    assert (account.tier, account.tier_source, account.tier_hold_until) == (
        silver,
        "AUTOMATIC",
        None,
    )


def test_undoing_an_award_out_of_order_leaves_a_tier_set_by_hand():
    cast = rooted(make_cast())
    gold = make_tier(cast.card, "Gold", 100)
    rise = buy(cast, 10_000)
    place(cast, gold)

    reverse(cast, rise)

    account = account_of(cast.membership)
    assert (account.tier, account.tier_source) == (gold, "MANUAL")


def test_a_tier_reward_given_again_holds_the_removal_of_the_first():
    cast = rooted(make_cast())
    silver = make_tier(cast.card, "Silver", 100, entry_reward=cast.reward)
    place(cast, silver, are_rewards_given=True)
    gone = remove(cast, Voucher.objects.get().pk)
    place(cast, None)
    place(cast, silver, are_rewards_given=True)

    with pytest.raises(rollbacks.VoucherUsedError):
        reverse(cast, gone)
