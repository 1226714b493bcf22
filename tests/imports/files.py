"""Short ways to upload a file in a test, and to let the queue work on it to the end."""

from loyalty.imports import booking, intake
from loyalty.imports.intake import Choices
from loyalty.imports.models import Upload, UploadKind
from loyalty.jobs import queue
from loyalty.jobs.models import Job, JobState
from loyalty.operations.adjustments import AdjustmentReason
from tests.cast import NOON


def upload(cast, tmp_path, *lines, name="points.csv", by=None, card=None, at=NOON, **choices):
    """Take in a CSV file of these lines, the first of them the titles."""
    path = tmp_path / name
    path.write_text("\n".join(lines), encoding="utf-8")
    chosen = {"kind": UploadKind.ADJUSTMENT, "reason": AdjustmentReason.PROMOTION} | choices
    return intake.take_in(
        path=path,
        name=name,
        card=card or cast.card,
        choices=Choices(**chosen),
        by=by or cast.petra,
        at=at,
    )


def job_of(taken: Upload) -> Job:
    taken.refresh_from_db()
    return Job.objects.get(key=f"import {taken.pk} {taken.tries}")


def work(taken: Upload) -> Upload:
    """Let the worker do all chunks of the upload's job, and return it as it then stands."""
    job = job_of(taken)
    while job.state in {JobState.QUEUED, JobState.RUNNING}:
        queue.run(job.pk)
        job.refresh_from_db()
    taken.refresh_from_db()
    return taken


def checked(cast, tmp_path, *lines, **how) -> Upload:
    return work(upload(cast, tmp_path, *lines, **how))


def confirm(taken: Upload, by, *, at=NOON) -> Upload:
    return booking.confirm(upload_id=taken.pk, by=by, at=at)


def booked(cast, tmp_path, *lines, **how) -> Upload:
    taken = checked(cast, tmp_path, *lines, **how)
    return work(confirm(taken, cast.petra))


def told(taken: Upload, *names: str):
    """Return these columns of the rows, in the order of the file."""
    return list(taken.rows.order_by("number").values_list("number", *names))
