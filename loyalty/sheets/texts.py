"""Tables as text: the encoding and the separator are found out, then the rows are read."""

import codecs
import csv
import io
import re
from collections.abc import Iterator

from loyalty.sheets import cells, limits, refusals
from loyalty.sheets.tables import Found

SEPARATORS = ",;\t"
# Rows that are looked at to tell the separator.
SAMPLE = 20
# Other sorts of files that are given a table's name: workbooks, old workbooks, documents, pictures.
_MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b")
# Some spreadsheets write and heed a first line that names the separator.
_HINT = re.compile(r"sep=([,;\t])\r?\n", re.IGNORECASE)
_FOREIGN = re.compile("[^\x00-\x7f\ufffd]")


def rows(data: bytes) -> Iterator[Found]:
    """Yield each record of a CSV file with its number, blank ones too.

    :raises FileRefusedError: if the bytes are no text, or a quote is never closed.
    """
    if data.startswith(_MAGIC):
        raise refusals.WrongContentError
    text, first = decoded(data), 1
    hint = _HINT.match(text)
    if hint:
        text, first = text[hint.end() :], 2
    separator = hint[1] if hint else _separator(text)
    for number, record in _records(text, separator=separator, first=first):
        yield number, [cells.bare(cell) for cell in record]


def decoded(data: bytes) -> str:
    """Return the text of UTF-8, with or without its mark, or of Windows-1252.

    Text that is UTF-8 in most places and damaged in some is refused rather than read as the other.

    :raises UndecodableError: if it is neither.
    """
    if b"\0" in data or data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise refusals.UndecodableError
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    mended = data.decode(errors="replace")
    if data.startswith(codecs.BOM_UTF8) or len(_FOREIGN.findall(mended)) >= mended.count("\ufffd"):
        raise refusals.UndecodableError
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        raise refusals.UndecodableError from None


def _records(text: str, *, separator: str, first: int = 1) -> Iterator[tuple[int, list[str]]]:
    # Strict, because a quote that is never closed would swallow all rows below it.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = first
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "field larger" in str(error):
                raise refusals.CellTooLongError(where=str(number)) from None
            raise refusals.BrokenFileError(where=str(number)) from None
        if number > limits.MOST_SHEET_ROWS:
            raise refusals.TooManyRowsError(where=str(number))
        yield number, record
        number += 1


def _separator(text: str) -> str:
    return max(SEPARATORS, key=lambda separator: _fit(text, separator))


def _fit(text: str, separator: str) -> tuple[bool, int, bool]:
    """Return how well a separator explains the first rows; more is better.

    The best one makes several columns with no row wider than the header. A header of several
    columns above rows that do not fit comes next: the rows are at fault, and will be told.
    """
    widths: list[int] = []
    fits = True
    try:
        for _, record in _records(text, separator=separator):
            if any(record):
                widths.append(len(record))
            if len(widths) == SAMPLE:
                break
    except refusals.FileRefusedError:
        fits = False
    width = widths[0] if widths else 0
    fits = fits and max(widths, default=0) == width
    return fits and width > 1, width, fits
