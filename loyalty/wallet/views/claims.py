"""A member's wish for a reward: start it, show its code, see what came of it."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from loyalty.ledger.models import Kind, Source, Transaction
from loyalty.members import access, codes
from loyalty.members.models import Claim
from loyalty.operations import drafting, redemptions, standing
from loyalty.operations.offers import RewardNotAvailableError
from loyalty.rules.offers import OfferState
from loyalty.wallet import look
from loyalty.wallet.own import own_membership
from loyalty.web import qr, words
from loyalty.web.refusals import REFUSALS, refusal_of
from loyalty.web.requests import deed, new_request_id, signed_in

# The tokens of a session's latest claims; older ones have expired long ago.
SESSION_KEY = "claim_tokens"
MOST_TOKENS = 3
LATE_SECONDS = 60


@login_required
@require_POST
def start(request: HttpRequest, membership_id: int, reward_id: int) -> HttpResponse:
    """Start a claim, or give the open one a new code, and lead to its page. Source: R10.1."""
    membership = own_membership(request, membership_id)
    try:
        started = redemptions.start_claim(
            deed=deed(request, source=Source.WALLET, request_id=new_request_id()),
            membership_id=membership_id,
            reward_id=reward_id,
        )
    except standing.MembershipNotFoundError as error:
        raise Http404(_("There is no such card.")) from error
    except drafting.NotEnoughPointsError as error:
        missing = words.points(error.missing, membership.card)
        messages.error(
            request, _("%(points)s are missing. Nothing was taken.") % {"points": missing}
        )
        return redirect("wallet:card", membership_id)
    except RewardNotAvailableError as error:
        messages.error(request, _unavailable(error))
        return redirect("wallet:card", membership_id)
    except REFUSALS as error:
        messages.error(request, refusal_of(error).message)
        return redirect("wallet:card", membership_id)
    _keep_token(request, started.claim.pk, started.token)
    return redirect("wallet:claim", started.claim.pk)


@login_required
@require_safe
def claim(request: HttpRequest, claim_id: int) -> HttpResponse:
    """Show a claim's code while it stands, and afterwards what came of it. Source: R10.1."""
    found = _own(request, claim_id)
    at = timezone.now()
    card = found.membership.card
    context: dict[str, object] = {
        "claim": found,
        "card": card,
        "zone": card.partner.zone(),
        "look_url": look.address(card),
    }
    if found.used_at is not None:
        context["deed"] = _deed_of(found, found.used_at)
        return render(request, "wallet/claim_used.html", context)
    if found.expires_at <= at:
        return render(request, "wallet/claim_over.html", context)
    token = request.session.get(SESSION_KEY, {}).get(str(found.pk), "")
    if codes.hashed(token) != found.token_hash:
        return render(request, "wallet/claim_elsewhere.html", context)
    left = int((found.expires_at - at).total_seconds())
    context |= {
        "symbol": qr.matrix(qr.claim_address(token)),
        "is_late": left < LATE_SECONDS,
        "left": f"{left // 60}:{left % 60:02d}",
        "server_ms": int(at.timestamp() * 1000),
        "expires_ms": int(found.expires_at.timestamp() * 1000),
        "version": _tag(found),
    }
    return render(request, "wallet/claim.html", context)


@login_required
@require_safe
def claim_state(request: HttpRequest, claim_id: int) -> HttpResponseBase:
    """Answer in a few bytes whether a claim was used or shown elsewhere."""
    found = _own(request, claim_id)
    tag = _tag(found)
    state = "used" if found.used_at else "open" if found.expires_at > timezone.now() else "over"
    response = JsonResponse({"state": state}, headers={"ETag": tag})
    unchanged: HttpResponseBase | None = get_conditional_response(
        request, etag=tag, response=response
    )
    return unchanged or response


def _tag(found: Claim) -> str:
    # The code is part of it: where it was opened on another phone, this one is told so.
    return f'"{found.token_hash[:12]}-{"used" if found.used_at else "open"}"'


def _own(request: HttpRequest, claim_id: int) -> Claim:
    found = _claims(request).filter(pk=claim_id).order_by("pk").first()
    if found is None:
        raise Http404
    return found


def _claims(request: HttpRequest) -> QuerySet[Claim]:
    return Claim.objects.filter(
        membership__in=access.memberships_for_member(user=signed_in(request))
    ).select_related("reward", "membership__account", "membership__card__partner")


def _deed_of(found: Claim, used_at: datetime) -> Transaction | None:
    """Return the deed that used the claim."""
    return (
        Transaction.objects.filter(
            membership_id=found.membership_id,
            reward_id=found.reward_id,
            kind=Kind.REDEMPTION,
            occurred_at=used_at,
        )
        .select_related("store", "reversal")
        .order_by("pk")
        .first()
    )


def _keep_token(request: HttpRequest, claim_id: int, token: str) -> None:
    kept = {**request.session.get(SESSION_KEY, {})}
    kept.pop(str(claim_id), None)
    kept[str(claim_id)] = token
    request.session[SESSION_KEY] = dict(list(kept.items())[-MOST_TOKENS:])


def _unavailable(error: RewardNotAvailableError) -> str:
    return {
        OfferState.ENDED: _("This reward is no longer offered. Nothing was taken."),
        OfferState.NOT_STARTED: _("This reward is not offered yet. Nothing was taken."),
        OfferState.SOLD_OUT: _("This reward is sold out. Your points stay yours."),
        OfferState.LIMIT_REACHED: _("You had this reward already. Your points stay yours."),
        OfferState.TIER_TOO_LOW: _("This reward is for a higher tier. Nothing was taken."),
    }.get(error.state, _("This reward cannot be had now. Nothing was taken."))
