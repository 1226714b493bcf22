"""Lists whose newest row comes first and whose pages go on by key, not by number."""

from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest

from staff.admin.customers import PLACE, Pages
from staff.admin.unfold_parts import ChangeList


class KeyList(ChangeList):
    """The last page costs what the first does; nobody counts how many there are."""

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """Return the filters of the address without the place."""
        found: dict[str, Any] = super().get_filters_params(params)
        found.pop(PLACE, None)
        return found

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """Return an address with other filters, which begins at the newest again."""
        return str(super().get_query_string(new_params, [*(remove or ()), PLACE]))

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """Return the newest first, and nothing else."""
        return ["-pk"]

    def get_results(self, request: HttpRequest) -> None:
        """Read the page that begins after the place of the address."""
        place = request.GET.get(PLACE, "")
        if place and not (place.isascii() and place.isdigit() and 0 < int(place) < 2**63):
            raise BadRequest
        rows = self.queryset.filter(pk__lt=int(place)) if place else self.queryset
        read = list(rows[: self.list_per_page + 1])
        page = read[: self.list_per_page]
        query = request.GET.copy()
        query.pop(PLACE, None)
        newest = f"?{query.urlencode()}" if place else ""
        is_more = len(read) > len(page)
        if is_more:
            query[PLACE] = str(page[-1].pk)
        self.paginator = Pages(newest=newest, older=f"?{query.urlencode()}" if is_more else "")
        self.result_list, self.result_count = page, len(page)
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.full_result_count = None


class FormKeyList(KeyList):
    """The same, where a form of the page reads all filters of the address."""

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        """Return none: the form of the page reads them all."""
        return {}
