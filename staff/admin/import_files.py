"""The files of imports: an empty one to fill in, and the rows with errors to mend."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

from cards.models import Card
from loyalty.imports import columns
from loyalty.imports.columns import Cell
from loyalty.imports.models import Upload, UploadKind, UploadRow
from loyalty.ledger.models import Unit
from loyalty.sheets import writing
from loyalty.sheets.writing import Column
from staff.admin.import_words import problem

FORMS = ("csv", "xlsx")
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Written = str | int | date | None
# Rows read at once while a file is written.
CHUNK = 1_000


def template(kind: UploadKind, form: str) -> HttpResponseBase:
    """Return a file with the titles alone, in the reader's language."""
    offered = columns.as_columns(columns.offered(kind))
    return _file(f"{kind.value.lower()}-template", form, offered, ())


def errors(upload: Upload, form: str) -> HttpResponseBase:
    """Return the rows with errors as they were typed, each with its number and what is wrong.

    Mended, the file can be uploaded as it is: the two columns more are passed over.
    """
    card = Card.objects.select_related("partner").get(pk=upload.card_id)
    cells = columns.offered(UploadKind(upload.kind))
    titled = columns.as_columns([*cells, *columns.TOLD])
    rows = upload.rows.exclude(error="").order_by("number").iterator(chunk_size=CHUNK)
    return _file(f"import-{upload.pk}-errors", form, titled, _told(rows, cells, card))


def _told(
    rows: Iterable[UploadRow], cells: Sequence[Cell], card: Card
) -> Iterator[Sequence[Written]]:
    for row in rows:
        is_credit = row.unit == Unit.CREDIT
        texts: dict[Cell, Written] = {
            Cell.MEMBER: row.key,
            Cell.POINTS: "" if is_credit else row.typed,
            Cell.CREDIT: row.typed if is_credit else "",
            Cell.REASON: row.reason,
            Cell.INTERNAL: row.internal,
            Cell.COMMENT: row.comment,
            Cell.EXPIRES: row.expires_on,
        }
        yield [*(texts[cell] for cell in cells), row.number, problem(row, card)]


def _file(
    name: str, form: str, titled: Sequence[Column], rows: Iterable[Sequence[Written]]
) -> HttpResponseBase:
    """Return the table as a download, written row by row."""
    if form == "csv":
        pieces = writing.csv_chunks(titled, rows)
        return StreamingHttpResponse(
            pieces,
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
        )
    target = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the response
    writing.write_xlsx(target, titled, rows, title=name[:31])
    target.seek(0)
    return FileResponse(target, as_attachment=True, filename=f"{name}.xlsx", content_type=WORKBOOK)
