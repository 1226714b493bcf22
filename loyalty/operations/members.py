"""What a business keeps of a member beside their name: birthday, anniversary, customer group."""

from dataclasses import dataclass
from datetime import date

from cards.models import CustomerGroup
from loyalty.audit import record
from loyalty.members.models import Member
from loyalty.operations import birthdays, customers, histories
from loyalty.operations.birthdays import Birthday, BirthdayChangedLatelyError, NotADayError
from loyalty.operations.deeds import Deed, one_transaction
from loyalty.operations.standing import check_may_manage, check_not_own, lock


class CustomerGroupNotFoundError(LookupError):
    """The business has no such customer group, or has archived it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalFacts:
    """What a member told about themselves, and the group the business counts them to."""

    birthday: Birthday | None = None
    anniversary: date | None = None
    customer_group_id: int | None = None


_COLUMNS = (
    "birth_day",
    "birth_month",
    "birth_year",
    "former_birthday",
    "birthday_changed_at",
    "anniversary",
    "customer_group",
)


@one_transaction
def change_facts(*, deed: Deed, membership_id: int, facts: PersonalFacts) -> Member:
    """Keep other facts of a member, by a manager, and return the member's record.

    Another birthday counts for rewards 30 days later, as if the member had changed it, and may be
    changed once a year; a missing year may be added at any time, and a birthday taken out, of which
    nothing stays. The same facts again change nothing. Writes no transaction; audited without the
    days. Source: IV6.1, IV9.11, rules 12.

    :raises NotADayError: BirthdayChangedLatelyError: CustomerGroupNotFoundError:
        customers.CustomerGoneError: if they cannot be kept; and the errors of standing.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    check_may_manage(standing)
    check_not_own(standing)

    members = Member.objects.select_for_update(no_key=True, of=("self",)).select_related("partner")
    member = members.get(pk=standing.membership.member_id)
    customers.check_there(member)
    before = _told(member)
    today = deed.occurred_at.astimezone(member.partner.zone()).date()
    if facts.birthday != before.birthday:
        _move_birthday(member, deed, facts.birthday, today)
    set_facts(member, facts, today)
    if facts == before:
        return member

    member.save(update_fields=_COLUMNS)
    record.record(
        action="change facts",
        subject=member,
        partner_id=member.partner_id,
        actor_id=deed.actor_id,
        before={"customer_group": before.customer_group_id},
        after={"customer_group": facts.customer_group_id, "changed": _changed(before, facts)},
    )
    return member


def set_facts(member: Member, facts: PersonalFacts, today: date) -> None:
    """Put facts into a member's record, checked; the caller saves.

    :raises NotADayError: if the calendar has no such birthday, or it is yet to come.
    :raises CustomerGroupNotFoundError: if the business does not use that group.
    """
    told = facts.birthday
    if told is not None and told.as_date() > today:
        raise NotADayError
    member.birth_day = told.day if told else None
    member.birth_month = told.month if told else None
    member.birth_year = told.year if told else None
    member.anniversary = facts.anniversary
    if facts.customer_group_id != member.customer_group_id:
        member.customer_group = _group(member.partner_id, facts.customer_group_id)


def _group(partner_id: int, group_id: int | None) -> CustomerGroup | None:
    if group_id is None:
        return None
    rows = CustomerGroup.objects.filter(pk=group_id, partner=partner_id, archived_at=None)
    found = rows.order_by("pk").first()
    if found is None:
        raise CustomerGroupNotFoundError
    return found


def _told(member: Member) -> PersonalFacts:
    birthday = None
    if member.birth_day is not None and member.birth_month is not None:
        birthday = Birthday(day=member.birth_day, month=member.birth_month, year=member.birth_year)
    return PersonalFacts(
        birthday=birthday,
        anniversary=member.anniversary,
        customer_group_id=member.customer_group_id,
    )


def _move_birthday(member: Member, deed: Deed, told: Birthday | None, today: date) -> None:
    """Note when the birthday moved to another day, and from which one it moved."""
    if told is None:
        member.former_birthday = None
    elif (told.day, told.month) == (member.birth_day, member.birth_month):
        return
    elif not birthdays.may_change(member, today):
        raise BirthdayChangedLatelyError
    else:
        member.former_birthday = histories.birthday_in_effect(member, today)
    member.birthday_changed_at = deed.occurred_at


def _changed(before: PersonalFacts, after: PersonalFacts) -> list[str]:
    """Return which days changed, without the days."""
    changed = ["birthday"] if before.birthday != after.birthday else []
    return [*changed, "anniversary"] if before.anniversary != after.anniversary else changed
