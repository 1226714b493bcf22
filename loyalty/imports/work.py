"""The jobs of an upload: each try is one job of the queue."""

from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat

from loyalty.imports.models import Upload, UploadState
from loyalty.jobs import queue
from loyalty.jobs.models import Job, JobState

CHECK, BOOK = "check import", "book import"


def enqueue(upload: Upload) -> None:
    """Queue the work that the upload's state asks for, as a try of its own."""
    upload.tries += 1
    Upload.objects.filter(pk=upload.pk).update(tries=upload.tries)
    name = CHECK if upload.state == UploadState.READING else BOOK
    queue.enqueue(name=name, key=_key(upload), arguments={"upload": upload.pk})


def is_given_up(upload: Upload) -> bool:
    """Return whether the queue gave up on an upload that is not done."""
    return upload.is_live and Job.objects.filter(key=_key(upload), state=JobState.DEAD).exists()


def given_up() -> Exists:
    """Return a condition on uploads: the queue gave up on their last try."""
    key = Concat(
        Value("import "),
        Cast(OuterRef("pk"), CharField()),
        Value(" "),
        Cast(OuterRef("tries"), CharField()),
    )
    return Exists(Job.objects.filter(key=key, state=JobState.DEAD))


def _key(upload: Upload) -> str:
    return f"import {upload.pk} {upload.tries}"
