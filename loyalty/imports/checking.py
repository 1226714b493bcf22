"""The dry run of an upload: each row read, matched and judged, part by part; nothing is booked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q, Sum
from django.utils import timezone

from cards.models import Card
from clubs.models import DECIMALS, Partner
from loyalty.imports import intake, matching, work
from loyalty.imports.columns import Cell
from loyalty.imports.matching import Match
from loyalty.imports.models import (
    StopReason,
    Upload,
    UploadKind,
    UploadPart,
    UploadRow,
    UploadState,
)
from loyalty.imports.problems import Problem, RowError, of
from loyalty.jobs import queue
from loyalty.jobs.models import Job
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Kind, Source, Unit
from loyalty.operations import mass_adjustments, standing
from loyalty.operations.adjustments import AdjustmentReason, Correction
from loyalty.operations.deeds import BusyError, Deed, one_transaction
from loyalty.operations.many_standings import Line
from loyalty.rules import typed
from loyalty.users.models import User

REASONS = {
    word.casefold(): reason
    for reason in AdjustmentReason
    for word in (reason.value, reason.value.replace("_", " "))
}
# Later ones are slips of the finger.
LAST_YEAR = 2999
# What a spreadsheet puts after a day.
MIDNIGHT = " 00:00:00"


@queue.work(work.CHECK)
def check(job: Job) -> bool:
    """Check an upload for a while; return whether more is left."""
    upload_id = job.arguments["upload"]
    try:
        return queue.for_a_while(lambda: check_part(upload_id=upload_id, at=timezone.now()))
    except BusyError:
        return True
    except (standing.NotAllowedError, standing.MembershipNotFoundError):
        stop(upload_id, StopReason.NOT_ALLOWED)
    except standing.CardNotOpenError:
        stop(upload_id, StopReason.CARD_CLOSED)
    return False


def stop(upload_id: int, reason: StopReason) -> None:
    """Stop the work on an upload that cannot go on."""
    Upload.objects.filter(
        pk=upload_id, state__in=[UploadState.READING, UploadState.BOOKING]
    ).update(state=UploadState.STOPPED, stopped_by=reason)


@one_transaction
def check_part(*, upload_id: int, at: datetime) -> int:
    """Check the next part of an upload and return its rows; zero when all are checked.

    Each part's rows are written in one transaction with the part's end, so a check that died goes
    on where it was.

    :raises NotAllowedError: MembershipNotFoundError: CardNotOpenError: if nothing can be booked.
    """
    # Whoever erases a person holds the partner, so that no row is written of what was read before.
    partner = Upload.objects.filter(pk=upload_id).values("partner")
    Partner.objects.select_for_update(no_key=True).get(pk__in=partner)
    upload = Upload.objects.select_for_update(no_key=True).get(pk=upload_id)
    if upload.state != UploadState.READING:
        return 0
    part = upload.parts.order_by("number").first()
    if part is None:
        _close(upload)
        return 0
    rows = _Checker(upload, at).check(intake.unpacked(part.content))
    UploadRow.objects.bulk_create(rows, batch_size=intake.PART)
    UploadPart.objects.filter(pk=part.pk).delete()
    upload.checked_count += len(rows)
    upload.error_count += sum(bool(row.error) for row in rows)
    upload.save(update_fields=["checked_count", "error_count"])
    return len(rows)


def _close(upload: Upload) -> None:
    upload.state = UploadState.CHECKED
    sum_up(upload)
    upload.save()


def sum_up(upload: Upload) -> None:
    """Count the upload's errors, and sum what its other rows add and take."""
    good, sums = Q(error=""), {}
    for unit, name in ((Unit.POINTS, "points"), (Unit.CREDIT, "credit")):
        own = good & Q(unit=unit)
        sums[f"{name}_added"] = Sum("amount", filter=own & Q(amount__gt=0), default=0)
        sums[f"{name}_taken"] = Sum("amount", filter=own & Q(amount__lt=0), default=0)
    found = upload.rows.aggregate(error_count=Count("pk", filter=~good), **sums)
    for name, value in found.items():
        setattr(upload, name, abs(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What a row says."""

    unit: Unit
    amount: int
    reason: str
    expires_on: date | None


class _Checker:
    """Checks rows of one upload."""

    def __init__(self, upload: Upload, at: datetime) -> None:
        self.upload = upload
        self.card = Card.objects.select_related("partner").get(pk=upload.card_id)
        self.deed = deed_of(upload, by=upload.uploaded_by, at=at)

    def check(self, packed: Sequence[intake.Packed]) -> list[UploadRow]:
        """Return the rows with what they would do, or what is in their way."""
        texts: list[tuple[int, Mapping[str, str]]]
        texts = [(number, dict(zip(Cell, cells, strict=True))) for number, cells in packed]
        matches = matching.matched(self.card, [row[Cell.MEMBER] for _, row in texts])
        rows = [self._read(number, row, matches) for number, row in texts]
        self._foretell([row for row in rows if not row.error])
        return rows

    def _read(
        self, number: int, cells: Mapping[str, str], matches: Mapping[str, Match | RowError]
    ) -> UploadRow:
        key = cells[Cell.MEMBER]
        row = UploadRow(
            upload=self.upload,
            number=number,
            key=key[:254],
            typed=(cells[Cell.POINTS] or cells[Cell.CREDIT])[:40],
            unit=Unit.CREDIT if cells[Cell.CREDIT] else Unit.POINTS,
            internal=cells[Cell.INTERNAL][:500],
            comment=cells[Cell.COMMENT][:200],
        )
        match = matches[key]
        try:
            if isinstance(match, RowError):
                raise match
            row.membership_id, row.account_id = match.membership_id, match.account_id
            read = self._understood(cells)
        except RowError as error:
            row.error, row.facts = error.problem, error.facts
            return row
        row.unit, row.amount = read.unit, read.amount
        row.reason, row.expires_on = read.reason, read.expires_on
        return row

    def _understood(self, cells: Mapping[str, str]) -> _Read:
        for cell, most in ((Cell.INTERNAL, 500), (Cell.COMMENT, 200)):
            if len(cells[cell]) > most:
                raise RowError(Problem.TOO_LONG, most=most)
        unit, amount = self._amount(cells[Cell.POINTS], cells[Cell.CREDIT])
        is_opening = self.upload.kind == UploadKind.OPENING
        return _Read(
            unit=unit,
            amount=amount,
            reason=_reason(cells[Cell.REASON]),
            expires_on=_day(cells[Cell.EXPIRES]) if is_opening else None,
        )

    def _amount(self, points: str, credit: str) -> tuple[Unit, int]:
        if points and credit:
            raise RowError(Problem.TWO_AMOUNTS)
        if not points and not credit:
            raise RowError(Problem.NO_AMOUNT)
        try:
            if points:
                return Unit.POINTS, typed.whole(points, is_signed=True)
            places = DECIMALS[self.card.currency]
            return Unit.CREDIT, typed.minor_units(credit, places=places, is_signed=True)
        except typed.TooFineError as error:
            raise RowError(Problem.TOO_FINE, places=error.places) from None
        except typed.NotANumberError:
            raise RowError(Problem.NOT_WHOLE if points else Problem.NOT_MONEY) from None

    def _foretell(self, rows: Sequence[UploadRow]) -> None:
        """Fill in what each row would do after those before it in the file."""
        foretold = mass_adjustments.foretell(
            deed=self.deed,
            card_id=self.card.pk,
            kind=Kind(self.upload.kind),
            lines=[line_of(self.upload, row) for row in rows],
            moved=self._moved([row.account_id for row in rows]),
        )
        for row, told in zip(rows, foretold, strict=True):
            row.before, row.after = told.before, told.after
            if told.error is not None:
                problem = of(told.error)
                row.error, row.facts = problem.problem, problem.facts

    def _moved(self, account_ids: Sequence[int | None]) -> dict[tuple[int, str], int]:
        """Return by how much the rows that are checked already move these accounts."""
        if not self.upload.checked_count:
            return {}
        earlier = self.upload.rows.filter(account_id__in=account_ids, error="").order_by()
        sums = earlier.values_list("account_id", "unit").annotate(moved=Sum("amount"))
        return {(account_id or 0, unit): moved for account_id, unit, moved in sums}


def deed_of(upload: Upload, *, by: User | None, at: datetime) -> Deed:
    """Return the deed of an upload; each of its rows has a key of its own."""
    return Deed(
        actor=by,
        source=Source.IMPORT,
        store=None,
        request_id=f"import:{upload.pk}",
        occurred_at=at,
    )


def line_of(upload: Upload, row: UploadRow) -> Line:
    """Return what a row asks for; its own reason and words go before those of the file."""
    assert row.membership_id  # noqa: S101 - rows without one have an error
    note = Note(internal=row.internal or upload.internal, comment=row.comment or upload.comment)
    return Line(
        request_id=f"import:{upload.pk}:{row.number}",
        membership_id=row.membership_id,
        correction=Correction(
            unit=Unit(row.unit),
            amount=row.amount,
            reason=AdjustmentReason(row.reason or upload.reason),
            note=note,
            is_counted=upload.is_counted,
        ),
        expires_on=row.expires_on,
    )


def _reason(text: str) -> str:
    if not text:
        return ""
    found = REASONS.get(" ".join(text.split()).casefold())
    if found is None:
        raise RowError(Problem.REASON)
    return found.value


def _day(text: str) -> date | None:
    """Return a day written as 2026-11-22, as spreadsheets' dates arrive."""
    if not text:
        return None
    try:
        day = date.fromisoformat(typed.ascii_digits(text.removesuffix(MIDNIGHT)))
    except ValueError:
        raise RowError(Problem.DATE) from None
    if day.year > LAST_YEAR:
        raise RowError(Problem.DATE)
    return day
