"""How refusals about members' personal facts are shown."""

from django.utils.translation import gettext as _

from loyalty.operations import birthdays, member_notes, members, tags
from loyalty.web.refusal_rows import Row, Rows, says

ROWS: Rows = {
    birthdays.NotADayError: Row(
        code="not_a_day",
        status=422,
        words=says(lambda: _("This is no day of the calendar, or it is yet to come.")),
        field="birth_day",
    ),
    birthdays.BirthdayChangedLatelyError: Row(
        code="birthday_changed_lately",
        status=409,
        words=says(
            lambda: _("The birthday was changed less than a year ago. Nothing was changed now.")
        ),
        field="birth_day",
    ),
    members.CustomerGroupNotFoundError: Row(
        code="customer_group_not_found",
        status=422,
        words=says(lambda: _("There is no such customer group any more.")),
        field="customer_group",
    ),
    member_notes.NoteNotFoundError: Row(
        code="note_not_found",
        status=409,
        words=says(lambda: _("This note was removed already. Nothing was changed now.")),
    ),
    tags.TagNotFoundError: Row(
        code="tag_not_found",
        status=422,
        words=says(lambda: _("There is no such tag any more.")),
        field="tag",
    ),
}
