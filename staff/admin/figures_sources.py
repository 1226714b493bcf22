"""Where awards come from, and how many of them nobody had to type."""

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from loyalty.analytics import figures
from loyalty.analytics.figures import TYPED, Awards, Page
from loyalty.analytics.spans import Step
from loyalty.ledger.models import Source
from loyalty.sheets.writing import Column
from staff.admin import charts, tables
from staff.admin.charts import Chart, Series
from staff.admin.figure_asks import Ask
from staff.admin.figure_pages import Content
from staff.admin.figure_words import Figure, Question
from staff.admin.figures_overview import is_empty
from staff.admin.tables import Table
from staff.admin.unfold_parts import NOTHING


def sources(asked: Ask) -> Content:
    """Return the awards by source and month, and the share that nobody typed. Source: PA4.1."""
    page = figures.page(scope=asked.scope, span=asked.span, at=asked.at)
    if is_empty(page):
        return Content(is_empty=True, compares=False)
    counts: dict[str, int] = {
        source: sum(month.by_source.get(source, 0) for month in page.awards) for source in Source
    }
    used = [source for source in Source if counts[source]]
    whole = Awards(month=asked.span.first, by_source=counts)
    untyped = whole.untyped_share
    return Content(
        compares=False,
        questions=[
            Question(
                title=_("How much work does it save?"),
                help=_(
                    "Typed at the counter or in this dashboard; the rest came from tills, feeds,"
                    " files or the clock."
                ),
                figures=[
                    Figure(
                        label=_("Awards that nobody typed"),
                        text=NOTHING if untyped is None else tables.percentage(untyped),
                    ),
                    Figure(label=_("Awards"), text=charts.counts(sum(counts.values()))),
                ],
            )
        ],
        charts=[_by_source(used, counts), _untyped(page), _by_month(page, used)],
    )


def _by_source(used: list[Source], counts: dict[str, int]) -> Chart:
    title = _("Awards by where they came from")
    ranked = sorted(used, key=lambda source: (-counts[source], source))
    words = {True: _("typed"), False: _("not typed")}
    return Chart(
        name="sources",
        title=title,
        table=Table(
            caption=title,
            columns=[
                Column(_("From")),
                Column(_("Typed by somebody")),
                tables.number(_("Awards")),
                tables.number(_("Share in %")),
            ],
            rows=[
                [
                    tables.text(capfirst(str(source.label))),
                    tables.text(words[source in TYPED]),
                    tables.count(counts[source]),
                    tables.percent(figures.share(counts[source], sum(counts.values()))),
                ]
                for source in ranked
            ],
            shares=charts.shares([counts[source] for source in ranked]),
        ),
        empty="" if used else _("No award in these days."),
    )


def _untyped(page: Page) -> Chart:
    title = _("Share that nobody typed, by month")
    found = [
        (month.month, month.untyped_share)
        for month in page.awards
        if month.untyped_share is not None
    ]
    values = [int(share.scaleb(charts.SHARE_PLACES)) for _month, share in found]
    series = Series(words=_("not typed"), values=values, is_share=True)
    months = [month for month, _share in found]
    has_gaps = 0 < len(found) < len(page.awards)
    return Chart(
        name="untyped",
        title=title,
        help=_("Months without an award are left out.") if has_gaps else "",
        plot=charts.bars(months, Step.MONTH, [series], on_axis=charts.shares_on_axis),
        table=Table(
            caption=title,
            columns=[tables.when(Step.MONTH), tables.number(_("Not typed, in %"))],
            rows=[
                [tables.moment(month, Step.MONTH), tables.percent(share)] for month, share in found
            ],
        ),
        empty=_("Every award was typed by somebody.") if found else _("No award in these days."),
    )


def _by_month(page: Page, used: list[Source]) -> Chart:
    title = _("Awards by source and month")
    return Chart(
        name="by-month",
        title=title,
        is_wide=True,
        table=Table(
            caption=title,
            columns=[
                tables.when(Step.MONTH),
                *(tables.number(capfirst(str(source.label))) for source in used),
                tables.number(_("Not typed, in %")),
            ],
            rows=[
                [
                    tables.moment(month.month, Step.MONTH),
                    *(tables.count(month.by_source.get(source, 0)) for source in used),
                    tables.percent(month.untyped_share),
                ]
                for month in page.awards
            ],
        ),
    )
