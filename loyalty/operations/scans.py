"""Record that a code was shown, and say where that leads. Writes one row, even on a GET."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Exists, OuterRef, Q

from clubs.access import works_for_partner
from clubs.models import Club, Manager, Store
from loyalty.members import codes
from loyalty.members.models import Claim, Membership, Scan, ScanMeans, ScanOutcome
from loyalty.users.models import User

MOST_MISSES = 5
MISS_WINDOW = timedelta(minutes=10)


class Landing(StrEnum):
    """Where a shown code leads."""

    COUNTER = "COUNTER"
    OWN_CARD = "OWN_CARD"
    DASHBOARD = "DASHBOARD"
    NOT_YOUR_CLUB = "NOT_YOUR_CLUB"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looker:
    """Who shows a code to the system: the person, their session, and the store they stand in."""

    user: User
    session_hash: str
    store: Store | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What came of it: the scan for the counter, or the membership for its owner or manager."""

    landing: Landing
    scan_id: int | None = None
    membership_id: int | None = None
    is_fresh: bool = False


def show_card(*, looker: Looker, code: str, digits: str | None, at: datetime) -> Shown:
    """Record a card code that was shown or typed, and return where it leads.

    A right rotating code is the right to spend for the person and session that showed it first;
    shown again by them it finds its own row. An old code, or one that somebody else used, may still
    earn. Another partner's code answers exactly like an unknown one. Source: R4.3, R4.4, R2.4.
    """
    membership = _seen_by(looker.user, Q(code=code))
    landing = _landing(looker.user, membership)
    if membership is None or landing in {Landing.UNKNOWN, Landing.NOT_YOUR_CLUB}:
        return _refused(looker, landing, membership, at)
    if landing != Landing.COUNTER:
        return Shown(landing=landing, membership_id=membership.pk)
    facts = _facts(looker, membership, at)
    if digits is None:
        facts |= {"means": ScanMeans.PRINTED, "outcome": ScanOutcome.OK}
        return _at_counter(Scan.objects.create(**facts))
    step = _step(membership, digits, at)
    if step is not None:
        scan = _first_use(facts, membership, step)
        is_own = scan.staff_id == looker.user.pk and scan.session_hash == looker.session_hash
        if is_own:
            return _at_counter(scan)
    facts |= {"means": ScanMeans.PHONE, "outcome": ScanOutcome.STALE}
    return _at_counter(Scan.objects.create(**facts))


def show_claim(*, looker: Looker, token: str, at: datetime) -> Shown:
    """Record a claim code that was shown, and return where it leads.

    A claim that was used or is over is like an old code: it may earn and is no right to spend,
    otherwise its picture would be one for ever. Redeeming checks its state again. Source: R10.2.
    """
    claim = Claim.objects.filter(token_hash=codes.hashed(token)).first()
    membership = _seen_by(looker.user, Q(pk=claim.membership_id)) if claim else None
    landing = _landing(looker.user, membership)
    if claim is None or membership is None or landing == Landing.UNKNOWN:
        return _refused(looker, Landing.UNKNOWN, None, at)
    if landing == Landing.NOT_YOUR_CLUB:
        return _refused(looker, landing, membership, at)
    if landing != Landing.COUNTER:
        return Shown(landing=landing, membership_id=membership.pk)
    facts = _facts(looker, membership, at)
    is_open = claim.used_at is None and claim.expires_at > at
    outcome = ScanOutcome.OK if is_open else ScanOutcome.STALE
    facts |= {"means": ScanMeans.CLAIM, "outcome": outcome, "claim": claim}
    return _at_counter(Scan.objects.create(**facts))


def choose_member(
    *, looker: Looker, membership_id: int, is_phone_confirmed: bool, at: datetime
) -> Shown:
    """Record that staff found a member by search, and return where it leads. Source: FA9."""
    membership = _seen_by(looker.user, Q(pk=membership_id))
    landing = _landing(looker.user, membership)
    if membership is None or landing != Landing.COUNTER:
        return _refused(looker, landing, membership, at)
    facts = _facts(looker, membership, at)
    facts |= {
        "means": ScanMeans.SEARCH,
        "outcome": ScanOutcome.OK,
        "is_phone_confirmed": is_phone_confirmed,
    }
    return _at_counter(Scan.objects.create(**facts))


def _seen_by(user: User, which: Q) -> Any:
    """Return the membership annotated with what it is to this user, or None."""
    managers = Manager.objects.filter(user=user, is_active=True, partner=OuterRef("partner"))
    clubs = Club.objects.served_by(user.pk).filter(pk=OuterRef("card__club"))
    return (
        Membership.objects.filter(which)
        .select_related("member", "card")
        .annotate(is_served=Exists(clubs), is_managed=Exists(managers))
        .order_by("pk")
        .first()
    )


def _landing(user: User, membership: Any) -> Landing:
    if membership is None:
        return Landing.UNKNOWN
    if membership.member.user_id == user.pk:
        return Landing.OWN_CARD
    if membership.is_served:
        return Landing.COUNTER
    if membership.is_managed or user.is_superuser:
        return Landing.DASHBOARD
    if works_for_partner(user=user, partner_id=membership.partner_id):
        return Landing.NOT_YOUR_CLUB
    return Landing.UNKNOWN


def _facts(looker: Looker, membership: Membership, at: datetime) -> dict[str, Any]:
    is_own_store = looker.store is not None and looker.store.club_id == membership.card.club_id
    return {
        "partner_id": membership.partner_id,
        "card_id": membership.card_id,
        "membership_id": membership.pk,
        "staff": looker.user,
        "store": looker.store if is_own_store else None,
        "session_hash": looker.session_hash,
        "scanned_at": at,
    }


def _refused(
    looker: Looker, landing: Landing, membership: Membership | None, at: datetime
) -> Shown:
    """Record a scan that leads to no counter; whose card it was only where that is no secret.

    The store is where the person stood, unless it is of another business than the card.
    """
    is_known = landing in {Landing.NOT_YOUR_CLUB, Landing.OWN_CARD}
    known = membership if is_known else None
    is_here = known is None or (
        looker.store is not None and looker.store.partner_id == known.partner_id
    )
    Scan.objects.create(
        partner_id=known.partner_id if known else None,
        card_id=known.card_id if known else None,
        membership_id=known.pk if known else None,
        staff=looker.user,
        store=looker.store if is_here else None,
        session_hash=looker.session_hash,
        means=ScanMeans.PRINTED,
        outcome=ScanOutcome.REFUSED if known else ScanOutcome.UNKNOWN,
        scanned_at=at,
    )
    return Shown(landing=landing)


def _at_counter(scan: Scan) -> Shown:
    return Shown(
        landing=Landing.COUNTER,
        scan_id=scan.pk,
        membership_id=scan.membership_id,
        is_fresh=scan.outcome == ScanOutcome.OK,
    )


def _step(membership: Membership, digits: str, at: datetime) -> int | None:
    """Return the step of a right code; after too many wrong ones nothing is right for a while."""
    step = codes.matching_step(key=membership.totp_key, digits=digits, at=at)
    if step is None:
        return None
    misses = Scan.objects.filter(
        membership=membership,
        means=ScanMeans.PHONE,
        outcome=ScanOutcome.STALE,
        scanned_at__gt=at - MISS_WINDOW,
    )
    return step if misses.count() < MOST_MISSES else None


def _first_use(facts: dict[str, Any], membership: Membership, step: int) -> Scan:
    """Insert the use of a step unless there is one, and return the row that counts."""
    row = Scan(**facts, means=ScanMeans.PHONE, outcome=ScanOutcome.OK, step=step)
    Scan.objects.bulk_create([row], ignore_conflicts=True)
    return Scan.objects.get(membership=membership, step=step, outcome=ScanOutcome.OK)
