"""What a business keeps of a member beside their name, and how often a birthday may move."""

from datetime import date, timedelta

import pytest

from cards.models import CustomerGroup
from clubs.models import Role
from loyalty.audit.models import AuditEvent
from loyalty.ledger.models import Source
from loyalty.members.models import ConsentSource, Member
from loyalty.operations import enrolments, histories, members, standing
from loyalty.operations.birthdays import Birthday, BirthdayChangedLatelyError, NotADayError
from loyalty.operations.enrolments import Consent, Person
from loyalty.operations.members import CustomerGroupNotFoundError, PersonalFacts
from tests.cast import NOON, deed, make_cast, make_manager, make_partner, make_user

pytestmark = pytest.mark.django_db
MAY = Birthday(day=14, month=5, year=1990)
JUNE = Birthday(day=2, month=6)


def change(cast, at=NOON, actor=None, **facts):
    return members.change_facts(
        deed=deed(actor or cast.petra, Source.ADMIN, at=at),
        membership_id=cast.membership.pk,
        facts=PersonalFacts(**facts),
    )


def group_of(partner, **extra):
    return CustomerGroup.objects.create(partner=partner, code="VIP", name="Regulars", **extra)


def kept(cast):
    member = Member.objects.get(pk=cast.membership.member_id)
    birthday = (member.birth_day, member.birth_month, member.birth_year)
    return birthday, member.former_birthday, member.birthday_changed_at


def enrol(cast, **person):
    return enrolments.enrol_at_counter(
        deed=deed(cast.sam),
        card_id=cast.card.pk,
        person=Person(first_name="Gus", **person),
        consent=Consent(version="1", source=ConsentSource.COUNTER),
    ).member


@pytest.mark.req("IV6.1", "IV9.6", "IV9.11")
def test_a_new_member_is_registered_with_birthday_anniversary_and_group():
    cast = make_cast()
    group = group_of(cast.partner)

    member = enrol(cast, birthday=JUNE, anniversary=date(2015, 9, 1), customer_group_id=group.pk)

    member.refresh_from_db()
    assert (member.birth_day, member.birth_month, member.birth_year) == (2, 6, None)
    assert (member.anniversary, member.customer_group) == (date(2015, 9, 1), group)
    assert member.birthday_changed_at is None
    assert histories.birthday_in_effect(member, NOON.date()) == date(1904, 6, 2)


@pytest.mark.req("IV6.1")
@pytest.mark.parametrize(
    "birthday",
    [
        Birthday(day=30, month=2),
        Birthday(day=29, month=2, year=2023),
        Birthday(day=1, month=13),
        Birthday(day=15, month=5, year=2026),
    ],
)
def test_a_birthday_is_a_day_of_the_calendar_that_has_been(birthday):
    cast = make_cast()

    with pytest.raises(NotADayError):
        enrol(cast, birthday=birthday)

    assert Member.objects.count() == 1


@pytest.mark.req("IV9.11", "R1.1")
def test_a_group_of_another_business_or_an_archived_one_is_refused():
    cast = make_cast()
    foreign = group_of(make_partner("Elsewhere"))
    archived = group_of(cast.partner, archived_at=NOON)

    for group in (foreign, archived):
        with pytest.raises(CustomerGroupNotFoundError):
            enrol(cast, customer_group_id=group.pk)
        with pytest.raises(CustomerGroupNotFoundError):
            change(cast, customer_group_id=group.pk)


@pytest.mark.req("IV9.11")
def test_a_member_stays_in_a_group_that_was_archived_since():
    cast = make_cast()
    group = group_of(cast.partner)
    change(cast, customer_group_id=group.pk)
    CustomerGroup.objects.update(archived_at=NOON)

    member = change(cast, customer_group_id=group.pk, anniversary=date(2020, 2, 2))

    assert (member.customer_group, member.anniversary) == (group, date(2020, 2, 2))
    assert change(cast, anniversary=date(2020, 2, 2)).customer_group is None


@pytest.mark.req("IV6.1")
def test_a_birthday_told_later_counts_after_thirty_days():
    cast = make_cast()

    member = change(cast, birthday=MAY)

    assert kept(cast) == ((14, 5, 1990), None, NOON)
    today = NOON.date()
    assert histories.birthday_in_effect(member, today) is None
    assert histories.birthday_in_effect(member, today + timedelta(days=30)) == date(1990, 5, 14)


@pytest.mark.req("IV6.1")
def test_a_birthday_moves_once_a_year_and_the_former_one_is_kept():
    cast = make_cast()
    Member.objects.update(birth_day=14, birth_month=5, birth_year=1990)

    change(cast, birthday=JUNE)
    moved = kept(cast)
    with pytest.raises(BirthdayChangedLatelyError):
        change(cast, NOON + timedelta(days=364), birthday=MAY)
    refused = kept(cast)
    later = NOON + timedelta(days=365)
    change(cast, later, birthday=MAY)

    assert moved == ((2, 6, None), date(1990, 5, 14), NOON)
    assert refused == moved
    assert kept(cast) == ((14, 5, 1990), date(1904, 6, 2), later)


@pytest.mark.req("IV6.1")
def test_a_year_is_added_or_mended_at_any_time():
    cast = make_cast()
    Member.objects.update(birth_day=2, birth_month=6, birthday_changed_at=NOON)

    change(cast, NOON + timedelta(days=1), birthday=Birthday(day=2, month=6, year=1980))

    assert kept(cast) == ((2, 6, 1980), None, NOON)


@pytest.mark.req("IV6.1")
def test_of_a_birthday_taken_out_nothing_stays_and_another_waits_a_year():
    cast = make_cast()
    Member.objects.update(birth_day=2, birth_month=6, former_birthday=date(1990, 5, 14))

    change(cast)
    gone = kept(cast)

    assert gone == ((None, None, None), None, NOON)
    with pytest.raises(BirthdayChangedLatelyError):
        change(cast, NOON + timedelta(days=3), birthday=MAY)


def test_the_same_facts_again_change_nothing_and_are_not_audited():
    cast = make_cast()
    facts = {"birthday": MAY, "anniversary": date(2020, 2, 29)}

    change(cast, **facts)
    change(cast, NOON + timedelta(days=1), **facts)

    assert kept(cast)[2] == NOON
    assert AuditEvent.objects.filter(action="change facts").count() == 1


def test_the_audit_log_tells_what_changed_but_no_day():
    cast = make_cast()
    group = group_of(cast.partner)

    change(cast, birthday=MAY, anniversary=date(2020, 2, 2), customer_group_id=group.pk)
    change(cast, birthday=MAY, customer_group_id=group.pk)

    assert list(
        AuditEvent.objects.filter(action="change facts")
        .order_by("pk")
        .values_list("before", "after")
    ) == [
        (
            {"customer_group": None},
            {"customer_group": group.pk, "changed": ["birthday", "anniversary"]},
        ),
        (
            {"customer_group": group.pk},
            {"customer_group": group.pk, "changed": ["anniversary"]},
        ),
    ]


def test_only_managers_of_the_business_change_facts_and_never_their_own():
    cast = make_cast()
    stranger = make_user("otto")
    make_manager(stranger, make_partner("Elsewhere"))

    for person in (cast.sam, cast.mia, stranger):
        with pytest.raises(standing.MembershipNotFoundError):
            change(cast, actor=person, birthday=MAY)
    make_manager(cast.mia, cast.partner, Role.MANAGER)
    with pytest.raises(standing.OwnMembershipError):
        change(cast, actor=cast.mia, birthday=MAY)

    assert kept(cast) == ((None, None, None), None, None)
