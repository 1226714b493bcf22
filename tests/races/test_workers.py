"""Workers side by side at what the clock brings: each goes on until nothing is left."""

import pytest
from django.db import connection, transaction

from loyalty.operations import expiries
from tests.cast import NOON, join, make_cast, make_user
from tests.operations.counter import account_of, adjust, days, issue
from tests.races.crowd import together

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.postgresql,  # SQLite lets one worker in at a time.
]
LATER = NOON + days(9)


def test_expiry_passes_by_accounts_that_a_counter_is_working_on():
    cast = make_cast(expiry_days=1)
    adjust(cast, 1000)
    cast.reward.voucher_days = 1
    cast.reward.save()
    issue(cast)

    def book():
        return expiries.book_expiry(at=LATER), expiries.book_voucher_expiry(at=LATER)

    with transaction.atomic():
        account = account_of(cast.membership)
        type(account).objects.select_for_update(no_key=True).get(pk=account.pk)
        assert together(book) == [(0, 0)]

    assert book() == (1, 1)


@pytest.mark.req("PA2.5")
def test_what_another_worker_books_between_look_and_lock_does_not_end_the_work(monkeypatch):
    monkeypatch.setattr(expiries, "MOST_LOTS", 1)
    monkeypatch.setattr(expiries, "MOST_SEEN", 2)
    cast = make_cast(expiry_days=1)
    held = [cast.membership, *(join(make_user(f"m{n}"), cast.card) for n in range(2))]
    for one in held:
        adjust(cast, 50, membership=one)
    booked = []

    def meanwhile(execute, sql, params, many, context):
        found = execute(sql, params, many, context)
        if not booked and 'FROM "ledger_lot"' in sql:
            booked.extend(together(book) + together(book))
        return found

    def book():
        return expiries.book_expiry(at=LATER)

    with connection.execute_wrapper(meanwhile):
        booked.append(book())

    assert booked == [1, 1, 1]
    assert [account_of(one).points for one in held] == [0, 0, 0]
