"""What a deed came to, in one big figure, and how to undo it."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from loyalty.ledger.access import TransactionNotFoundError, own_counter_deed
from loyalty.ledger.models import REVERSIBLE_KINDS, Kind, Source, Transaction
from loyalty.members.models import VoucherStatus
from loyalty.operations import offers, rollbacks
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.rules.offers import OfferState
from loyalty.web import words
from loyalty.web.balances import balance
from loyalty.web.money import money
from loyalty.web.refusals import REFUSALS
from loyalty.web.requests import deed, signed_in
from staff.doors import counter_page
from staff.forms import DeedForm
from staff.pages import page


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A result in words: the figure to read from two metres, what it was for, and why."""

    figure: str
    unit: str
    what: str
    why: list[str]
    is_nothing: bool = False


def _own(request: HttpRequest, transaction_id: int) -> Transaction:
    try:
        return own_counter_deed(user=signed_in(request), transaction_id=transaction_id)
    except TransactionNotFoundError as error:
        raise Http404 from error


@counter_page
@require_GET
def result(request: HttpRequest, transaction_id: int) -> HttpResponse:
    """Show what the person's own deed came to. R4.5."""
    return _show(request, _own(request, transaction_id), DeedForm())


@counter_page
@require_POST
def undo(request: HttpRequest, transaction_id: int) -> HttpResponse:
    """Undo the person's own latest deed, and show what that came to. R11."""
    booked = _own(request, transaction_id)
    form = DeedForm(request.POST)
    if form.is_valid() and booked.membership_id is not None:
        try:
            undone = rollbacks.undo_own_latest(
                deed=deed(
                    request,
                    source=Source.SCAN,
                    store=booked.store,
                    request_id=form.cleaned_data["request_id"],
                ),
                membership_id=booked.membership_id,
                transaction_id=booked.pk,
            )
        except REFUSALS as error:
            form.refuse(error)
        else:
            return redirect("staff:result", undone.pk)
    return _show(request, booked, form)


def _show(request: HttpRequest, booked: Transaction, form: DeedForm) -> HttpResponse:
    at = timezone.now()
    assert booked.membership  # noqa: S101 - access asks for it
    context = {
        "booked": booked,
        "card": booked.card,
        "member": booked.membership.member,
        "told": _told(booked),
        "balance_before": _balance(booked, "before"),
        "balance_after": _balance(booked, "after"),
        "next_reward": _next_reward(booked, at),
        "new_tier": booked.result.get("new_tier"),
        "is_undone": hasattr(booked, "reversal"),
        "is_undo": booked.kind == Kind.REVERSAL,
        "is_sale": booked.kind in {Kind.PURCHASE, Kind.POINTS},
        "undo_seconds": _undo_seconds(booked, at),
        "form": form,
    }
    club = booked.card.club
    status = form.status if form.is_bound else 200
    return page(request, "staff/result.html", context, store=booked.store, club=club, status=status)


def _balance(booked: Transaction, when: str) -> str | None:
    """Return what could be spent before or after the deed, in words; None where it moved none."""
    points = booked.result.get(f"balance_{when}")
    if points is None:
        return None
    return balance(booked.card, points, booked.result.get(f"credit_{when}", 0)).text


def _undo_seconds(booked: Transaction, at: datetime) -> int:
    """Return how long the person may still undo this; 0 if not at all."""
    if booked.kind not in REVERSIBLE_KINDS or hasattr(booked, "reversal"):
        return 0
    until = booked.occurred_at + timedelta(minutes=booked.card.undo_minutes)
    latest = rollbacks.latest_reversible(booked.account_id) if until > at else None
    is_latest = latest is not None and latest.pk == booked.pk
    return math.ceil((until - at).total_seconds()) if is_latest else 0


def _next_reward(booked: Transaction, at: datetime) -> str:
    """Return what the member saves for now, in a few words; empty where there is nothing."""
    available = booked.result.get("balance_after")
    if available is None:
        return ""
    listed = offers.listed(account=booked.account, available=available, at=at)
    ready = [offer.reward.name for offer in listed if offer.is_ready]
    if ready:
        return _("%(reward)s is ready") % {"reward": ready[0]}
    near = [offer for offer in listed if offer.state == OfferState.NOT_ENOUGH]
    if not near:
        return ""
    nearest = min(near, key=lambda offer: offer.missing)
    return _("%(reward)s in %(missing)s") % {
        "reward": nearest.reward.name,
        "missing": words.points(nearest.missing, booked.card),
    }


def _told(booked: Transaction) -> Told:
    """Return the result in words."""
    card, moved = booked.card, int(booked.result.get("points", booked.points))
    unit = card.unit_one if abs(moved) == 1 else card.unit_many
    reward = str(booked.result.get("reward") or "")
    credit = int(booked.result.get("credit_minor", booked.credit_minor))
    figure, what, why = words.signed(moved), "", words.explanation(booked, card)
    if credit:
        figure, unit = words.moved(moved, credit, card), ""
    match Kind(booked.kind):
        case Kind.PURCHASE | Kind.BUY:
            what = money(booked.amount_minor or 0, card.currency)
            missing = int(booked.result.get("missing_minor", 0))
            if moved == credit == 0 and missing:
                why.append(words.more_to_go(missing, card))
        case Kind.ADJUSTMENT:
            what = _("without a sale")
            why = [str(AdjustmentReason(booked.result["reason"]).label)]
        case Kind.REDEMPTION:
            return Told(figure=reward, unit="", what=f"{figure} {unit}", why=[])
        case Kind.VOUCHER if booked.result.get("step") == VoucherStatus.USED:
            return Told(figure=reward, unit="", what=_("for a voucher"), why=[])
        case Kind.REVERSAL:
            what = _("Undone: %(what)s") % {"what": reward or _undone_words(booked)}
        case _:
            pass
    return Told(figure=figure, unit=unit, what=what, why=why, is_nothing=moved == credit == 0)


def _undone_words(booked: Transaction) -> str:
    original = booked.reverses
    if original is not None and original.amount_minor is not None:
        return money(original.amount_minor, booked.card.currency)
    return str(Kind(booked.result["undone"]).label)
