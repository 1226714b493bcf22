"""Delete my data: a member erases themselves at one business, at once, with a fresh sign-in."""

import time

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from loyalty.ledger.models import Source, Transaction
from loyalty.members.models import Member, Membership
from loyalty.operations import erasing, standing
from loyalty.users.models import User
from loyalty.wallet.forms import DeleteForm
from loyalty.web.losses import losses
from loyalty.web.refusals import REFUSALS, refusal_of
from loyalty.web.requests import deed, new_request_id, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
def delete_data(request: HttpRequest, member_id: int) -> HttpResponse:
    """Say what goes, then erase the person's record at this business. Source: GDPR, Article 17.

    Sent again it leads where the first one did, also where that has closed the sign-in.
    """
    if request.method == "POST" and (form := DeleteForm(request.POST)).is_valid():
        first = erasing.find_own(
            actor_id=request.user.pk,
            member_id=member_id,
            request_id=form.cleaned_data["request_id"],
        )
        if first is not None:
            return _done(request, first)
    return _delete_data(request, member_id)


@login_required
def _delete_data(request: HttpRequest, member_id: int) -> HttpResponse:
    member, membership = _own_record(signed_in(request), member_id)
    is_fresh = is_signed_in_lately(request)
    if request.method == "POST" and not is_fresh and get_reauthentication_flows(request.user):
        raise ReauthenticationRequired
    form = DeleteForm(
        request.POST if request.method == "POST" and is_fresh else None,
        initial={"request_id": new_request_id()},
    )
    refusal = None
    if form.is_bound and form.is_valid():
        try:
            return _erased(request, membership, form.cleaned_data["request_id"])
        except standing.MembershipNotFoundError as error:
            raise Http404 from error
        except REFUSALS as error:
            refusal = refusal_of(error)
    context = {
        "form": form,
        "refusal": refusal,
        "partner": member.partner,
        "losses": losses(member.pk),
        "must_sign_in": not is_fresh and not get_reauthentication_flows(request.user),
    }
    status = refusal.status if refusal else 422 if form.is_bound else 200
    return render(request, "wallet/delete_data.html", context, status=status)


def _own_record(user: User, member_id: int) -> tuple[Member, Membership]:
    """Return the person's record at a business, and a card of theirs there, removed ones too.

    :raises Http404: if it is not theirs.
    """
    member = Member.objects.filter(user=user, pk=member_id).select_related("partner").first()
    card = Membership.objects.filter(member=member).order_by("pk").first() if member else None
    if member is None or card is None:
        raise Http404(_("There is no such record."))
    return member, card


def is_signed_in_lately(request: HttpRequest) -> bool:
    """Return whether the person proved who they are within the last minutes, in any way."""
    records = get_authentication_records(request, request.user)
    newest = max((record["at"] for record in records), default=0.0)
    return bool(time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def _erased(request: HttpRequest, membership: Membership, key: str) -> HttpResponse:
    """Erase, and say so."""
    done = erasing.erase_member(
        deed=deed(request, source=Source.WALLET, request_id=key), membership_id=membership.pk
    )
    return _done(request, done)


def _done(request: HttpRequest, erased: Transaction) -> HttpResponse:
    """Say that it is done, and sign out where the sign-in went as well."""
    if User.objects.filter(pk=erased.actor_id or 0, is_active=True).exists():
        done = _("Your data at %(partner)s is deleted.")
        messages.success(request, done % {"partner": erased.partner.name})
        return redirect("wallet:profile")
    logout(request)
    messages.success(request, _("Your data is deleted, and your account with it."))
    return redirect("site:home")
