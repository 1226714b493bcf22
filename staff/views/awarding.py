"""Award points at the counter: for a purchase, as points, or without a sale."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from loyalty.members.models import Scan
from loyalty.operations import adjustments, purchases
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.operations.purchases import Bill
from loyalty.web.refusals import REFUSALS
from staff.doors import counter_page
from staff.forms import AwardForm, GiveForm, PointsForm
from staff.views.counter import deed_of, own_scan, show, show_award, visit_of


@counter_page
@require_POST
def award(request: HttpRequest, scan_id: int) -> HttpResponse:
    """Book a purchase by its amount, or what the shop buys from the customer. R4.5, R7, FA2."""
    scan, membership = own_scan(request, scan_id)
    card = membership.card
    form = AwardForm(request.POST, card=card, has_store=scan.store is not None)
    if form.is_valid() and form.is_buy():
        return _buy(request, scan, form)
    if form.is_valid():
        given = form.cleaned_data
        try:
            booked = purchases.award_purchase(
                deed=deed_of(request, scan, given["request_id"]),
                membership_id=membership.pk,
                bill=Bill(amount_minor=given["amount"], currency=card.currency),
                receipt=form.receipt_number(),
                scan_id=scan.pk,
            )
        except REFUSALS as error:
            form.refuse(error)
        else:
            return redirect("staff:result", booked.pk)
    return show_award(request, scan, visit_of(request, scan, membership), form)


def _buy(request: HttpRequest, scan: Scan, form: AwardForm) -> HttpResponse:
    """Book what the shop buys, where the card's rules give something for it."""
    membership, given = scan.membership, form.cleaned_data
    assert membership  # noqa: S101 - access asks for it
    visit = visit_of(request, scan, membership)
    if not visit.takes_buys:
        form.add_error(None, _("This card gives nothing for what we buy. Nothing was booked."))
        return show_award(request, scan, visit, form)
    try:
        booked = purchases.book_buy(
            deed=deed_of(request, scan, given["request_id"]),
            membership_id=membership.pk,
            bill=Bill(amount_minor=given["amount"], currency=membership.card.currency),
            receipt=form.receipt_number(),
            scan_id=scan.pk,
        )
    except REFUSALS as error:
        form.refuse(error)
        return show_award(request, scan, visit, form)
    return redirect("staff:result", booked.pk)


@counter_page
@require_POST
def points(request: HttpRequest, scan_id: int) -> HttpResponse:
    """Book points that staff entered on a points-only card. R9.2."""
    scan, membership = own_scan(request, scan_id)
    form = PointsForm(request.POST, card=membership.card, has_store=scan.store is not None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            booked = purchases.award_points(
                deed=deed_of(request, scan, given["request_id"]),
                membership_id=membership.pk,
                points=given["points"],
                receipt=form.receipt_number(),
                scan_id=scan.pk,
            )
        except REFUSALS as error:
            form.refuse(error)
        else:
            return redirect("staff:result", booked.pk)
    return show_award(request, scan, visit_of(request, scan, membership), form)


@counter_page
@require_http_methods(["GET", "POST"])
def give(request: HttpRequest, scan_id: int) -> HttpResponse:
    """Give points without a sale, with a reason and within the card's cap. FA12, PA2.3."""
    scan, membership = own_scan(request, scan_id)
    form = GiveForm(request.POST if request.method == "POST" else None, card=membership.card)
    if form.is_valid():
        given = form.cleaned_data
        try:
            booked = adjustments.give_points(
                deed=deed_of(request, scan, given["request_id"]),
                membership_id=membership.pk,
                points=given["points"],
                reason=AdjustmentReason(given["reason"]),
                scan_id=scan.pk,
            )
        except REFUSALS as error:
            form.refuse(error)
        else:
            return redirect("staff:result", booked.pk)
    visit = visit_of(request, scan, membership)
    status = form.status if form.is_bound else 200
    return show(request, "staff/give.html", scan, visit, {"form": form}, status)
