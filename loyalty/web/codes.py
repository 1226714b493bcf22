"""`/C/` and `/R/`: a shown code is recorded once and leads everybody to the right place."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from clubs.access import clubs_for_staff, is_staff_somewhere, partners_for_manager
from loyalty.members.access import memberships_for_member
from loyalty.members.codes import read_card_code, read_token
from loyalty.operations import scans
from loyalty.operations.scans import Landing, Shown
from loyalty.web import pace
from loyalty.web.requests import is_by_pin, looker, signed_in

DIGITS = 6  # Of a rotating code: RFC 6238 as we use it.


# A busy counter reads a card every few seconds; a script that guesses is faster.
MOST_CODES = 300


def _is_guessing(request: HttpRequest) -> bool:
    return pace.is_too_fast("codes", signed_in(request).pk, most=MOST_CODES)


def _slow_down(request: HttpRequest) -> HttpResponse:
    response = render(request, "web/too_fast.html", status=429)
    response["Retry-After"] = "600"
    return response


def _to_sign_in(path: str) -> HttpResponseRedirect:
    return redirect(f"{reverse('account_login')}?{urlencode({'next': path})}")


@never_cache
@require_GET
def show_card(request: HttpRequest, code: str, digits: str = "") -> HttpResponse:
    """Record a card code that somebody opened, and lead them on.

    Anonymous visitors get a page without personal data; after its sign-in the code counts as
    static, so the digits are left out of the way back. Source: R4.3, R4.4, R7.1.
    """
    card_code = read_card_code(code)
    if not request.user.is_authenticated:
        path = reverse("web:show_card", args=[card_code]) if card_code else "/"
        query = urlencode({"next": path})
        response = render(request, "web/card_landing.html", {"query": query})
        response["X-Robots-Tag"] = "noindex"
        response["Referrer-Policy"] = "no-referrer"
        return response
    if _is_guessing(request):
        return _slow_down(request)
    shown = scans.show_card(
        looker=looker(request),
        code=card_code or "",
        digits=digits if len(digits) == DIGITS else None,
        at=timezone.now(),
    )
    return _lead(request, shown)


@never_cache
@require_GET
def show_claim(request: HttpRequest, token: str) -> HttpResponse:
    """Record a claim code that somebody opened, and lead them on. Source: R10.2."""
    if not request.user.is_authenticated:
        return _to_sign_in(request.path)
    if _is_guessing(request):
        return _slow_down(request)
    shown = scans.show_claim(
        looker=looker(request), token=read_token(token) or "", at=timezone.now()
    )
    return _lead(request, shown)


def _lead(request: HttpRequest, shown: Shown) -> HttpResponse:
    match shown.landing:
        case Landing.COUNTER:
            return redirect("staff:counter", shown.scan_id)
        case Landing.OWN_CARD:
            return redirect("wallet:card", shown.membership_id)
        case Landing.DASHBOARD:
            return redirect("admin:members_membership_account", shown.membership_id)
        case Landing.NOT_YOUR_CLUB:
            return redirect("staff:not_your_club")
        case Landing.UNKNOWN:
            if is_staff_somewhere(user=signed_in(request)):
                return redirect("staff:unknown_code")
            raise Http404(_("This code is not known."))


@never_cache
@require_http_methods(["GET", "POST"])
def typed_code(request: HttpRequest) -> HttpResponse:
    """Take a code that was typed, or pasted by a scanner, to its page."""
    text = (request.POST if request.method == "POST" else request.GET).get("code", "").strip()
    if not request.user.is_authenticated:
        return _to_sign_in(reverse("staff:scan"))
    parts = [part for part in text.upper().split("/") if part]
    for index, part in enumerate(parts[:-1]):
        if part == "R" and (token := read_token(parts[index + 1])):
            return redirect("web:show_claim", token)
        if part == "C" and (code := read_card_code(parts[index + 1])):
            # What is no six digits could not stand in an address, and proves nothing.
            digits = [part for part in parts[index + 2 : index + 3] if len(part) == DIGITS]
            return redirect("web:show_card", code, *digits)
    if code := read_card_code(text):
        return redirect("web:show_card", code)
    if token := read_token(text):
        return redirect("web:show_claim", token)
    return redirect(f"{reverse('staff:scan')}?{urlencode({'bad': '1'})}")


@never_cache
@require_GET
def after_sign_in(request: HttpRequest) -> HttpResponse:
    """Lead a person to their one place, or let them choose among several."""
    if not request.user.is_authenticated:
        return _to_sign_in(request.path)
    user = signed_in(request)
    serves = [club.name for club in clubs_for_staff(user=user)]
    manages: list[str] = []
    if not is_by_pin(request):
        manages = [partner.name for partner in partners_for_manager(user=user)[:5]]
    if serves and not manages and not memberships_for_member(user=user).exists():
        return redirect("staff:home")
    if manages and not serves and not memberships_for_member(user=user).exists():
        return redirect("admin:index")
    if not serves and not manages:
        return redirect("wallet:home")
    return render(request, "site/chooser.html", {"serves": serves, "manages": manages})
