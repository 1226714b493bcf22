"""Who the best customers are, who stays away, how often members come, and who comes back."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import chain

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.analytics import best, cohorts, frequency, reading, risks, spans
from loyalty.analytics.best import Best
from loyalty.analytics.cohorts import MONTHS, Cohort
from loyalty.analytics.frequency import Frequency, Often
from loyalty.analytics.models import Measure
from loyalty.analytics.reading import Counted
from loyalty.analytics.risks import MissedPage
from loyalty.analytics.spans import Lately
from loyalty.members.models import Membership
from loyalty.sheets.writing import Column, Kind
from loyalty.web import money as amounts
from staff.admin import charts, tables
from staff.admin.charts import Chart, Series
from staff.admin.figure_asks import Ask
from staff.admin.figure_pages import Content
from staff.admin.figure_words import Figure, Question, figure
from staff.admin.figures_overview import of_whole_cards
from staff.admin.tables import Cell, Table
from staff.admin.unfold_parts import NOTHING

# A file has at most so many; a page shows the first of them.
MOST_MISSED, MOST_SHOWN = 500, 50
_HUNDREDTH = Decimal("0.01")
Members = Mapping[int, Membership]


def customers(asked: Ask) -> Content:
    """Return the best customers of the last days, and those who stay away. Source: R6.5."""
    if not asked.scope.is_whole:
        return of_whole_cards(asked, "customers", _("Who are my best customers?"))
    counted = reading.counted(asked.scope)
    days = spans.lately(asked.span)
    spent = best.best(counted, days=days, measure=Measure.SPENT)
    often = best.best(counted, days=days, measure=Measure.VISITS).get("", [])
    today = asked.at.astimezone(asked.partner.zone()).date()
    missed = risks.at_risk(counted, today=today, size=MOST_MISSED)
    people = _people([*chain.from_iterable(spent.values()), *often], missed)
    return Content(
        compares=False,
        counted_at=counted.at,
        notes=[_lately(counted, days)],
        questions=[
            Question(
                title=_("Who are my best customers?"),
                figures=[
                    *(
                        Figure(
                            label=_("Spent most, in %(currency)s") % {"currency": currency},
                            text=tables.money(listed[0].amount, currency).text,
                            help=_name(listed[0].membership_id, people).text,
                        )
                        for currency, listed in spent.items()
                    ),
                    Figure(
                        label=_("Members at risk"),
                        text=charts.counts(missed.count),
                        help=_("they have a rhythm, and stay away twice as long"),
                    ),
                ],
            )
        ],
        charts=[
            *(_spent(currency, listed, people) for currency, listed in spent.items()),
            _often(often, people),
            _missed(missed, people),
        ],
    )


def habits(asked: Ask) -> Content:
    """Return how often members came lately, and how many of each month come back."""
    if not asked.scope.is_whole:
        return of_whole_cards(asked, "habits", _("Do members come back?"))
    counted = reading.counted(asked.scope)
    days = spans.lately(asked.span)
    found = frequency.frequency(counted, days)
    average = found.average_visits
    return Content(
        compares=False,
        counted_at=counted.at,
        notes=[_lately(counted, days)],
        questions=[
            Question(
                title=_("Do members come back?"),
                figures=[
                    figure(
                        _("Members who came"),
                        found.members,
                        found.members_before,
                        help=_("beside as many days before"),
                    ),
                    Figure(
                        label=_("Visits of each"),
                        text=NOTHING if average is None else amounts.decimal_number(average),
                        help=_("on average"),
                    ),
                ],
            )
        ],
        charts=[_frequency(found), _cohorts(cohorts.cohorts(counted))],
    )


def _lately(counted: Counted, days: Lately) -> str:
    if counted.at is None:
        return _("Members are counted once a day; the first count is still to come.")
    words = ngettext(
        "Members are counted once a day: over the last %(days)s day, up to yesterday.",
        "Members are counted once a day: over the last %(days)s days, up to yesterday.",
        days,
    )
    return words % {"days": charts.counts(days)}


def _people(listed: Iterable[Best], missed: MissedPage) -> Members:
    keys = {one.membership_id for one in listed} | {one.membership_id for one in missed.members}
    return Membership.objects.select_related("member").in_bulk(keys)


def _name(membership_id: int, people: Members) -> Cell:
    """Return who it is, leading to the account."""
    name = people[membership_id].member.full_name()
    link = reverse("admin:members_membership_account", args=[membership_id])
    return Cell(raw=name, text=name, address=link)


def _ranked(name: str, title: str, head: str, rows: Sequence[tuple[Cell, Cell]]) -> Chart:
    return Chart(
        name=name,
        title=title,
        table=Table(caption=title, columns=[Column(_("Member")), tables.number(head)], rows=rows),
        empty="" if rows else _("Nobody in these days."),
    )


def _spent(currency: str, listed: Sequence[Best], people: Members) -> Chart:
    rows = [
        (_name(one.membership_id, people), tables.money(one.amount, currency)) for one in listed
    ]
    title = _("Spent most, in %(currency)s") % {"currency": currency}
    return _ranked(f"spent-{currency.lower()}", title, _("Spent"), rows)


def _often(listed: Sequence[Best], people: Members) -> Chart:
    rows = [(_name(one.membership_id, people), tables.count(one.amount)) for one in listed]
    return _ranked("often", _("Came most often"), _("Visits"), rows)


def _missed(missed: MissedPage, people: Members) -> Chart:
    title = _("Should have come by now")
    return Chart(
        name="at-risk",
        title=title,
        is_wide=True,
        help=_("Those who came most often come first."),
        table=Table(
            caption=title,
            most=MOST_SHOWN,
            cut=_cut(missed),
            columns=[
                Column(_("Member")),
                tables.number(_("Visits in a year")),
                tables.number(_("Came every, in days")),
                tables.number(_("Days away")),
                Column(_("Last visit"), Kind.DATE),
            ],
            rows=[
                [
                    _name(one.membership_id, people),
                    tables.count(one.visits),
                    tables.count(one.gap_days),
                    tables.count(one.away_days),
                    Cell(raw=one.last_date, text=date_format(one.last_date, "j F Y")),
                ]
                for one in missed.members
            ],
        ),
        empty="" if missed.members else _("Everybody who has a rhythm keeps it."),
    )


def _cut(missed: MissedPage) -> str:
    """Return how many a file has, where it has not all of them."""
    if missed.after is None:
        return ""
    words = _("The first %(most)s of %(all)s; the file has the %(listed)s who came most often.")
    return words % {
        "most": charts.counts(MOST_SHOWN),
        "all": charts.counts(missed.count),
        "listed": charts.counts(len(missed.members)),
    }


def _frequency(found: Frequency) -> Chart:
    title = _("How often members came")
    series = Series(words=_("members"), values=[one.members for one in found.often])
    names = [_times(one) for one in found.often]
    return Chart(
        name="frequency",
        title=title,
        is_wide=True,
        plot=charts.named_bars(names, series, on_axis=charts.counts_on_axis),
        table=Table(
            caption=title,
            columns=[
                Column(_("Visits")),
                tables.number(_("Members")),
                tables.number(_("Visits together")),
            ],
            rows=[
                [tables.text(name), tables.count(one.members), tables.count(one.visits)]
                for name, one in zip(names, found.often, strict=True)
            ],
        ),
        empty=_("Nobody came in these days."),
    )


def _times(one: Often) -> str:
    if one.most is None:
        return f"{one.least}+"
    return str(one.least) if one.least == one.most else f"{one.least}\u2013{one.most}"


def _cohorts(found: Sequence[Cohort]) -> Chart:
    """Return the share of each month's new members who came in that month and in those after."""
    title = _("New members who came, by month")
    months = range(max((len(one.active) for one in found), default=0))
    rows = [
        [
            Cell(raw=one.joined_month, text=date_format(one.joined_month, "F Y")),
            tables.count(one.members),
            *(_retained(one, month) for month in months),
        ]
        for one in found[-MONTHS:]
    ]
    return Chart(
        name="cohorts",
        title=title,
        is_wide=True,
        help=_("Month 0 is the one in which they joined."),
        table=Table(
            caption=title,
            columns=[
                Column(_("Joined"), Kind.DATE),
                tables.number(_("Members")),
                *(tables.number(_("Month %(number)s") % {"number": month}) for month in months),
            ],
            rows=rows,
        ),
        empty="" if rows else _("Nobody joined in the last twelve months."),
    )


def _retained(one: Cohort, month: int) -> Cell:
    """Return the share that came, the darker the more; months to come are empty."""
    share = dict(enumerate(one.shares())).get(month)
    if share is None:
        return Cell(raw=None, text="")
    level = min(int(share * charts.LEVELS), charts.LEVELS - 1)
    text = tables.percentage(share.quantize(_HUNDREDTH))
    return Cell(raw=share * tables.HUNDRED, text=text, level=f"is-{level}")
