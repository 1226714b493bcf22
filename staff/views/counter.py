"""The counter page: who stands there, with which card, and what a purchase would earn."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from cards.models import Card
from loyalty.ledger.models import Source
from loyalty.members.access import ScanNotFoundError, scan_for_staff
from loyalty.members.models import Membership, Scan, ScanOutcome
from loyalty.operations import payments, redemptions, tags, visits
from loyalty.operations.deeds import Deed
from loyalty.operations.purchases import Bill
from loyalty.operations.visits import Visit
from loyalty.rules.awards import Award
from loyalty.rules.terms import Direction
from loyalty.web import words
from loyalty.web.refusals import REFUSALS, refusal_of
from loyalty.web.requests import deed, new_request_id, signed_in
from loyalty.web.stamp_cards import StampCard, stamp_card
from staff.doors import counter_page
from staff.forms import AwardForm, DeedForm, PointsForm, ReceiptForm
from staff.pages import page


def own_scan(request: HttpRequest, scan_id: int) -> tuple[Scan, Membership]:
    """Return the person's own scan and whose card it was.

    :raises Http404: if it is somebody else's, or the club is not theirs.
    """
    try:
        scan = scan_for_staff(user=signed_in(request), scan_id=scan_id)
    except ScanNotFoundError as error:
        raise Http404 from error
    assert scan.membership  # noqa: S101 - access asks for it
    return scan, scan.membership


def deed_of(request: HttpRequest, scan: Scan, request_id: str = "") -> Deed:
    """Return the deed of this request in the store of the scan."""
    return deed(
        request,
        source=Source.SCAN,
        store=scan.store,
        request_id=request_id or new_request_id(),
    )


def visit_of(request: HttpRequest, scan: Scan, membership: Membership) -> Visit:
    """Return what the page shows of this visit."""
    return visits.visit(deed=deed_of(request, scan), membership_id=membership.pk, scan_id=scan.pk)


@counter_page
@require_GET
def counter(request: HttpRequest, scan_id: int) -> HttpResponse:
    """Show who was scanned, ready to award; a claim code is ready to be handed out. R4, R7, R10."""
    scan, membership = own_scan(request, scan_id)
    visit = visit_of(request, scan, membership)
    if scan.claim is not None and "award" not in request.GET:
        return show_claim(request, scan, visit)
    is_asked = visit.just_booked is not None and "again" not in request.GET
    form = None if is_asked or visit.earning_refusal else first_form(visit, scan)
    return show_award(request, scan, visit, form)


def first_form(visit: Visit, scan: Scan) -> ReceiptForm:
    """Return the empty form, which asks for a buy where the card gives something for it."""
    card, has_store = visit.standing.card, scan.store is not None
    if card.is_points_only:
        return PointsForm(card=card, has_store=has_store)
    return AwardForm(card=card, has_store=has_store, takes_buys=visit.takes_buys)


def award_form(card: Card, scan: Scan, data: Mapping[str, Any]) -> ReceiptForm:
    """Return the form that the card takes: an amount, or points."""
    form = PointsForm if card.is_points_only else AwardForm
    return form(data, card=card, has_store=scan.store is not None)


def show_award(
    request: HttpRequest, scan: Scan, visit: Visit, form: ReceiptForm | None
) -> HttpResponse:
    """Return the page on which points are given, with the form as it stands."""
    card = visit.standing.card
    context = {
        "form": form,
        "field": form[form.figure] if form else None,
        "award_url": "staff:points" if isinstance(form, PointsForm) else "staff:award",
        "button": _("Give points") if card.is_points_only else _("Book the purchase"),
    }
    status = form.status if form is not None and form.is_bound else 200
    return show(request, "staff/counter.html", scan, visit, context, status)


def show_claim(
    request: HttpRequest, scan: Scan, visit: Visit, form: DeedForm | None = None
) -> HttpResponse:
    """Return the page that asks to hand out what a claim code stands for. R10.2."""
    claim = scan.claim
    assert claim  # noqa: S101 - the callers saw it
    refusal = _claim_refusal(scan, visit)
    context = {
        "claim": claim,
        "after": visit.standing.available - claim.cost,
        "refusal": refusal_of(refusal) if refusal else None,
        "form": form or DeedForm(),
    }
    status = form.status if form is not None else 200
    return show(request, "staff/claim.html", scan, visit, context, status)


def _claim_refusal(scan: Scan, visit: Visit) -> Exception | None:
    """Return the refusal that handing out would meet now, as far as the page can know."""
    claim = scan.claim
    assert claim  # noqa: S101 - the callers saw it
    if claim.used_at is not None:
        return redemptions.ClaimUsedError()
    if claim.expires_at <= visit.standing.deed.occurred_at:
        return redemptions.ClaimExpiredError()
    return visit.spending_refusal


def show(
    request: HttpRequest,
    template: str,
    scan: Scan,
    visit: Visit,
    context: Mapping[str, Any],
    status: int = 200,
) -> HttpResponse:
    """Return a page about this visit with who it is at its top."""
    standing = visit.standing
    earning_refusal, spending_refusal = visit.earning_refusal, visit.spending_refusal
    shown = {
        "scan": scan,
        "visit": visit,
        "standing": standing,
        "card": standing.card,
        "zone": standing.membership.partner.zone(),
        "member": standing.membership.member,
        "is_stale": scan.outcome == ScanOutcome.STALE,
        "may_give": _may_give(visit),
        "stamps": _stamps(visit),
        "tags": tags.of_standing(standing),
        "may_pay": bool(payments.units_offered(standing)),
        "may_refund": visit.earning_refusal is None and not standing.card.is_points_only,
        # Nobody takes over the customer that staff practise with.
        "link_form": None if standing.card.club.practice_of_id else DeedForm(),
        "earning_refusal": refusal_of(earning_refusal) if earning_refusal else None,
        "spending_refusal": refusal_of(spending_refusal) if spending_refusal else None,
        **context,
    }
    club = standing.card.club
    return page(request, template, shown, store=scan.store, club=club, status=status)


def _stamps(visit: Visit) -> StampCard | None:
    """Return how far the member's stamp card is, if it is one. CU32."""
    standing = visit.standing
    if standing.terms_id is None:
        return None
    return stamp_card(standing.terms, standing.available, standing.card)


def _may_give(visit: Visit) -> bool:
    """Return whether this person may give points without a sale. FA12."""
    staff = visit.standing.staff or {}
    return visit.earning_refusal is None and bool(staff.get("may_give_points"))


@counter_page
@require_GET
def preview(request: HttpRequest, scan_id: int) -> JsonResponse:
    """Answer what the typed amount would earn now, and why; the same rules book it. R7.3."""
    scan, membership = own_scan(request, scan_id)
    card = membership.card
    data = {**request.GET.dict(), "request_id": new_request_id()}
    form = award_form(card, scan, data)
    try:
        if not form.is_valid():
            return JsonResponse(_told(error=_first_error(form)))
        award = _foretell(request, scan, membership, form)
    except REFUSALS as error:
        return JsonResponse(_told(error=refusal_of(error).message))
    return JsonResponse(_told(award, card))


def _foretell(request: HttpRequest, scan: Scan, membership: Membership, form: DeedForm) -> Award:
    card, deed_ = membership.card, deed_of(request, scan)
    if card.is_points_only:
        return visits.preview_points(
            deed=deed_,
            membership_id=membership.pk,
            points=form.cleaned_data["points"],
            scan_id=scan.pk,
        )
    return visits.preview_purchase(
        deed=deed_,
        membership_id=membership.pk,
        bill=Bill(amount_minor=form.cleaned_data["amount"], currency=card.currency),
        scan_id=scan.pk,
        direction=Direction(form.cleaned_data.get("direction") or Direction.SALE),
    )


def _first_error(form: DeedForm) -> str:
    return next(str(errors[0]) for errors in form.errors.values())


def _told(
    award: Award | None = None, card: Card | None = None, *, error: str = ""
) -> dict[str, str]:
    """Return what static/js/staff/amount.js shows."""
    if award is None or card is None:
        return {"figure": "", "why": "", "button": "", "error": error}
    points = words.given(award.points, award.credit_minor, card)
    if not (award.points or award.credit_minor):
        why = words.explanation(award, card)
        if award.missing_minor:
            why.append(words.more_to_go(award.missing_minor, card))
        return {"figure": points, "why": " · ".join(why), "button": _("Book it"), "error": ""}
    return {
        "figure": f"+{points}",
        "why": ", ".join(words.explanation(award, card)),
        "button": _("Award %(points)s") % {"points": points},
        "error": "",
    }
