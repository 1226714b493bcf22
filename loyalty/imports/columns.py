"""The columns of a file: what they are called, and which cells of a row they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from loyalty.imports.models import UploadKind
from loyalty.sheets.writing import Column, Kind


class Cell(StrEnum):
    """What a column holds; the value is its title in English, good in every language."""

    MEMBER = "member"
    POINTS = "points"
    CREDIT = "credit"
    REASON = "reason"
    INTERNAL = "internal note"
    COMMENT = "comment"
    EXPIRES = "expires"


class Told(StrEnum):
    """Columns of the file of errors, which are passed over when it comes back mended."""

    ROW = "row"
    PROBLEM = "what is wrong"


TITLES: dict[Cell | Told, Any] = {
    Cell.MEMBER: _("member"),
    Cell.POINTS: _("points"),
    Cell.CREDIT: _("credit"),
    Cell.REASON: _("reason"),
    Cell.INTERNAL: _("internal note"),
    Cell.COMMENT: _("comment"),
    Cell.EXPIRES: _("expires"),
    Told.ROW: _("row"),
    Told.PROBLEM: _("what is wrong"),
}
TOLD = tuple(Told)
KINDS: dict[Cell | Told, Kind] = {
    Told.ROW: Kind.NUMBER,
    Cell.POINTS: Kind.NUMBER,
    Cell.CREDIT: Kind.NUMBER,
    Cell.EXPIRES: Kind.DATE,
}


class ColumnError(ValueError):
    """The header is not that of a file of this kind; ``title`` is the column."""

    def __init__(self, *, title: str = "") -> None:
        super().__init__(title)
        self.title = title


class UnknownColumnError(ColumnError):
    """A column has a title that means nothing here."""


class MissingColumnError(ColumnError):
    """A column that is needed is not there; without a title it is that of the amounts."""


class RepeatedColumnError(ColumnError):
    """A column is there in two languages."""


def offered(kind: UploadKind) -> list[Cell]:
    """Return the columns of a file of this kind."""
    return [cell for cell in Cell if kind == UploadKind.OPENING or cell != Cell.EXPIRES]


def as_columns(cells: Sequence[Cell | Told]) -> list[Column]:
    """Return columns as they are written to a file, titled in the reader's language."""
    return [Column(str(TITLES[cell]), KINDS.get(cell, Kind.TEXT)) for cell in cells]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which cell of each row is what."""

    places: Mapping[Cell, int]

    def of(self, cells: Sequence[str]) -> list[str]:
        """Return a row's texts in the order of ``Cell``, empty where there is no such column."""
        return [cells[self.places[cell]].strip() if cell in self.places else "" for cell in Cell]


def layout(header: Sequence[str], kind: UploadKind) -> Layout:
    """Return what the titles of a file mean, in English or in the reader's language.

    :raises ColumnError: if a title means nothing, or the member or the amounts are missing.
    """
    known = {str(TITLES[cell]).casefold(): cell for cell in offered(kind)}
    known |= {cell.value: cell for cell in offered(kind)}
    passed_over = {word.casefold() for told in TOLD for word in (told.value, str(TITLES[told]))}
    places: dict[Cell, int] = {}
    for index, title in enumerate(header):
        if not title or title.casefold() in passed_over:
            continue
        cell = known.get(title.casefold())
        if cell is None:
            raise UnknownColumnError(title=title)
        if cell in places:
            raise RepeatedColumnError(title=title)
        places[cell] = index
    if Cell.MEMBER not in places:
        raise MissingColumnError(title=str(TITLES[Cell.MEMBER]))
    if not {Cell.POINTS, Cell.CREDIT} & places.keys():
        raise MissingColumnError
    return Layout(places=places)
