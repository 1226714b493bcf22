"""Pay with points or credit at the counter, and book the purchase that was paid so."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from loyalty.ledger.access import TransactionNotFoundError, own_counter_deed
from loyalty.ledger.models import Kind, Transaction, Unit
from loyalty.members.models import Membership
from loyalty.operations import payments, purchases, visits
from loyalty.operations.purchases import Bill
from loyalty.operations.visits import Visit
from loyalty.rules.baskets import Payment
from loyalty.web import money_words, words
from loyalty.web.money import money, plain
from loyalty.web.refusals import REFUSALS, refusal_of
from loyalty.web.requests import new_request_id, signed_in
from staff.doors import counter_page
from staff.forms import AwardForm, DeedForm
from staff.forms_money import PayForm
from staff.views.counter import deed_of, own_scan, show, visit_of

DEEDS = {Unit.POINTS: payments.pay_with_points, Unit.CREDIT: payments.pay_with_credit}


def first_error(form: DeedForm) -> str:
    """Return the first thing that is wrong with a form."""
    return next(str(errors[0]) for errors in form.errors.values())


def preview(*, figure: str = "", why: str = "", button: str = "", error: str = "") -> JsonResponse:
    """Return what static/js/staff/amount.js shows."""
    return JsonResponse({"figure": figure, "why": why, "button": button, "error": error})


@counter_page
@require_http_methods(["GET", "POST"])
def pay(request: HttpRequest, scan_id: int) -> HttpResponse:
    """Pay a bill, or a part of it, with what the member has. IV3.19."""
    scan, membership = own_scan(request, scan_id)
    visit = visit_of(request, scan, membership)
    units = payments.units_offered(visit.standing)
    data = request.POST if request.method == "POST" else None
    # A second submit may come when nothing is left; it is answered with the first result.
    offered = list(Unit) if data is not None else units
    form = PayForm(data, card=membership.card, units=offered, has_store=scan.store is not None)
    if form.is_valid():
        try:
            booked = DEEDS[Unit(form.cleaned_data["unit"])](
                deed=deed_of(request, scan, form.cleaned_data["request_id"]),
                membership_id=membership.pk,
                scan_id=scan.pk,
                **form.asked(),
            )
        except REFUSALS as error:
            form.refuse(error)
        else:
            return redirect(f"{reverse('staff:result', args=[booked.pk])}?visit={scan.pk}")
    context = {
        "form": form,
        "is_offered": bool(units) or form.is_bound,
        "can_pay": _can_pay(visit, units),
    }
    status = form.status if form.is_bound else 200
    return show(request, "staff/pay.html", scan, visit, context, status)


def _can_pay(visit: Visit, units: list[Unit]) -> list[str]:
    """Return how much the member could pay of a large bill, by what they have."""
    card, terms = visit.standing.card, visit.standing.terms
    most = {unit: payments.payable(visit.standing, unit, terms.max_amount_minor) for unit in units}
    told = {
        Unit.POINTS: _("up to %(amount)s with points"),
        Unit.CREDIT: _("up to %(amount)s with credit"),
    }
    return [told[unit] % {"amount": money(amount, card.currency)} for unit, amount in most.items()]


@counter_page
@require_GET
def pay_preview(request: HttpRequest, scan_id: int) -> JsonResponse:
    """Answer what of the typed bill could be paid now, and what that takes."""
    scan, membership = own_scan(request, scan_id)
    card = membership.card
    data = {**request.GET.dict(), "request_id": new_request_id()}
    form = PayForm(data, card=card, units=list(Unit), has_store=scan.store is not None)
    if not form.is_valid():
        return preview(error=first_error(form))
    try:
        found = payments.foretell(
            deed=deed_of(request, scan),
            membership_id=membership.pk,
            unit=Unit(form.cleaned_data["unit"]),
            scan_id=scan.pk,
            **form.asked(),
        )
    except REFUSALS as error:
        return preview(error=refusal_of(error).message)
    paid = money(found.money_minor, card.currency)
    rest = money(found.rest_minor, card.currency)
    why = _("for %(what)s; %(rest)s stay to be paid") % {
        "what": money_words.taken(found, card),
        "rest": rest,
    }
    return preview(figure=paid, why=why, button=_("Pay %(amount)s") % {"amount": paid})


@counter_page
@require_http_methods(["GET", "POST"])
def rest(request: HttpRequest, scan_id: int, transaction_id: int) -> HttpResponse:
    """Book the purchase of which a part was just paid with points or credit. IV3.27."""
    scan, membership = own_scan(request, scan_id)
    payment = _payment(request, membership, transaction_id)
    card = membership.card
    data = request.POST if request.method == "POST" else None
    initial = {
        "amount": plain(payment.result["bill_minor"], card.currency),
        "receipt": payment.receipt_number,
    }
    has_store = scan.store is not None
    form = AwardForm(data, card=card, has_store=has_store, initial=initial)
    if form.is_valid():
        try:
            booked = purchases.award_purchase(
                deed=deed_of(request, scan, form.cleaned_data["request_id"]),
                membership_id=membership.pk,
                bill=_bill(payment, form.cleaned_data["amount"]),
                receipt=form.receipt_number(),
                scan_id=scan.pk,
            )
        except REFUSALS as error:
            form.refuse(error)
        else:
            return redirect("staff:result", booked.pk)
    context = {"form": form, "payment": payment}
    visit = visit_of(request, scan, membership)
    status = form.status if form.is_bound else 200
    return show(request, "staff/pay_rest.html", scan, visit, context, status)


@counter_page
@require_GET
def rest_preview(request: HttpRequest, scan_id: int, transaction_id: int) -> JsonResponse:
    """Answer what the bill would earn now, the part that was paid with points considered."""
    scan, membership = own_scan(request, scan_id)
    payment = _payment(request, membership, transaction_id)
    card = membership.card
    data = {**request.GET.dict(), "request_id": new_request_id()}
    form = AwardForm(data, card=card, has_store=scan.store is not None)
    if not form.is_valid():
        return preview(error=first_error(form))
    try:
        award = visits.preview_purchase(
            deed=deed_of(request, scan),
            membership_id=membership.pk,
            bill=_bill(payment, form.cleaned_data["amount"]),
            scan_id=scan.pk,
        )
    except REFUSALS as error:
        return preview(error=refusal_of(error).message)
    given = words.given(award.points, award.credit_minor, card)
    why = ", ".join(words.explanation(award, card))
    return preview(figure=f"+{given}", why=why, button=_("Award %(points)s") % {"points": given})


def _payment(request: HttpRequest, membership: Membership, transaction_id: int) -> Transaction:
    """Return the person's own payment on this membership, as it stands.

    :raises Http404: if there is none.
    """
    try:
        found = own_counter_deed(user=signed_in(request), transaction_id=transaction_id)
    except TransactionNotFoundError as error:
        raise Http404 from error
    is_standing = found.kind == Kind.PAYMENT and not hasattr(found, "reversal")
    if not is_standing or found.membership_id != membership.pk:
        raise Http404
    return found


def _bill(payment: Transaction, amount_minor: int) -> Bill:
    """Return the bill with the part of it that was paid with points or credit."""
    paid: dict[str, Any] = {
        "tender": Unit.POINTS.value if payment.points else Unit.CREDIT.value,
        "is_loyalty": True,
        "transaction_id": payment.pk,
    }
    return Bill(
        amount_minor=amount_minor,
        currency=payment.card.currency,
        payments=(Payment(amount_minor=payment.amount_minor or 0, **paid),),
    )
