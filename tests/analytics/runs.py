"""Short ways to ask what draft rules would have done, and to run the job to its end."""

from datetime import timedelta

from cards.models import Card, PlanLine, WhatIf
from loyalty.analytics import whatif
from loyalty.jobs import queue
from loyalty.jobs.models import Job, JobState
from tests.cast import NOON


def draft(card, **fields):
    """Change the card's rules without publishing them."""
    Card.objects.filter(pk=card.pk).update(**fields)


def redraft(line, **fields):
    PlanLine.objects.filter(pk=line.pk).update(**fields)


def ask(card, *, days=30, at=NOON + timedelta(days=1), by=None):
    return whatif.ask(card_id=card.pk, days=days, at=at, by_id=by.pk if by else None)


def job_of(run):
    return Job.objects.get(key=f"what-if:{run.pk}")


def finish(run):
    """Let the worker do all chunks of a run, and return it as it then stands."""
    job = job_of(run)
    while job.state in {JobState.QUEUED, JobState.RUNNING}:
        queue.run(job.pk)
        job.refresh_from_db()
    return WhatIf.objects.get(pk=run.pk)


def tried(card, **how):
    return finish(ask(card, **how))


def figures(run, *names):
    return tuple(run.outcome[name] for name in names)


def issued(run):
    """Return points before and after, and credit before and after."""
    return figures(run, "points_before", "points_after", "credit_before", "credit_after")
