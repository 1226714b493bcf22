"""Vouchers kept for later, balances corrected by hand, tiers set by hand, members taken out."""

from datetime import timedelta

import pytest

from clubs.models import Manager, StaffMember
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Kind, Source, TransactionNote
from loyalty.members.models import Membership, RewardCounter, Voucher
from loyalty.operations import adjustments, drafting, memberships, standing, tiers, vouchers
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.operations.deeds import RepeatDiffersError
from tests.cast import NOON, deed, join, make_cast, make_manager, make_reward, make_tier
from tests.operations.counter import (
    account_of,
    adjust,
    balance,
    buy,
    days,
    issue,
    open_lots,
    place,
    remove,
    rich_cast,
    rows,
    set_status,
    undo,
    use,
)
from tests.operations.test_enrolments import guest

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


@pytest.mark.req("CU27", "CU28", "CU30", "CU34")
def test_a_tier_set_by_hand_is_held_until_its_date():
    cast = make_cast()
    make_tier(cast.card, "Silver", 100)
    gold = make_tier(cast.card, "Gold", 1000, entry_reward=make_reward(cast.card, "Bag", 900))

    done = place(cast, gold, hold_until=NOON + days(30), are_rewards_given=True, key="k")
    buy(cast, 20_000, at=NOON + days(29))
    held = account_of(cast.membership).tier
    after = buy(cast, 100, at=NOON + days(31))

    assert (held, done.result["new_tier"], after.result["new_tier"]) == (gold, "Gold", "Silver")
    assert Voucher.objects.get().tier == gold
    again = place(cast, gold, hold_until=NOON + days(30), are_rewards_given=True, key="k")
    assert again == done
    with pytest.raises(RepeatDiffersError):
        place(cast, gold, key="k")


def test_a_tier_without_a_date_is_held_until_somebody_changes_it():
    cast = make_cast()
    silver = make_tier(cast.card, "Silver", 100)
    place(cast, silver, note=Note(internal="prize draw"))
    buy(cast, 100, at=NOON + days(900))
    assert account_of(cast.membership).tier == silver

    back = place(cast, None)

    account = account_of(cast.membership)
    assert (account.tier, account.tier_source, back.result["new_tier"]) == (None, "AUTOMATIC", None)
    assert TransactionNote.objects.get().internal == "prize draw"


def test_back_to_the_automatic_rule_means_what_the_awarded_points_reach():
    cast = make_cast()
    silver = make_tier(cast.card, "Silver", 100)
    gold = make_tier(cast.card, "Gold", 1000)
    buy(cast, 10_000)
    place(cast, gold)

    assert place(cast, None).result["new_tier"] == "Silver"
    assert account_of(cast.membership).tier == silver


def test_a_tier_that_is_set_already_or_unknown_is_refused():
    cast = make_cast()
    silver = make_tier(cast.card, "Silver", 100)
    place(cast, silver)

    with pytest.raises(tiers.TierUnchangedError):
        place(cast, silver)
    silver.archived_at = NOON
    silver.save()
    with pytest.raises(tiers.TierNotFoundError):
        place(cast, silver)
    with pytest.raises(tiers.TierNotFoundError):
        place(cast, make_tier(cast.hill_card, "Peak", 5))


def test_only_a_manager_sets_tiers_and_status():
    cast = make_cast()
    silver = make_tier(cast.card, "Silver", 100)

    for forbidden in (
        lambda: place(cast, silver, actor=cast.sam),
        lambda: set_status(cast, "BLOCKED", actor=cast.sam),
    ):
        with pytest.raises(standing.MembershipNotFoundError):
            forbidden()
    make_manager(cast.mia, cast.partner)
    for forbidden in (
        lambda: place(cast, silver, actor=cast.mia),
        lambda: set_status(cast, "BLOCKED", actor=cast.mia),
    ):
        with pytest.raises(standing.OwnMembershipError):
            forbidden()


@pytest.mark.req("CU10")
def test_a_removed_member_keeps_the_balance_and_comes_back_to_it():
    cast = rich_cast(70)
    gone = set_status(cast, "REMOVED", key="k")
    assert set_status(cast, "REMOVED", key="k") == gone
    with pytest.raises(RepeatDiffersError):
        set_status(cast, "BLOCKED", key="k")
    with pytest.raises(memberships.StatusUnchangedError):
        set_status(cast, "REMOVED")

    back = set_status(cast, "ACTIVE")

    assert (gone.kind, back.result) == (Kind.STATUS, {"from": "REMOVED", "to": "ACTIVE"})
    assert (buy(cast, 100).points, balance(cast)) == (1, 71)


def test_a_replaced_code_is_new_and_the_balance_stays():
    cast = rich_cast(70)
    before = cast.membership

    for actor, source in ((cast.mia, Source.WALLET), (cast.petra, Source.ADMIN)):
        after = memberships.replace_code(deed=deed(actor, source), membership_id=before.pk)
        stored = Membership.objects.get(pk=before.pk)
        assert (stored.code, stored.totp_key) == (after.code, after.totp_key)
        assert stored.code != before.code
        assert stored.totp_key != before.totp_key
        before = stored

    assert balance(cast) == 70


@pytest.mark.parametrize("name", ["sam", "noor", "mia"])
def test_nobody_else_replaces_a_code(name):
    cast = make_cast()
    # The member's own phone is the wallet; at another door she is a stranger.
    source = Source.SCAN if name == "mia" else Source.WALLET

    with pytest.raises(standing.MembershipNotFoundError):
        memberships.replace_code(
            deed=deed(getattr(cast, name), source), membership_id=cast.membership.pk
        )


def test_a_guests_code_is_not_replaced_by_somebody_without_a_name():

    cast = make_cast()
    membership = guest(cast)

    with pytest.raises(standing.MembershipNotFoundError):
        memberships.replace_code(deed=deed(None, Source.WALLET), membership_id=membership.pk)
