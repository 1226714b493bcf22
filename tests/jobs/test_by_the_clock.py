"""What runs by the clock: queued once an hour where something is due, done chunk by chunk."""

import pytest

from loyalty import schedules
from loyalty.jobs import queue
from loyalty.jobs.models import Job, JobState
from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import Account
from loyalty.operations import by_the_clock
from tests.cast import NOON, join, make_cast, make_reward, make_tier
from tests.operations.counter import account_of, balance, buy, days, issue, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch):
    """Return a function that sets what the schedules take for now."""

    def show(at):
        monkeypatch.setattr(schedules.timezone, "now", lambda: at)

    return show


def run_all():
    """Do every job there is until none is waiting, as the workers do."""
    for job in Job.objects.exclude(state__in=[JobState.DONE, JobState.DEAD]):
        while Job.objects.get(pk=job.pk).state != JobState.DONE:
            queue.run(job.pk)


@pytest.mark.req("PA2.5")
def test_points_past_their_date_are_booked_by_one_job_of_the_hour(clock, settings):
    settings.WORKERS = 1
    cast = make_cast(expiry_days=10)
    buy(cast, 1000)
    clock(NOON + days(9))
    assert schedules.book_due_points() == 0
    clock(NOON + days(20))

    assert [schedules.book_due_points() for _twice in range(2)] == [1, 1]
    run_all()

    job = Job.objects.get()
    assert (job.name, job.key, job.state) == (
        by_the_clock.POINTS,
        "book due points 2026-06-03T12",
        JobState.DONE,
    )
    assert balance(cast) == 0
    assert schedules.book_due_points() == 0


@pytest.mark.req("PA2.5")
def test_each_worker_gets_a_job_of_the_points_that_are_due(clock, settings):
    settings.WORKERS = 2
    cast = make_cast(expiry_days=10)
    buy(cast, 1000)
    clock(NOON + days(20))

    assert [schedules.book_due_points() for _twice in range(2)] == [1, 1]
    run_all()

    assert list(Job.objects.order_by("pk").values_list("key", "state")) == [
        ("book due points 2026-06-03T12", JobState.DONE),
        ("book due points 2026-06-03T12 2", JobState.DONE),
    ]
    assert Transaction.objects.filter(kind=Kind.EXPIRY).count() == 1


@pytest.mark.req("PA2.5", "CU12")
def test_vouchers_past_their_date_are_booked_by_a_job_of_their_own(clock):
    cast = make_cast()
    buy(cast, 30_000)
    issue(cast, make_reward(cast.card, "Tart", cost=100, voucher_days=5))
    clock(NOON + days(20))

    assert schedules.book_due_vouchers() == 1
    run_all()

    assert Transaction.objects.filter(kind=Kind.EXPIRY).count() == 1
    assert schedules.book_due_vouchers() == 0


@pytest.mark.req("IV3.18", "CU34")
def test_tiers_that_time_has_moved_are_judged_by_a_job(clock):
    cast = make_cast()
    place(cast, make_tier(cast.card, "Silver", 100), hold_until=NOON + days(5))
    clock(NOON + days(4))
    assert schedules.review_tiers() == 0
    clock(NOON + days(6))

    assert schedules.review_tiers() == 1
    run_all()

    assert account_of(cast.membership).tier is None
    assert schedules.review_tiers() == 0


@pytest.mark.req("PA2.5")
def test_a_job_stops_when_its_time_is_up_and_the_next_chunk_goes_on(monkeypatch, clock, settings):
    settings.WORKERS = 1
    cast = make_cast(expiry_days=10)
    for user in (cast.noor, cast.tess, cast.petra):
        buy(cast, 1000, membership=join(user, cast.card))
    clock(NOON + days(20))
    book = by_the_clock.expiries.book_expiry
    monkeypatch.setattr(by_the_clock.expiries, "book_expiry", lambda at, **_: book(at=at, chunk=1))
    monkeypatch.setattr(queue, "CHUNK_SECONDS", -1.0)
    schedules.book_due_points()
    job = Job.objects.get()

    left = []
    for _chunk in range(3):
        queue.run(job.pk)
        left.append(Account.objects.filter(points__gt=0).count())

    job.refresh_from_db()
    assert (left, job.state, job.done_count) == ([1, 0, 0], JobState.DONE, 2)
