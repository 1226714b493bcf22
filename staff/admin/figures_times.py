"""When members come: a heat map of weekdays and hours."""

from typing import Any

from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _

from loyalty.analytics import hours
from loyalty.analytics.hours import HOURS, HeatMap
from loyalty.sheets.writing import Column
from staff.admin import charts, tables
from staff.admin.charts import Chart, Series
from staff.admin.figure_asks import Ask
from staff.admin.figure_pages import Content
from staff.admin.figure_words import Figure, Question
from staff.admin.tables import Table

WEEK = 7


def times(asked: Ask) -> Content:
    """Return visits by weekday and hour, on the clock of each store. Source: R6.5."""
    found = hours.heat_map(scope=asked.scope, span=asked.span, at=asked.at)
    if not found.total:
        return Content(is_empty=True, compares=False)
    first = asked.partner.week_start
    # The sums call Monday 1; Python's names begin with it at 0.
    week = [(first + number) % WEEK for number in range(WEEK)]
    return Content(
        compares=False,
        questions=[_busiest(found)],
        charts=[_heat(found, week), _by_weekday(found, week), _by_hour(found)],
    )


def _busiest(found: HeatMap) -> Question:
    weekday, hour = max(found.visits, key=lambda key: (found.visits[key], -key[0], -key[1]))
    return Question(
        title=_("When do members come?"),
        help=_("On the clock of each store. What was undone is left out."),
        figures=[
            Figure(
                label=_("Busiest hour"),
                text=_("%(weekday)s %(hour)s")
                % {"weekday": WEEKDAYS_ABBR[weekday - 1], "hour": _hour(hour)},
                help=_("%(visits)s visits") % {"visits": charts.counts(found.most)},
            ),
            Figure(label=_("Visits"), text=charts.counts(found.total)),
        ],
    )


def _hour(hour: int) -> str:
    return f"{hour:02}:00"


def _counts(found: HeatMap, weekday: int) -> list[int]:
    return [found.visits.get((weekday + 1, hour), 0) for hour in HOURS]


def _heat(found: HeatMap, week: list[int]) -> Chart:
    title = _("By weekday and hour")
    series = [Series(words=str(WEEKDAYS[day]), values=_counts(found, day)) for day in week]
    short = [str(WEEKDAYS_ABBR[day]) for day in week]
    columns = [Column(_("Hour")), *(tables.number(one.words) for one in series)]
    rows = [
        [tables.text(_hour(hour)), *(tables.count(one.values[hour]) for one in series)]
        for hour in HOURS
    ]
    return Chart(
        name="hours",
        title=title,
        is_wide=True,
        heat=charts.heat_map(short, [str(hour) for hour in HOURS], series),
        table=Table(caption=title, columns=columns, rows=rows),
    )


def _by_weekday(found: HeatMap, week: list[int]) -> Chart:
    values = [sum(_counts(found, day)) for day in week]
    names: list[Any] = [WEEKDAYS[day] for day in week]
    return _visits(
        "weekdays",
        _("By weekday"),
        _("Weekday"),
        list(zip([str(WEEKDAYS_ABBR[day]) for day in week], map(str, names), values, strict=True)),
    )


def _by_hour(found: HeatMap) -> Chart:
    values = [sum(found.visits.get((day + 1, hour), 0) for day in range(WEEK)) for hour in HOURS]
    rows = [(str(hour), _hour(hour), values[hour]) for hour in HOURS]
    return _visits("day", _("By hour of the day"), _("Hour"), rows)


def _visits(name: str, title: str, head: str, rows: list[tuple[str, str, int]]) -> Chart:
    series = Series(words=_("visits"), values=[value for _short, _name, value in rows])
    return Chart(
        name=name,
        title=title,
        plot=charts.named_bars(
            [short for short, _name, _value in rows], series, on_axis=charts.counts_on_axis
        ),
        table=Table(
            caption=title,
            columns=[Column(head), tables.number(_("Visits"))],
            rows=[[tables.text(words), tables.count(value)] for _short, words, value in rows],
        ),
    )
