"""Receipts of awards: each number earns once in its store, until the numbers start again."""

import pytest

from clubs.models import ReceiptRestart
from loyalty.ledger.models import ReceiptUse
from loyalty.operations import receipts
from tests.cast import NOON, make_cast
from tests.operations.counter import balance, buy, days, undo

pytestmark = pytest.mark.django_db


def test_a_receipt_earns_once_however_it_is_typed():
    cast = make_cast()
    first = buy(cast, 1000, receipt="ab 77")

    with pytest.raises(receipts.ReceiptAlreadyUsedError) as refused:
        buy(cast, 1000, receipt=" AB\uff177 ")

    assert (refused.value.number, refused.value.transaction_id) == ("AB77", first.pk)


def test_a_receipt_needs_a_store():
    cast = make_cast()

    with pytest.raises(receipts.ReceiptNeedsStoreError):
        buy(cast, 1000, receipt="77", store=None)


def test_spaces_are_no_receipt():
    cast = make_cast()

    assert (
        buy(cast, 1000, receipt="  ", store=None).receipt_number,
        ReceiptUse.objects.count(),
    ) == (
        "",
        0,
    )


def test_a_very_long_receipt_is_kept_in_forty_characters():
    cast = make_cast()

    done = buy(cast, 1000, receipt="9" * 60)

    assert done.receipt_number == "9" * 40


@pytest.mark.req("R11.1")
def test_a_mistyped_receipt_can_be_undone_and_typed_again():
    cast = make_cast()
    wrong = buy(cast, 10_000, receipt="77")
    undo(cast, wrong)

    right = buy(cast, 1000, receipt="77")

    assert (right.points, balance(cast)) == (10, 10)
    uses = ReceiptUse.objects.order_by("pk").values_list("transaction", "released_at")
    assert list(uses) == [(wrong.pk, NOON), (right.pk, None)]


RESTARTS = [
    # restart, days later, earns again
    (ReceiptRestart.NEVER, 400, False),
    (ReceiptRestart.YEARLY, 231, False),
    (ReceiptRestart.YEARLY, 232, True),
    (ReceiptRestart.DAILY, 0.4, False),
    (ReceiptRestart.DAILY, 0.5, True),
]


@pytest.mark.parametrize(("restart", "later", "is_new"), RESTARTS)
def test_receipt_numbers_start_again_with_the_stores_period(restart, later, is_new):
    # Noon UTC on 14 May is 13:00 in Lisbon; 232 days on is 1 January.
    cast = make_cast()
    cast.old_port.receipt_restart = restart
    cast.old_port.save()
    buy(cast, 1000, receipt="1")
    at = NOON + days(later)

    if is_new:
        assert buy(cast, 1000, receipt="1", at=at).points == 10
    else:
        with pytest.raises(receipts.ReceiptAlreadyUsedError):
            buy(cast, 1000, receipt="1", at=at)


def test_a_receipt_taken_while_the_deed_ran_is_refused(monkeypatch):
    cast = make_cast()
    buy(cast, 1000, receipt="77")
    claim = receipts.ReceiptClaim(store_id=cast.old_port.pk, number="77", period="")
    monkeypatch.setattr(receipts, "take", lambda **_: claim)

    with pytest.raises(receipts.ReceiptAlreadyUsedError):
        buy(cast, 1000, receipt="77")
