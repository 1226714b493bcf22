"""The pages of figures: their addresses, and what is around what each of them tells."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.translation import gettext as _

from clubs.models import Role
from loyalty.analytics.reading import SumsMovedError
from staff.admin import figure_asks
from staff.admin.charts import Chart
from staff.admin.figure_asks import Ask
from staff.admin.figure_words import Question
from staff.admin.powers import EVERYONE
from staff.admin.site import site

# So soon the job has moved on; a person may try again with the button before.
RETRY_SECONDS = "5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a page tells: answers to questions, then charts; ``notes`` say what to know first.

    Where there is nothing to tell, ``empty`` is the one next step.
    """

    questions: Sequence[Question] = ()
    charts: Sequence[Chart] = ()
    notes: Sequence[str] = ()
    parts: Sequence[Any] = ()
    baskets_at: datetime | None = None
    counted_at: datetime | None = None
    compares: bool = True
    is_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FigurePage:
    """One page of figures, who may see it, and what makes its content."""

    slug: str
    words: Any
    made: Callable[[Ask], Content]
    roles: frozenset[Role] = EVERYONE

    @property
    def route(self) -> str:
        """Return the name of its address."""
        return f"figures_{self.slug}"


def add(pages: Iterable[FigurePage]) -> None:
    """Give the dashboard these pages, in this order."""
    found = tuple(pages)
    view = site.admin_view
    for page in found:
        place = "analytics/" if page is found[0] else f"analytics/{page.slug}/"
        shown = partial(show, page=page, pages=found)
        taken = partial(take, page=page)
        site.own_pages += [
            path(place, view(shown), name=page.route),
            path(f"analytics/{page.slug}/<slug:name>.csv", view(taken), name=f"{page.route}_csv"),
        ]


def show(request: HttpRequest, *, page: FigurePage, pages: Sequence[FigurePage]) -> HttpResponse:
    """Show a page of figures; what the address asks for is kept in the links to the others."""
    asked, form = figure_asks.ask(request, page.roles)
    context = {
        **site.own_context(request),
        "title": page.words,
        "crumbs": [(_("Figures"), reverse(f"admin:{pages[0].route}")), (page.words, "")]
        if page is not pages[0]
        else [(_("Figures"), "")],
        "form": form,
        "page": page,
        "asked": asked,
    }
    if asked is None:
        return render(request, "admin/figures.html", context)
    try:
        content = page.made(asked)
    except SumsMovedError:
        return _moved(request, context)
    context |= {
        "content": content,
        "tabs": _tabs(asked, pages, page),
        "span": figure_asks.span_words(asked.span),
        "before": figure_asks.span_words(asked.span.before()),
        "zone": asked.partner.zone(),
        "charts": _charts(asked, page, content),
    }
    return render(request, "admin/figures.html", context)


def take(request: HttpRequest, *, page: FigurePage, name: str) -> HttpResponse:
    """Return the table behind a chart as a file.

    :raises PermissionDenied: for who may look at figures and not take them away.
    :raises Http404: if the page has no such table, or the days are no span.
    """
    asked, _form = figure_asks.ask(request, page.roles)
    if asked is None:
        raise Http404
    if not asked.may_take_away:
        raise PermissionDenied
    try:
        content = page.made(asked)
    except SumsMovedError:
        return _moved(request, site.own_context(request) | {"title": page.words})
    chart = next((one for one in content.charts if one.name == name), None)
    if chart is None:
        raise Http404
    first, until = asked.span.first, asked.span.until
    return chart.table.as_csv(f"{page.slug}-{name}-{first:%Y%m%d}-{until:%Y%m%d}")


def _tabs(asked: Ask, pages: Sequence[FigurePage], page: FigurePage) -> list[dict[str, Any]]:
    """Return the pages that the person may see, each with what is asked for."""
    return [
        {
            "words": one.words,
            "address": address(one.slug, asked),
            "is_here": one is page,
        }
        for one in pages
        if asked.powers.has(one.roles, asked.partner.pk)
    ]


def _charts(asked: Ask, page: FigurePage, content: Content) -> list[tuple[Chart, str]]:
    """Return each chart with the address of its file, if the person may take it away."""
    if not asked.may_take_away:
        return [(chart, "") for chart in content.charts]
    return [(chart, file_address(page.slug, chart.name, asked)) for chart in content.charts]


def file_address(slug: str, name: str, asked: Ask) -> str:
    """Return the address of the file behind a chart, with what is asked for."""
    return _with(reverse(f"admin:figures_{slug}_csv", args=[name]), asked.query)


def address(slug: str, asked: Ask, *, query: str | None = None) -> str:
    """Return the address of a page with what is asked for."""
    return _with(reverse(f"admin:figures_{slug}"), asked.query if query is None else query)


def _with(place: str, query: str) -> str:
    return f"{place}?{query}" if query else place


def _moved(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Say calmly that the sums are just being counted, and when to ask again."""
    response = render(
        request,
        "admin/figures_moved.html",
        context | {"again": request.get_full_path()},
        status=503,
    )
    response["Retry-After"] = RETRY_SECONDS
    return response
