"""Book an upload that was confirmed: all or nothing, or in chunks that commit with their progress.

Whoever kills the job loses nothing: the next start goes on with the row after the last booked one,
under keys that are made of the upload and the row's number.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from loyalty.imports import checking, intake, work
from loyalty.imports.models import StopReason, Upload, UploadRow, UploadState
from loyalty.imports.problems import RowError, of
from loyalty.jobs import queue
from loyalty.jobs.models import Job
from loyalty.ledger.models import Kind
from loyalty.operations import mass_adjustments, standing
from loyalty.operations.deeds import BusyError, broke, one_transaction
from loyalty.users.models import User

# So many rows are booked at once, and their accounts are locked until they are written.
CHUNK = 250


class WrongStateError(ValueError):
    """The upload is not where this could be done; somebody did something else first."""


class HasErrorsError(ValueError):
    """All or nothing, and some rows have errors."""


class NothingToBookError(ValueError):
    """No row can be booked."""


class _RefusedError(Exception):
    """A booking of all or nothing met errors: by the number of the row."""

    def __init__(self, errors: Mapping[int, RowError]) -> None:
        super().__init__(len(errors))
        self.errors = errors


@one_transaction
def confirm(*, upload_id: int, by: User, at: datetime) -> Upload:
    """Let an upload that was checked be booked, as of now; return it.

    :raises WrongStateError: HasErrorsError: NothingToBookError: AlreadyBookedError: if it cannot.
    """
    upload = _locked(upload_id, UploadState.CHECKED)
    if upload.rows_erased_at:
        raise WrongStateError
    if upload.is_whole and upload.error_count:
        raise HasErrorsError
    if not upload.good_count:
        raise NothingToBookError
    intake.refuse_booked(card_id=upload.card_id, kind=upload.kind, file_hash=upload.file_hash)
    upload.state, upload.changed_at = UploadState.BOOKING, at
    upload.confirmed_by, upload.confirmed_at = by, at
    upload.was_refused = False
    _save(upload)
    work.enqueue(upload)
    return upload


def _save(upload: Upload) -> None:
    try:
        with transaction.atomic():
            upload.save()
    except IntegrityError as error:
        if broke(error, "file_is_booked_once", "card_id", "file_hash"):
            intake.refuse_booked(
                card_id=upload.card_id, kind=upload.kind, file_hash=upload.file_hash
            )
        raise


@one_transaction
def cancel(*, upload_id: int, at: datetime) -> Upload:
    """Stop a booking after the chunk that is under way; what is booked stays booked.

    :raises WrongStateError: if nothing is being booked.
    """
    upload = _locked(upload_id, UploadState.BOOKING)
    upload.state, upload.stopped_by = UploadState.STOPPED, StopReason.CANCELLED
    upload.changed_at = at
    upload.save()
    return upload


@one_transaction
def go_on(*, upload_id: int, by: User, at: datetime) -> Upload:
    """Take up again what was stopped, or given up by the queue, on this person's word.

    What is left is booked as of now, under the terms that are in force now.

    :raises WrongStateError: if it goes on already, or its rows are gone.
    """
    upload = _locked(upload_id, UploadState.STOPPED, UploadState.BOOKING, UploadState.READING)
    is_stopped = upload.state == UploadState.STOPPED
    if upload.rows_erased_at or not (is_stopped or work.is_given_up(upload)):
        raise WrongStateError
    if upload.confirmed_at is None:
        upload.state, upload.uploaded_by = UploadState.READING, by
    else:
        upload.state = UploadState.BOOKING
        upload.confirmed_by, upload.confirmed_at = by, at
    upload.stopped_by, upload.changed_at = "", at
    upload.save()
    work.enqueue(upload)
    return upload


@one_transaction
def discard(*, upload_id: int, at: datetime) -> Upload:
    """Forget an upload of which nothing is booked; the same file may be uploaded again.

    :raises WrongStateError: if something of it is booked, or is about to be.
    """
    upload = _locked(upload_id, UploadState.READING, UploadState.CHECKED, UploadState.STOPPED)
    if upload.booked_count:
        raise WrongStateError
    upload.changed_at = at
    upload.close(at)
    upload.save()
    upload.rows.all().delete()
    upload.parts.all().delete()
    return upload


def _locked(upload_id: int, *states: UploadState) -> Upload:
    upload = Upload.objects.select_for_update(no_key=True).get(pk=upload_id)
    if upload.state not in states:
        raise WrongStateError
    return upload


@queue.work(work.BOOK)
def book(job: Job) -> bool:
    """Book an upload for a while; return whether more is left."""
    upload_id = job.arguments["upload"]
    try:
        return queue.for_a_while(lambda: book_some(upload_id=upload_id))
    except BusyError:
        return True
    except _RefusedError as refused:
        _refuse(upload_id, refused.errors)
    except (standing.NotAllowedError, standing.MembershipNotFoundError):
        checking.stop(upload_id, StopReason.NOT_ALLOWED)
    except standing.CardNotOpenError:
        checking.stop(upload_id, StopReason.CARD_CLOSED)
    return False


@one_transaction
def book_some(*, upload_id: int) -> int:
    """Book the next rows, all of them where it is all or nothing, and return how many were seen.

    The rows and how far it is are one transaction. Zero when nothing is left to do.
    """
    upload = Upload.objects.select_for_update(no_key=True).get(pk=upload_id)
    if upload.state != UploadState.BOOKING:
        return 0
    seen = 0
    errors: dict[int, RowError] = {}
    while rows := _next(upload):
        errors |= _book(upload, rows)
        seen += len(rows)
        if not upload.is_whole:
            break
    if errors and upload.is_whole:
        raise _RefusedError(errors)
    _mark(upload, errors)
    upload.error_count += len(errors)
    if not seen or upload.is_whole:
        upload.state = UploadState.DONE
        checking.sum_up(upload)
    upload.save()
    return seen


def _next(upload: Upload) -> list[UploadRow]:
    ahead = upload.rows.filter(error="", number__gt=upload.booked_to)
    return list(ahead.order_by("number")[:CHUNK])


def _book(upload: Upload, rows: Sequence[UploadRow]) -> dict[int, RowError]:
    """Book these rows and return what was in the way of some, by number."""
    assert upload.confirmed_at  # noqa: S101 - set when the booking began
    found = mass_adjustments.book(
        deed=checking.deed_of(upload, by=upload.confirmed_by, at=upload.confirmed_at),
        card_id=upload.card_id,
        kind=Kind(upload.kind),
        lines=[checking.line_of(upload, row) for row in rows],
    )
    errors = {
        row.number: of(error) for row, error in zip(rows, found, strict=True) if error is not None
    }
    upload.booked_to = rows[-1].number
    upload.booked_count += len(rows) - len(errors)
    return errors


def _mark(upload: Upload, errors: Mapping[int, RowError]) -> None:
    for number, error in errors.items():
        upload.rows.filter(number=number).update(error=error.problem, facts=error.facts)


@one_transaction
def _refuse(upload_id: int, errors: Mapping[int, RowError]) -> None:
    """Send an upload of all or nothing back: something changed since it was checked."""
    upload = _locked(upload_id, UploadState.BOOKING)
    _mark(upload, errors)
    upload.state, upload.was_refused = UploadState.CHECKED, True
    upload.confirmed_by, upload.confirmed_at = None, None
    checking.sum_up(upload)
    upload.save()
