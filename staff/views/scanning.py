"""The scanner page, and the pages that say why a code opened nothing."""

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from loyalty.web.requests import current_store
from staff import devices
from staff.doors import staff_page
from staff.pages import page


@csp_update({"script-src": ["'wasm-unsafe-eval'"]})
@staff_page
@require_GET
def scan(request: HttpRequest) -> HttpResponse:
    """Show the scanner; the only page that may use the camera and WebAssembly. R12."""
    if "bad" in request.GET:  # A typed code that cannot be one of ours.
        return redirect("staff:unknown_code")
    response = page(request, "staff/scan.html", {}, store=current_store(request))
    response["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
    devices.remember(request, response)
    return response


@staff_page
@require_GET
def not_your_club(request: HttpRequest) -> HttpResponse:
    """Say that the card belongs to another club of the partner, and nothing else. R2.4."""
    return page(request, "staff/not_your_club.html", {}, store=current_store(request), status=404)


@staff_page
@require_GET
def unknown_code(request: HttpRequest) -> HttpResponse:
    """Say that nobody here has this code; another partner's code looks the same. R4.4."""
    return page(request, "staff/unknown_code.html", {}, store=current_store(request), status=404)


@staff_page
@require_GET
def own_card(request: HttpRequest) -> HttpResponse:
    """Say that nobody serves themselves."""
    return page(request, "staff/own_card.html", {}, store=current_store(request), status=403)
