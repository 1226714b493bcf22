"""How many members stand on each tier, and how many move up and down."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from loyalty.analytics import reading, tier_figures
from loyalty.analytics.spans import Step
from loyalty.analytics.tier_figures import Moves, OnTier
from loyalty.sheets.writing import Column
from staff.admin import charts, tables
from staff.admin.charts import Chart, Series
from staff.admin.figure_asks import Ask
from staff.admin.figure_pages import Content
from staff.admin.figure_words import Figure, Question
from staff.admin.figures_overview import of_whole_cards
from staff.admin.tables import Table


def tiers(asked: Ask) -> Content:
    """Return the members of each tier, and the moves of each month. Source: R6.5."""
    if not asked.scope.is_whole:
        return of_whole_cards(asked, "tiers", _("Do members climb?"))
    counted = reading.counted(asked.scope)
    standing = tier_figures.distribution(counted)
    moves = tier_figures.movement(scope=asked.scope, span=asked.span)
    return Content(
        compares=False,
        counted_at=counted.at,
        questions=[
            Question(
                title=_("Do members climb?"),
                help=_("What is undone moves back."),
                figures=[
                    Figure(label=_("Moved up"), text=charts.counts(sum(one.ups for one in moves))),
                    Figure(
                        label=_("Moved down"), text=charts.counts(sum(one.downs for one in moves))
                    ),
                ],
            )
        ],
        charts=[_standing(asked, standing), _moves(moves)],
    )


def _standing(asked: Ask, standing: Sequence[OnTier]) -> Chart:
    title = _("Members by tier")
    values = [one.members for one in standing]
    return Chart(
        name="tiers",
        title=title,
        table=Table(
            caption=title,
            columns=[Column(_("Tier")), Column(_("Card")), tables.number(_("Members"))],
            rows=[
                [
                    tables.text(one.name or _("no tier")),
                    tables.text(asked.cards.get(one.card_id, "")),
                    tables.count(one.members),
                ]
                for one in standing
            ],
            shares=charts.shares(values),
        ),
        empty="" if standing else _("Members are counted once a day; this is still to come."),
    )


def _moves(moves: Sequence[Moves]) -> Chart:
    title = _("Up and down, by month")
    series = [
        Series(words=_("Up"), values=[one.ups for one in moves]),
        Series(words=_("Down"), values=[one.downs for one in moves]),
    ]
    months = [one.month for one in moves]
    return Chart(
        name="moves",
        title=title,
        plot=charts.bars(months, Step.MONTH, series, on_axis=charts.counts_on_axis),
        keys=[one.words for one in series],
        table=Table(
            caption=title,
            columns=[tables.when(Step.MONTH), *(tables.number(one.words) for one in series)],
            rows=[
                [
                    tables.moment(one.month, Step.MONTH),
                    tables.count(one.ups),
                    tables.count(one.downs),
                ]
                for one in moves
            ],
        ),
        empty=_("Nobody moved in these days."),
    )
