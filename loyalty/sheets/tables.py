"""What every table must be, whatever file it came in: a header, and rows that fit under it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from loyalty.sheets import cells, limits, refusals

# A row of a file as its parser found it: its number as a spreadsheet shows it, and its cells.
Found = tuple[int, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """A row's number as a spreadsheet shows it, and one text for each column of the header."""

    number: int
    cells: tuple[str, ...]


def checked(found: Iterable[Found]) -> Iterator[Row]:
    """Yield the header, then each row that is not blank, exactly as wide as the header.

    Titles are stripped; other cells stay as they are, and missing ones are empty.

    :raises FileRefusedError: for the first thing that a table must not be; see ``refusals``.
    """
    header: Row | None = None
    room = limits.MOST_TEXT
    for number, texts in found:
        width = _width(texts)
        if not width:
            continue
        if number > limits.MOST_ROWS + 1:
            raise refusals.TooManyRowsError(where=str(number))
        room -= _length(number, texts)
        if room < 0:
            raise refusals.BombError
        if header is None:
            header = Row(number, _titles(number, texts[:width]))
            yield header
        else:
            yield Row(number, _fitted(number, texts, width=width, columns=len(header.cells)))
    if header is None:
        raise refusals.EmptyFileError


def _width(texts: Sequence[str]) -> int:
    width = len(texts)
    while width and not texts[width - 1].strip():
        width -= 1
    return width


def _length(number: int, texts: Sequence[str]) -> int:
    lengths = list(map(len, texts))
    if max(lengths) > limits.MOST_CHARACTERS:
        column = next(i for i, length in enumerate(lengths) if length > limits.MOST_CHARACTERS)
        raise refusals.CellTooLongError(where=cells.name(column=column, row=number))
    return sum(lengths)


def _titles(number: int, texts: Sequence[str]) -> tuple[str, ...]:
    if len(texts) > limits.MOST_COLUMNS:
        place = cells.name(column=limits.MOST_COLUMNS, row=number)
        raise refusals.TooManyColumnsError(where=place)
    titles = tuple(text.strip() for text in texts)
    seen: set[str] = set()
    for title in filter(None, titles):
        if title.casefold() in seen:
            raise refusals.DuplicateHeaderError(where=title)
        seen.add(title.casefold())
    return titles


def _fitted(number: int, texts: Sequence[str], *, width: int, columns: int) -> tuple[str, ...]:
    if width > columns:
        raise refusals.WiderRowError(where=cells.name(column=columns, row=number))
    return (*texts[:columns], *[""] * (columns - len(texts)))
