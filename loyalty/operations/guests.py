"""Let a guest take over their own record: by a one-time link, or by an e-mail they proved."""

from dataclasses import dataclass
from datetime import timedelta

from clubs.models import Manager, Partner, StaffMember
from loyalty.audit import record
from loyalty.members import codes
from loyalty.members.models import GuestLink, Member, Membership
from loyalty.operations import customers
from loyalty.operations.deeds import Deed, one_transaction
from loyalty.operations.standing import MembershipNotFoundError
from loyalty.users.models import User

LINK_LIFETIME = timedelta(minutes=15)


class LinkNotUsableError(LookupError):
    """The one-time link is unknown, used or too old."""


class OwnLinkError(PermissionError):
    """Whoever made a link cannot use it: staff would take over the guest's card."""


class NotAGuestError(ValueError):
    """The member has a sign-in already, or the person has another record at this partner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeLink:
    """A one-time link and its token, which is known only now."""

    link: GuestLink
    token: str


@one_transaction
def make_link(*, deed: Deed, membership_id: int) -> MadeLink:
    """Make a one-time link for a guest, to be shown as a QR at the counter, and return it.

    By staff of the card's club or a manager. Good for 15 minutes and one use. Making another kills
    the one before. Audited.

    :raises MembershipNotFoundError: for anybody else.
    :raises NotAGuestError: if the member has a sign-in.
    :raises customers.CustomerGoneError: if the record was merged into another or erased.
    """
    membership = (
        Membership.objects.select_related("member", "card").filter(pk=membership_id).first()
    )
    if membership is None or not _may_serve(deed, membership):
        raise MembershipNotFoundError

    member = Member.objects.select_for_update(no_key=True).get(pk=membership.member_id)
    customers.check_there(member)
    if member.user_id is not None:
        raise NotAGuestError

    GuestLink.objects.filter(member=member, used_at=None).update(used_at=deed.occurred_at)
    token = codes.new_token()
    assert deed.actor  # noqa: S101 - rights were checked above
    link = GuestLink.objects.create(
        partner_id=member.partner_id,
        member=member,
        token_hash=codes.hashed(token),
        made_by=deed.actor,
        made_at=deed.occurred_at,
        expires_at=deed.occurred_at + LINK_LIFETIME,
    )
    _audit(member, deed, "make guest link")
    return MadeLink(link=link, token=token)


def _may_serve(deed: Deed, membership: Membership) -> bool:
    if deed.actor is None or not deed.actor.is_active:
        return False
    staff = StaffMember.objects.filter(
        user=deed.actor, club_id=membership.card.club_id, is_active=True
    )
    managers = Manager.objects.filter(
        user=deed.actor, partner_id=membership.partner_id, is_active=True
    )
    return deed.actor.is_superuser or staff.exists() or managers.exists()


@one_transaction
def link_by_token(*, deed: Deed, token: str) -> Member:
    """Give a guest's record to the signed-in person who holds its one-time link.

    The same person opening it again gets the same record.

    :raises LinkNotUsableError: if the link is unknown, used or too old.
    :raises OwnLinkError: if the person made the link at the counter.
    :raises NotAGuestError: if the record is somebody's, or the person has another one here.
    """
    assert deed.actor  # noqa: S101 - the page asks for sign-in
    found = GuestLink.objects.filter(token_hash=codes.hashed(token)).first()
    if found is None:
        raise LinkNotUsableError
    _lock_partners([found.partner_id])
    member = Member.objects.select_for_update(no_key=True).get(pk=found.member_id)
    link = GuestLink.objects.get(pk=found.pk)  # Read again: the member's lock guards its links.
    if member.user_id == deed.actor.pk:
        return member
    if link.used_at is not None or link.expires_at <= deed.occurred_at:
        raise LinkNotUsableError
    if link.made_by_id == deed.actor.pk:
        raise OwnLinkError

    _link(member, deed.actor)
    link.used_at = deed.occurred_at
    link.save(update_fields=["used_at"])
    _audit(member, deed, "link guest by token")
    return member


@one_transaction
def link_by_email(*, deed: Deed) -> list[Member]:
    """Give the person every guest record that carries their proven e-mail, and return them.

    Called where the e-mail was just confirmed by a code. A record whose partner knows the person
    already is left alone. Never by a typed phone. Repeating changes nothing.
    """
    assert deed.actor  # noqa: S101 - the page asks for sign-in
    waiting = Member.objects.filter(
        email=deed.actor.email.lower(), user=None, merged_into=None, erased_at=None
    )
    partner_ids = list(waiting.order_by("partner_id").values_list("partner_id", flat=True))
    if not partner_ids:
        return []
    _lock_partners(partner_ids)
    known = Member.objects.filter(user=deed.actor).values("partner")
    guests = (
        waiting.select_for_update(no_key=True)
        .filter(partner__in=partner_ids)
        .exclude(partner__in=known)
        .order_by("pk")
    )
    linked: list[Member] = []
    for member in guests:
        _link(member, deed.actor)
        _audit(member, deed, "link guest by e-mail")
        linked.append(member)
    return linked


def _lock_partners(partner_ids: list[int]) -> None:
    """Lock the partners: it guards that a person becomes the member of each only once."""
    partners = Partner.objects.select_for_update(no_key=True).filter(pk__in=partner_ids)
    list(partners.order_by("pk"))


def _link(member: Member, user: User) -> None:
    if member.user_id is not None:
        raise NotAGuestError
    if Member.objects.filter(partner_id=member.partner_id, user=user).exists():
        raise NotAGuestError
    member.user = user
    member.save(update_fields=["user"])


def _audit(member: Member, deed: Deed, action: str) -> None:
    record.record(
        action=action, subject=member, partner_id=member.partner_id, actor_id=deed.actor_id
    )
