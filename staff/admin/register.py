"""Register a customer in one form: who they are, their days, their card, their consent (IV9.6)."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cards.access import open_at
from loyalty.ledger.models import Source
from loyalty.members.models import ConsentSource, Membership
from loyalty.operations import enrolments
from loyalty.operations.enrolments import AlreadyMemberError, Consent, Person
from loyalty.web.refusals import REFUSALS
from loyalty.web.requests import deed
from staff import typed_person
from staff.admin import quotas
from staff.admin.account import account_address
from staff.admin.forms_members import RegisterForm
from staff.admin.powers import EDITORS, powers_of
from staff.admin.scoping import own_rows

MOST_KNOWN = 5


def register_page(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Show the form; a POST registers the customer once and leads to their account page."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    at = timezone.now()
    cards = list(own_rows(open_at(at), powers_of(request), EDITORS).order_by("name", "pk"))
    context: dict[str, Any] = {
        **model_admin.admin_site.each_context(request),
        "title": _("Register a customer"),
        "crumbs": [*model_admin.crumbs(), (_("Register a customer"), "")],
        "opts": model_admin.opts,
        "privacy_version": settings.PRIVACY_VERSION,
        "uses": quotas.limited(powers_of(request), "max_members", at=at),
        "list_address": reverse("admin:members_membership_changelist"),
    }
    if not cards:
        return render(request, "admin/register.html", context)
    countries = {card.partner.country for card in cards}
    form = RegisterForm(
        request.POST if request.method == "POST" else None,
        cards=cards,
        initial=typed_person.read(request.GET.get("q", ""), countries),
    )
    context |= {"form": form, "card_name": cards[0].name}
    if not form.is_valid():
        return render(request, "admin/register.html", context)
    try:
        membership = _register(request, form)
    except AlreadyMemberError as error:
        context["known"] = _known(form, error.field)
        form.refuse(error)
    except REFUSALS as error:
        form.refuse(error)
    else:
        words = _("%(name)s has the card now: %(number)s.")
        facts = {"name": membership.member.full_name(), "number": membership.number}
        messages.success(request, words % facts)
        return redirect(account_address(membership))
    return render(request, "admin/register.html", context, status=form.status)


def _register(request: HttpRequest, form: RegisterForm) -> Membership:
    given = form.cleaned_data
    return enrolments.enrol_at_counter(
        deed=deed(request, source=Source.ADMIN, request_id=given["request_id"]),
        card_id=form.chosen_card().pk,
        person=Person(
            first_name=given["first_name"],
            last_name=given["last_name"],
            email=given["email"].lower(),
            phone=given["phone"],
            is_phone_confirmed=given["is_phone_confirmed"],
            language=given["language"],
            wants_news=given["wants_news"],
            birthday=form.birthday(),
            anniversary=form.anniversary_day(),
            customer_group_id=form.group_id(),
        ),
        consent=Consent(version=settings.PRIVACY_VERSION, source=ConsentSource.COUNTER),
        number=given.get("number", ""),
        referral_code=given.get("referral_code", ""),
    )


def _known(form: RegisterForm, field: str) -> list[tuple[str, str]]:
    """Return the cards of the member that the business has already, by words and address."""
    card = form.chosen_card()
    given = form.cleaned_data
    who = Q(member__phone=given["phone"], member__phone_confirmed_at__isnull=False)
    if field == "email":
        who = Q(member__email=given["email"].lower())
    found = (
        Membership.objects.filter(who, partner=card.partner_id, member__merged_into=None)
        .select_related("member", "card")
        .order_by("card__name", "pk")[:MOST_KNOWN]
    )
    return [(f"{row.member.full_name()} · {row.card.name}", account_address(row)) for row in found]
