"""Vouchers whose date has passed."""

import pytest

from loyalty.ledger import verification
from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import RewardCounter, Voucher, VoucherStatus
from loyalty.operations import expiries, rollbacks
from tests.cast import NOON, deed, make_cast
from tests.operations.counter import buy, days, issue

pytestmark = pytest.mark.django_db


@pytest.mark.req("CU12")
def test_a_voucher_past_its_date_is_booked_once_and_its_piece_goes_back_into_stock():
    cast = make_cast()
    buy(cast, 50_000)
    bought = issue(cast)
    at = NOON + days(200)

    assert expiries.book_voucher_expiry(at=NOON + days(10)) == 0
    assert [expiries.book_voucher_expiry(at=at) for _ in range(2)] == [1, 0]

    voucher = Voucher.objects.get()
    assert (voucher.status, RewardCounter.objects.get().issued) == (VoucherStatus.EXPIRED, 0)
    told = Transaction.objects.get(kind=Kind.EXPIRY)
    assert (told.points, told.result["reward"], told.caused_by) == (0, "Croissant", None)
    assert [(move.from_status, move.to_status) for move in voucher.moves.order_by("pk")] == [
        ("", "ISSUED"),
        ("ISSUED", "EXPIRED"),
    ]
    assert rollbacks.latest_reversible(cast.membership.account_id) == bought
    assert verification.verify(verification.Scope(at=at)) == []


def test_what_bought_an_expired_voucher_cannot_be_undone():
    cast = make_cast()
    buy(cast, 50_000)
    bought = issue(cast)
    expiries.book_voucher_expiry(at=NOON + days(200))

    with pytest.raises(rollbacks.VoucherUsedError):
        rollbacks.roll_back_latest(
            deed=deed(cast.petra, "ADMIN", at=NOON + days(201)),
            membership_id=cast.membership.pk,
            transaction_id=bought.pk,
        )


def test_vouchers_past_their_date_are_booked_together_each_with_its_own_moment():
    cast = make_cast()
    buy(cast, 50_000)
    issue(cast)
    issue(cast, at=NOON + days(1))

    assert expiries.book_voucher_expiry(at=NOON + days(200)) == 2

    booked = Transaction.objects.filter(kind=Kind.EXPIRY).order_by("occurred_at")
    ends = Voucher.objects.order_by("expires_at").values_list("expires_at", flat=True)
    assert [one.occurred_at for one in booked] == list(ends)
