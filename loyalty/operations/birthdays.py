"""A member tells or changes their own birthday: at most once a year (rules 12)."""

from dataclasses import dataclass
from datetime import date

from loyalty.audit import record
from loyalty.members.models import Member
from loyalty.operations import histories
from loyalty.operations.deeds import Deed, one_transaction
from loyalty.operations.standing import MembershipNotFoundError, lock
from loyalty.rules import special_days

# The year that stands for none: it has a 29 February.
NO_YEAR = 1904


class BirthdayChangedLatelyError(ValueError):
    """The birthday was changed less than a year ago."""


class NotADayError(ValueError):
    """There is no such day in the calendar, or it is yet to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Birthday:
    """A day and a month, and the year where the member likes to tell it."""

    day: int
    month: int
    year: int | None = None

    def as_date(self) -> date:
        """Return it as a date.

        :raises NotADayError: if the calendar has no such day.
        """
        try:
            return date(self.year or NO_YEAR, self.month, self.day)
        except ValueError as error:
            raise NotADayError from error


@one_transaction
def change_birthday(*, deed: Deed, membership_id: int, birthday: Birthday) -> Member:
    """Keep the birthday that a member tells of themselves, and return the member's record.

    It counts for rewards 30 days later; until then the former one does, if there was one. The same
    day again changes nothing. Writes no transaction; audited without the day itself. Source: IV6.1,
    rules 12.

    :raises MembershipNotFoundError: if it is not the person's own membership.
    :raises NotADayError: BirthdayChangedLatelyError: if it cannot be kept.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    member = standing.membership.member
    if member.user_id is None or member.user_id != deed.actor_id:
        raise MembershipNotFoundError

    told = birthday.as_date()
    today = deed.occurred_at.astimezone(standing.membership.partner.zone()).date()
    if told > today:
        raise NotADayError
    if (member.birth_day, member.birth_month, member.birth_year) == (
        birthday.day,
        birthday.month,
        birthday.year,
    ):
        return member
    if not may_change(member, today):
        raise BirthdayChangedLatelyError

    member.former_birthday = histories.birthday_in_effect(member, today)
    member.birth_day, member.birth_month = birthday.day, birthday.month
    member.birth_year = birthday.year
    member.birthday_changed_at = deed.occurred_at
    member.save(
        update_fields=[
            "birth_day",
            "birth_month",
            "birth_year",
            "former_birthday",
            "birthday_changed_at",
        ]
    )
    record.record(
        action="change birthday",
        subject=member,
        partner_id=member.partner_id,
        actor_id=deed.actor_id,
    )
    return member


def may_change(member: Member, today: date) -> bool:
    """Return whether the member may tell another birthday now."""
    changed = member.birthday_changed_at
    changed_on = changed.astimezone(member.partner.zone()).date() if changed else None
    return special_days.may_change_birthday(changed_on=changed_on, today=today)
