"""Writing tables as files: rows go in one after the other, and memory does not grow with them."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, auto
from typing import IO

from xlsxwriter import Workbook

from loyalty.sheets import cells, limits

# A moment is not among them: who writes one knows in whose time zone, and writes it as text.
Cell = str | int | Decimal | date | None

CHUNK_ROWS = 500
# Spreadsheets keep 15 digits of a number and make the others 0.
MOST_DIGITS = 15
WIDTH = 18
# They count days from 1900, which they believe to have been a leap year.
FIRST_YEAR = 1901


class Kind(Enum):
    """What a column holds: PHONE is written by us as E.164 and starts with a plus by right."""

    TEXT = auto()
    NUMBER = auto()
    PHONE = auto()
    DATE = auto()


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title and what it holds."""

    title: str
    kind: Kind = Kind.TEXT


class SheetFullError(ValueError):
    """There are more rows than one sheet takes; a CSV file takes any number."""


def csv_chunks(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    separator: str = ",",
    mark: bool = True,
    head: bool = True,
) -> Iterator[bytes]:
    """Yield the table as UTF-8 in pieces of some hundred rows; ``mark`` tells Excel that it is.

    Without ``head`` the rows go on a table that has its titles already.

    A text that a spreadsheet would take for a formula gets an apostrophe before it; numbers, dates
    and our own phone numbers stay as they are. Control characters and marks that turn the
    direction of the text are left out.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=separator)
    # Quoted, so that a title with some other separator in it cannot mislead who reads it.
    titles = csv.writer(buffer, delimiter=separator, quoting=csv.QUOTE_ALL)
    if mark:
        buffer.write("\ufeff")
    if head:
        titles.writerow([_csv_text(column.title, kind=Kind.TEXT) for column in columns])
    for number, row in enumerate(rows, start=1):
        pairs = zip(columns, row, strict=True)
        writer.writerow([_csv_text(cell, kind=column.kind) for column, cell in pairs])
        if number % CHUNK_ROWS == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def write_xlsx(
    target: IO[bytes],
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    title: str,
    first: int = 1,
) -> None:
    """Write the table as a workbook with one sheet of this title.

    ``first`` is the place of the first row under the titles, where other parts hold those before.

    Texts stay texts, whatever they start with, also after somebody edits the cell; columns of text
    keep leading zeros that somebody types. Numbers of more than 15 digits, and days before 1901,
    are written as text.

    :raises SheetFullError: if there are more rows than a sheet takes.
    """
    # Texts are written as texts; these say so again for whatever is written without a kind.
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    with Workbook(target, options) as book:
        sheet = _Sheet(book, columns, title=title)
        places = list(enumerate(columns))
        for number, row in enumerate(rows, start=first):
            if number >= limits.MOST_SHEET_ROWS:
                raise SheetFullError
            for (index, _), cell in zip(places, row, strict=True):
                sheet.write(number, index, cell)


class _Sheet:
    """A worksheet with its header, which writes each value as what it is."""

    def __init__(self, book: Workbook, columns: Sequence[Column], *, title: str) -> None:
        self.sheet = book.add_worksheet(title)
        self.text = book.add_format({"num_format": "@"})
        self.risky = book.add_format({"num_format": "@", "quote_prefix": True})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        head = book.add_format({"num_format": "@", "bold": True})
        for look in (head, self.risky, self.text, self.day):
            look._get_xf_index()  # noqa: SLF001 - numbered here, they are alike in every part
        self.sheet.freeze_panes(1, 0)
        for index, column in enumerate(columns):
            formats = {Kind.NUMBER: None, Kind.DATE: self.day}
            self.sheet.set_column(index, index, WIDTH, formats.get(column.kind, self.text))
            self.sheet.write_string(0, index, cells.speakable(column.title), head)

    def write(self, row: int, column: int, cell: Cell) -> None:
        """Write one value; an empty one leaves its place empty."""
        text = _text(cell)
        if not text:
            return
        if len(text) > limits.MOST_CHARACTERS:
            raise ValueError(f"{len(text)} characters in one cell")
        if isinstance(cell, date) and cell.year >= FIRST_YEAR:
            self.sheet.write_datetime(row, column, cell, self.day)
        elif isinstance(cell, int | Decimal) and sum(map(str.isdigit, text)) <= MOST_DIGITS:
            self.sheet.write_number(row, column, cell)
        else:
            kind = self.risky if cells.is_risky(text) else self.text
            self.sheet.write_string(row, column, text, kind)


def _csv_text(cell: Cell, *, kind: Kind) -> str:
    text = _text(cell)
    is_ours = not isinstance(cell, str) or (kind is Kind.PHONE and cells.is_phone(text))
    return text if is_ours else cells.guarded(text)


def _text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return cells.speakable(cell)
        case bool() | datetime():
            raise TypeError(f"{type(cell).__name__} has no one form; write it as text")
        case int():
            return str(cell)
        case Decimal():
            return format(cell, "f")
        case date():
            return cell.isoformat()
