"""What the state machines found, each as the smallest story that shows it."""

import pytest

from cards.models import MilestoneRule
from loyalty.ledger.models import Source
from loyalty.members.models import MembershipGroup, Voucher
from loyalty.operations import adjustments, check_ins, expiries, extensions, rollbacks
from tests.cast import NOON, deed, join, make_cast, make_reward, make_tier, make_user, publish
from tests.operations.counter import (
    account_of,
    adjust,
    buy,
    days,
    mismatches,
    open_lots,
    remove,
    roll_back,
)
from tests.operations.families import LATER, add, form

pytestmark = pytest.mark.django_db


def make_barber():
    """Return a cast whose card gives a haircut for ten stamps, each good for ten days."""
    cast = make_cast(expiry_days=10, step_minor=1000)
    reward = make_reward(cast.card, "Haircut", 10)
    cast.card.stamps_per_card = 10
    cast.card.full_card_reward = reward
    cast.card.save()
    publish(cast.card)
    return cast


def reverse(cast, done, *, at=NOON):
    """Let the superuser undo any deed of Mia's."""
    return rollbacks.reverse_transaction(
        deed=deed(make_user("root", is_superuser=True), Source.ADMIN, at=at),
        membership_id=cast.membership.pk,
        transaction_id=done.pk,
        note=adjustments.Note(internal="mistake"),
    )


@pytest.mark.req("R11.1")
def test_undoing_a_purchase_keeps_the_tier_that_a_later_bonus_pays_for():
    cast = make_cast()
    silver = make_tier(cast.card, "Silver", 100)
    card = cast.card
    MilestoneRule.objects.create(partner=card.partner, card=card, kind="CHECK_IN", points=60)
    publish(card)
    cast.old_port.allows_check_in = True
    cast.old_port.save()
    buy(cast, 5000)
    raised = buy(cast, 6000)
    check_ins.check_in(
        deed=deed(cast.mia, Source.WALLET, store=cast.old_port, at=NOON + days(1)),
        membership_id=cast.membership.pk,
    )

    roll_back(cast, raised, at=NOON + days(1))

    account = account_of(cast.membership)
    assert (account.lifetime_points, account.tier) == (110, silver)
    assert mismatches() == []


@pytest.mark.req("R11.1", "CU32")
def test_an_award_that_filled_a_stamp_card_is_undone_after_its_date():
    cast = make_barber()
    filled = buy(cast, 12_000)

    roll_back(cast, filled, at=NOON + days(20))

    account = account_of(cast.membership)
    assert (account.points, account.lifetime_points, open_lots(cast)) == (0, 0, [])
    assert mismatches(at=NOON + days(20)) == []


@pytest.mark.req("R11.1", "IV3.21")
def test_an_award_that_was_extended_is_undone_after_its_later_date():
    cast = make_cast(expiry_days=10, expiry_override="BY_HAND", expiry_override_days=5)
    bought = buy(cast, 1000)
    extensions.extend_lots(
        deed=deed(cast.petra, Source.ADMIN), membership_id=cast.membership.pk, days=5
    )
    expiries.book_expiry(at=NOON + days(30))

    roll_back(cast, bought, at=NOON + days(30))

    account = account_of(cast.membership)
    assert (account.points, account.lifetime_points, open_lots(cast)) == (0, 0, [])
    assert mismatches(at=NOON + days(30)) == []


@pytest.mark.req("R11.1", "PA2.6")
def test_what_was_awarded_never_falls_below_zero_when_an_award_and_its_bonus_are_undone():
    cast = make_cast(adjust_cap=1000)
    card = cast.card
    MilestoneRule.objects.create(partner=card.partner, card=card, kind="VISITS", count=1, points=50)
    publish(card)
    adjust(cast, 300, is_counted_for_tier=False)
    bought = buy(cast, 5000)
    adjust(cast, -60)

    reverse(cast, bought)

    account = account_of(cast.membership)
    assert (account.points, account.lifetime_points) == (240, 0)
    assert mismatches() == []


@pytest.mark.req("IV9.1")
def test_a_family_does_not_get_the_entry_reward_that_one_of_them_had():
    cast = make_cast()
    reward = make_reward(cast.card, "Mug", 30)
    make_tier(cast.card, "Silver", 100, entry_reward=reward)
    noor = join(cast.noor, cast.card)
    buy(cast, 10_000)

    form(cast, cast.membership, noor)

    assert list(Voucher.objects.values_list("reward__name", "status")) == [("Mug", "ISSUED")]


@pytest.mark.req("R11.1", "CU32")
def test_what_is_told_after_undoing_counts_nothing_that_has_ended():
    cast = make_barber()
    filled = buy(cast, 28_000)

    undone = roll_back(cast, filled, at=NOON + days(20))

    assert (undone.result["balance_before"], undone.result["balance_after"]) == (0, 0)


@pytest.mark.req("R11.1", "IV3.7")
def test_undoing_points_that_have_ended_lowers_no_tier_by_what_is_available():
    cast = make_cast(expiry_days=10, tier_basis="AVAILABLE_POINTS")
    silver = make_tier(cast.card, "Silver", 40)
    ended = buy(cast, 3000)
    buy(cast, 5000, at=NOON + days(9))

    reverse(cast, ended, at=NOON + days(15))

    account = account_of(cast.membership)
    assert (account.points, account.tier) == (50, silver)


@pytest.mark.req("R11.1", "CU13", "IV9.1")
def test_an_entry_reward_that_came_into_a_family_returns_beside_its_own():
    cast = make_cast()
    make_tier(cast.card, "Silver", 100, entry_reward=make_reward(cast.card, "Mug", 30))
    noor, kim = join(cast.noor, cast.card), join(make_user("kim"), cast.card)
    form(cast, cast.membership, noor)
    buy(cast, 10_000, at=LATER)
    buy(cast, 10_000, at=LATER, membership=kim)
    add(cast, MembershipGroup.objects.get(), kim)
    theirs = Voucher.objects.get(membership=kim).pk
    removed = remove(cast, theirs, membership=kim, at=LATER)

    reverse(cast, removed, at=LATER)

    assert list(Voucher.objects.values_list("reward__name", "status")) == [("Mug", "ISSUED")] * 2
    assert mismatches(at=LATER) == []
