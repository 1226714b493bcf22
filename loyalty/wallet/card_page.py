"""Everything a member sees of one card, read in few statements and put into words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db.models import Case, F, OuterRef, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from cards import terms
from cards.models import Card, CardStatus, CardText, TermsVersion
from clubs.models import PartnerStatus, PlaceStatus
from loyalty.ledger.access import seen_by, with_other_number
from loyalty.ledger.models import Kind, Lot, Transaction, Unit
from loyalty.members import access, codes
from loyalty.members.codes import QrMatrix
from loyalty.members.models import (
    Claim,
    Membership,
    MembershipStatus,
    Voucher,
    VoucherStatus,
    pooled,
)
from loyalty.operations import offers, standing
from loyalty.operations.offers import RewardOffer
from loyalty.rules import tiers
from loyalty.rules.offers import OfferState
from loyalty.users.models import User
from loyalty.wallet.days import day_words
from loyalty.wallet.history import HistoryDay, by_day
from loyalty.web import qr, words
from loyalty.web.balances import Balance, balance
from loyalty.web.money import count

LINES = 20
# A member with hundreds of visits still gets a list that can be read.
MOST_DATES = 24
# A reward that ended is explained for a while, then it goes.
ENDED_STAYS = timedelta(days=14)
MOST_VISITS_FORETOLD = 9

_LOOKS = {
    OfferState.READY: ("is-ready", "gift"),
    OfferState.NOT_ENOUGH: ("is-locked", ""),
    OfferState.TIER_TOO_LOW: ("is-tier", "lock"),
    OfferState.LIMIT_REACHED: ("is-gone", "check"),
    OfferState.SOLD_OUT: ("is-gone", "gift"),
    OfferState.NOT_STARTED: ("is-tier", "clock"),
    OfferState.ENDED: ("is-ended", "clock"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TierStep:
    """How far the next tier is."""

    value: int
    target: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardLine:
    """One reward as its member sees it."""

    offer: RewardOffer
    look: str
    icon: str
    state: str
    progress: str
    saved: int
    open_claim: Claim | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryLine:
    """Points that share their last day, in words; empty for points that last."""

    points: str
    last_day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPage:
    """One card of one member, ready to be shown."""

    membership: Membership
    text: dict[str, str]
    version: str
    available: int
    held: Balance
    tier_step: TierStep | None
    tier_note: str
    rewards: list[RewardLine]
    vouchers: list[Voucher]
    expiries: list[ExpiryLine]
    next_expiry: ExpiryLine | None
    is_open: bool
    history: list[HistoryDay]
    has_more: bool
    last_id: int


def read(*, user: User, membership_id: int, at: datetime) -> CardPage:
    """Return what the member sees of a card; six statements.

    :raises access.MembershipNotFoundError: if it is removed or not theirs.
    """
    membership = _membership(user, membership_id, at)
    account, card = membership.account, membership.card
    available = account.points - membership.due_points
    credit = account.credit_minor - membership.due_credit
    held = balance(card, available, credit)
    deeds = list(history_of(membership)[: LINES + 1])
    expiries = list(_expiries(membership, at))
    claims = {claim.reward_id: claim for claim in _open_claims(membership, at)}
    per_visit = _points_per_visit(deeds)
    rewards = [
        _reward_line(offer, card, available, claims.get(offer.reward.pk), per_visit)
        for offer in offers.listed(account=account, available=available, at=at)
        if not _is_long_over(offer, at)
    ]
    return CardPage(
        membership=membership,
        text=membership.text or {},
        version=version_tag(membership.last_transaction),
        available=available,
        held=held,
        tier_step=_tier_step(membership),
        tier_note=_tier_note(membership),
        rewards=rewards,
        vouchers=list(_vouchers(membership, at)),
        expiries=expiries,
        next_expiry=expiries[0] if expiries and expiries[0].last_day else None,
        is_open=is_open(card, at),
        history=by_day(deeds[:LINES], membership, at=at),
        has_more=len(deeds) > LINES,
        last_id=deeds[:LINES][-1].pk if deeds else 0,
    )


def _membership(user: User, membership_id: int, at: datetime) -> Any:
    versions = TermsVersion.objects.filter(card=OuterRef("card"), published_at__lte=at)
    found = (
        access.memberships_for_member(user=user)
        .filter(pk=membership_id)
        .annotate(
            due_points=standing.due(OuterRef("account"), Unit.POINTS, at),
            due_credit=standing.due(OuterRef("account"), Unit.CREDIT, at),
            last_transaction=_last_transaction(),
            text=text_of(OuterRef("card")),
            terms_id=Subquery(versions.order_by("-number").values("pk")[:1]),
        )
        .order_by("pk")
        .first()
    )
    if found is None:
        raise access.MembershipNotFoundError
    return found


def is_open(card: Card, at: datetime) -> bool:
    """Return whether deeds can be done on the card now, read from what is loaded."""
    return (
        card.status == CardStatus.ACTIVE
        and card.club.status == PlaceStatus.ACTIVE
        and card.partner.status == PartnerStatus.ACTIVE
        and (card.valid_from is None or card.valid_from <= at)
        and (card.valid_until is None or card.valid_until > at)
    )


def _last_transaction() -> Subquery:
    deeds = Transaction.objects.filter(account=OuterRef("account")).order_by("-pk")
    return Subquery(deeds.values("pk")[:1])


def text_of(card: OuterRef) -> Subquery:
    """Return an expression: a card's words, in the reader's language where it has them."""
    language = get_language() or settings.LANGUAGE_CODE
    texts = CardText.objects.filter(card=card).annotate(
        rank=Case(
            When(language=language, then=Value(0)),
            When(language=language.partition("-")[0], then=Value(1)),
            When(language=F("card__partner__language"), then=Value(2)),
            default=Value(3),
        )
    )
    return Subquery(
        texts.order_by("rank", "pk").values(
            found=JSONObject(title="title", description="description", rules="rules", terms="terms")
        )[:1]
    )


def version_tag(last_transaction: int | None) -> str:
    """Return the entity tag of what a card page shows: it changes with every deed."""
    return f'"{last_transaction or 0}"'


def version_of(*, user: User, membership_id: int) -> str:
    """Return the tag of a card's present state; one statement.

    :raises access.MembershipNotFoundError: if the member may not see it live.
    """
    found = (
        access.memberships_for_member(user=user)
        .filter(pk=membership_id, status=MembershipStatus.ACTIVE)
        .annotate(last_transaction=_last_transaction())
        .values_list("last_transaction", flat=True)
        .order_by("pk")
    )
    for last_transaction in found:
        return version_tag(last_transaction)
    raise access.MembershipNotFoundError


def history_of(membership: Membership) -> QuerySet[Transaction]:
    """Return the deeds that the member sees, newest first, with what a line of them says.

    Internal notes are not even read.
    """
    return (
        with_other_number(Transaction.objects.filter(seen_by(membership)))
        .exclude(kind__in=[Kind.REVERSAL, Kind.STATUS])
        .select_related("store", "note", "reversal__note")
        .defer("note__internal", "reversal__note__internal", "facts", "reversal__facts")
        .order_by("-pk")
    )


def _open_claims(membership: Membership, at: datetime) -> QuerySet[Claim]:
    return Claim.objects.filter(membership=membership, used_at=None, expires_at__gt=at).order_by(
        "pk"
    )


def _vouchers(membership: Membership, at: datetime) -> Iterator[Voucher]:
    ready = Voucher.objects.filter(
        pooled(membership.account_id), status=VoucherStatus.ISSUED
    ).select_related("reward")
    for voucher in ready.order_by("expires_at", "pk"):
        if voucher.expires_at is None or voucher.expires_at > at:
            yield voucher


def _expiries(membership: Membership, at: datetime) -> Iterator[ExpiryLine]:
    zone, card = membership.card.partner.zone(), membership.card
    lots = (
        Lot.objects.filter(account_id=membership.account_id, unit=Unit.POINTS, remaining__gt=0)
        .values("expires_at")
        .annotate(left=Sum("remaining"))
        .order_by(F("expires_at").asc(nulls_last=True))
    )
    dated = (
        (_last_day(lot["expires_at"], zone), lot["left"])
        for lot in lots
        if lot["expires_at"] is None or lot["expires_at"] > at
    )
    days = [
        (last_day, sum(left for _day, left in found))
        for last_day, found in groupby(dated, key=lambda pair: pair[0])
    ]
    today = timezone.localtime(at, zone).date()
    for last_day, left in days[:MOST_DATES]:
        yield ExpiryLine(
            points=words.points(left, card),
            last_day=day_words(last_day, today=today) if last_day else "",
        )


def _last_day(expires_at: datetime | None, zone: Any) -> date | None:
    # What expires at midnight can be used until the end of the day before.
    if expires_at is None:
        return None
    return timezone.localtime(expires_at - timedelta(microseconds=1), zone).date()


def _tier_step(membership: Any) -> TierStep | None:
    if membership.terms_id is None:
        return None
    rules, account = terms.of_version(membership.terms_id), membership.account
    # A tier given by hand may stand above what was awarded; the next step is above both.
    stands_at = max(account.lifetime_points, account.tier.min_value if account.tier else -1)
    ahead = tiers.following(stands_at, rules.tiers)
    if ahead is None:
        return None
    missing = words.points(ahead.min_value - account.lifetime_points, membership.card)
    return TierStep(
        value=account.lifetime_points,
        target=ahead.min_value,
        text=_("%(points)s to %(tier)s") % {"points": missing, "tier": ahead.name},
    )


def _tier_note(membership: Any) -> str:
    if membership.terms_id is None or membership.account.tier is None:
        return ""
    tier = terms.of_version(membership.terms_id).tier(membership.account.tier_id)
    if tier is None or tier.multiplier == 1:
        return ""
    return _("%(tier)s earns %(times)s times the %(units)s.") % {
        "tier": tier.name,
        "times": f"{tier.multiplier.normalize():f}",
        "units": membership.card.unit_many,
    }


def _is_long_over(offer: RewardOffer, at: datetime) -> bool:
    until = offer.reward.valid_until
    return until is not None and until < at - ENDED_STAYS


def _points_per_visit(deeds: Sequence[Transaction]) -> tuple[int, int]:
    """Return the points of the member's latest earning visits, and how many visits they were."""
    earned = [
        deed.points
        for deed in deeds
        if deed.kind in standing.EARNING_KINDS and deed.points > 0 and not hasattr(deed, "reversal")
    ]
    return sum(earned), len(earned)


def _reward_line(
    offer: RewardOffer,
    card: Card,
    available: int,
    open_claim: Claim | None,
    per_visit: tuple[int, int],
) -> RewardLine:
    look, icon = _LOOKS[offer.state]
    state = words.offer_words(offer, card)
    if offer.state == OfferState.NOT_ENOUGH:
        state = _with_visits(state, offer.missing, per_visit)
    is_claimed = open_claim is not None and offer.is_ready
    return RewardLine(
        offer=offer,
        look="is-claimed" if is_claimed else look,
        icon=icon,
        state=state,
        progress=_("%(balance)s of %(cost)s")
        % {"balance": count(available), "cost": words.points(offer.reward.cost, card)},
        saved=min(available, offer.reward.cost),
        open_claim=open_claim if is_claimed else None,
    )


def _with_visits(state: str, missing: int, per_visit: tuple[int, int]) -> str:
    """Return the sentence with the visits that the missing points may take, rounded up."""
    earned, visits = per_visit
    if not earned:
        return state
    ahead = -(-missing * visits // earned)
    if ahead > MOST_VISITS_FORETOLD:
        return state
    guess = ngettext("about %(count)s visit", "about %(count)s visits", ahead) % {
        "count": count(ahead)
    }
    return _("%(state)s, %(guess)s") % {"state": state, "guess": guess}


def symbol(membership: Membership, at: datetime) -> QrMatrix:
    """Return the QR of the code that stands now."""
    digits = codes.rotating_code(membership.totp_key, codes.step_at(at))
    return qr.matrix(qr.card_address(membership.code, digits))


def for_script(page: CardPage, *, user: User, at: datetime) -> dict[str, str | int]:
    """Return what the page's script draws the code from, and keeps for a dead network."""
    membership, card = page.membership, page.membership.card
    return {
        "owner": salted_hmac("loyalty.wallet.owner", str(user.pk)).hexdigest()[:16],
        "code": membership.code,
        "key": membership.totp_key,
        "site": settings.SITE_URL,
        "serverMs": int(at.timestamp() * 1000),
        "firstName": membership.member.first_name,
        "cardName": page.text.get("title") or card.name,
        "balance": page.held.text,
        "brand": card.colour,
        "onBrand": card.text_colour,
    }
