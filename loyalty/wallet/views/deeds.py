"""One deed of a card's history."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loyalty.ledger.access import TransactionNotFoundError
from loyalty.wallet import deeds, look
from loyalty.wallet.own import own_membership


@login_required
@require_safe
def deed(request: HttpRequest, membership_id: int, transaction_id: int) -> HttpResponse:
    """Show what a deed was, what it gave and why, and its receipt. Source: IV3.28."""
    membership = own_membership(request, membership_id)
    try:
        page = deeds.read(membership=membership, transaction_id=transaction_id, at=timezone.now())
    except TransactionNotFoundError as error:
        raise Http404(_("There is nothing such in your history.")) from error
    context = {
        "page": page,
        "membership": membership,
        "card": membership.card,
        "look_url": look.address(membership.card),
    }
    return render(request, "wallet/deed.html", context)
