"""How refusals of recommendations and check-ins are shown."""

from collections.abc import Callable

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from loyalty.operations import check_ins, referrals
from loyalty.operations.referrals import NotAllowed
from loyalty.web.refusal_rows import Row, Rows, says

_WHY: dict[NotAllowed, Callable[[], str]] = {
    NotAllowed.OFF: lambda: _("This card does not count recommendations."),
    NotAllowed.UNKNOWN: lambda: _("Nobody with this card has that code. Check the letters."),
    NotAllowed.NOT_ACTIVE: lambda: _("This code does not count any more."),
    NotAllowed.SELF: lambda: _("This is your own code."),
    NotAllowed.SAME_CONTACT: lambda: _("This code belongs to the same phone or e-mail."),
    NotAllowed.SAME_DEVICE: lambda: _("This code was opened by its owner on this device."),
    NotAllowed.LOOP: lambda: _("The owner of this code came through you."),
    NotAllowed.LIMIT: lambda: _("The owner of this code has reached the limit of this month."),
}


def _referral(error: referrals.ReferralNotAllowedError) -> str:
    why = _WHY[error.reason]()
    return _("%(why)s Nobody was enrolled yet. Empty the field to join without a code.") % {
        "why": why
    }


def _too_soon(error: check_ins.CheckedInAlreadyError) -> str:
    at = localtime(error.again_at, error.zone)
    return _("You checked in already. The next one counts from %(time)s on.") % {
        "time": at.strftime("%H:%M")
    }


ROWS: Rows = {
    referrals.ReferralNotAllowedError: Row(
        code="referral_not_allowed", status=422, words=_referral, field="referral_code"
    ),
    check_ins.NoCheckInHereError: Row(
        code="no_check_in_here",
        status=409,
        words=says(lambda: _("This place takes no check-ins with this card. Nothing was booked.")),
    ),
    check_ins.CheckedInAlreadyError: Row(code="checked_in_already", status=429, words=_too_soon),
}
