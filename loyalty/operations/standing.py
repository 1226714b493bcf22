"""Steps one and two of every deed: lock the rows, then read in one statement what decides."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, assert_never

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, JSONObject

from cards import terms
from cards.models import Card, CardStatus, Tag, TermsVersion
from clubs.models import Manager, PartnerStatus, PlaceStatus, Role, StaffMember
from loyalty.ledger.models import Kind, Lot, Source, Transaction, Unit
from loyalty.members.models import (
    Account,
    Membership,
    MembershipStatus,
    Scan,
    ScanMeans,
    ScanOutcome,
)
from loyalty.operations import locking
from loyalty.operations.deeds import Deed, RepeatDiffersError
from loyalty.operations.holdings import Known
from loyalty.rules.terms import Terms

# The visit: a fresh scan is the right to spend so long, and to earn so long.
SPEND_WINDOW = timedelta(minutes=10)
EARN_WINDOW = timedelta(minutes=60)
EARNING_KINDS = (Kind.PURCHASE, Kind.BUY, Kind.POINTS)
SPENDING_KINDS = (Kind.REDEMPTION, Kind.PAYMENT)


class MembershipNotFoundError(LookupError):
    """There is no such membership, or this person has nothing to do with it."""


class NotAllowedError(PermissionError):
    """The person may see the membership but not do this deed."""


class OwnMembershipError(PermissionError):
    """Nobody awards, spends or adjusts on their own membership at the counter."""


class ScanTooOldError(PermissionError):
    """The deed needs a fresh scan of the member's code."""


class OnlyHeadSpendsError(PermissionError):
    """On this card only the head of a membership group may spend what the group has."""


class MembershipNotActiveError(ValueError):
    """The membership was removed or blocked."""

    def __init__(self, *, status: str) -> None:
        super().__init__(status)
        self.status = status


class MergedAwayError(MembershipNotActiveError):
    """The customer's record was merged into another one, whose card has this number."""

    def __init__(self, *, status: str, number: str) -> None:
        super().__init__(status=status)
        self.number = number


class CardNotOpenError(ValueError):
    """The card, its club or its partner takes no deeds now."""


class LimitReachedError(ValueError):
    """The member already had as many deeds of this kind as the card allows for a while."""

    def __init__(self, *, limit: int, hours: int) -> None:
        super().__init__(f"{limit} in {hours} h")
        self.limit = limit
        self.hours = hours


@dataclass(slots=True, kw_only=True)
class Standing:
    """What the deed found: the locked rows, the person's rights, and the repeat if it is one.

    ``referrer_account`` is locked too where it may be paid; ``known`` was read with others'.
    """

    deed: Deed
    membership: Membership
    account: Account
    card: Card
    terms_id: int | None
    staff: dict[str, Any] | None
    role: str | None
    adjust_cap: int | None
    scan: dict[str, Any] | None
    repeat_id: int | None
    due_points: int
    due_credit: int
    earned_hour: int = 0
    earned_day: int = 0
    redeemed_day: int = 0
    referrer_account: Account | None = None
    known: Known | None = None

    @property
    def terms(self) -> Terms:
        """Return the rules in force when the deed happened."""
        if self.terms_id is None:
            raise CardNotOpenError
        return terms.of_version(self.terms_id)

    @property
    def available(self) -> int:
        """Return the points that can be spent: lots past their date are not among them."""
        return self.account.points - self.due_points

    @property
    def available_credit(self) -> int:
        """Return the credit that can be spent, in minor units."""
        return self.account.credit_minor - self.due_credit

    def available_in(self, unit: Unit) -> int:
        """Return what can be spent of a unit."""
        return self.available if unit == Unit.POINTS else self.available_credit

    @property
    def customer_groups(self) -> frozenset[str]:
        """Return the codes of the customer groups that the member is in."""
        group = self.membership.member.customer_group
        return frozenset({group.code} if group else ())


def lock(
    *, deed: Deed, membership_id: int, scan_id: int | None = None, is_earning: bool = False
) -> Standing:
    """Lock the membership and its account, and read the person's rights and the card's limits.

    A deed that ``is_earning`` may pay who brought the member, so their account is locked with it.

    :raises MembershipNotFoundError: if there is no such membership.
    """
    locked = Membership.objects.select_for_update(no_key=True).filter(pk=membership_id).first()
    if locked is None:
        raise MembershipNotFoundError
    referrer_id = locked.referred_by_id if is_earning else None
    accounts = locking.own_and_referrer(locked.account_id, referrer_id)

    found = _standing(deed, _facts(deed, membership_id, scan_id).get(), accounts[0])
    found.referrer_account = accounts[-1] if referrer_id else None
    return found


def look(*, deed: Deed, membership_id: int, scan_id: int | None = None) -> Standing:
    """Return the same facts without holding the rows, for a page that foretells a deed.

    :raises MembershipNotFoundError: if there is no such membership.
    """
    facts = _facts(deed, membership_id, scan_id)
    row = facts.select_related("account__tier").order_by("pk").first()
    if row is None:
        raise MembershipNotFoundError
    return _standing(deed, row, row.account)


def _standing(deed: Deed, row: Any, account: Account) -> Standing:
    manager = row.manager_row or {}
    return Standing(
        deed=deed,
        membership=row,
        account=account,
        card=row.card,
        terms_id=row.terms_version_id,
        staff=row.staff_row,
        role=Role.OWNER if deed.actor and deed.actor.is_superuser else manager.get("role"),
        adjust_cap=manager.get("adjust_cap"),
        scan=row.scan_row,
        repeat_id=row.repeat_id,
        due_points=row.due_points,
        due_credit=row.due_credit,
        earned_hour=row.earned_hour,
        earned_day=row.earned_day,
        redeemed_day=row.redeemed_day,
    )


def _count(membership: OuterRef, kinds: tuple[Kind, ...], since: datetime) -> Coalesce:
    """Return an expression: how many such deeds stand on the membership since then."""
    done = (
        Transaction.objects.filter(
            membership=membership, kind__in=kinds, occurred_at__gt=since, reversal__isnull=True
        )
        .order_by()
        .values("membership")
        .annotate(found=Count("pk"))
        .values("found")
    )
    return Coalesce(Subquery(done, output_field=IntegerField()), 0)


def due(account: OuterRef, unit: Unit, at: datetime) -> Coalesce:
    """Return an expression: the units in lots whose date has passed and is not booked yet."""
    lots = (
        Lot.objects.filter(account=account, unit=unit, remaining__gt=0, expires_at__lte=at)
        .order_by()
        .values("account")
        .annotate(due=Sum("remaining"))
        .values("due")
    )
    return Coalesce(Subquery(lots, output_field=IntegerField()), 0)


def _facts(deed: Deed, membership_id: int, scan_id: int | None) -> QuerySet[Any]:
    at, actor_id = deed.occurred_at, deed.actor_id or 0
    here = Q(club=OuterRef("card__club")) | Q(club=OuterRef("card__club__practice_of"))
    staff = StaffMember.objects.filter(
        here, user_id=actor_id, user__is_active=True, is_active=True
    ).values(
        found=JSONObject(
            may_give_points="may_give_points", may_redeem_by_search="may_redeem_by_search"
        )
    )
    managers = Manager.objects.filter(
        user_id=actor_id, user__is_active=True, is_active=True, partner=OuterRef("partner")
    ).values(found=JSONObject(role="role", adjust_cap="adjust_cap"))
    scans = Scan.objects.filter(
        pk=scan_id or 0,
        staff_id=actor_id,
        membership=OuterRef("pk"),
        outcome__in=[ScanOutcome.OK, ScanOutcome.STALE],
    ).values(
        found=JSONObject(
            means="means",
            outcome="outcome",
            at="scanned_at",
            confirmed="is_phone_confirmed",
            claim="claim_id",
        )
    )
    versions = TermsVersion.objects.filter(card=OuterRef("card"), published_at__lte=at)
    repeats = Transaction.objects.filter(partner=OuterRef("partner"), request_id=deed.request_id)
    return (
        Membership.objects.filter(pk=membership_id)
        .select_related("card__club", "partner", "member__customer_group", "group__head")
        .annotate(
            staff_row=Subquery(staff[:1]),
            manager_row=Subquery(managers[:1]),
            scan_row=Subquery(scans[:1]),
            terms_version_id=Subquery(versions.order_by("-number").values("pk")[:1]),
            repeat_id=Subquery(repeats.values("pk")[:1]),
            due_points=due(OuterRef("account"), Unit.POINTS, at),
            due_credit=due(OuterRef("account"), Unit.CREDIT, at),
            earned_hour=_count(OuterRef("pk"), EARNING_KINDS, at - timedelta(hours=1)),
            earned_day=_count(OuterRef("pk"), EARNING_KINDS, at - timedelta(hours=24)),
            redeemed_day=_count(OuterRef("pk"), SPENDING_KINDS, at - timedelta(hours=24)),
            has_tags=Exists(Tag.objects.filter(partner=OuterRef("partner"), archived_at=None)),
        )
    )


def first_result(standing: Standing, content: str) -> Transaction | None:
    """Return the transaction of a repeated request, or None for a new one.

    :raises RepeatDiffersError: if the request key came with other content before.
    """
    if standing.repeat_id is None:
        return None
    found = Transaction.objects.get(pk=standing.repeat_id)
    if found.fingerprint != content:
        raise RepeatDiffersError
    return found


def check_open(standing: Standing) -> None:
    """Refuse a deed on a card that takes none now, or on a membership that takes no part.

    :raises CardNotOpenError: if card, club or partner is closed or outside its dates.
    :raises MembershipNotActiveError: if the membership was removed or blocked.
    :raises MergedAwayError: if its customer has another card now.
    """
    card, at = standing.card, standing.deed.occurred_at
    is_open = (
        card.status == CardStatus.ACTIVE
        and card.club.status == PlaceStatus.ACTIVE
        and standing.membership.partner.status == PartnerStatus.ACTIVE
        and (card.valid_from is None or card.valid_from <= at)
        and (card.valid_until is None or card.valid_until > at)
    )
    if not is_open:
        raise CardNotOpenError
    membership = standing.membership
    if membership.status != MembershipStatus.ACTIVE:
        if membership.member.merged_into_id is not None and membership.member.erased_at is None:
            taker = Membership.objects.in_force_for(membership).values_list("number", flat=True)
            raise MergedAwayError(status=membership.status, number=taker.first() or "")
        raise MembershipNotActiveError(status=membership.status)


def check_not_own(standing: Standing) -> None:
    """Refuse a deed on the person's own membership.

    :raises OwnMembershipError: if it is theirs.
    """
    if standing.membership.member.user_id in {standing.deed.actor_id} - {None}:
        raise OwnMembershipError


def check_may_manage(standing: Standing) -> None:
    """Refuse anybody but a manager of the partner.

    :raises MembershipNotFoundError: for a stranger, who learns nothing.
    """
    if standing.role is None:
        raise MembershipNotFoundError


def _scanned_within(standing: Standing, window: timedelta) -> bool:
    if standing.scan is None:
        return False
    scanned_at = datetime.fromisoformat(str(standing.scan["at"]))
    if scanned_at.tzinfo is None:
        scanned_at = scanned_at.replace(tzinfo=UTC)  # SQLite's JSON drops the zone.
    return scanned_at > standing.deed.occurred_at - window


def check_may_serve(standing: Standing) -> None:
    """Refuse anybody who may not earn for this member at this door.

    At the counter that is staff of the card's club with a scan of this visit, in the dashboard a
    manager; the system needs no person. A repeat needs no fresh scan, for it books nothing.

    :raises MembershipNotFoundError: for a stranger.
    :raises ScanTooOldError: if the scan is of an earlier visit.
    """
    if standing.deed.source == Source.SYSTEM:
        return
    if standing.deed.source == Source.ADMIN:
        check_may_manage(standing)
        return
    if standing.staff is None:
        raise MembershipNotFoundError
    if standing.repeat_id is None and not _scanned_within(standing, EARN_WINDOW):
        raise ScanTooOldError


def check_may_spend(standing: Standing) -> None:
    """Refuse anybody who may not spend this member's points (design: the scan is the right).

    A repeat spends nothing, so it needs no right but that of serving.

    :raises MembershipNotFoundError: for a stranger.
    :raises ScanTooOldError: if there is no fresh scan.
    :raises NotAllowedError: OnlyHeadSpendsError: if this code or this member may not spend here.
    """
    check_may_serve(standing)
    if standing.repeat_id is not None:
        return
    check_head(standing)
    if standing.deed.source != Source.SCAN:
        return
    if not _scanned_within(standing, SPEND_WINDOW):
        raise ScanTooOldError
    if (standing.scan or {})["outcome"] != ScanOutcome.OK:
        raise ScanTooOldError
    if not _spends_by(standing.scan or {}, standing):
        raise NotAllowedError


def _spends_by(scan: dict[str, Any], standing: Standing) -> bool:
    """Return whether this way of finding the member is a right to spend."""
    match ScanMeans(scan["means"]):
        case ScanMeans.PHONE | ScanMeans.CLAIM:
            return True
        case ScanMeans.PRINTED:
            return standing.card.printed_card_spends
        case ScanMeans.SEARCH:
            may_spend = (standing.staff or {})["may_redeem_by_search"]
            return bool(standing.card.search_spends and scan["confirmed"] and may_spend)
        case unknown:
            assert_never(unknown)


def check_head(standing: Standing) -> None:
    """Refuse a spending for a member where only the head of their group spends (rules 10)."""
    group = standing.membership.group
    if standing.card.only_head_redeems and group and group.head_id != standing.membership.pk:
        raise OnlyHeadSpendsError


def with_due_points(at: datetime) -> QuerySet[Any]:
    """Return memberships with ``due_points`` and ``due_credit``, to show what can be spent."""
    return Membership.objects.annotate(
        due_points=due(OuterRef("account"), Unit.POINTS, at),
        due_credit=due(OuterRef("account"), Unit.CREDIT, at),
    )
