"""Render a counter page with what every counter page shows: place, person, lock, scanner."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from clubs.models import Club, Store
from loyalty.web.requests import is_by_pin
from staff import devices


def page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    store: Store | None = None,
    club: Club | None = None,
    status: int = 200,
) -> HttpResponse:
    """Return a page of the counter; ``store`` and ``club`` name the place in its header."""
    place = club or (store.club if store else None)
    shown = {
        "staff_store": store,
        "staff_club": place,
        "is_practice": place is not None and place.practice_of_id is not None,
        "scan_hosts": urlsplit(settings.SITE_URL).netloc,
        "idle_seconds": settings.STAFF_IDLE_SECONDS if request.session.get(devices.IDLE_KEY) else 0,
        "is_by_pin": is_by_pin(request),
        **context,
    }
    return render(request, template, shown, status=status)
