"""Find a member without a code: exact matches only, and a tick that the customer confirmed it."""

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from clubs.access import clubs_for_staff
from loyalty.members.access import (
    MembershipNotFoundError,
    membership_for_staff,
    memberships_for_staff,
)
from loyalty.members.codes import read_card_code
from loyalty.members.models import Membership
from loyalty.members.phones import phone_number
from loyalty.operations import scans
from loyalty.operations.scans import Landing
from loyalty.rules.typed import ascii_digits
from loyalty.users.models import User
from loyalty.web import pace
from loyalty.web.fields import masked_phone
from loyalty.web.requests import current_store, looker, signed_in
from staff.doors import counter_page, staff_page
from staff.forms import ConfirmForm, SearchForm
from staff.pages import page

# Somebody serving a queue needs a few a minute; somebody guessing numbers needs many more.
MOST_SEARCHES = 60
MOST_OPENED = 2 * MOST_SEARCHES  # The page of a member, and its form.
MOST_FOUND = 10
TOO_MANY = _("Too many searches in a short time. Wait a few minutes, or scan.")
NOBODY = 0  # Recorded as a search that found no member.


@staff_page
@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Show who has exactly this phone, e-mail or card number; a card code opens the card. FA9."""
    user = signed_in(request)
    form = SearchForm(request.GET if "q" in request.GET else None)
    found: list[Membership] = []
    if form.is_valid():
        text = form.cleaned_data["q"]
        if code := read_card_code(text):
            return redirect("web:show_card", code)
        if pace.is_too_fast("search", user.pk, most=MOST_SEARCHES):
            form.add_error("q", TOO_MANY)
        else:
            found = list(_matching(user, text))
            if not found:
                _record_miss(request)
    context = {
        "form": form,
        "found": [{"membership": one, **_shown(one)} for one in found],
        "is_searched": form.is_bound and form.is_valid(),
    }
    return page(request, "staff/search.html", context, store=current_store(request))


def _matching(user: User, text: str) -> QuerySet[Membership]:
    """Return the memberships that this person may serve and that the text names exactly.

    A phone counts once it was confirmed; one that a member typed alone matches nothing.
    """
    if "@" in text:
        wanted = Q(member__email=text.lower())
    else:
        wanted = Q(number="".join(ascii_digits(text).split()).upper())
        countries = {club.partner.country for club in clubs_for_staff(user=user)}
        phones = {phone_number(text, country) for country in countries} - {None}
        wanted |= Q(member__phone__in=phones, member__phone_confirmed_at__isnull=False)
    members = memberships_for_staff(user=user).filter(
        wanted, member__merged_into=None, member__erased_at=None
    )
    return members.order_by("card__name", "pk")[:MOST_FOUND]


def _record_miss(request: HttpRequest) -> None:
    scans.choose_member(
        looker=looker(request), membership_id=NOBODY, is_phone_confirmed=False, at=timezone.now()
    )


def _shown(membership: Membership) -> dict[str, str]:
    return {"phone": masked_phone(membership.member.phone)}


@counter_page
@require_http_methods(["GET", "POST"])
def member(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Ask staff to make sure with the customer, then open the counter page. FA9.

    Opened at the pace of a search: the numbers in the address run on and could be counted through.
    """
    user = signed_in(request)
    if pace.is_too_fast("member", user.pk, most=MOST_OPENED):
        messages.error(request, TOO_MANY)
        return redirect("staff:search")
    try:
        membership = membership_for_staff(user=user, membership_id=membership_id)
    except MembershipNotFoundError as error:
        raise Http404 from error
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        shown = scans.choose_member(
            looker=looker(request),
            membership_id=membership.pk,
            is_phone_confirmed=form.cleaned_data["is_confirmed"],
            at=timezone.now(),
        )
        if shown.landing == Landing.OWN_CARD:
            return redirect("staff:own_card")
        if shown.scan_id is None:
            raise Http404
        return redirect("staff:counter", shown.scan_id)
    context = {"form": form, "membership": membership, **_shown(membership)}
    club = membership.card.club
    status = 422 if form.is_bound else 200
    return page(request, "staff/member.html", context, club=club, status=status)
