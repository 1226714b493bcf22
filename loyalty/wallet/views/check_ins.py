"""Checking in: by a button on the card's page, or by the QR at a shop's door. Source: PA2.2."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cards import access as cards_access
from clubs import access as clubs_access
from clubs.models import Store
from loyalty.ledger.models import Source
from loyalty.members import access
from loyalty.members.models import Membership
from loyalty.operations import check_ins, standing
from loyalty.wallet import look
from loyalty.wallet.forms import CheckInForm, DoorForm
from loyalty.wallet.own import own_membership
from loyalty.web import bonus_words, words
from loyalty.web.refusals import REFUSALS, refusal_of
from loyalty.web.requests import deed, new_request_id, signed_in


@login_required
@require_POST
def check_in(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Check in with one card at a store of its club, and lead back to the card."""
    membership = own_membership(request, membership_id)
    form = CheckInForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Open this page again; it is not complete. Nothing was booked."))
        return redirect("wallet:card", membership_id)
    stores = clubs_access.stores_to_check_in(club_id=membership.card.club_id)
    store = stores.filter(pk=form.cleaned_data["store"]).first()
    if store is None:
        messages.error(request, refusal_of(check_ins.NoCheckInHereError()).message)
        return redirect("wallet:card", membership_id)
    return _enter(request, membership, store, form.cleaned_data["request_id"])


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def door(request: HttpRequest, code: str) -> HttpResponse:
    """Ask whoever scanned the QR at a door with which card they check in, and do it."""
    try:
        store = clubs_access.store_by_check_in_code(code)
    except clubs_access.StoreNotFoundError as error:
        raise Http404(_("This place takes no check-ins now.")) from error
    held = list(
        access.memberships_for_member(user=signed_in(request))
        .filter(card__club=store.club_id)
        .order_by("card__name", "pk")
    )
    form = DoorForm(
        request.POST if request.method == "POST" else None,
        initial={"request_id": new_request_id()},
    )
    if request.method == "POST" and form.is_valid():
        chosen = [one for one in held if one.pk == form.cleaned_data["card"]]
        if not chosen:
            raise Http404(_("There is no such card."))
        return _enter(request, chosen[0], store, form.cleaned_data["request_id"])
    mine = {membership.card_id for membership in held}
    open_cards = cards_access.open_at(timezone.now()).filter(club=store.club_id)
    context = {
        "store": store,
        "held": held,
        "others": open_cards.exclude(pk__in=mine).order_by("name", "pk") if not held else [],
        "form": form,
        "looks_url": look.address_of_many(membership.card for membership in held),
    }
    return render(request, "wallet/door.html", context, status=422 if form.is_bound else 200)


def _enter(
    request: HttpRequest, membership: Membership, store: Store, request_id: str
) -> HttpResponse:
    # The key names the card beside the form: one door page serves several cards.
    key = f"c{membership.pk}-{request_id}"[:64]
    try:
        done = check_ins.check_in(
            deed=deed(request, source=Source.WALLET, store=store, request_id=key),
            membership_id=membership.pk,
        )
    except standing.MembershipNotFoundError as error:
        raise Http404(_("There is no such card.")) from error
    except REFUSALS as error:
        messages.error(request, refusal_of(error).message)
        return redirect("wallet:card", membership.pk)
    card = membership.card
    lines = [_("You are checked in at %(store)s.") % {"store": store.name}]
    if done.result["points"] or done.result["credit_minor"]:
        gift = words.given(done.result["points"], done.result["credit_minor"], card)
        lines.append(_("%(gift)s for you.") % {"gift": gift})
    lines += [f"{line}." for line in bonus_words.brought(done, card)]
    messages.success(request, " ".join(lines))
    return redirect("wallet:card", membership.pk)
