"""A member's recommendation: its link and code, what it gives, what came of it."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from cards import terms
from cards.models import Card, TermsVersion
from loyalty.ledger.models import Kind, Transaction
from loyalty.members.codes import QrMatrix
from loyalty.members.models import Membership
from loyalty.operations.bonuses import BonusReason
from loyalty.operations.referrals import LIMIT_WINDOW, device_mark
from loyalty.rules.terms import ReferralBeneficiary, ReferralRule
from loyalty.users.models import User
from loyalty.web import bonus_words, explaining, qr

_COOKIE = "loyalty_recommends"
_COOKIE_AGE = 60 * 60 * 24 * 400  # As long as browsers keep one.
MOST_MARKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """What a member shows a friend, and what it gave so far; ``left`` is for the next days."""

    code: str
    address: str
    symbol: QrMatrix
    for_me: list[str]
    for_them: list[str]
    joined: int
    earned: str
    left: int


def read(membership: Membership, *, at: datetime) -> Recommendation | None:
    """Return a member's recommendation, or None where the card counts none."""
    card = membership.card
    rules = rules_of(card, at=at)
    if not rules:
        return None
    brought = Membership.objects.filter(referred_by=membership)
    earned = Transaction.objects.filter(
        membership=membership,
        kind=Kind.BONUS,
        result__reason=BonusReason.REFERRAL,
        result__beneficiary=ReferralBeneficiary.REFERRER,
        reversal__isnull=True,
    ).aggregate(
        points=Sum("lifetime_points", default=0), credit=Sum("lifetime_credit_minor", default=0)
    )
    lately = brought.filter(joined_at__gt=at - LIMIT_WINDOW).count()
    address = address_of(card, membership.referral_code)
    return Recommendation(
        code=membership.referral_code,
        address=address,
        symbol=qr.matrix(address),
        for_me=promises(rules, card, ReferralBeneficiary.REFERRER),
        for_them=promises(rules, card, ReferralBeneficiary.REFERRED),
        joined=brought.count(),
        earned=explaining.given(earned["points"], earned["credit"], card),
        left=max(0, card.referrals_per_month - lately),
    )


def rules_of(card: Card, *, at: datetime) -> tuple[ReferralRule, ...]:
    """Return the rules in force for recommendations of a card, none where it counts none."""
    if not card.has_referrals:
        return ()
    versions = TermsVersion.objects.filter(card=card, published_at__lte=at).order_by("-number")
    version = versions.values_list("pk", flat=True).first()
    return terms.of_version(version).referral_rules if version else ()


def promises(
    rules: tuple[ReferralRule, ...],
    card: Card,
    beneficiary: ReferralBeneficiary,
    *,
    is_for_newcomer: bool = False,
) -> list[str]:
    """Return what one of the two gets, a line for each rule."""
    return [
        bonus_words.promise(rule, card, is_for_newcomer=is_for_newcomer)
        for rule in rules
        if rule.beneficiary in {beneficiary, ReferralBeneficiary.BOTH}
    ]


def address_of(card: Card, code: str) -> str:
    """Return the link that a friend opens: the card's public page, with the code in it."""
    page = reverse("site:join", args=[card.pk])
    return f"{settings.SITE_URL}{page}?{urlencode({'ref': code})}"


def marks(request: HttpRequest) -> frozenset[str]:
    """Return the marks of people who looked at their own recommendation in this browser."""
    return frozenset(filter(None, request.COOKIES.get(_COOKIE, "").split(".")[:MOST_MARKS]))


def remember(request: HttpRequest, response: HttpResponse, *, user: User) -> None:
    """Let the browser know that this person recommends from it; see `device_mark`."""
    mark = device_mark(user.pk)
    kept = [mark, *sorted(marks(request) - {mark})][:MOST_MARKS]
    response.set_cookie(
        _COOKIE,
        ".".join(kept),
        max_age=_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
