"""Charts drawn by the server: where each bar, point, square and label stands.

Widths are shares of the width there is, heights are pixels, so that letters keep their size on
every screen and nothing needs a script. Each chart comes with the table that it draws.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from babel.numbers import format_compact_currency, format_compact_decimal
from django.utils.formats import date_format

from loyalty.analytics.spans import Step
from loyalty.web import money as amounts
from staff.admin import tables
from staff.admin.scales import HEIGHT, TOP, Scale
from staff.admin.tables import Cell, Table

MOST_LABELS = 8  # On a wide screen; on a narrow one every second stands.
LETTER = 7  # How wide a letter of an axis is at most.
MOST_DOTS = 31
LEVELS = 5
ROW = 22
SHARE_PLACES = 4
_PLACES = Decimal("0.001")
Written = Callable[[int], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line of a drawing, and the number at its end."""

    y: int
    text: str
    is_zero: bool

    @property
    def text_y(self) -> int:
        """Return where its letters stand."""
        return self.y + 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar; ``rank`` tells the series apart."""

    x: str
    width: str
    y: int
    height: int
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a drawing shows of a day or month: its bars, and the words that say the same."""

    x: str
    width: str
    words: str
    bars: Sequence[Bar] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Words under a part; those that are ``is_wide`` stand where there is room."""

    x: str
    text: str
    is_wide: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A piece of a line between two points."""

    x1: str
    y1: int
    x2: str
    y2: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Bars or a line over days or months, with both axes."""

    ticks: Sequence[Tick]
    parts: Sequence[Part]
    labels: Sequence[Label]
    strokes: Sequence[Stroke] = ()
    dots: Sequence[tuple[str, int]] = ()

    height: int = HEIGHT + TOP + 24
    label_y: int = HEIGHT + TOP + 18

    @property
    def axis_width(self) -> int:
        """Return how wide the numbers of the axis are at most, in pixels."""
        return 10 + LETTER * max(len(tick.text) for tick in self.ticks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """A square of a heat map: the darker, the more."""

    x: str
    y: int
    width: str
    level: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """Squares in rows and columns, such as weekdays and hours."""

    squares: Sequence[Square]
    labels: Sequence[Label]
    rows: Sequence[tuple[int, str]]
    levels: Sequence[int] = tuple(range(LEVELS + 1))

    @property
    def height(self) -> int:
        """Return how high it is with its labels, in pixels."""
        return self.label_y + 6

    @property
    def label_y(self) -> int:
        """Return where the letters under it stand."""
        return len(self.rows) * ROW + 16

    @property
    def axis_width(self) -> int:
        """Return how wide the names of the rows are at most, in pixels."""
        return 10 + LETTER * max(len(words) for _y, words in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A panel of a page: a drawing and the table behind it, or a table alone.

    ``keys`` name the series of the drawing. Without anything to draw, ``empty`` is said.
    """

    name: str
    title: str
    table: Table
    plot: Plot | None = None
    heat: HeatMap | None = None
    keys: Sequence[str] = ()
    help: str = ""
    empty: str = ""
    is_wide: bool = False

    @property
    def is_drawn(self) -> bool:
        """Return whether there is a drawing, so that the table can stay folded."""
        return self.plot is not None or self.heat is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What is drawn: a value for each part.

    Where there is a currency they are amounts in its minor units; shares are in ten thousandths.
    """

    words: str
    values: Sequence[int]
    currency: str = ""
    is_share: bool = False

    def written(self, value: int) -> str:
        """Return one of its values in words."""
        return self.cell(value).text

    def cell(self, value: int) -> Cell:
        """Return one of its values as tables have it."""
        if self.is_share:
            return tables.percent(Decimal(value).scaleb(-SHARE_PLACES))
        return tables.money(value, self.currency) if self.currency else tables.count(value)


def counts(value: int) -> str:
    """Return a number in full."""
    return amounts.count(value)


def counts_on_axis(value: int) -> str:
    """Return a number in few letters for the reader's language, such as 12K."""
    return format_compact_decimal(value, locale=amounts.reader_locale(), fraction_digits=2)


def shares_on_axis(value: int) -> str:
    """Return a share in ten thousandths as a percentage."""
    return tables.percentage(Decimal(value).scaleb(-SHARE_PLACES))


def money_on_axis(currency: str) -> Written:
    """Return what writes an amount of a currency in few letters."""

    def written(minor: int) -> str:
        value = amounts.as_decimal(minor, currency)
        if value != value.to_integral_value() and abs(value) < 1000:  # noqa: PLR2004 - no shorter form
            return amounts.money(minor, currency)
        return format_compact_currency(
            value, currency, locale=amounts.reader_locale(), fraction_digits=2
        )

    return written


def money_in(currency: str) -> Written:
    """Return what writes an amount of a currency in full."""
    return lambda minor: amounts.money(minor, currency)


def bars(
    days: Sequence[date], step: Step, series: Sequence[Series], *, on_axis: Written
) -> Plot | None:
    """Return bars side by side for each day or month, or None if all are zero."""
    if not any(value for one in series for value in one.values):
        return None
    scale = Scale.over([value for one in series for value in one.values])
    names = [date_format(day, "j F" if step == Step.DAY else "F Y") for day in days]
    parts = [
        Part(
            x=_share(index, len(days)),
            width=_share(1, len(days)),
            words=_said(names[index], series, index),
            bars=_bars_of(series, index, len(days), scale),
        )
        for index in range(len(days))
    ]
    return Plot(ticks=_ticks(scale, on_axis), parts=parts, labels=_labels(_short(days, step)))


def line(days: Sequence[date], step: Step, series: Series, *, on_axis: Written) -> Plot | None:
    """Return a line through the values of each day or month, or None if all are zero."""
    if not any(series.values):
        return None
    scale, wide = Scale.over(series.values), len(days)
    points = [
        (_share(2 * index + 1, 2 * wide), scale.y(value))
        for index, value in enumerate(series.values)
    ]
    names = [date_format(day, "j F" if step == Step.DAY else "F Y") for day in days]
    return Plot(
        ticks=_ticks(scale, on_axis),
        parts=[
            Part(x=_share(index, wide), width=_share(1, wide), words=_said(name, [series], index))
            for index, name in enumerate(names)
        ],
        labels=_labels(_short(days, step)),
        strokes=[
            Stroke(x1=one[0], y1=one[1], x2=other[0], y2=other[1])
            for one, other in pairwise(points)
        ],
        dots=points if wide <= MOST_DOTS else (),
    )


def named_bars(names: Sequence[str], series: Series, *, on_axis: Written) -> Plot | None:
    """Return a bar for each name, in their order, or None if all are zero."""
    if not any(series.values):
        return None
    scale = Scale.over(series.values)
    return Plot(
        ticks=_ticks(scale, on_axis),
        parts=[
            Part(
                x=_share(index, len(names)),
                width=_share(1, len(names)),
                words=_said(name, [series], index),
                bars=_bars_of([series], index, len(names), scale),
            )
            for index, name in enumerate(names)
        ],
        labels=_labels(names),
    )


def heat_map(
    rows: Sequence[str], columns: Sequence[str], series: Sequence[Series]
) -> HeatMap | None:
    """Return squares for each row's values by column, or None if all are zero."""
    top = max(value for one in series for value in one.values)
    if top <= 0:
        return None
    squares = [
        Square(
            x=_share(index, len(columns)),
            y=row * ROW,
            width=_share(19 * 10, 200 * len(columns)),
            level=-(-max(0, value) * LEVELS // top),
            words=f"{one.words}, {columns[index]}: {one.written(value)}",
        )
        for row, one in enumerate(series)
        for index, value in enumerate(one.values)
    ]
    names = [(index * ROW + ROW - 7, words) for index, words in enumerate(rows)]
    return HeatMap(squares=squares, labels=_labels(columns), rows=names)


def shares(values: Sequence[int]) -> list[str]:
    """Return how long the bar beside each row of a table is, the longest being whole."""
    top = max([0, *values])
    return [_share(max(0, value), top) if top else "0%" for value in values]


def _said(name: str, series: Sequence[Series], index: int) -> str:
    found = [f"{one.words} {one.written(one.values[index])}" for one in series]
    return f"{name}: {', '.join(found)}"


def _share(part: int, whole: int) -> str:
    """Return a share as a width, such as 12.5%."""
    return f"{(Decimal(part * 100) / Decimal(whole)).quantize(_PLACES).normalize():f}%"


def _bars_of(series: Sequence[Series], index: int, wide: int, scale: Scale) -> list[Bar]:
    """Return the bars of one part, side by side in the middle seven tenths of it."""
    many = len(series)
    found = []
    for rank, one in enumerate(series):
        value = one.values[index]
        y = min(scale.y(value), scale.y(0))
        height = abs(scale.y(value) - scale.y(0))
        found.append(
            Bar(
                x=_share(20 * index * many + 3 * many + 14 * rank, 20 * wide * many),
                width=_share(14, 20 * wide * many),
                y=y if height or not value else y - 1,
                height=height or (1 if value else 0),
                rank=rank,
            )
        )
    return found


def _ticks(scale: Scale, written: Written) -> list[Tick]:
    return [Tick(y=scale.y(one), text=written(one), is_zero=one == 0) for one in scale.ticks()]


def _short(days: Sequence[date], step: Step) -> list[str]:
    if step == Step.DAY:
        return [date_format(day, "j M") for day in days]
    return [
        date_format(day, "M Y" if index == 0 or day.month == 1 else "M")
        for index, day in enumerate(days)
    ]


def _labels(names: Sequence[str]) -> list[Label]:
    """Return so many labels that none meets another, in the middle of their parts."""
    every = -(-len(names) // MOST_LABELS)
    return [
        Label(
            x=_share(2 * index + 1, 2 * len(names)),
            text=names[index],
            is_wide=len(names) > MOST_LABELS // 2 and bool(index // every % 2),
        )
        for index in range(0, len(names), every)
    ]
