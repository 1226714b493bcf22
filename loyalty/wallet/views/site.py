"""Public pages: what this is, how it works, and the page a poster leads to."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cards import access as cards_access
from cards.models import Card
from loyalty.ledger.models import Source
from loyalty.members import access
from loyalty.members.models import ConsentSource, Member, MembershipStatus
from loyalty.operations import enrolments
from loyalty.operations.enrolments import Consent, Person
from loyalty.operations.referrals import ReferralNotAllowedError
from loyalty.rules.terms import ReferralBeneficiary
from loyalty.users.models import User
from loyalty.wallet import consent, look, open_cards, referrals, viewing
from loyalty.wallet.forms import REFERRAL_LENGTH, JoinForm
from loyalty.wallet.linking import link_proven_email
from loyalty.web.refusals import REFUSALS, refusal_of
from loyalty.web.requests import deed, new_request_id, signed_in


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show members what this is."""
    return render(request, "site/home.html")


@require_safe
def business(request: HttpRequest) -> HttpResponse:
    """Show entrepreneurs how it works. Source: R1.2."""
    return render(request, "site/business.html")


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Show what is kept about people."""
    return render(request, "site/privacy.html")


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """Show the rules of this site."""
    return render(request, "site/terms.html")


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, card_id: int) -> HttpResponse:
    """Show an open card to anybody, and give it to who is signed in and wants it. Source: R5.3."""
    if request.user.is_authenticated:
        held = access.memberships_for_member(user=signed_in(request)).filter(card_id=card_id)
        for membership in held.order_by("pk"):
            return redirect("wallet:card", membership.pk)
    try:
        card = cards_access.card_for_visitor(card_id=card_id, at=timezone.now())
    except cards_access.CardNotFoundError as error:
        raise Http404(_("This card takes no new members now.")) from error
    viewing.count(request, card_id=card.pk, at=timezone.now())
    if not request.user.is_authenticated:
        return _visitor(request, card)
    return _member(request, card, signed_in(request))


def _visitor(request: HttpRequest, card: Card) -> HttpResponse:
    page = reverse("site:join", args=[card.pk])
    ref = request.GET.get("ref", "")[:REFERRAL_LENGTH]
    query = urlencode({"next": f"{page}?{urlencode({'ref': ref})}" if ref else page})
    if request.method == "POST":
        return redirect(f"{reverse('account_login')}?{query}")
    return _show(request, card, {"query": query})


def _member(request: HttpRequest, card: Card, user: User) -> HttpResponse:
    is_known = Member.objects.filter(
        user=user, partner_id=card.partner_id, merged_into=None
    ).exists()
    needs_consent = not is_known and not consent.is_kept(request)
    form = JoinForm(
        request.POST if request.method == "POST" else None,
        initial={"request_id": new_request_id(), "referral_code": request.GET.get("ref", "")},
        has_referrals=card.has_referrals,
        partner_name=card.partner.name,
        needs_consent=needs_consent,
    )
    if request.method == "POST" and form.is_valid():
        # Joining happens once per person and card, so the key names both beside the form.
        key = f"j{card.pk}-{user.pk}-{form.cleaned_data['request_id']}"[:64]
        try:
            membership = enrolments.join_card(
                deed=deed(request, source=Source.WALLET, request_id=key),
                card_id=card.pk,
                person=_person(user),
                consent=Consent(version=settings.PRIVACY_VERSION, source=ConsentSource.SELF),
                referral_code=form.cleaned_data.get("referral_code", ""),
                devices=referrals.marks(request),
            )
        except ReferralNotAllowedError as error:
            form.add_error("referral_code", refusal_of(error).message)
            return _show(request, card, {"form": form}, status=422)
        except enrolments.AlreadyMemberError as error:
            return _take_over(request, card, user, error)
        except REFUSALS as error:
            refusal = refusal_of(error)
            messages.error(request, refusal.message)
            return redirect("site:join", card.pk)
        if membership.status == MembershipStatus.REMOVED:
            messages.error(request, _("This card was closed for you. Ask at the counter."))
            return redirect("site:join", card.pk)
        if not is_known:
            consent.use(request)
        messages.success(request, _("The card is yours. Show its code at the counter."))
        return redirect("wallet:card", membership.pk)
    status = 422 if form.is_bound else 200
    return _show(request, card, {"form": form}, status=status)


def _take_over(
    request: HttpRequest, card: Card, user: User, error: enrolments.AlreadyMemberError
) -> HttpResponse:
    """Answer somebody whose e-mail the partner wrote down at the counter: the record is theirs."""
    if link_proven_email(user):
        messages.success(request, _("The card you were given at the counter is in your account."))
    else:
        messages.error(request, refusal_of(error).message)
    return redirect("site:join", card.pk)


def _show(
    request: HttpRequest, card: Card, context: dict[str, object], status: int = 200
) -> HttpResponse:
    at = timezone.now()
    shown = open_cards.shown_to_visitor(card, at=at)
    gifts = []
    if request.GET.get("ref"):
        rules = referrals.rules_of(card, at=at)
        gifts = referrals.promises(rules, card, ReferralBeneficiary.REFERRED, is_for_newcomer=True)
    return render(
        request,
        "site/join.html",
        {"card": card, "shown": shown, "gifts": gifts, "look_url": look.address(card), **context},
        status=status,
    )


def _person(user: User) -> Person:
    first, _space, last = user.get_full_name().partition(" ")
    return Person(
        first_name=first,
        last_name=last,
        email=user.email,
        language=user.language or get_language() or settings.LANGUAGE_CODE,
    )
