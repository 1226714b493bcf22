"""Headers on every answer, and database trouble turned into a page that says so."""

from collections.abc import Callable

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from loyalty.audit import origin
from loyalty.operations.deeds import BusyError, is_lack_of_time
from loyalty.web.requests import address, is_by_pin

Handler = Callable[[HttpRequest], HttpResponse]

# The dashboard's theme evaluates expressions and sets inline styles; nothing else here may.
DASHBOARD_POLICY = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


def headers(get_response: Handler) -> Handler:
    """Set the headers that depend on the page: camera, caching, and the dashboard's policy."""
    dashboard = reverse("admin:index")

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if request.path.startswith(dashboard):
            response._csp_replace = DASHBOARD_POLICY  # type: ignore[attr-defined]  # noqa: SLF001 - how django-csp is told
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            response.setdefault("Cache-Control", "no-store")
        return response

    return handle


def keep_pins_at_the_counter(get_response: Handler) -> Handler:
    """Refuse everything personal to a session that a PIN made; four digits prove too little.

    The dashboard, the wallet and the account pages need a full sign-in, and signing out and in
    stays possible. Source: design, tables (StaffMember).
    """
    accounts = reverse("account_login").removesuffix("login/")
    joining = reverse("site:join", args=[1]).removesuffix("1/")
    invited = reverse("staff:invited", args=["x"]).removesuffix("x/")
    private = (reverse("admin:index"), reverse("wallet:home"), accounts, joining, invited)
    doors = tuple(reverse(name) for name in ("account_login", "account_logout"))

    def handle(request: HttpRequest) -> HttpResponse:
        path = request.path
        is_private = path.startswith(private) and not path.startswith(doors)
        if is_private and request.user.is_authenticated and is_by_pin(request):
            return render(request, "web/by_pin.html", status=403)
        return get_response(request)

    return handle


def tell_the_audit_log(get_response: Handler) -> Handler:
    """Let whatever this request records name where it came from."""

    def handle(request: HttpRequest) -> HttpResponse:
        with origin.coming_from(address(request)):
            return get_response(request)

    return handle


def translate_trouble(get_response: Handler) -> "TroubleMiddleware":
    """Return the middleware that answers 503 when the database has no time."""
    return TroubleMiddleware(get_response)


class TroubleMiddleware:
    """Answer contention with 503 and Retry-After, never with 500."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the busy page for contention, nothing for other errors."""
        is_busy = isinstance(error, OperationalError) and is_lack_of_time(error)
        if not isinstance(error, BusyError) and not is_busy:
            return None
        response = render(request, "503.html", status=503)
        response["Retry-After"] = "2"
        return response
