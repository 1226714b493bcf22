"""What the team writes down about a member, apart from any deed; no member ever reads it."""

from loyalty.audit import record
from loyalty.members.models import MemberNote
from loyalty.operations import customers
from loyalty.operations.deeds import Deed, RepeatDiffersError, one_transaction
from loyalty.operations.standing import check_may_manage, check_not_own, lock


class NoteNotFoundError(LookupError):
    """The member has no such note, or it was removed."""


@one_transaction
def write_note(*, deed: Deed, membership_id: int, text: str) -> MemberNote:
    """Write a note about the member of a membership and return it.

    By a manager. A repeat returns the first note. Writes no transaction; audited without the words.
    Source: CU9, CU18.

    :raises RepeatDiffersError: if the request key came with other words.
    :raises CustomerGoneError: if the record stands for nobody; and the errors of standing.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    check_may_manage(standing)
    check_not_own(standing)

    assert deed.actor is not None  # noqa: S101 - a manager is somebody
    member = standing.membership.member
    customers.check_there(member)
    written = MemberNote.objects.filter(partner=member.partner_id, request_id=deed.request_id)
    if repeat := written.first():
        if (repeat.member_id, repeat.text) != (member.pk, text):
            raise RepeatDiffersError
        return repeat

    note = MemberNote.objects.create(
        partner_id=member.partner_id,
        member=member,
        author=deed.actor,
        text=text,
        request_id=deed.request_id,
        written_at=deed.occurred_at,
    )
    record.record(
        action="write note",
        subject=member,
        partner_id=member.partner_id,
        actor_id=deed.actor_id,
        after={"note": note.pk},
    )
    return note


@one_transaction
def remove_note(*, deed: Deed, membership_id: int, note_id: int) -> None:
    """Remove a note for good; that there was one stays in the audit log, its words do not.

    By a manager. Source: CU9.

    :raises NoteNotFoundError: if the member has no such note; and the errors of standing.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    check_may_manage(standing)
    check_not_own(standing)

    member = standing.membership.member
    gone, _by_table = MemberNote.objects.filter(pk=note_id, member=member).delete()
    if not gone:
        raise NoteNotFoundError

    record.record(
        action="remove note",
        subject=member,
        partner_id=member.partner_id,
        actor_id=deed.actor_id,
        before={"note": note_id},
    )
