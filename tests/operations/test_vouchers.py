"""Vouchers kept for later: what they cost, handed out once, taken away with or without points."""

from datetime import timedelta

import pytest

from loyalty.ledger.models import Kind
from loyalty.members.models import RewardCounter, Voucher
from loyalty.operations import drafting, standing, vouchers
from loyalty.operations.deeds import RepeatDiffersError
from tests.cast import NOON, join, make_cast, make_manager, make_reward, make_tier
from tests.operations.counter import (
    balance,
    buy,
    days,
    issue,
    open_lots,
    remove,
    rich_cast,
    rows,
    use,
)

pytestmark = pytest.mark.django_db


def out(cast) -> int:
    found = RewardCounter.objects.filter(reward=cast.reward).first()
    return found.issued if found else 0


@pytest.mark.req("CU21", "CU22", "CU25")
def test_a_voucher_costs_its_points_and_is_handed_out_once():
    cast = rich_cast(250)
    issued = issue(cast)
    voucher = Voucher.objects.get()

    used = use(cast, voucher, key="k")

    assert (issued.points, used.points, balance(cast), out(cast)) == (-200, 0, 50, 1)
    assert use(cast, voucher, key="k") == used
    with pytest.raises(vouchers.VoucherNotReadyError) as refused:
        use(cast, voucher)
    assert refused.value.status == "USED"
    assert list(voucher.moves.order_by("pk").values_list("from_status", "to_status")) == [
        ("", "ISSUED"),
        ("ISSUED", "USED"),
    ]


def test_a_voucher_lasts_its_days_to_the_last_midnight():
    cast = rich_cast()
    cast.reward.voucher_days = 2
    cast.reward.save()
    issue(cast)
    voucher = Voucher.objects.get()
    end = voucher.expires_at

    with pytest.raises(vouchers.VoucherNotReadyError) as refused:
        use(cast, voucher, at=end)

    assert (refused.value.status, end - NOON) == ("EXPIRED", timedelta(days=2, hours=11))
    assert use(cast, voucher, at=end - timedelta(seconds=1)).kind == Kind.VOUCHER


def test_issuing_a_voucher_twice_with_one_key_issues_one():
    cast = rich_cast()
    first = issue(cast, key="k")
    before = rows()

    assert (issue(cast, key="k"), rows()) == (first, before)
    with pytest.raises(RepeatDiffersError):
        issue(cast, make_reward(cast.card, "Tart", 5), key="k")


def test_a_voucher_needs_points_and_a_manager_who_is_not_the_member():
    cast = rich_cast(100)
    with pytest.raises(drafting.NotEnoughPointsError):
        issue(cast)
    with pytest.raises(standing.MembershipNotFoundError):
        issue(cast, actor=cast.sam)
    make_manager(cast.mia, cast.partner)
    with pytest.raises(standing.OwnMembershipError):
        issue(cast, actor=cast.mia)


@pytest.mark.req("CU13")
@pytest.mark.parametrize(("returned", "left"), [(True, 250), (False, 50)])
def test_an_unused_voucher_is_taken_away_with_or_without_its_points(returned, left):
    cast = rich_cast(250)
    issue(cast)
    voucher = Voucher.objects.get()

    done = remove(cast, voucher.pk, returned=returned, key="k")

    voucher.refresh_from_db()
    assert (balance(cast), voucher.status, out(cast)) == (left, "REMOVED", 0)
    assert done.result["balance_after"] == left
    assert remove(cast, voucher.pk, returned=returned, key="k") == done
    with pytest.raises(vouchers.VoucherNotReadyError):
        remove(cast, voucher.pk)
    with pytest.raises(RepeatDiffersError):
        remove(cast, voucher.pk, returned=not returned, key="k")


def test_points_of_a_removed_voucher_whose_lot_expired_come_back_for_seven_days():
    cast = make_cast(expiry_days=10)
    buy(cast, 15_000)
    buy(cast, 10_000, at=NOON + days(5))
    issue(cast, at=NOON + days(6))
    at = NOON + days(12)

    remove(cast, Voucher.objects.get().pk, at=at)

    # 150 of the first lot are late; 50 of the second go back into it.
    assert [(left, date) for left, date in open_lots(cast) if date == at + days(7)] == [
        (150, at + days(7))
    ]
    assert [left for left, _ in open_lots(cast)] == [100, 150]


def test_removing_a_tier_reward_returns_no_points():
    cast = make_cast()
    make_tier(cast.card, "Silver", 10, entry_reward=cast.reward)
    buy(cast, 1000)

    done = remove(cast, Voucher.objects.get().pk)

    assert (done.points, balance(cast)) == (0, 10)


def test_a_voucher_of_nobody_or_of_another_account_is_not_found():

    cast = rich_cast()
    issue(cast)
    noors = join(cast.noor, cast.card)
    voucher = Voucher.objects.get()

    for missing in (lambda: remove(cast, 0), lambda: remove(cast, voucher.pk, membership=noors)):
        with pytest.raises(vouchers.VoucherNotFoundError):
            missing()
