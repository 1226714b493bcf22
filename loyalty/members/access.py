"""The only functions that fetch a membership, a scan or a claim for a person."""

from django.db.models import QuerySet

from clubs.models import Club
from loyalty.members.models import Membership, Scan, ScanOutcome
from loyalty.users.models import User


class MembershipNotFoundError(LookupError):
    """There is no such membership, or it is none of this person's business."""


class ScanNotFoundError(LookupError):
    """There is no such scan, or somebody else made it."""


def memberships_for_member(*, user: User) -> QuerySet[Membership]:
    """Return the cards that this person holds and may see, with what a page shows of them."""
    return Membership.objects.of_user(user.pk).select_related(
        "member", "account__tier", "card__club", "card__partner"
    )


def membership_for_member(*, user: User, membership_id: int) -> Membership:
    """Return a card that this person holds.

    :raises MembershipNotFoundError: if it is removed or not theirs.
    """
    found = memberships_for_member(user=user).filter(pk=membership_id).order_by("pk").first()
    if found is None:
        raise MembershipNotFoundError
    return found


def memberships_for_staff(*, user: User) -> QuerySet[Membership]:
    """Return the memberships that this user may serve at a counter."""
    return Membership.objects.of_clubs_staffed_by(user.pk).select_related(
        "member", "account__tier", "card__club", "card__partner"
    )


def membership_for_staff(*, user: User, membership_id: int) -> Membership:
    """Return a membership that this user may serve.

    :raises MembershipNotFoundError: if it is of another club or partner.
    """
    found = memberships_for_staff(user=user).filter(pk=membership_id).order_by("pk").first()
    if found is None:
        raise MembershipNotFoundError
    return found


def scan_for_staff(*, user: User, scan_id: int) -> Scan:
    """Return this user's own scan of a membership they may serve, with all a counter page shows.

    :raises ScanNotFoundError: if it is somebody else's, came to nothing, or the club is not theirs.
    """
    found = (
        Scan.objects.filter(
            pk=scan_id,
            staff=user,
            membership__isnull=False,
            outcome__in=[ScanOutcome.OK, ScanOutcome.STALE],
            membership__card__club__in=Club.objects.served_by(user.pk),
        )
        .select_related(
            "store",
            "claim__reward",
            "membership__member",
            "membership__account__tier",
            "membership__card__club",
            "membership__card__partner",
        )
        .order_by("pk")
        .first()
    )
    if found is None:
        raise ScanNotFoundError
    return found
