"""The figures of the dashboard's first page: the last seven days beside the seven before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from loyalty.analytics import comebacks, reading
from loyalty.analytics.figures import BEFORE, NOW, OPENING, Figures
from loyalty.analytics.reading import Reader, Scope, Window
from loyalty.analytics.spans import DAY, Lately, Span, Step

DAYS = 7
BY = ("card__currency", "deed", "aspect", "is_undoing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A figure, and the same of the seven days before."""

    now: int
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What the first page tells. ``active`` is of whole days, None before they were counted.

    ``members`` are all who ever joined, up to the end of a span; ``visits`` the deeds of members
    on each of fourteen days up to today, less what was undone on it.
    """

    members: Beside
    active: Beside | None
    points: Beside
    rewards: Beside
    visits: Mapping[date, int]
    at: datetime


def overview(*, scope: Scope, at: datetime) -> Overview:
    """Return the figures of the cards that a person may see, in five statements. Source: R6.5.

    :raises reading.SumsMovedError: if the job would not let it read.
    """
    return reading.read(scope, lambda reader: _overview(reader, scope, at))


def _overview(reader: Reader, scope: Scope, at: datetime) -> Overview:
    today = at.astimezone(scope.partner.zone()).date()
    now = Span(first=today - timedelta(days=DAYS - 1), until=today + DAY)
    before = now.before()
    rows = reader.sums(
        [
            Window(name=NOW, span=now, step=Step.DAY),
            Window(name=BEFORE, span=before, step=Step.DAY),
            Window(name=OPENING, span=Span(first=date.min, until=before.first)),
        ],
        by=BY,
    )
    told = {name: Figures() for name in (OPENING, BEFORE, NOW)}
    visits = {day: Figures() for day in (*before.parts(Step.DAY), *now.parts(Step.DAY))}
    for row in rows:
        told[row["named"]].add(row)
        if row["named"] != OPENING:
            visits[row["part"]].add(row)
    past = told[OPENING].joins + told[BEFORE].joins
    return Overview(
        members=Beside(now=past + told[NOW].joins, before=past),
        active=_active(reader),
        points=Beside(now=told[NOW].points.issued, before=told[BEFORE].points.issued),
        rewards=Beside(now=told[NOW].rewards, before=told[BEFORE].rewards),
        visits={day: told_of.deeds for day, told_of in visits.items()},
        at=at,
    )


def _active(reader: Reader) -> Beside | None:
    if reader.counted.date is None:
        return None
    week = Lately.WEEK.until(reader.counted.date)
    found = comebacks.active(reader.counted, {NOW: week, BEFORE: week.before()})
    return Beside(now=found[NOW], before=found[BEFORE])
