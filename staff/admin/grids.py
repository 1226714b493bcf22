"""Inlines that hold as many rows as a person can mean, and no more."""

from typing import Any

from django.http import HttpRequest

from staff.admin.scoping import Walled

# A card has a handful of tiers and rewards; two hundred rows would keep the server busy.
MOST_ROWS = 50


class WalledRows(Walled):
    """An inline of a list: as many rows as a person can mean, and no more."""

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the formset with its limits."""
        limits = {"max_num": MOST_ROWS, "absolute_max": MOST_ROWS}
        return super().get_formset(request, obj, **(limits | kwargs))  # type: ignore[misc]  # stands before an inline of the theme
