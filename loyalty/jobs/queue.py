"""The one door to the job queue: enqueue, and run with attempts counted before the work."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import F
from django_q.tasks import async_task

from loyalty.jobs.models import Job, JobState

MOST_STARTS = 5
# A chunk's work stays well below the queue's timeout, so that a slow step at its end fits too.
CHUNK_SECONDS = 20.0
OBJECTS_BETWEEN_COLLECTIONS = 50_000
Work = Callable[[Job], bool]
WORKS: dict[str, Work] = {}


def work(name: str) -> Callable[[Work], Work]:
    """Register a function as the work of jobs of this name.

    It does one chunk in at most 20 seconds and returns whether anything is left to do.
    """

    def register(function: Work) -> Work:
        WORKS[name] = function
        return function

    return register


def for_a_while(step: Callable[[], int], *, clock: Callable[[], float] = time.monotonic) -> bool:
    """Repeat a step, which commits what it did, until it finds nothing or a chunk's time is up.

    Returns whether anything may be left to do.
    """
    ends = clock() + CHUNK_SECONDS
    with _collecting_rarely():
        while step():
            if clock() >= ends:
                return True
    return False


@contextmanager
def _collecting_rarely() -> Iterator[None]:
    """Let Python look for cycles after many new objects: among rows by the thousand are none.

    It took a fifth of the time.
    """
    usual = gc.get_threshold()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@transaction.atomic
def enqueue(*, name: str, key: str, arguments: dict[str, Any] | None = None) -> Job:
    """Queue a job unless its key was queued before; commits or rolls back with the caller."""
    job, is_new = Job.objects.get_or_create(
        key=key, defaults={"name": name, "arguments": arguments or {}}
    )
    if is_new:
        async_task("loyalty.jobs.queue.run", job.pk)
    return job


def run(job_id: int) -> None:
    """Do one chunk of a job and queue the next; give up after five starts without progress.

    The start is counted in its own transaction, because a worker can die at its work.
    """
    changed = (
        Job.objects.filter(pk=job_id)
        .exclude(state__in=[JobState.DONE, JobState.DEAD])
        .update(starts=F("starts") + 1, state=JobState.RUNNING)
    )
    if not changed:
        return
    job = Job.objects.get(pk=job_id)
    if job.starts > MOST_STARTS:
        Job.objects.filter(pk=job_id).update(
            state=JobState.DEAD, error=job.error or "The worker died at it five times."
        )
        return
    is_more = WORKS[job.name](job)
    with transaction.atomic():
        Job.objects.filter(pk=job_id).update(
            starts=0,
            done_count=F("done_count") + 1,
            state=JobState.QUEUED if is_more else JobState.DONE,
        )
        if is_more:
            async_task("loyalty.jobs.queue.run", job_id)
