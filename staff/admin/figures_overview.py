"""The first page of figures: who comes, whether it is worth its cost, and what is still owed."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from loyalty.analytics import card_views, figures
from loyalty.analytics.card_views import Views
from loyalty.analytics.figures import Figures, Money, Page, Period, Units
from loyalty.analytics.spans import DAY
from staff.admin import charts, tables
from staff.admin.charts import Chart, Series
from staff.admin.figure_asks import ALL, Ask
from staff.admin.figure_pages import Content, address
from staff.admin.figure_words import Figure, Question, figure, optional, rate
from staff.admin.tables import Table
from staff.admin.unfold_parts import NOTHING

OWES_NOTHING = gettext_lazy(
    "A store or a person has no members or balances of its own: they belong to cards."
)


def overview(asked: Ask) -> Content:
    """Return the figures of a span beside those of the span before. Source: R6.1, R6.3, R6.5."""
    page = figures.page(scope=asked.scope, span=asked.span, at=asked.at)
    views = _views(asked, page)
    if is_empty(page) and not (views and (views.total or views.before)):
        return Content(is_empty=True)
    drawn = [_transactions(page), _points(asked, page), *_sales(page), _joins(page)]
    return Content(
        questions=[_who(asked, page, views), _worth(asked, page), _owed(asked, page)],
        charts=[*drawn, _viewed(page, views)] if views else drawn,
        baskets_at=page.baskets_at,
    )


def of_whole_cards(asked: Ask, slug: str, title: str) -> Content:
    """Return where to go for what a store or a person has none of: members and their balances."""
    whole = address(slug, asked, query=asked.with_place(ALL, 0))
    nothing = Question(
        title=title,
        help=str(OWES_NOTHING),
        figures=(),
        more=whole,
        more_words=_("The whole business"),
    )
    return Content(questions=[nothing], compares=False)


def is_empty(page: Page) -> bool:
    """Return whether nothing happened in the span, nor before it as far as can be told."""
    periods = (page.now, page.before)
    return not any(
        one.total.deeds or one.total.joins or one.active or _is_open(one) for one in periods
    )


def _is_open(period: Period) -> bool:
    is_open = period.outstanding
    return is_open is not None and bool(is_open.points or any(is_open.credit.values()))


def currencies(page: Page) -> list[str]:
    """Return the currencies in which anything was done, in a fixed order."""
    found = {
        name
        for one in (page.now, page.before)
        for name, money in one.total.money.items()
        if money != Money()
    }
    return sorted(found)


def _views(asked: Ask, page: Page) -> Views | None:
    """Return how often cards were looked at; a store and a person have no pages to look at."""
    if not asked.scope.is_whole:
        return None
    return card_views.views(scope=asked.scope, span=asked.span, step=page.step, at=asked.at)


def _viewed(page: Page, views: Views) -> Chart:
    values = [views.by_part[part] for part in page.parts]
    return by_part(
        page,
        name="views",
        title=_("Card views"),
        series=[Series(words=_("Card views"), values=values)],
    )


def _who(asked: Ask, page: Page, views: Views | None) -> Question:
    now, before = page.now, page.before
    looked = (
        [figure(_("Card views"), views.total, views.before, help=_("once in 30 minutes each"))]
        if views
        else []
    )
    return Question(
        title=_("Who comes?"),
        figures=[
            *looked,
            figure(_("New members"), now.total.joins, before.total.joins),
            _active(asked, page),
            figure(
                _("Transactions"),
                now.total.deeds,
                before.total.deeds,
                help=_("purchases, points given, rewards and payments"),
            ),
        ],
        more=address("customers", asked),
        more_words=_("Who are the best customers?"),
    )


def _active(asked: Ask, page: Page) -> Figure:
    label, active = _("Active members"), page.now.active
    if active is None:
        words = _("told of the last 7, 30, 90 and 365 days, which are counted once a day")
        return Figure(label=label, text=NOTHING, help=words)
    words = _("bought, were given points or were handed a reward")
    span, last = page.active_span, page.active_span.until - DAY
    if span != page.now.span:
        today = asked.at.astimezone(asked.partner.zone()).date()
        days = (span.until - span.first).days
        words = ngettext(
            "bought or were given something in %(days)s day up to %(last)s",
            "bought or were given something in %(days)s days up to %(last)s",
            days,
        ) % {
            "days": charts.counts(days),
            "last": _("yesterday") if last == today - DAY else date_format(last),
        }
    return figure(label, active, page.before.active, help=words)


def _worth(asked: Ask, page: Page) -> Question:
    now, before = page.now.total, page.before.total
    found: list[Figure] = []
    for currency in currencies(page):
        found += _money(currency, now.money[currency], before.money[currency])
    found += _units(asked.unit, now.points, before.points, charts.counts)
    found.append(figure(_("Rewards handed out"), now.rewards, before.rewards))
    return Question(
        title=_("Is it worth its cost?"),
        help=_("Sales are those with a card, less what was undone or refunded."),
        figures=found,
        more=address("worth", asked),
        more_words=_("What it costs"),
    )


def _money(currency: str, now: Money, before: Money) -> list[Figure]:
    """Return sales and average baskets of one currency, and credit where there is any."""
    written = charts.money_in(currency)
    found = [
        figure(
            _("Sales in %(currency)s") % {"currency": currency},
            now.sales_minor,
            before.sales_minor,
            written=written,
        ),
        optional(
            _("Basket with a reward"),
            now.average_rewarded,
            before.average_rewarded,
            written,
            help=_("on average, on days with a reward"),
        ),
        optional(
            _("Basket without"),
            now.average_plain,
            before.average_plain,
            written,
            help=_("on average, on other days"),
        ),
    ]
    if (now.credit, before.credit) != (Units(), Units()):
        words = _("credit in %(currency)s") % {"currency": currency}
        found += _units(words, now.credit, before.credit, written)
    return found


def _units(unit: str, now: Units, before: Units, written: charts.Written) -> list[Figure]:
    named = {"unit": unit}
    return [
        figure(_("Given: %(unit)s") % named, now.issued, before.issued, written=written),
        figure(_("Redeemed: %(unit)s") % named, now.redeemed, before.redeemed, written=written),
        rate(
            _("Redemption rate: %(unit)s") % named,
            now.redemption_rate,
            before.redemption_rate,
            help=_("redeemed of what was given"),
        ),
    ]


def _owed(asked: Ask, page: Page) -> Question:
    now, before = page.now, page.before
    found: list[Figure] = []
    if now.outstanding is not None and before.outstanding is not None:
        found.append(
            figure(
                _("Open: %(unit)s") % {"unit": asked.unit},
                now.outstanding.points,
                before.outstanding.points,
                is_good=None,
                help=_("at the end of these days"),
            )
        )
        for currency in currencies(page):
            is_open = now.outstanding.credit.get(currency, 0)
            was_open = before.outstanding.credit.get(currency, 0)
            if is_open or was_open:
                found.append(
                    figure(
                        _("Open: credit in %(currency)s") % {"currency": currency},
                        is_open,
                        was_open,
                        written=charts.money_in(currency),
                        is_good=None,
                    )
                )
    found.append(
        figure(
            _("Expired: %(unit)s") % {"unit": asked.unit},
            now.total.points.expired,
            before.total.points.expired,
            is_good=None,
        )
    )
    return Question(
        title=_("What do I still owe?"),
        help="" if now.outstanding else str(OWES_NOTHING),
        figures=found,
        more=address("owed", asked),
        more_words=_("How that came about"),
    )


def by_part(
    page: Page,
    *,
    name: str,
    title: str,
    series: Sequence[Series],
    on_axis: charts.Written = charts.counts_on_axis,
) -> Chart:
    """Return a chart of whole numbers by day or month, with its table."""
    days = list(page.parts)
    return Chart(
        name=name,
        title=title,
        plot=charts.bars(days, page.step, series, on_axis=on_axis),
        keys=[one.words for one in series] if len(series) > 1 else [],
        table=_table(title, page, days, series),
        empty=_("Nothing in these days."),
    )


def _table(title: str, page: Page, days: Sequence[date], series: Sequence[Series]) -> Table:
    columns = [tables.when(page.step), *(tables.number(one.words) for one in series)]
    rows = [
        [tables.moment(day, page.step), *(one.cell(one.values[index]) for one in series)]
        for index, day in enumerate(days)
    ]
    return Table(caption=title, columns=columns, rows=rows)


def _of(parts: Iterable[Figures], name: str) -> list[int]:
    return [getattr(one, name) for one in parts]


def _transactions(page: Page) -> Chart:
    values = _of(page.parts.values(), "deeds")
    return by_part(
        page,
        name="transactions",
        title=_("Transactions"),
        series=[Series(words=_("Transactions"), values=values)],
    )


def _points(asked: Ask, page: Page) -> Chart:
    units = [one.points for one in page.parts.values()]
    return by_part(
        page,
        name="points",
        title=_("Given and redeemed: %(unit)s") % {"unit": asked.unit},
        series=[
            Series(words=_("Given"), values=[one.issued for one in units]),
            Series(words=_("Redeemed"), values=[one.redeemed for one in units]),
        ],
    )


def _sales(page: Page) -> list[Chart]:
    found = []
    for currency in currencies(page):
        values = [one.money[currency].sales_minor for one in page.parts.values()]
        title = _("Sales in %(currency)s") % {"currency": currency}
        found.append(
            by_part(
                page,
                name=f"sales-{currency.lower()}",
                title=title,
                series=[Series(words=title, values=values, currency=currency)],
                on_axis=charts.money_on_axis(currency),
            )
        )
    return found


def _joins(page: Page) -> Chart:
    return by_part(
        page,
        name="joins",
        title=_("New members"),
        series=[Series(words=_("New members"), values=_of(page.parts.values(), "joins"))],
    )
