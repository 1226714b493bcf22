"""What members do for themselves beside collecting: recommend a card, tell their birthday."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from loyalty.ledger.models import Source
from loyalty.members.models import MembershipStatus
from loyalty.operations import birthdays, standing
from loyalty.wallet import look, referrals
from loyalty.wallet.forms import BirthdayForm
from loyalty.wallet.own import own_membership
from loyalty.web.refusals import REFUSALS, refusal_of
from loyalty.web.requests import deed, new_request_id, signed_in


@login_required
@require_safe
def recommend(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Show the link, QR and code with which a member brings friends. Source: IV5.1."""
    membership = own_membership(request, membership_id)
    found = referrals.read(membership, at=timezone.now())
    if found is None or membership.status != MembershipStatus.ACTIVE:
        raise Http404(_("This card counts no recommendations."))
    context = {
        "membership": membership,
        "card": membership.card,
        "recommendation": found,
        "look_url": look.address(membership.card),
    }
    response = render(request, "wallet/recommend.html", context)
    referrals.remember(request, response, user=signed_in(request))
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def birthday(request: HttpRequest, membership_id: int) -> HttpResponse:
    """Keep the birthday that a member tells a business of themselves. Source: IV6.1."""
    membership = own_membership(request, membership_id)
    member = membership.member
    today = timezone.localtime(timezone.now(), membership.card.partner.zone()).date()
    form = BirthdayForm(request.POST if request.method == "POST" else None, member=member)
    if request.method == "POST" and form.is_valid():
        try:
            birthdays.change_birthday(
                deed=deed(request, source=Source.WALLET, request_id=new_request_id()),
                membership_id=membership_id,
                birthday=form.birthday(),
            )
        except standing.MembershipNotFoundError as error:
            raise Http404(_("There is no such card.")) from error
        except REFUSALS as error:
            refusal = refusal_of(error)
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        else:
            messages.success(request, _("Your birthday is kept. It counts from 30 days on."))
            return redirect("wallet:card", membership_id)
    context = {
        "membership": membership,
        "card": membership.card,
        "form": form,
        "may_change": birthdays.may_change(member, today),
    }
    return render(request, "wallet/birthday.html", context, status=422 if form.is_bound else 200)
