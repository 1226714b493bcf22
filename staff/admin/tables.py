"""The tables of the pages of figures: what stands on the page, and the same as a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from loyalty.analytics.spans import Step
from loyalty.sheets import writing
from loyalty.sheets.writing import Cell as Raw
from loyalty.sheets.writing import Column, Kind
from loyalty.web import money as amounts
from loyalty.web import words
from staff.admin.unfold_parts import NOTHING

HUNDRED = Decimal(100)
MOST_ROWS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A value as a file holds it, and as the page shows it.

    It may lead somewhere, and be the darker the more: ``level`` is the class for that.
    """

    raw: Raw
    text: str
    address: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under columns; the first cell of a row is what it is about."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    # How long the bar beside each row is, such as 40%; none where there are no bars.
    shares: Sequence[str] = ()
    # How many rows stand on a page; a file has all.
    most: int = MOST_ROWS
    # What a page that shows the first rows says of the file, if that has not everything either.
    cut: str = ""

    @property
    def is_cut(self) -> bool:
        """Return whether the page shows the first rows alone."""
        return len(self.rows) > self.most

    def heads(self) -> list[tuple[str, bool]]:
        """Return the titles, and whether figures stand below them."""
        return [(column.title, column.kind is Kind.NUMBER) for column in self.columns]

    def lines(self) -> list[tuple[Cell, list[tuple[Cell, bool]], str]]:
        """Return each row: its head, its other cells with whether they are figures, its bar."""
        kinds = [column.kind is Kind.NUMBER for column in self.columns[1:]]
        shares = self.shares or [""] * len(self.rows)
        return [
            (row[0], list(zip(row[1:], kinds, strict=True)), share)
            for row, share in list(zip(self.rows, shares, strict=True))[: self.most]
        ]

    def as_csv(self, filename: str) -> HttpResponse:
        """Return the table as a CSV file that spreadsheets open without harm."""
        rows = [[cell.raw for cell in row] for row in self.rows]
        body = b"".join(writing.csv_chunks(self.columns, rows))
        response = HttpResponse(body, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{filename}.csv"'
        return response


def number(title: str) -> Column:
    """Return a column of figures."""
    return Column(title, Kind.NUMBER)


def text(value: str) -> Cell:
    """Return a cell of words."""
    return Cell(raw=value, text=value)


def count(value: int) -> Cell:
    """Return a cell with a whole number."""
    return Cell(raw=value, text=amounts.count(value))


def signed(value: int, currency: str = "") -> Cell:
    """Return a cell with a number, or an amount of a currency, that moves something."""
    if not currency:
        return Cell(raw=value, text=words.signed(value))
    found = money(abs(value), currency)
    sign = {value > 0: "+", value < 0: "\u2212"}.get(True, "")
    return Cell(raw=amounts.as_decimal(value, currency), text=f"{sign}{found.text}")


def money(minor: int | None, currency: str) -> Cell:
    """Return a cell with an amount; an unknown one is empty."""
    if minor is None:
        return Cell(raw=None, text=NOTHING)
    return Cell(raw=amounts.as_decimal(minor, currency), text=amounts.money(minor, currency))


def percent(share: Decimal | None) -> Cell:
    """Return a cell with a share: in a file as a number of a hundred, such as 12.5."""
    if share is None:
        return Cell(raw=None, text=NOTHING)
    return Cell(raw=share * HUNDRED, text=percentage(share))


def percentage(share: Decimal) -> str:
    """Return a share in words, with one decimal, such as 12.5 %."""
    value = (share * HUNDRED).quantize(Decimal("0.1")).normalize()
    return _("%(number)s %%") % {"number": amounts.decimal_number(value)}


def moment(part: date, step: Step) -> Cell:
    """Return a cell with a day, or with a month by its name; a file has the first day of it."""
    shape = "j F Y" if step == Step.DAY else "F Y"
    return Cell(raw=part, text=date_format(part, shape))


def when(step: Step) -> Column:
    """Return the column of such cells."""
    return Column(_("Day") if step == Step.DAY else _("Month"), Kind.DATE)
