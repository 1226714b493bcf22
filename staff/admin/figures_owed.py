"""What is still owed to members: how it came about, how old it is, when it ends, what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.analytics import liability
from loyalty.analytics.liability import Breakage, Held, Liability, Open, Roll
from loyalty.analytics.spans import Step
from loyalty.ledger.models import Unit
from loyalty.sheets.writing import Column, Kind
from staff.admin import charts, figure_asks, tables
from staff.admin.charts import Chart, Series
from staff.admin.figure_asks import Ask
from staff.admin.figure_pages import Content
from staff.admin.figure_words import Figure, Question, figure
from staff.admin.figures_overview import of_whole_cards
from staff.admin.tables import Cell, Table

# The lines of a roll-forward in the order in which they are read, each with what it means.
LINES: tuple[tuple[str, Any, Any], ...] = (
    ("earned", gettext_lazy("Earned"), gettext_lazy("given for purchases, visits and bonuses")),
    ("redeemed", gettext_lazy("Redeemed"), gettext_lazy("spent on rewards and payments")),
    ("expired", gettext_lazy("Expired"), gettext_lazy("not used in time")),
    (
        "refunded",
        gettext_lazy("Refunded"),
        gettext_lazy("taken back or given back with what was returned"),
    ),
    (
        "adjusted",
        gettext_lazy("Adjusted"),
        gettext_lazy("changed by hand, or brought along from an earlier programme"),
    ),
    ("reversed", gettext_lazy("Undone"), gettext_lazy("taken back because the deed was undone")),
    (
        "transferred",
        gettext_lazy("Moved"),
        gettext_lazy("between members and the groups they share an account with"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A roll-forward in words: where it began, what was added and taken, where it ended."""

    title: str
    begin: tuple[str, str]
    lines: Sequence[tuple[str, str, str]]
    end: tuple[str, str]


def owed(asked: Ask) -> Content:
    """Return what is open and how it came about. Source: R6.5."""
    if not asked.scope.is_whole:
        return of_whole_cards(asked, "owed", _("What do I still owe?"))
    step = asked.span.step()
    found = liability.liability(scope=asked.scope, span=asked.span, step=step, at=asked.at)
    kept = [held for held in found.rolls if _matters(held, found)]
    if not kept:
        return Content(is_empty=True, compares=False)
    drawn = [chart for held in kept for chart in _charts(asked, held, found, step)]
    return Content(
        compares=False,
        counted_at=found.counted_at,
        questions=[_answer(asked, found, kept)],
        parts=[_statement(asked, held, found.rolls[held]) for held in kept],
        charts=[*drawn, _cards(asked, found, kept), *_worth(found)],
    )


def _matters(held: Held, found: Liability) -> bool:
    """Return whether anything of a unit was open or moved."""
    rolls = found.rolls[held]
    moved = any(getattr(roll, name) for roll in rolls for name, _words, _help in LINES)
    return bool(moved or rolls[0].opening or (held in found.open and found.open[held].total))


def _name(asked: Ask, held: Held) -> str:
    if held.unit == Unit.POINTS:
        return asked.unit
    return _("credit in %(currency)s") % {"currency": held.currency}


def _key(held: Held) -> str:
    return held.currency.lower() or "points"


def _cell(held: Held, value: int) -> Cell:
    return tables.money(value, held.currency) if held.currency else tables.count(value)


def _answer(asked: Ask, found: Liability, kept: Sequence[Held]) -> Question:
    """Return what is open of each unit, what it would cost, and what is expected to expire."""
    figures: list[Figure] = []
    for held in kept:
        rolls, named = found.rolls[held], {"unit": _name(asked, held)}
        written = charts.money_in(held.currency) if held.currency else charts.counts
        figures.append(
            figure(
                _("Open: %(unit)s") % named,
                rolls[-1].closing,
                rolls[0].opening,
                written=written,
                is_good=None,
                help=_("at the end of these days, beside their beginning"),
            )
        )
        if held in found.breakage:
            figures.append(_breakage(named, written, found.breakage[held]))
    figures += [
        Figure(
            label=_("Worth in %(currency)s") % {"currency": one.currency},
            text=tables.money(one.total_minor, one.currency).text,
            help=_("if members paid with all their points today"),
        )
        for one in found.worth
    ]
    return Question(title=_("What do I still owe?"), figures=figures)


def _breakage(named: dict[str, str], written: charts.Written, one: Breakage) -> Figure:
    if one.share is None:
        words = _("nothing ended in the last twelve months that would tell")
    else:
        share = {"share": tables.percentage(one.share)}
        words = _("%(share)s of what ended in twelve months had expired") % share
    return Figure(
        label=_("Expected to expire: %(unit)s") % named, text=written(one.expected), help=words
    )


def _statement(asked: Ask, held: Held, rolls: Sequence[Roll]) -> Statement:
    """Return the roll-forward of the whole span; lines of nothing are left out."""
    lines = []
    for name, words, meaning in LINES:
        total = sum(getattr(roll, name) for roll in rolls)
        if total:
            lines.append((str(words), str(meaning), _moved(held, total).text))
    days = {"unit": _name(asked, held), "days": figure_asks.span_words(asked.span)}
    return Statement(
        title=_("How it came about: %(unit)s, %(days)s") % days,
        begin=(_("Open at the beginning"), _cell(held, rolls[0].opening).text),
        lines=lines,
        end=(_("Open at the end"), _cell(held, rolls[-1].closing).text),
    )


def _moved(held: Held, value: int) -> Cell:
    return tables.signed(value, held.currency)


def _charts(asked: Ask, held: Held, found: Liability, step: Step) -> list[Chart]:
    made = [_course(asked, held, found.rolls[held], step)]
    if held in found.open:
        is_open = found.open[held]
        made += [_ages(asked, held, is_open), _ends(asked, held, is_open)]
    return made


def _on_axis(held: Held) -> charts.Written:
    return charts.money_on_axis(held.currency) if held.currency else charts.counts_on_axis


def _course(asked: Ask, held: Held, rolls: Sequence[Roll], step: Step) -> Chart:
    """Return the line of what was open, with the roll-forward of each day or month behind it."""
    title = _("Open at the end of each day: %(unit)s")
    if step == Step.MONTH:
        title = _("Open at the end of each month: %(unit)s")
    title %= {"unit": _name(asked, held)}
    series = Series(
        words=_("open"), values=[roll.closing for roll in rolls], currency=held.currency
    )
    days = [roll.part for roll in rolls]
    columns = [
        tables.when(step),
        tables.number(_("Opening")),
        *(tables.number(str(words)) for _name, words, _help in LINES),
        tables.number(_("Closing")),
    ]
    rows = [
        [
            tables.moment(roll.part, step),
            _cell(held, roll.opening),
            *(_moved(held, getattr(roll, name)) for name, _words, _help in LINES),
            _cell(held, roll.closing),
        ]
        for roll in rolls
    ]
    return Chart(
        name=f"roll-{_key(held)}",
        title=title,
        plot=charts.line(days, step, series, on_axis=_on_axis(held)),
        table=Table(caption=title, columns=columns, rows=rows),
        is_wide=True,
        empty=_("Nothing was open on these days."),
    )


def _ages(asked: Ask, held: Held, is_open: Open) -> Chart:
    title = _("By the month in which they were earned: %(unit)s") % {"unit": _name(asked, held)}
    rows = [(_month(month), month, value) for month, value in sorted(is_open.by_age.items())]
    return _by_month(held, rows, name=f"age-{_key(held)}", title=title)


def _ends(asked: Ask, held: Held, is_open: Open) -> Chart:
    title = _("By the last month in which they can be used: %(unit)s")
    title %= {"unit": _name(asked, held)}
    dated = {month: value for month, value in is_open.by_end.items() if month is not None}
    rows: list[tuple[str, date | None, int]] = [
        (_month(month), month, value) for month, value in sorted(dated.items())
    ]
    if is_open.by_end.get(None):
        rows.append((_("no end"), None, is_open.by_end[None]))
    return _by_month(held, rows, name=f"end-{_key(held)}", title=title)


def _month(month: date) -> str:
    return date_format(month, "M Y")


def _by_month(
    held: Held, rows: Sequence[tuple[str, date | None, int]], *, name: str, title: str
) -> Chart:
    names = [words for words, _month, _value in rows]
    series = Series(
        words=_("open"), values=[value for _w, _m, value in rows], currency=held.currency
    )
    return Chart(
        name=name,
        title=title,
        plot=charts.named_bars(names, series, on_axis=_on_axis(held)),
        table=Table(
            caption=title,
            columns=[Column(_("Month"), Kind.DATE), tables.number(_("Open"))],
            rows=[
                [Cell(raw=month or words, text=words), _cell(held, value)]
                for words, month, value in rows
            ],
        ),
        empty=_("Nothing is open."),
    )


def _cards(asked: Ask, found: Liability, kept: Sequence[Held]) -> Chart:
    title = _("By card")
    rows = [one for one in found.cards if one.held in kept]
    return Chart(
        name="cards",
        title=title,
        table=Table(
            caption=title,
            columns=[Column(_("Card")), Column(_("Unit")), tables.number(_("Open"))],
            rows=[
                [
                    tables.text(one.name),
                    tables.text(_name(asked, one.held)),
                    _cell(one.held, one.amount),
                ]
                for one in rows
            ],
        ),
        empty="" if rows else _("Nothing is open."),
    )


def _worth(found: Liability) -> list[Chart]:
    made = []
    for one in found.worth:
        title = _("What the points are worth by tier, in %(currency)s") % {"currency": one.currency}
        ranked = sorted(one.by_tier.items(), key=lambda pair: (-pair[1], one.names[pair[0]]))
        written = partial(tables.money, currency=one.currency)
        made.append(
            Chart(
                name=f"worth-{one.currency.lower()}",
                title=title,
                help=_("At the worth that each tier gives a point. It is the most they can cost."),
                table=Table(
                    caption=title,
                    columns=[Column(_("Tier")), tables.number(_("Worth"))],
                    rows=[
                        [tables.text(one.names[tier] or _("no tier")), written(worth)]
                        for tier, worth in ranked
                    ],
                    shares=charts.shares([worth for _tier, worth in ranked]),
                ),
            )
        )
    return made
