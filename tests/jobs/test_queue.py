"""The job queue: queued once, done chunk by chunk, given up after five starts."""

import gc

import pytest
from django_q.models import OrmQ

from loyalty.jobs import queue
from loyalty.jobs.models import Job, JobState

pytestmark = pytest.mark.django_db


@pytest.fixture
def work(monkeypatch):
    """Work of as many chunks as the job's arguments say; returns what was done."""
    done: list[int] = []

    def count(job):
        done.append(job.pk)
        return len(done) < int(job.arguments["chunks"])

    monkeypatch.setattr(queue, "WORKS", {})
    queue.work("count")(count)
    return done


def state_of(job: Job) -> tuple[str, int, int]:
    job.refresh_from_db()
    return (job.state, job.starts, job.done_count)


def test_a_job_of_one_key_is_queued_once(work):
    first = queue.enqueue(name="count", key="k", arguments={"chunks": 1})

    again = queue.enqueue(name="count", key="k", arguments={"chunks": 9})

    assert (again.pk, again.arguments) == (first.pk, {"chunks": 1})
    assert OrmQ.objects.count() == 1


def test_a_job_does_a_chunk_at_a_time_until_nothing_is_left(work):
    job = queue.enqueue(name="count", key="k", arguments={"chunks": 2})

    queue.run(job.pk)
    assert state_of(job) == (JobState.QUEUED, 0, 1)
    queue.run(job.pk)
    assert state_of(job) == (JobState.DONE, 0, 2)
    queue.run(job.pk)

    assert (state_of(job), len(work)) == ((JobState.DONE, 0, 2), 2)
    assert OrmQ.objects.count() == 2


def test_a_job_at_which_the_worker_dies_is_given_up_after_five_starts(work):
    job = queue.enqueue(name="count", key="k", arguments={"chunks": 1})
    Job.objects.filter(pk=job.pk).update(starts=queue.MOST_STARTS)

    queue.run(job.pk)

    assert (state_of(job)[0], job.error, work) == (
        JobState.DEAD,
        "The worker died at it five times.",
        [],
    )


def test_a_job_that_fails_keeps_its_start_counted(work):
    job = queue.enqueue(name="count", key="f")  # Without its arguments the work fails.

    with pytest.raises(KeyError):
        queue.run(job.pk)

    assert state_of(job) == (JobState.RUNNING, 1, 0)


def test_cycles_are_looked_for_rarely_during_a_chunk_and_as_usual_after_it():
    usual, seen = gc.get_threshold(), []

    with pytest.raises(ZeroDivisionError):
        queue.for_a_while(lambda: seen.append(gc.get_threshold()[0]) or 1 // 0)

    assert (seen, gc.get_threshold()) == ([queue.OBJECTS_BETWEEN_COLLECTIONS], usual)
