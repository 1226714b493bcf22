"""How adjustments that need a second person are refused."""

from django.utils.translation import gettext as _

from loyalty.operations import waiting_adjustments
from loyalty.web.refusal_rows import Row, Rows, says

ROWS: Rows = {
    waiting_adjustments.WaitingNotFoundError: Row(
        code="not_found", status=404, words=says(lambda: _("Nothing of that kind waits here."))
    ),
    waiting_adjustments.WaitingAnsweredError: Row(
        code="already_answered",
        status=409,
        words=says(lambda: _("This was answered already. Nothing was booked now.")),
    ),
    waiting_adjustments.WaitingExpiredError: Row(
        code="expired",
        status=409,
        words=says(lambda: _("This waited too long. Ask for it again. Nothing was booked.")),
    ),
    waiting_adjustments.OwnRequestError: Row(
        code="own_request",
        status=403,
        words=says(lambda: _("You asked for this yourself. A colleague answers it.")),
    ),
    waiting_adjustments.NobodyMayApproveError: Row(
        code="nobody_may_approve",
        status=409,
        words=says(
            lambda: _(
                "This is above your limit, and no colleague's limit reaches it."
                " Ask the owner to raise one. Nothing was booked."
            )
        ),
        field="points",
    ),
}
