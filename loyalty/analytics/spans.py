"""Spans of days of a business, and how they fall into whole months and the days beside them."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum, StrEnum
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
# A deed gets its key some moments before it is there to be read; so old, none is still to come.
SETTLED = timedelta(minutes=15)
# A chart of more days than these is told by month.
MOST_DAYS_TOLD = 62


class Step(StrEnum):
    """How finely a span is told."""

    DAY = "DAY"
    MONTH = "MONTH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Days from ``first`` up to ``until``, which is excluded."""

    first: date
    until: date

    def __post_init__(self) -> None:
        """Refuse a span without a day."""
        if self.until <= self.first:
            raise ValueError(f"{self.first} until {self.until} holds no day")

    def before(self) -> "Span":
        """Return the span of as many days that ends where this one begins."""
        return Span(first=self.first - (self.until - self.first), until=self.first)

    def up_to(self, until: date) -> "Span":
        """Return the span of as many days that ends there, if this one ends later."""
        late = max(self.until - until, timedelta())
        return Span(first=self.first - late, until=self.until - late)

    def step(self) -> Step:
        """Return how finely a chart tells this span."""
        return Step.DAY if (self.until - self.first).days <= MOST_DAYS_TOLD else Step.MONTH

    def whole_months(self) -> "Span | None":
        """Return the months that lie wholly within, as one span, or None if there is none."""
        first = self.first if self.first.day == 1 else following(self.first)
        until = self.until.replace(day=1)
        return Span(first=first, until=until) if first < until else None

    def beside(self, months: "Span | None") -> list["Span"]:
        """Return what is left of the span without its whole months: two spans at most."""
        if months is None:
            return [self]
        ends = ((self.first, months.first), (months.until, self.until))
        return [Span(first=first, until=until) for first, until in ends if first < until]

    def parts(self, step: Step) -> list[date]:
        """Return the days, or the first days of the months, by which the span is told."""
        if step == Step.DAY:
            return [self.first + number * DAY for number in range((self.until - self.first).days)]
        found = [self.first.replace(day=1)]
        while (month := following(found[-1])) < self.until:
            found.append(month)
        return found


class Lately(IntEnum):
    """The spans up to yesterday of which members are counted one by one."""

    WEEK = 7
    MONTH = 30
    QUARTER = 90
    YEAR = 365

    def until(self, today: date) -> Span:
        """Return the span of so many days that ends with the day before."""
        return Span(first=today - timedelta(days=self), until=today)


def lately(span: Span) -> Lately:
    """Return the one whose length is nearest to that of a span, the shorter if two are."""
    days = (span.until - span.first).days
    return min(Lately, key=lambda one: (abs(one - days), one))


@dataclass(frozen=True, slots=True, kw_only=True)
class CountDay:
    """The day of a daily round, on the clock of the business."""

    today: date
    zone: ZoneInfo


def around(some: Collection[Span]) -> Span:
    """Return the span from the first day of any of them to the last."""
    return Span(first=min(one.first for one in some), until=max(one.until for one in some))


def following(month: date) -> date:
    """Return the first day of the month after the one that a day is in."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def begins(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment at which a day begins there.

    Where clocks jump over midnight, that is the moment of the jump.
    """
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def bits(some: Iterable[Span]) -> Iterator[tuple[date, int]]:
    """Return the months of spans that are not whole, with the bits of their days."""
    for span in some:
        for month in span.parts(Step.MONTH):
            first = max(span.first, month)
            count = (min(span.until, following(month)) - first).days
            yield month, ((1 << count) - 1) << (first.day - 1)
