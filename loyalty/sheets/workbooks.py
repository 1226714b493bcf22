"""Tables as workbooks: the parser sees only a copy of the parts that were looked through."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from loyalty.sheets import packages, refusals
from loyalty.sheets.tables import Found

Value = int | float | str | bool | date | datetime | time | timedelta
# Up to here every whole number of a spreadsheet is exact.
EXACT = 1e15


def rows(data: bytes) -> Iterator[Found]:
    """Yield each row of the first visible sheet with its number, blank ones too.

    :raises FileRefusedError: if the package or the sheet holds what a table must not.
    """
    copy = packages.inspected(data)
    del data
    try:
        with CalamineWorkbook.from_filelike(copy) as book:
            sheet = book.get_sheet_by_index(0)
    except PasswordError:
        raise refusals.EncryptedError from None
    except CalamineError:
        raise refusals.BrokenFileError from None
    if sheet.start is None:
        return
    aside = [""] * sheet.start[1]
    for number, values in enumerate(sheet.iter_rows(), start=1):
        yield number, aside + [as_text(value) for value in values]


def as_text(value: Value) -> str:
    """Return what a cell holds as plain text: no exponent, dates as ISO 8601 writes them."""
    match value:
        case str():
            return value
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float():
            return plain(float(value))
        case datetime():
            return value.isoformat(sep=" ")
        case timedelta():
            minutes, seconds = divmod(int(value.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        case _:
            return value.isoformat()


def plain(value: float) -> str:
    """Return a number as its decimal digits, as a spreadsheet shows it.

    Fractions are rounded to the 15 digits that spreadsheets promise, half to even in binary.
    """
    if not isfinite(value):
        return str(value)
    if value.is_integer():
        exact = abs(value) < EXACT
        return str(int(value)) if exact else format(Decimal(repr(value)).to_integral_value(), "f")
    return format(Decimal(f"{value:.15g}"), "f")
