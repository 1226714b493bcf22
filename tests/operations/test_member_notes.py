"""What the team writes about a member apart from any deed."""

import pytest

from clubs.models import Role
from loyalty.audit.models import AuditEvent
from loyalty.ledger.models import Source
from loyalty.members.models import Member, MemberNote
from loyalty.operations import customers, member_notes, standing
from loyalty.operations.deeds import RepeatDiffersError
from tests.cast import NOON, deed, join, make_cast, make_manager, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.req("CU9")]


def write(cast, text="Prefers oat milk", *, who=None, key=""):
    return member_notes.write_note(
        deed=deed(who or cast.petra, Source.ADMIN, key=key),
        membership_id=cast.membership.pk,
        text=text,
    )


def told():
    events = AuditEvent.objects.order_by("pk").values_list("action", "before", "after")
    return [row for row in events if "note" in row[0]]


def test_support_writes_a_note_with_its_author_and_time_audited_without_its_words():
    cast = make_cast()
    rita = make_user("rita")
    make_manager(rita, cast.partner, Role.SUPPORT)

    note = write(cast, who=rita)

    assert (note.member_id, note.author_id, note.text, note.written_at) == (
        cast.membership.member_id,
        rita.pk,
        "Prefers oat milk",
        NOON,
    )
    assert told() == [("write note", {}, {"note": note.pk})]


def test_the_same_note_sent_twice_is_written_once_and_other_words_are_refused():
    cast = make_cast()

    first, again = write(cast, key="k"), write(cast, key="k")
    with pytest.raises(RepeatDiffersError):
        write(cast, "Something else", key="k")

    assert (first.pk, MemberNote.objects.count()) == (again.pk, 1)


def test_a_removed_note_leaves_nothing_but_that_there_was_one():
    cast = make_cast()
    note = write(cast)
    by = deed(cast.petra, Source.ADMIN)

    member_notes.remove_note(deed=by, membership_id=cast.membership.pk, note_id=note.pk)
    with pytest.raises(member_notes.NoteNotFoundError):
        member_notes.remove_note(deed=by, membership_id=cast.membership.pk, note_id=note.pk)

    assert MemberNote.objects.count() == 0
    assert told()[1:] == [("remove note", {"note": note.pk}, {})]


def test_a_note_about_somebody_else_is_not_there():
    cast = make_cast()
    note = write(cast)
    other = join(cast.noor, cast.card)

    with pytest.raises(member_notes.NoteNotFoundError):
        member_notes.remove_note(
            deed=deed(cast.petra, Source.ADMIN), membership_id=other.pk, note_id=note.pk
        )

    assert MemberNote.objects.count() == 1


@pytest.mark.parametrize(
    ("who", "error"),
    [("sam", standing.MembershipNotFoundError), ("mia", standing.MembershipNotFoundError)],
)
def test_nobody_but_a_manager_writes_or_removes_notes(who, error):
    cast = make_cast()
    note = write(cast)

    with pytest.raises(error):
        write(cast, who=getattr(cast, who))
    with pytest.raises(error):
        member_notes.remove_note(
            deed=deed(getattr(cast, who), Source.ADMIN),
            membership_id=cast.membership.pk,
            note_id=note.pk,
        )


def test_nothing_is_written_about_somebody_who_was_erased():
    cast = make_cast()
    Member.objects.filter(pk=cast.membership.member_id).update(erased_at=NOON)

    with pytest.raises(customers.CustomerGoneError):
        write(cast)


def test_a_manager_writes_nothing_about_themselves():
    cast = make_cast()
    make_manager(cast.mia, cast.partner)

    with pytest.raises(standing.OwnMembershipError):
        write(cast, who=cast.mia)
