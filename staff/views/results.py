"""What a deed came to, in one big figure, and how to undo it."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from loyalty.ledger.access import TransactionNotFoundError, own_counter_deed
from loyalty.ledger.models import REVERSIBLE_KINDS, Kind, Source, Transaction
from loyalty.members.models import VoucherStatus
from loyalty.operations import offers, rollbacks, sales
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.rules.offers import OfferState
from loyalty.web import bonus_words, money_words, words
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
        "told": _WRITERS.get(booked.kind, _told)(booked),
        "balance_before": _balance(booked, "before"),
        "balance_after": _balance(booked, "after"),
        "next_reward": _next_reward(booked, at),
        "new_tier": booked.result.get("new_tier"),
        "is_undone": hasattr(booked, "reversal"),
        "is_undo": booked.kind == Kind.REVERSAL,
        "refunds": _refunds(booked),
        "rest_address": _rest_address(request, booked),
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


def _refunds(booked: Transaction) -> list[words.HistoryLine]:
    """Return the refunds of a sale that stand, one that waited for its receipt among them."""
    if booked.kind not in sales.SALE_KINDS:
        return []
    stands = booked.refunded_by.filter(reversal=None).select_related("store").order_by("pk")
    return [words.history_line(one, booked.card) for one in stands]


def _rest_address(request: HttpRequest, booked: Transaction) -> str:
    """Return where the purchase is booked of which this payment paid a part; empty if nowhere."""
    visit = request.GET.get("visit", "")
    is_part = booked.kind == Kind.PAYMENT and not hasattr(booked, "reversal")
    if not is_part or booked.card.is_points_only or not re.fullmatch(r"[1-9][0-9]{0,17}", visit):
        return ""
    return reverse("staff:rest", args=[int(visit), booked.pk])


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
    why += bonus_words.brought(booked, card)
    return Told(figure=figure, unit=unit, what=what, why=why, is_nothing=moved == credit == 0)


def _told_payment(booked: Transaction) -> Told:
    """Return a payment in words: the money that the till takes off the bill."""
    card = booked.card
    taken = words.moved(booked.points, booked.credit_minor, card)
    if booked.points:
        taken = f"\u2212{words.points(-booked.points, card)}"
    rest = money(booked.result["rest_minor"], card.currency)
    return Told(
        figure=money(booked.amount_minor or 0, card.currency),
        unit="",
        what=taken,
        why=[_("still to be paid: %(rest)s") % {"rest": rest}],
    )


def _told_refund(booked: Transaction) -> Told:
    """Return a refund in words: by how much the balance moved, all its parts together."""
    card, told = booked.card, booked.result
    points = told["balance_after"] - told["balance_before"]
    credit = told.get("credit_after", 0) - told.get("credit_before", 0)
    return Told(
        figure=words.moved(points, credit, card),
        unit="" if credit else card.unit_one if abs(points) == 1 else card.unit_many,
        what=money_words.title(booked, card),
        why=money_words.details(booked, card),
    )


def _undone_words(booked: Transaction) -> str:
    original = booked.reverses
    if original is not None and original.amount_minor is not None:
        return money(original.amount_minor, booked.card.currency)
    return str(Kind(booked.result["undone"]).label)


_WRITERS: dict[str, Callable[[Transaction], Told]] = {
    Kind.PAYMENT: _told_payment,
    Kind.REFUND: _told_refund,
}
