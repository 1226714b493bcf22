"""Refunds that come before their sale: kept, settled once, dropped by a person."""

import pytest

from cards.models import Card
from clubs.models import StaffMember
from loyalty.audit.models import AuditEvent
from loyalty.ledger.models import Kind, ParkedRefund, Source, Transaction
from loyalty.operations import parked_refunds, receipts, rollbacks
from loyalty.operations.deeds import RepeatDiffersError
from loyalty.operations.refunding import NothingToRefundError
from tests.cast import NOON, deed, make_cast, make_reward, make_user, publish
from tests.operations.counter import buy, days, redeem, roll_back, undo
from tests.operations.money import held, mismatches, refund

pytestmark = pytest.mark.django_db


def park(cast, receipt="77", minor=400, *, actor=None, source=Source.SCAN, **how):
    return parked_refunds.park_refund(
        deed=deed(
            actor or cast.sam,
            source,
            at=how.get("at", NOON),
            store=how.get("store", cast.old_port),
            key=how.get("key", ""),
        ),
        receipt=receipt,
        amount_minor=minor,
    )


@pytest.mark.req("IV3.20")
def test_a_refund_before_its_sale_waits_and_is_settled_with_the_sale():
    cast = make_cast()
    parked = park(cast)
    waiting = held(cast)

    sale = buy(cast, 1000, receipt="77")

    parked.refresh_from_db()
    refund = Transaction.objects.get(kind=Kind.REFUND)
    assert (waiting, held(cast)) == ((0, 0, 0), (6, 6, 0))
    assert (sale.points, refund.points, refund.refunds_id) == (10, -4, sale.pk)
    assert (parked.settled_by_id, refund.caused_by_id) == (refund.pk, None)
    assert mismatches() == []


def test_it_is_settled_once_however_often_the_sale_is_sent():
    cast = make_cast()
    park(cast)
    scan = cast.scan()

    for _ in range(2):
        buy(cast, 1000, receipt="77", key="sale", scan=scan)

    assert held(cast) == (6, 6, 0)


def test_other_receipts_stores_and_days_do_not_settle_it():
    cast = make_cast()
    cast.old_port.receipt_restart = "DAILY"
    cast.old_port.save()
    park(cast, at=NOON - days(1))

    buy(cast, 1000, receipt="77")
    buy(cast, 1000, receipt="78")
    buy(cast, 1000)

    assert held(cast) == (30, 30, 0)


def test_more_than_the_sale_is_cut_to_the_sale_and_the_rest_keeps_waiting():
    cast = make_cast()
    park(cast, minor=1500)
    later = park(cast, minor=100)

    buy(cast, 1000, receipt="77")

    later.refresh_from_db()
    assert (held(cast), later.settled_by_id) == ((0, 0, 0), None)


def test_a_sale_is_never_refused_for_a_refund_that_the_card_would_refuse():
    cast = make_cast(clawback="REFUSE")
    make_reward(cast.card, "Bun", 8)
    first = buy(cast, 1000)
    redeem(cast, cast.card.rewards.get(name="Bun"))
    roll_back_debt(cast, first)
    park(cast, minor=1000)

    buy(cast, 1000, receipt="77")

    assert held(cast) == (0, 0, 8)
    assert mismatches() == []


def roll_back_debt(cast, sale):
    """Leave 8 points owed, under the setting that allows it."""
    Card.objects.filter(pk=cast.card.pk).update(clawback="SHORTFALL")
    publish(Card.objects.get(pk=cast.card.pk), NOON - days(2))
    refund(cast, sale, 1000)
    Card.objects.filter(pk=cast.card.pk).update(clawback="REFUSE")
    publish(Card.objects.get(pk=cast.card.pk), NOON - days(1))


@pytest.mark.req("R11.1")
def test_the_refund_is_undone_before_its_sale():
    cast = make_cast()
    park(cast)
    sale = buy(cast, 1000, receipt="77")

    with pytest.raises(rollbacks.RefundedError):
        undo(cast, sale)

    roll_back(cast, Transaction.objects.get(kind=Kind.REFUND))
    roll_back(cast, sale)
    assert held(cast) == (0, 0, 0)


def test_a_receipt_that_is_booked_is_refunded_and_not_parked():
    cast = make_cast()
    sale = buy(cast, 1000, receipt="77")

    with pytest.raises(receipts.ReceiptAlreadyUsedError) as refused:
        park(cast)

    assert (refused.value.transaction_id, ParkedRefund.objects.count()) == (sale.pk, 0)


def test_a_repeat_parks_once_and_another_content_is_refused():
    cast = make_cast()
    first = park(cast, key="k")

    assert park(cast, key="k") == first
    with pytest.raises(RepeatDiffersError):
        park(cast, minor=500, key="k")
    assert ParkedRefund.objects.count() == 1


def test_a_repeat_after_the_sale_still_finds_the_first():
    cast = make_cast()
    first = park(cast, key="k")
    buy(cast, 1000, receipt="77")

    assert park(cast, key="k").pk == first.pk


@pytest.mark.parametrize(("receipt", "minor"), [("", 400), ("77", 0), ("77", -1)])
def test_nothing_is_not_parked(receipt, minor):
    cast = make_cast()

    with pytest.raises(NothingToRefundError):
        park(cast, receipt, minor)


def test_a_receipt_needs_a_store():
    cast = make_cast()

    with pytest.raises(receipts.ReceiptNeedsStoreError):
        park(cast, store=None)


def test_managers_superusers_and_feeds_may_park_and_strangers_may_not():
    cast = make_cast()
    root = make_user("root", is_superuser=True)
    park(cast, "1", actor=cast.petra, source=Source.ADMIN)
    park(cast, "2", actor=root, source=Source.ADMIN)
    parked_refunds.park_refund(
        deed=deed(None, Source.FEED, store=cast.old_port), receipt="3", amount_minor=400
    )

    for stranger in (cast.tess, cast.mia):
        with pytest.raises(parked_refunds.ParkedRefundNotFoundError):
            park(cast, "4", actor=stranger)
    StaffMember.objects.filter(user=cast.sam).update(is_active=False)
    with pytest.raises(parked_refunds.ParkedRefundNotFoundError):
        park(cast, "4")
    with pytest.raises(parked_refunds.ParkedRefundNotFoundError):
        parked_refunds.park_refund(
            deed=deed(None, Source.API, store=cast.old_port), receipt="3", amount_minor=400
        )
    assert ParkedRefund.objects.count() == 3


def drop(cast, parked, actor=None, reason=""):
    return parked_refunds.drop_parked(
        deed=deed(actor, Source.ADMIN), parked_id=parked.pk, reason=reason
    )


def test_a_manager_drops_one_with_a_reason_and_the_sale_is_left_alone():
    cast = make_cast()
    parked = park(cast)

    drop(cast, parked, cast.petra, "typed twice")
    buy(cast, 1000, receipt="77")

    event = AuditEvent.objects.get(kind="ledger.parkedrefund")
    assert (event.action, event.person.reason, event.actor_id) == (
        "drop",
        "typed twice",
        cast.petra.pk,
    )
    assert held(cast) == (10, 10, 0)


def test_one_that_is_settled_or_dropped_is_not_dropped_again():
    cast = make_cast()
    dropped, settled = park(cast, "1"), park(cast, "2")
    drop(cast, dropped, make_user("root", is_superuser=True))
    buy(cast, 1000, receipt="2")

    for parked in (dropped, settled):
        with pytest.raises(parked_refunds.ParkedRefundDoneError):
            drop(cast, parked, cast.petra)


def test_strangers_drop_nothing():
    cast = make_cast()
    parked = park(cast)

    for stranger in (cast.sam, cast.mia, None):
        with pytest.raises(parked_refunds.ParkedRefundNotFoundError):
            drop(cast, parked, stranger)
    with pytest.raises(parked_refunds.ParkedRefundNotFoundError):
        parked_refunds.drop_parked(deed=deed(cast.petra, Source.ADMIN), parked_id=0)
