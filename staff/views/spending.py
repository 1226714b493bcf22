"""Hand out rewards at the counter: from the list, by a claim code, or for a voucher."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from loyalty.members.models import Scan
from loyalty.operations import redemptions, vouchers
from loyalty.operations.visits import Visit
from loyalty.rules.offers import OfferState
from loyalty.web import words
from loyalty.web.refusals import REFUSALS
from staff.doors import counter_page
from staff.forms import DeedForm, RedeemForm, VoucherForm
from staff.views.counter import deed_of, own_scan, show, show_claim, visit_of


@counter_page
@require_GET
def rewards(request: HttpRequest, scan_id: int) -> HttpResponse:
    """Show what the member can have, and what is missing for the rest."""
    scan, membership = own_scan(request, scan_id)
    return _show_rewards(request, scan, visit_of(request, scan, membership))


def _show_rewards(
    request: HttpRequest, scan: Scan, visit: Visit, form: DeedForm | None = None
) -> HttpResponse:
    """Return the list; each row has its own form, and its own key."""
    card, available = visit.standing.card, visit.standing.available
    rows: list[dict[str, Any]] = [
        {
            "reward": offer.reward,
            "is_ready": offer.is_ready,
            "is_near": offer.state == OfferState.NOT_ENOUGH,
            "words": words.offer_words(offer, card),
            "after": available - offer.reward.cost,
            "form": RedeemForm(initial={"reward": offer.reward.pk}),
        }
        for offer in visit.offers
    ]
    kept = [
        {"voucher": voucher, "form": VoucherForm(initial={"voucher": voucher.pk})}
        for voucher in visit.vouchers
    ]
    context = {"rows": rows, "kept": kept, "failed": form}
    return show(request, "staff/rewards.html", scan, visit, context, form.status if form else 200)


@counter_page
@require_POST
def redeem(request: HttpRequest, scan_id: int) -> HttpResponse:
    """Hand out a reward that the member asks for. R4.6, CU21."""
    scan, membership = own_scan(request, scan_id)
    form = RedeemForm(request.POST)
    if form.is_valid():
        try:
            booked = redemptions.redeem_reward(
                deed=deed_of(request, scan, form.cleaned_data["request_id"]),
                membership_id=membership.pk,
                reward_id=form.cleaned_data["reward"],
                scan_id=scan.pk,
            )
        except REFUSALS as error:
            form.refuse(error)
        else:
            return redirect("staff:result", booked.pk)
    return _show_rewards(request, scan, visit_of(request, scan, membership), form)


@counter_page
@require_POST
def claim(request: HttpRequest, scan_id: int) -> HttpResponse:
    """Hand out what the scanned claim code stands for, once. R4.6, R10.2.

    :raises Http404: if this scan was of no claim code.
    """
    scan, membership = own_scan(request, scan_id)
    if scan.claim_id is None:
        raise Http404
    form = DeedForm(request.POST)
    if form.is_valid():
        try:
            booked = redemptions.redeem_claim(
                deed=deed_of(request, scan, form.cleaned_data["request_id"]),
                claim_id=scan.claim_id,
                membership_id=membership.pk,
                scan_id=scan.pk,
            )
        except REFUSALS as error:
            form.refuse(error)
        else:
            return redirect("staff:result", booked.pk)
    return show_claim(request, scan, visit_of(request, scan, membership), form)


@counter_page
@require_POST
def voucher(request: HttpRequest, scan_id: int) -> HttpResponse:
    """Hand out what a voucher of the member stands for, once. IV1.19."""
    scan, membership = own_scan(request, scan_id)
    form = VoucherForm(request.POST)
    if form.is_valid():
        try:
            booked = vouchers.use_voucher(
                deed=deed_of(request, scan, form.cleaned_data["request_id"]),
                membership_id=membership.pk,
                voucher_id=form.cleaned_data["voucher"],
                scan_id=scan.pk,
            )
        except REFUSALS as error:
            form.refuse(error)
        else:
            return redirect("staff:result", booked.pk)
    return _show_rewards(request, scan, visit_of(request, scan, membership), form)
