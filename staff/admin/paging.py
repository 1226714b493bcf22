"""Rows by place, newest first: the last page costs what the first does, and nobody counts them."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest

PLACE = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows, and the queries that lead to the older ones and back to the newest."""

    rows: list[Any]
    older: str
    newest: str


def page_of(request: HttpRequest, rows: QuerySet[Any], *, count: int) -> Page:
    """Return the rows after the place of the address, in one statement.

    :raises BadRequest: if no page wrote that place.
    """
    place = request.GET.get(PLACE, "")
    if place:
        if not (place.isascii() and place.isdecimal() and 0 < int(place[:20]) < 2**63):
            raise BadRequest
        rows = rows.filter(pk__lt=int(place))
    read = list(rows.order_by("-pk")[: count + 1])
    shown = read[:count]
    query = request.GET.copy()
    query.pop(PLACE, None)
    newest = f"?{query.urlencode()}" if place else ""
    if len(read) > count:
        query[PLACE] = str(shown[-1].pk)
        return Page(rows=shown, older=f"?{query.urlencode()}", newest=newest)
    return Page(rows=shown, older="", newest=newest)
