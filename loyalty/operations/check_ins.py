"""A member checks in: by the QR at the door, or by a button in the wallet (PA2.2)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from clubs.models import PlaceStatus, Store
from loyalty.ledger.models import Transaction
from loyalty.operations import drafting, followups, milestones
from loyalty.operations.bonuses import BonusReason
from loyalty.operations.deeds import Deed, fingerprint, one_transaction
from loyalty.operations.standing import (
    MembershipNotFoundError,
    Standing,
    check_open,
    first_result,
    lock,
)
from loyalty.rules import milestones as rules
from loyalty.rules.terms import MilestoneKind


class NoCheckInHereError(ValueError):
    """The store takes no check-ins, or not of this card."""


class CheckedInAlreadyError(ValueError):
    """The member checked in so lately that it counts again only from ``again_at`` on.

    ``zone`` is the business's.
    """

    def __init__(self, *, again_at: datetime, zone: ZoneInfo) -> None:
        super().__init__(again_at.isoformat())
        self.again_at = again_at
        self.zone = zone


@one_transaction
def check_in(*, deed: Deed, membership_id: int) -> Transaction:
    """Note that a member is in the deed's store, and give what the card gives for that.

    Without a rule it is noted all the same, for it counts as a visit. One check-in of a member in a
    club within the card's hours. A repeat returns the first transaction. Source: PA2.2.

    :raises MembershipNotFoundError: if it is not the person's own membership.
    :raises NoCheckInHereError: CheckedInAlreadyError: if it does not count; and the errors of
        standing.
    """
    standing = lock(deed=deed, membership_id=membership_id, is_earning=True)

    owner = standing.membership.member.user_id
    if owner is None or owner != deed.actor_id:
        raise MembershipNotFoundError

    content = fingerprint("check in", membership=membership_id, store=deed.store_id)
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    _check_place(standing)
    last = latest(standing.membership.member_id, standing.card.club_id)
    hours = standing.card.check_in_hours
    if last is not None and not rules.may_check_in(last_at=last, at=deed.occurred_at, hours=hours):
        raise CheckedInAlreadyError(
            again_at=last + timedelta(hours=hours), zone=standing.membership.partner.zone()
        )
    number = _number(standing)
    due = [
        milestone
        for milestone in milestones.due(standing, MilestoneKind.CHECK_IN, number)
        if milestones.can_be_given(standing, milestone)
    ]

    drafts = milestones.as_deed(
        standing, due, reason=BonusReason.CHECK_IN, number=number, content=content
    )
    return drafting.post(followups.after_check_in(standing, drafts))


def _check_place(standing: Standing) -> None:
    """Refuse a place that takes no check-ins now; read afresh, because it may just have changed."""
    is_here = Store.objects.filter(
        pk=standing.deed.store_id or 0,
        club=standing.card.club_id,
        allows_check_in=True,
        status=PlaceStatus.ACTIVE,
    ).exists()
    if not is_here:
        raise NoCheckInHereError


def latest(member_id: int, club_id: int) -> datetime | None:
    """Return when a member last checked in within a club, with whichever of its cards."""
    return (
        Transaction.objects.filter(
            milestones.IS_CHECK_IN, membership__member=member_id, card__club=club_id
        )
        .order_by("-occurred_at", "-pk")
        .values_list("occurred_at", flat=True)
        .first()
    )


def _number(standing: Standing) -> int:
    done = Transaction.objects.filter(milestones.IS_CHECK_IN, membership=standing.membership)
    return done.count() + 1
