"""Refunds at the counter: find the purchase, see what it takes back, book it, or keep it waiting.

All staff of the club may, with a scan of this visit: the till has decided on the refund already,
and the points only follow it, by no more than the purchase moved.
"""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cards.models import Card
from loyalty.members.models import Scan
from loyalty.operations import parked_refunds, refunds, sales
from loyalty.operations.sales import Sale
from loyalty.operations.visits import Visit
from loyalty.web import money_words, words
from loyalty.web.money import money
from loyalty.web.refusals import REFUSALS, refusal_of
from loyalty.web.requests import new_request_id
from staff.doors import counter_page
from staff.forms_money import FindReceiptForm, ParkForm, RefundForm
from staff.views.counter import deed_of, own_scan, show, visit_of
from staff.views.paying import first_error, preview


@counter_page
@require_GET
def refundable(request: HttpRequest, scan_id: int) -> HttpResponse:
    """Show the member's purchases that can be refunded, or the one with the typed receipt."""
    scan, membership = own_scan(request, scan_id)
    visit = visit_of(request, scan, membership)
    form = FindReceiptForm(request.GET if "receipt" in request.GET else None)
    park_form = None
    if form.is_valid():
        number = form.cleaned_data["receipt"]
        try:
            found = sales.by_receipt(visit.standing, number)
        except sales.SaleNotFoundError as error:
            form.add_error("receipt", refusal_of(error).message)
            park_form = ParkForm(card=membership.card, initial={"receipt": number})
        except REFUSALS as error:
            form.add_error("receipt", refusal_of(error).message)
        else:
            return redirect("staff:refund", scan.pk, found.booked.pk)
    return _show_list(request, scan, visit, form, park_form)


def _show_list(
    request: HttpRequest,
    scan: Scan,
    visit: Visit,
    form: FindReceiptForm,
    park_form: ParkForm | None,
) -> HttpResponse:
    context = {
        "form": form,
        "park_form": park_form,
        "sales": [
            {"sale": sale, "refunded": _refunded(sale, visit.standing.card)}
            for sale in sales.refundable(visit.standing)
        ],
    }
    status = park_form.status if park_form is not None and park_form.is_bound else 200
    return show(request, "staff/refunds.html", scan, visit, context, status)


def _refunded(sale: Sale, card: Card) -> str:
    """Return how much of a purchase was refunded before, in words; empty for nothing."""
    if not sale.refunded_minor:
        return ""
    amount = money(sale.refunded_minor, card.currency)
    return _("%(amount)s refunded") % {"amount": amount}


@counter_page
@require_http_methods(["GET", "POST"])
def refund(request: HttpRequest, scan_id: int, transaction_id: int) -> HttpResponse:
    """Refund a purchase, or a part of it. IV3.20.

    :raises Http404: if it is not of this card, or was undone.
    """
    scan, membership = own_scan(request, scan_id)
    visit = visit_of(request, scan, membership)
    sale = _sale(visit, transaction_id)
    data = request.POST if request.method == "POST" else None
    # A second submit may come when nothing is left; it is answered with the first result.
    left = sale.bill_minor if data is not None else sale.left_minor
    form = RefundForm(data, card=membership.card, left_minor=left)
    if form.is_valid():
        try:
            booked = refunds.refund_purchase(
                deed=deed_of(request, scan, form.cleaned_data["request_id"]),
                membership_id=membership.pk,
                transaction_id=sale.booked.pk,
                amount_minor=form.cleaned_data["amount"],
                scan_id=scan.pk,
            )
        except REFUSALS as error:
            form.refuse(error)
        else:
            return redirect("staff:result", booked.pk)
    context: dict[str, Any] = {
        "form": form,
        "sale": sale,
        "line": words.history_line(sale.booked, membership.card),
        "refunded": _refunded(sale, membership.card),
    }
    status = form.status if form.is_bound else 200
    return show(request, "staff/refund.html", scan, visit, context, status)


def _sale(visit: Visit, transaction_id: int) -> Sale:
    try:
        return sales.sale_of(visit.standing, transaction_id)
    except (sales.SaleNotFoundError, sales.SaleUndoneError) as error:
        raise Http404 from error


@counter_page
@require_GET
def refund_preview(request: HttpRequest, scan_id: int, transaction_id: int) -> JsonResponse:
    """Answer what a refund of the typed amount would take back and give back now."""
    scan, membership = own_scan(request, scan_id)
    card = membership.card
    data = {**request.GET.dict(), "request_id": new_request_id()}
    form = RefundForm(data, card=card, left_minor=card.max_amount_minor)
    if not form.is_valid():
        return preview(error=first_error(form))
    amount = form.cleaned_data["amount"]
    try:
        found = refunds.foretell(
            deed=deed_of(request, scan),
            membership_id=membership.pk,
            transaction_id=transaction_id,
            amount_minor=amount,
            scan_id=scan.pk,
        )
    except sales.SaleNotFoundError as error:
        raise Http404 from error
    except REFUSALS as error:
        return preview(error=refusal_of(error).message)
    told = money_words.foretold(found, card)
    button = _("Refund %(amount)s") % {"amount": money(amount, card.currency)}
    return preview(figure=told[0], why=", ".join(told[1:]), button=button)


@counter_page
@require_POST
def park(request: HttpRequest, scan_id: int) -> HttpResponse:
    """Keep a refund until the sale with its receipt is booked."""
    scan, membership = own_scan(request, scan_id)
    form = ParkForm(request.POST, card=membership.card)
    if form.is_valid():
        try:
            parked = parked_refunds.park_refund(
                deed=deed_of(request, scan, form.cleaned_data["request_id"]),
                receipt=form.cleaned_data["receipt"],
                amount_minor=form.cleaned_data["amount"],
            )
        except REFUSALS as error:
            form.refuse(error)
        else:
            text = _("Kept. It is refunded when the purchase with receipt %(number)s is booked.")
            messages.success(request, text % {"number": parked.receipt_number})
            return redirect("staff:refunds", scan.pk)
    visit = visit_of(request, scan, membership)
    number = FindReceiptForm(initial={"receipt": request.POST.get("receipt", "")})
    return _show_list(request, scan, visit, number, form)
