"""Whether the programme is worth its cost: what members bought, and what rewards gave away."""

from django.utils.translation import gettext as _

from loyalty.analytics import worth as programme_worth
from loyalty.analytics.worth import Programme
from loyalty.sheets.writing import Column
from staff.admin import charts, tables
from staff.admin.charts import Chart
from staff.admin.figure_asks import Ask
from staff.admin.figure_pages import Content
from staff.admin.figure_words import Figure, Question
from staff.admin.tables import Table
from staff.admin.unfold_parts import NOTHING


def worth(asked: Ask) -> Content:
    """Return what the programme sold and cost, by currency. Source: R6.5."""
    found = programme_worth.programmes(scope=asked.scope, span=asked.span, at=asked.at)
    kept = [one for one in found if one.sales_minor or one.cost_minor or one.points]
    if not kept:
        return Content(is_empty=True, compares=False)
    return Content(
        compares=False,
        notes=[_unpriced(one) for one in kept if one.unpriced_points],
        questions=[_answer(one) for one in kept],
        charts=[_lines(one) for one in kept],
    )


def _answer(one: Programme) -> Question:
    share = one.cost_share
    return Question(
        title=_("Is it worth its cost? In %(currency)s") % {"currency": one.currency},
        help=_("Points cost what those that are open are worth on average, by tier."),
        figures=[
            Figure(
                label=_("Sales with a card"),
                text=tables.money(one.sales_minor, one.currency).text,
            ),
            Figure(
                label=_("Cost of rewards"), text=tables.money(one.cost_minor, one.currency).text
            ),
            Figure(
                label=_("Cost of each 100 sold"),
                text=NOTHING if share is None else tables.percentage(share),
            ),
        ],
    )


def _unpriced(one: Programme) -> str:
    words = _(
        "%(points)s points were redeemed on cards in %(currency)s that give a point no worth in"
        " money. They cost nothing here."
    )
    return words % {"points": charts.counts(one.unpriced_points), "currency": one.currency}


def _lines(one: Programme) -> Chart:
    title = _("What was sold and given away, in %(currency)s") % {"currency": one.currency}
    left = one.sales_minor - one.cost_minor
    rows = [
        [tables.text(_("Sales with a card")), tables.money(one.sales_minor, one.currency)],
        [tables.text(_("Points redeemed")), tables.signed(-one.points_minor, one.currency)],
        [tables.text(_("Credit redeemed")), tables.signed(-one.credit_minor, one.currency)],
        [tables.text(_("Left after rewards")), tables.money(left, one.currency)],
    ]
    return Chart(
        name=f"worth-{one.currency.lower()}",
        title=title,
        is_wide=True,
        table=Table(
            caption=title,
            columns=[Column(_("Line")), tables.number(_("Amount"))],
            rows=rows,
        ),
    )
