"""Take a membership out of the programme, let it back in, and replace its code."""

from loyalty.audit import record
from loyalty.ledger.drafts import Fact, Note
from loyalty.ledger.models import Kind, Source, Transaction
from loyalty.members import codes
from loyalty.members.models import Membership, MembershipStatus
from loyalty.operations import customers, drafting
from loyalty.operations.deeds import Deed, fingerprint, one_transaction
from loyalty.operations.standing import (
    MembershipNotFoundError,
    check_may_manage,
    check_not_own,
    first_result,
    lock,
)
from loyalty.outbox.models import EventType


class StatusUnchangedError(ValueError):
    """The membership has this status already."""


@one_transaction
def change_status(
    *, deed: Deed, membership_id: int, status: MembershipStatus, note: Note | None = None
) -> Transaction:
    """Remove, block or restore a membership and return the transaction; the balance stays.

    A removed member no longer sees the card and nothing can be booked. By a manager. A repeat
    returns the first transaction. Source: CU10.

    :raises StatusUnchangedError: if it has this status; and the errors of standing.
    :raises customers.CustomerGoneError: if the customer was merged into another or erased.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    check_may_manage(standing)
    check_not_own(standing)

    content = fingerprint("status", membership=membership_id, status=status)
    if repeat := first_result(standing, content):
        return repeat

    customers.check_there(standing.membership.member)
    if standing.membership.status == status:
        raise StatusUnchangedError

    main = drafting.draft(
        standing,
        Kind.STATUS,
        content=content,
        status=status,
        note=note,
        result={"from": standing.membership.status, "to": status},
        events=(Fact(type=EventType.MEMBERSHIP_CHANGED, data={"status": status}),),
    )
    return drafting.post([main])


@one_transaction
def replace_code(*, deed: Deed, membership_id: int) -> Membership:
    """Give a membership a new code and key, so that a lost phone or card is worth nothing.

    By the member, or by a manager. The balance stays; the old QR is unknown from now on. Writes no
    transaction; audited. Source: design, tables; scanning 6.

    :raises MembershipNotFoundError: for anybody else.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    owner = standing.membership.member.user_id
    is_own = owner is not None and owner == deed.actor_id and deed.source == Source.WALLET
    if not is_own and standing.role is None:
        raise MembershipNotFoundError

    membership = standing.membership
    membership.code = codes.new_card_code()
    membership.totp_key = codes.new_key()
    membership.save(update_fields=["code", "totp_key"])
    record.record(
        action="replace code",
        subject=membership,
        partner_id=membership.partner_id,
        actor_id=deed.actor_id,
    )
    return membership
