"""Awarding a purchase."""

import pytest

from loyalty.ledger.models import Kind, Source, Transaction
from loyalty.operations import purchases, redemptions, rollbacks
from loyalty.operations.purchases import Bill
from loyalty.operations.standing import MembershipNotFoundError
from tests.cast import deed, make_cast


@pytest.mark.django_db
@pytest.mark.req("R4.5", "R7.3")
def test_a_purchase_earns_whole_points_and_tells_the_balances():
    cast = make_cast()

    booked = purchases.award_purchase(
        deed=deed(cast.sam, store=cast.old_port),
        membership_id=cast.membership.pk,
        bill=Bill(amount_minor=1240, currency="EUR"),
        receipt="77",
        scan_id=cast.scan(),
    )

    assert booked.points == 12
    assert (booked.result["balance_before"], booked.result["balance_after"]) == (0, 12)
    cast.membership.account.refresh_from_db()
    assert cast.membership.account.points == 12


@pytest.mark.django_db
@pytest.mark.req("R4.6", "R11.2")
def test_earn_then_a_reward_then_undo_from_one_scan():
    cast = make_cast()
    scan = cast.scan()
    purchases.award_purchase(
        deed=deed(cast.sam, store=cast.old_port),
        membership_id=cast.membership.pk,
        bill=Bill(amount_minor=41240, currency="EUR"),
        scan_id=scan,
    )

    got = redemptions.redeem_reward(
        deed=deed(cast.sam),
        membership_id=cast.membership.pk,
        reward_id=cast.reward.pk,
        scan_id=scan,
    )
    undone = rollbacks.undo_own_latest(
        deed=deed(cast.sam), membership_id=cast.membership.pk, transaction_id=got.pk
    )

    assert (got.points, undone.points) == (-200, 200)
    cast.membership.account.refresh_from_db()
    assert cast.membership.account.points == 412


@pytest.mark.django_db
def test_a_tills_feed_earns_only_for_cards_of_its_own_club():
    cast = make_cast()

    for store in (None, cast.hilltop):
        with pytest.raises(MembershipNotFoundError):
            purchases.award_purchase(
                deed=deed(None, Source.FEED, store=store),
                membership_id=cast.membership.pk,
                bill=Bill(amount_minor=1000, currency="EUR"),
            )

    assert not Transaction.objects.filter(kind=Kind.PURCHASE).exists()
