"""Expiry by the clock, and what all deeds share: keys, retries, lack of time."""

from datetime import UTC, datetime

import pytest
from django.db import OperationalError, transaction

from loyalty.ledger import posting
from loyalty.ledger.drafts import Draft, LotGrant, LotTake, Move
from loyalty.ledger.models import (
    Entry,
    Kind,
    Lot,
    LotUse,
    ReceiptUse,
    Source,
    TierChange,
    Transaction,
    TransactionNote,
    Unit,
    VoucherMove,
)
from loyalty.members.models import Account
from loyalty.operations import deeds, expiries, standing
from loyalty.operations.deeds import BusyError
from tests.cast import NOON, join, make_cast
from tests.operations.counter import account_of, adjust, balance, buy, days, redeem

pytestmark = pytest.mark.django_db


@pytest.mark.req("PA2.5")
def test_expiry_run_twice_or_days_late_books_the_same():
    cast = make_cast(expiry_days=10)
    buy(cast, 30_000)
    redeem(cast)
    buy(cast, 5000, at=NOON + days(20))
    at = NOON + days(25)

    assert expiries.book_expiry(at=NOON + days(9)) == 0
    assert [expiries.book_expiry(at=at) for _ in range(2)] == [1, 0]

    done = Transaction.objects.get(kind=Kind.EXPIRY)
    ended = datetime(2026, 5, 24, 23, 0, tzinfo=UTC)  # Midnight in London, ten days later.
    assert (done.points, done.membership, done.actor, done.occurred_at) == (-100, None, None, ended)
    assert (done.result["balance_before"], done.result["balance_after"]) == (150, 50)
    account = account_of(cast.membership)
    assert (account.points, account.lifetime_points) == (50, 350)


def test_expiry_goes_chunk_by_chunk_account_by_account():
    cast = make_cast(expiry_days=10)
    noors = join(cast.noor, cast.card)
    for membership in (cast.membership, noors):
        buy(cast, 1000, membership=membership)
        buy(cast, 1000, membership=membership)
    at = NOON + days(20)

    assert [expiries.book_expiry(at=at, chunk=1) for _ in range(3)] == [1, 1, 0]
    assert Entry.objects.filter(transaction__kind=Kind.EXPIRY).count() == 2


def test_credit_expires_beside_points():
    cast = make_cast(expiry_days=10)
    buy(cast, 1000)
    account = account_of(cast.membership)
    _post(account, Move(amount=250, unit=Unit.CREDIT, grants=(grant(250, NOON + days(3)),)))

    assert expiries.book_expiry(at=NOON + days(20)) == 1

    account.refresh_from_db()
    assert (account.points, account.credit_minor, account.credit_sequence) == (0, 0, 2)
    done = Transaction.objects.filter(kind=Kind.EXPIRY).order_by("occurred_at")
    assert [(one.points, one.credit_minor) for one in done] == [(0, -250), (-10, 0)]


def grant(amount, expires_at=None):
    return LotGrant(amount=amount, expires_at=expires_at)


def _post(account: Account, *moves: Move) -> Transaction:
    draft = Draft(
        kind=Kind.ADJUSTMENT,
        source=Source.SYSTEM,
        partner_id=account.partner_id,
        card_id=account.card_id,
        membership_id=None,
        account=account,
        actor_id=None,
        store_id=None,
        request_id=f"by hand {Transaction.objects.count()}",
        fingerprint="",
        occurred_at=NOON,
        moves=moves,
    )
    return posting.post([draft])[0]


def test_an_account_keeps_points_and_credit_apart():
    cast = make_cast()
    account = account_of(cast.membership)

    done = _post(
        account,
        Move(amount=5, grants=(grant(2), grant(3))),
        Move(amount=700, unit=Unit.CREDIT, grants=(grant(700),)),
    )

    assert (done.points, done.credit_minor) == (5, 700)
    account.refresh_from_db()
    assert (account.points, account.points_sequence) == (5, 1)
    assert (account.credit_minor, account.credit_sequence) == (700, 1)


def test_posting_refuses_to_go_below_zero_before_the_database_does():
    cast = make_cast()
    adjust(cast, 5)
    account = account_of(cast.membership)
    lot = Lot.objects.get()

    with pytest.raises(posting.OverdraftError):
        _post(account, Move(amount=-6, takes=(LotTake(lot_id=lot.pk, amount=6),)))


def test_what_is_taken_and_given_back_in_one_go_leaves_the_lot_as_it_was():
    cast = make_cast()
    adjust(cast, 5)
    account, lot = account_of(cast.membership), Lot.objects.get()

    _post(
        account,
        Move(amount=-2, takes=(LotTake(lot_id=lot.pk, amount=2),)),
        Move(amount=2, takes=(LotTake(lot_id=lot.pk, amount=-2),)),
    )

    lot.refresh_from_db()
    assert (lot.remaining, list(lot.uses.order_by("pk").values_list("amount"))) == (
        5,
        [(2,), (-2,)],
    )


def test_many_drafts_are_written_in_their_order_in_one_go():
    cast = make_cast()
    account = account_of(cast.membership)
    drafts = [
        Draft(
            kind=Kind.ADJUSTMENT,
            source=Source.IMPORT,
            partner_id=account.partner_id,
            card_id=account.card_id,
            membership_id=cast.membership.pk,
            account=account,
            actor_id=None,
            store_id=None,
            request_id=f"row {number}",
            fingerprint="",
            occurred_at=NOON,
            moves=(Move(amount=number, grants=(grant(number),)),),
        )
        for number in range(1, 101)
    ]

    done = posting.post(drafts)

    assert [one.points for one in done] == list(range(1, 101))
    assert balance(cast) == 5050
    sequences = Entry.objects.order_by("pk").values_list("sequence", flat=True)
    assert list(sequences) == list(range(1, 101))


def test_pages_show_what_can_be_spent_when_lots_are_due():
    cast = make_cast(expiry_days=10)
    buy(cast, 1000)
    buy(cast, 500, at=NOON + days(5))

    found = standing.with_due_points(NOON + days(12)).get(pk=cast.membership.pk)

    assert found.due_points == 10


class _TroubleError(Exception):
    def __init__(self, sqlstate):
        self.sqlstate = sqlstate


def trouble(sqlstate, words=""):
    error = OperationalError(words)
    error.__cause__ = _TroubleError(sqlstate) if sqlstate else None
    return error


def failing(times, error):
    tries = []

    @deeds.one_transaction
    def operation():
        tries.append(1)
        if len(tries) <= times:
            raise error
        return len(tries)

    return operation, tries


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
def test_a_deadlock_is_tried_again_at_most_three_times(sqlstate):
    operation, tries = failing(2, trouble(sqlstate))
    assert operation() == 3

    operation, tries = failing(9, trouble(sqlstate))
    with pytest.raises(BusyError):
        operation()
    assert len(tries) == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("sqlstate", "words"), [("55P03", ""), ("57014", ""), ("", "is locked")])
def test_a_lock_that_does_not_come_is_told_at_once(sqlstate, words):
    operation, tries = failing(9, trouble(sqlstate, words))

    with pytest.raises(BusyError):
        operation()

    assert len(tries) == 1


def test_inside_another_transaction_nothing_is_tried_again():
    operation, tries = failing(9, trouble("40P01"))

    with pytest.raises(BusyError), transaction.atomic():
        operation()

    assert len(tries) == 1


def test_other_trouble_of_the_database_is_not_hidden():
    operation, tries = failing(9, trouble("", "disk I/O error"))

    with pytest.raises(OperationalError):
        operation()

    assert len(tries) == 1


def test_parts_of_a_deed_have_keys_of_their_own_however_long_its_key_is():
    keys = {
        deeds.key_of_part("x" * 63 + last, part) for last in "ab" for part in ("welcome", "undo-0")
    }

    assert len(keys) == 4
    assert max(len(key) for key in keys) <= 64


def test_ledger_rows_name_themselves_without_anybodys_name():
    rows_of = {
        Transaction(pk=1): "transaction 1",
        TransactionNote(transaction_id=1): "note of transaction 1",
        Entry(pk=2): "entry 2",
        Lot(pk=3): "lot 3",
        LotUse(pk=4): "lot use 4",
        ReceiptUse(pk=5): "receipt use 5",
        TierChange(pk=6): "tier change 6",
        VoucherMove(pk=7): "voucher move 7",
    }

    assert [str(row) for row in rows_of] == list(rows_of.values())
