"""One card of a member: the page, its live parts, its history."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from loyalty.ledger.models import Source
from loyalty.members import access
from loyalty.members.models import MembershipStatus
from loyalty.operations import memberships, standing
from loyalty.wallet import card_page, extras, history, look, viewing
from loyalty.wallet.card_page import CardPage
from loyalty.wallet.forms import BeforeForm
from loyalty.wallet.own import own_membership
from loyalty.web.requests import deed, new_request_id, signed_in

HISTORY_LINES = 50


@login_required
@require_safe
def card(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Show a card with its code, balance, rewards and history. Source: R5.1, R7.1."""
    at = timezone.now()
    page = _page(request, membership_id)
    viewing.count(request, card_id=page.membership.card_id, at=at)
    context = _context(page)
    if page.membership.status != MembershipStatus.ACTIVE:
        return render(request, "wallet/blocked.html", context)
    context |= {
        "symbol": card_page.symbol(page.membership, at),
        "script": card_page.for_script(page, user=signed_in(request), at=at),
    }
    return render(request, "wallet/card.html", context)


@login_required
@require_safe
def fragment(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Answer the parts of a card page that a deed changes. Source: PA1.1."""
    return render(request, "wallet/_card_live.html", _context(_page(request, membership_id)))


@login_required
@require_safe
def version(request: HttpRequest, membership_id: int) -> HttpResponseBase:
    """Answer in a few bytes whether a card page is still right. Source: PA1.1."""
    try:
        tag = card_page.version_of(user=signed_in(request), membership_id=membership_id)
    except access.MembershipNotFoundError as error:
        raise Http404 from error
    response = JsonResponse({"version": tag.strip('"')}, headers={"ETag": tag})
    unchanged: HttpResponseBase | None = get_conditional_response(
        request, etag=tag, response=response
    )
    return unchanged or response


@login_required
@require_safe
def all_history(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Show older deeds, a page at a time, each page below the last deed of the one before."""
    membership = own_membership(request, membership_id)
    form = BeforeForm(request.GET)
    if not form.is_valid():
        raise Http404
    deeds = card_page.history_of(membership)
    if before := form.cleaned_data["before"]:
        deeds = deeds.filter(pk__lt=int(before))
    found = list(deeds[: HISTORY_LINES + 1])
    context = {
        "membership": membership,
        "card": membership.card,
        "history": history.by_day(found[:HISTORY_LINES], membership, at=timezone.now()),
        "older": found[HISTORY_LINES - 1].pk if len(found) > HISTORY_LINES else None,
        "is_first": not before,
        "look_url": look.address(membership.card),
    }
    return render(request, "wallet/history.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def replace_code(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Ask, then give the card a new code and key, so that a lost phone is worth nothing."""
    membership = own_membership(request, membership_id)
    if request.method != "POST":
        context = {
            "membership": membership,
            "card": membership.card,
            "look_url": look.address(membership.card),
        }
        return render(request, "wallet/replace_code.html", context)
    try:
        memberships.replace_code(
            deed=deed(request, source=Source.WALLET, request_id=new_request_id()),
            membership_id=membership_id,
        )
    except standing.MembershipNotFoundError as error:
        raise Http404 from error
    messages.success(request, _("Your card has a new code. The old one is worth nothing now."))
    return redirect("wallet:card", membership_id)


def _page(request: HttpRequest, membership_id: int) -> CardPage:
    try:
        return card_page.read(
            user=signed_in(request), membership_id=membership_id, at=timezone.now()
        )
    except access.MembershipNotFoundError as error:
        raise Http404(_("There is no such card.")) from error


def _context(page: CardPage) -> dict[str, object]:
    card = page.membership.card
    return {
        "extras": extras.read(page.membership, available=page.available, at=timezone.now()),
        "request_id": new_request_id(),
        "page": page,
        "membership": page.membership,
        "card": card,
        "zone": card.partner.zone(),
        "look_url": look.address(card),
    }
