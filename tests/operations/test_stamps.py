"""Stamp cards: full ones become rewards, what is left carries over, nothing is lost (CU32)."""

import pytest

from cards.models import RewardStatus
from loyalty.ledger.models import Kind, Lot, LotUse, Source, Transaction
from loyalty.members.models import RewardCounter, Voucher
from loyalty.operations import adjustments, purchases, rollbacks, stamps
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.rules.terms import FullCards
from tests.cast import NOON, deed, join, make_cast, make_reward, make_staff, make_tier, publish
from tests.operations.counter import (
    adjust,
    balance,
    buy,
    days,
    issue,
    mismatches,
    open_lots,
    roll_back,
    standing,
    undo,
    use,
)

pytestmark = pytest.mark.django_db


def make_barber(*, per_card=10, stock=None, keeps=False, **card):
    """Return a cast whose card is a stamp card: one stamp per visit of 10.00."""
    cast = make_cast(unit_one="stamp", unit_many="stamps", step_minor=1000, **card)
    reward = make_reward(cast.card, "Haircut", per_card, stock=stock)
    cast.card.stamps_per_card = per_card
    cast.card.full_card_reward = reward
    cast.card.full_cards = FullCards.KEEP if keeps else FullCards.ISSUE
    cast.card.save()
    publish(cast.card)
    return cast, reward


def vouchers(reward):
    return list(
        Voucher.objects.filter(reward=reward).order_by("pk").values_list("origin", "cost", "status")
    )


@pytest.mark.req("CU32")
def test_the_last_stamp_issues_the_reward_and_the_rest_carries_over():
    cast, reward = make_barber()
    buy(cast, 8000)

    done = buy(cast, 5000)

    assert (balance(cast), vouchers(reward)) == (3, [("STAMPS", 10, "ISSUED")])
    assert (done.points, done.result["balance_before"], done.result["balance_after"]) == (5, 8, 3)
    assert done.result["brought"] == [
        {"reason": "FULL_CARD", "points": -10, "credit_minor": 0, "reward": "Haircut"}
    ]
    voucher = Transaction.objects.get(caused_by=done)
    assert (voucher.kind, voucher.points, voucher.result["balance_after"]) == (Kind.VOUCHER, -10, 3)
    assert mismatches() == []


@pytest.mark.req("CU32")
def test_a_card_that_is_not_full_issues_nothing():
    cast, reward = make_barber()

    done = buy(cast, 9000)

    assert (balance(cast), vouchers(reward), "brought" in done.result) == (9, [], False)


@pytest.mark.req("CU32")
def test_several_cards_fill_at_once():
    cast, reward = make_barber(per_card=5)

    done = buy(cast, 23_000)

    assert (balance(cast), len(vouchers(reward))) == (3, 4)
    assert RewardCounter.objects.get(reward=reward).issued == 4
    assert len(done.result["brought"]) == 4


@pytest.mark.req("CU32")
def test_stamps_are_taken_from_the_lots_that_end_first():
    cast, _reward = make_barber(expiry_days=30)
    buy(cast, 6000)
    buy(cast, 2000, at=NOON + days(10))

    buy(cast, 4000, at=NOON + days(20))

    assert [left for left, _until in open_lots(cast)] == [2]
    taken = LotUse.objects.filter(entry__transaction__kind=Kind.VOUCHER).order_by("lot")
    assert [use.amount for use in taken] == [6, 2, 2]
    assert Lot.objects.order_by("-pk")[0].remaining == 2


@pytest.mark.req("CU32")
def test_one_award_fills_two_cards_out_of_its_own_lot():
    cast, reward = make_barber(per_card=4, expiry_days=30)
    buy(cast, 3000)

    buy(cast, 6000, at=NOON + days(1))

    assert open_lots(cast)[0][0] == 1
    assert len(vouchers(reward)) == 2
    assert mismatches() == []


@pytest.mark.req("CU32")
@pytest.mark.parametrize("way", ["adjust", "give", "points", "welcome"])
def test_every_deed_that_adds_stamps_fills_cards(way):
    cast, reward = make_barber(is_points_only=way == "points", gift_cap=50, welcome_points=0)
    member = cast.membership
    if way == "adjust":
        adjust(cast, 11)
    elif way == "give":
        cast.harbour.staff.update(may_give_points=True)
        adjustments.give_points(
            deed=deed(cast.sam),
            membership_id=member.pk,
            points=11,
            reason=AdjustmentReason.STAMP_CARD,
            scan_id=cast.scan(),
        )
    elif way == "points":
        purchases.award_points(
            deed=deed(cast.sam), membership_id=member.pk, points=11, scan_id=cast.scan()
        )
    else:
        cast.card.welcome_points = 11
        cast.card.save()
        publish(cast.card, at=NOON)
        member = join(cast.noor, cast.card, at=NOON)

    account = type(member.account).objects.get(pk=member.account_id)
    assert (account.points, vouchers(reward)) == (1, [("STAMPS", 10, "ISSUED")])
    assert mismatches() == []


@pytest.mark.req("CU32")
def test_undoing_the_award_takes_voucher_and_stamps_back_as_one():
    cast, reward = make_barber()
    buy(cast, 8000)
    before = standing(cast)

    undo(cast, buy(cast, 15_000))

    assert standing(cast) == before
    assert vouchers(reward) == [("STAMPS", 10, "REMOVED"), ("STAMPS", 10, "REMOVED")]
    assert mismatches() == []


@pytest.mark.req("CU32")
def test_a_voucher_that_was_used_keeps_its_award_from_being_undone():
    cast, _reward = make_barber()
    done = buy(cast, 12_000)
    use(cast, Voucher.objects.get())

    with pytest.raises(rollbacks.VoucherUsedError):
        rollbacks.reverse_transaction(
            deed=deed(_root(), Source.ADMIN),
            membership_id=cast.membership.pk,
            transaction_id=done.pk,
            note=rollbacks.Note(internal="wrong"),
        )


def _root():
    from tests.cast import make_user  # noqa: PLC0415 - one test asks for it

    return make_user("root", is_superuser=True)


@pytest.mark.req("CU32")
def test_full_cards_are_kept_where_the_card_says_so():
    cast, reward = make_barber(keeps=True)

    buy(cast, 23_000)
    issued = issue(cast, reward)

    assert balance(cast) == 13
    assert vouchers(reward) == [("SPENT", 10, "ISSUED")]
    assert issued.points == -10


@pytest.mark.req("CU32")
def test_a_card_stays_full_while_its_reward_is_out_of_stock():
    cast, reward = make_barber(per_card=5, stock=1)

    buy(cast, 12_000)
    left_full = balance(cast)
    reward.stock = 5
    reward.save()
    buy(cast, 1000)

    assert (left_full, balance(cast), len(vouchers(reward))) == (7, 3, 2)


@pytest.mark.req("CU32")
@pytest.mark.parametrize("state", [RewardStatus.PAUSED, RewardStatus.ARCHIVED])
def test_a_card_stays_full_while_its_reward_is_not_offered(state):
    cast, reward = make_barber()
    reward.status = state
    reward.save()

    buy(cast, 12_000)

    assert (balance(cast), vouchers(reward)) == (12, [])


def test_a_sold_out_reward_leaves_the_card_full():
    cast, reward = make_barber(per_card=5, stock=1)
    buy(cast, 5000)

    buy(cast, 6000)

    assert (balance(cast), len(vouchers(reward))) == (6, 1)


def test_a_stamp_card_without_a_reward_only_counts():
    cast, reward = make_barber()
    cast.card.full_card_reward = None
    cast.card.save()
    publish(cast.card, at=NOON)

    buy(cast, 12_000)

    assert (balance(cast), vouchers(reward)) == (12, [])


def test_taking_stamps_away_issues_nothing():
    cast, reward = make_barber(stock=0)
    buy(cast, 25_000)
    reward.stock = None
    reward.save()

    adjust(cast, -1)

    assert (balance(cast), vouchers(reward)) == (24, [])


def test_one_deed_issues_no_more_than_a_commit_can_hold(monkeypatch):
    cast, reward = make_barber(per_card=2)

    adjust(cast, 2 * stamps.MOST_AT_ONCE + 7)

    assert (balance(cast), len(vouchers(reward))) == (7, stamps.MOST_AT_ONCE)


def test_a_full_card_counts_after_it_was_spent_for_tiers_by_what_is_there():
    cast, _reward = make_barber(tier_basis="AVAILABLE_POINTS")
    make_tier(cast.card, "Regular", 5)

    done = buy(cast, 12_000)

    assert done.result["new_tier"] is None
    assert mismatches() == []


def test_rolling_back_by_the_manager_puts_the_reward_back_into_stock():
    cast, reward = make_barber(stock=1)

    roll_back(cast, buy(cast, 12_000))

    assert RewardCounter.objects.get(reward=reward).issued == 0
    assert balance(cast) == 0


def test_another_member_of_staff_sees_the_same_rule():
    cast, reward = make_barber()
    make_staff(cast.noor, cast.harbour)

    buy(cast, 10_000, actor=cast.noor)

    assert (balance(cast), len(vouchers(reward))) == (0, 1)
