"""Make new members at the counter, and hand a guest's card over to their phone."""

from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cards.access import cards_for_staff
from cards.models import Card
from loyalty.ledger.models import Source
from loyalty.members.access import memberships_for_staff
from loyalty.members.models import ConsentSource, Scan
from loyalty.operations import guests, visits
from loyalty.operations.enrolments import AlreadyMemberError, Consent, Person
from loyalty.web.refusals import REFUSALS, refusal_of
from loyalty.web.requests import current_store, deed, looker, signed_in
from staff import typed_person
from staff.doors import counter_page, staff_page
from staff.forms import DeedForm, EnrolForm
from staff.pages import page
from staff.views.counter import deed_of, own_scan


@staff_page
@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """Open a card for somebody who stands at the counter. R5, IV9.6."""
    user, store = signed_in(request), current_store(request)
    cards = list(cards_for_staff(user=user, at=timezone.now()).order_by("name", "pk"))
    context: dict[str, object] = {"privacy_version": settings.PRIVACY_VERSION}
    if not cards:
        return page(request, "staff/enrol.html", context, store=store)
    countries = {card.partner.country for card in cards}
    form = EnrolForm(
        request.POST if request.method == "POST" else None,
        cards=cards,
        initial=typed_person.read(request.GET.get("q", ""), countries),
    )
    if form.is_valid():
        card = form.chosen_card()
        try:
            shown = visits.enrol_visitor(
                deed=deed(
                    request,
                    source=Source.SCAN,
                    store=store if store and store.club_id == card.club_id else None,
                    request_id=form.cleaned_data["request_id"],
                ),
                looker=looker(request),
                card_id=card.pk,
                person=_person(form),
                consent=Consent(version=settings.PRIVACY_VERSION, source=ConsentSource.COUNTER),
                number=form.cleaned_data.get("number", ""),
                referral_code=form.cleaned_data.get("referral_code", ""),
            )
        except AlreadyMemberError as error:
            context |= _known(request, form, error.field)
            form.refuse(error)
        except REFUSALS as error:
            form.refuse(error)
        else:
            if shown.scan_id is None:
                raise Http404
            messages.success(request, _("The card is open."))
            return redirect("staff:counter", shown.scan_id)
    context["form"] = form
    status = form.status if form.is_bound else 200
    return page(request, "staff/enrol.html", context, store=store, status=status)


def _person(form: EnrolForm) -> Person:
    given = form.cleaned_data
    return Person(
        first_name=given["first_name"],
        last_name=given["last_name"],
        email=given["email"].lower(),
        phone=given["phone"],
        is_phone_confirmed=given["is_phone_confirmed"],
        language=given["language"],
        wants_news=given["wants_news"],
    )


def _known(request: HttpRequest, form: EnrolForm, field: str) -> dict[str, object]:
    """Return the way to the member there is: their cards here, or the address to join by."""
    card, given = form.chosen_card(), form.cleaned_data
    who = Q(member__phone=given["phone"], member__phone_confirmed_at__isnull=False)
    if field == "email":
        who = Q(member__email=given["email"].lower())
    found = memberships_for_staff(user=signed_in(request)).filter(
        who, card__partner=card.partner_id, member__merged_into=None
    )
    return {"known": list(found.order_by("card__name", "pk")), "join_url": _join_address(card)}


def _join_address(card: Card) -> str:
    return f"{settings.SITE_URL}{reverse('site:join', args=[card.pk])}"


@counter_page
@require_POST
def link(request: HttpRequest, scan_id: int) -> HttpResponse:
    """Show a one-time link that gives a guest's card to the phone that reads it.

    The link is known only now, and stored nowhere to be read again, so this page is the answer to
    the POST itself; sent again it makes a new link and the earlier one dies.
    """
    scan, membership = own_scan(request, scan_id)
    form = DeedForm(request.POST)
    if not form.is_valid():
        return _no_link(request, scan, str(form.non_field_errors()[0]))
    try:
        made = guests.make_link(
            deed=deed_of(request, scan, form.cleaned_data["request_id"]),
            membership_id=membership.pk,
        )
    except REFUSALS as error:
        return _no_link(request, scan, refusal_of(error).message)
    context = {
        "scan": scan,
        "member": membership.member,
        "card": membership.card,
        "address": _link_address(made.token),
        "minutes": int(guests.LINK_LIFETIME.total_seconds() // 60),
    }
    club = membership.card.club
    return page(request, "staff/link.html", context, store=scan.store, club=club)


def _no_link(request: HttpRequest, scan: Scan, message: str) -> HttpResponse:
    messages.error(request, message)
    return redirect("staff:counter", scan.pk)


def _link_address(token: str) -> str:
    return f"{settings.SITE_URL}{reverse('wallet:link', args=[token])}"
