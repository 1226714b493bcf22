"""A booking that is killed goes on where it was, and the ledger is as if nothing had happened."""

import os
import signal

import pytest
from django.db import connection, transaction

from loyalty.imports import booking
from loyalty.jobs import queue
from tests.cast import NOON, join, make_cast, make_tier, make_user
from tests.imports.files import checked, confirm, job_of, work
from tests.operations.counter import adjust, days, mismatches
from tests.operations.test_mass_adjustments import books

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# A chunk of five rows sends fewer statements than this, the whole file many more.
STATEMENTS = 40


def killed_at_work(job_id: int) -> int:
    """Let another process work until it kills itself amid a chunk; return what ended it."""
    connection.close()
    pid = os.fork()
    if pid == 0:  # pragma: no cover - the process dies before it could tell
        sent = []

        def die(execute, sql, params, many, context):
            sent.append(sql)
            if len(sent) == STATEMENTS:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(sql, params, many, context)

        try:
            with connection.execute_wrapper(die):
                queue.run(job_id)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.req("CU7")
def test_a_booking_killed_twice_comes_to_the_same_ledger(tmp_path, monkeypatch):
    monkeypatch.setattr(booking, "CHUNK", 5)
    cast = make_cast()
    make_tier(cast.card, "Silver", 30)
    held = [cast.membership, *(join(make_user(f"u{n}"), cast.card) for n in range(6))]
    for one in held:
        adjust(cast, 9, membership=one, at=NOON - days(1))
    rows = [f"{held[n % 7].number},{n - 9 if n % 3 else 7}" for n in range(40)]
    taken = checked(cast, tmp_path, "member,points", *rows, is_whole=False)
    confirm(taken, cast.petra)
    with transaction.atomic():
        work(taken)
        uninterrupted = (books(), taken.booked_count, taken.error_count)
        transaction.set_rollback(True)
    taken.refresh_from_db()

    places = []
    for _ in range(2):
        assert killed_at_work(job_of(taken).pk) == -signal.SIGKILL
        taken.refresh_from_db()
        places.append((taken.state, taken.booked_to))
    work(taken)

    assert [state for state, _ in places] == ["BOOKING", "BOOKING"]
    assert 0 < places[0][1] < places[1][1] < taken.booked_to
    assert (books(), taken.booked_count, taken.error_count) == uninterrupted
    assert mismatches(NOON) == []
