"""The refusals of membership groups, and of dates that are moved by hand."""

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.operations import extensions, groups, restoring, standing
from loyalty.web.refusal_rows import Row, Rows, says


def _full(error: groups.GroupFullError) -> str:
    return ngettext(
        "A group on this card has at most %(most)s member. Nothing was changed.",
        "A group on this card has at most %(most)s members. Nothing was changed.",
        error.most,
    ) % {"most": error.most}


def _grouped(error: groups.AlreadyInGroupError) -> str:
    return _("The card %(number)s is in a group already. Nothing was changed.") % {
        "number": error.number
    }


def _too_far(error: extensions.ExtensionTooFarError) -> str:
    # What ends at midnight can be used until the end of the day before.
    last = localtime(error.latest - extensions.INSTANT, error.zone).date()
    return _("At the latest it can last until %(day)s. Nothing was changed.") % {
        "day": date_format(last)
    }


ROWS: Rows = {
    groups.GroupNotFoundError: Row(
        code="group_not_found",
        status=404,
        words=says(lambda: _("There is no such group, or it was closed.")),
    ),
    groups.AlreadyInGroupError: Row(
        code="already_in_group", status=409, words=_grouped, field="numbers"
    ),
    groups.NotInGroupError: Row(
        code="not_in_group",
        status=409,
        words=says(lambda: _("This member is in the group no more. Nothing was changed.")),
    ),
    groups.GroupTooSmallError: Row(
        code="group_too_small",
        status=422,
        words=says(lambda: _("A group has its head and at least one more member.")),
        field="numbers",
    ),
    groups.GroupFullError: Row(code="group_full", status=409, words=_full, field="numbers"),
    standing.OnlyHeadSpendsError: Row(
        code="only_head_spends",
        status=403,
        words=says(
            lambda: _("On this card only the head of the group spends. Nothing was booked.")
        ),
    ),
    restoring.MovedToGroupError: Row(
        code="moved_to_group",
        status=409,
        words=says(
            lambda: _(
                "Its points were moved to the family account since, where they count as spent."
                " Nothing was changed."
            )
        ),
    ),
    extensions.ExtensionNotOfferedError: Row(
        code="extension_not_offered",
        status=403,
        words=says(lambda: _("On this card nobody moves dates by hand.")),
    ),
    extensions.NothingToExtendError: Row(
        code="nothing_to_extend",
        status=409,
        words=says(
            lambda: _("Nothing of this would last longer than it does. Nothing was changed.")
        ),
        field="days",
    ),
    extensions.ExtensionTooFarError: Row(
        code="extension_too_far", status=422, words=_too_far, field="days"
    ),
}
