"""Which rewards members choose."""

from django.utils.translation import gettext as _

from loyalty.analytics import figures
from loyalty.analytics.figures import Page
from loyalty.sheets.writing import Column
from staff.admin import charts, tables
from staff.admin.charts import Chart, Series
from staff.admin.figure_asks import Ask
from staff.admin.figure_pages import Content
from staff.admin.figure_words import Question, figure, rate
from staff.admin.figures_overview import by_part, is_empty
from staff.admin.tables import Table


def rewards(asked: Ask) -> Content:
    """Return how many rewards were handed out, and which. Source: R6.4, R6.5."""
    page = figures.page(scope=asked.scope, span=asked.span, at=asked.at)
    if is_empty(page):
        return Content(is_empty=True)
    now, before = page.now.total, page.before.total
    found = Question(
        title=_("What do members save for?"),
        figures=[
            figure(_("Rewards handed out"), now.rewards, before.rewards),
            figure(
                _("Redeemed: %(unit)s") % {"unit": asked.unit},
                now.points.redeemed,
                before.points.redeemed,
            ),
            rate(
                _("Redemption rate"),
                now.points.redemption_rate,
                before.points.redemption_rate,
                help=_("redeemed of what was given"),
            ),
        ],
    )
    return Content(questions=[found], charts=[_top(page), _handed_out(page)])


def _top(page: Page) -> Chart:
    title = _("The rewards chosen most")
    counts = [one.count for one in page.top_rewards]
    return Chart(
        name="top-rewards",
        title=title,
        table=Table(
            caption=title,
            columns=[Column(_("Reward")), tables.number(_("Handed out"))],
            rows=[[tables.text(one.name), tables.count(one.count)] for one in page.top_rewards],
            shares=charts.shares(counts),
        ),
        empty="" if counts else _("No reward was handed out in these days."),
    )


def _handed_out(page: Page) -> Chart:
    values = [one.rewards for one in page.parts.values()]
    return by_part(
        page,
        name="rewards",
        title=_("Rewards handed out"),
        series=[Series(words=_("Rewards"), values=values)],
    )
