"""A run of draft rules is done in chunks, once, and says so when it fails or is replaced."""

from datetime import timedelta

import pytest

from cards.models import WhatIf, WhatIfStatus
from loyalty.analytics import whatif
from loyalty.jobs import queue
from loyalty.jobs.models import Job, JobState
from tests.analytics.runs import ask, draft, finish, job_of, tried
from tests.cast import NOON, join, make_cast, make_user
from tests.operations.counter import buy

pytestmark = pytest.mark.django_db


@pytest.fixture
def crowd():
    """Mia, Noor and four more on Harbour's card, two purchases each."""
    cast = make_cast()
    people = [cast.membership, join(cast.noor, cast.card)]
    people += [join(make_user(f"guest{n}"), cast.card) for n in range(4)]
    for turn, one in enumerate([*people, *people]):
        buy(cast, 1000 + turn, at=NOON + timedelta(minutes=turn), membership=one)
    draft(cast.card, points_per_step=2)
    return cast


def test_the_work_is_done_in_chunks_and_comes_to_the_same(crowd, monkeypatch):
    whole = tried(crowd.card)
    monkeypatch.setattr(whatif, "CHUNK_SECONDS", 0.0)
    monkeypatch.setattr(whatif, "BATCH_PURCHASES", 3)
    run, seen = ask(crowd.card), []
    job = job_of(run)

    while job.state == JobState.QUEUED:
        queue.run(job.pk)
        job.refresh_from_db()
        run.refresh_from_db()
        seen.append((run.status, run.seen_count))

    chunks = [("RUNNING", 2), ("RUNNING", 4), ("RUNNING", 6), ("RUNNING", 8), ("RUNNING", 10)]
    assert seen == [*chunks, ("RUNNING", 12), ("DONE", 12)]
    assert run.outcome == whole.outcome


def test_a_chunk_that_is_run_twice_counts_once(crowd, monkeypatch):
    whole = tried(crowd.card)
    monkeypatch.setattr(whatif, "CHUNK_SECONDS", 0.0)
    monkeypatch.setattr(whatif, "BATCH_PURCHASES", 3)
    run = ask(crowd.card)
    job = job_of(run)
    queue.run(job.pk)
    late = WhatIf.objects.select_related("card__partner").get(pk=run.pk)
    queue.run(job.pk)

    assert whatif.Run(late).step() is False  # A worker that woke up and is behind.
    assert finish(run).outcome == whole.outcome
    assert whatif.work(job_of(run)) is False  # Done already.
    assert finish(run).outcome == whole.outcome


def test_rules_that_cannot_be_computed_fail_the_run_and_say_so(caplog):
    cast = make_cast()
    buy(cast, 100)
    run = ask(cast.card)
    WhatIf.objects.filter(pk=run.pk).update(terms={"schema": 2, "rules": {"plans": [{}]}})

    failed = finish(run)

    assert (failed.status, failed.outcome) == (WhatIfStatus.FAILED, {"error": "TypeError"})
    assert job_of(run).state == JobState.DONE
    assert f"What-if {run.pk} failed" in caplog.text


def test_a_run_that_the_queue_gave_up_is_known_and_can_be_asked_again():
    cast = make_cast()
    run = ask(cast.card)
    assert not whatif.is_given_up(run)
    Job.objects.update(state=JobState.DEAD)

    again = ask(cast.card)

    assert whatif.is_given_up(run)
    assert again.pk != run.pk
    assert finish(again).status == WhatIfStatus.DONE


def test_asking_the_same_while_it_runs_returns_the_run_that_is_there():
    cast = make_cast()
    first = ask(cast.card, by=cast.petra)

    assert ask(cast.card) == first
    assert (first.asked_by_id, first.partner_id, Job.objects.count()) == (
        cast.petra.pk,
        cast.partner.pk,
        1,
    )


def test_asking_of_other_rules_takes_the_place_of_what_runs():
    cast = make_cast()
    first = ask(cast.card)
    draft(cast.card, points_per_step=2)

    second = ask(cast.card)

    first.refresh_from_db()
    assert (first.status, first.outcome) == (WhatIfStatus.FAILED, {"error": whatif.REPLACED})
    assert finish(first).status == WhatIfStatus.FAILED
    assert finish(second).status == WhatIfStatus.DONE


def test_the_newest_ten_runs_of_a_card_are_kept():
    cast = make_cast()
    other = ask(cast.hill_card)
    runs = [tried(cast.card) for _ in range(12)]

    assert set(WhatIf.objects.all()) == {other, *runs[-10:]}


def test_days_that_are_not_offered_are_refused():
    cast = make_cast()

    with pytest.raises(whatif.DaysNotOfferedError):
        ask(cast.card, days=8)
