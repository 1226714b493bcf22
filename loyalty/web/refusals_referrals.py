"""How refusals about recommendations are shown; joining without one stays possible."""

from django.utils.translation import gettext as _

from loyalty.operations.referrals import NotAllowed, ReferralNotAllowedError
from loyalty.web.refusal_rows import Row, Rows


def _why(error: ReferralNotAllowedError) -> str:
    return {
        NotAllowed.OFF: _("On this card members cannot recommend. Leave the code out."),
        NotAllowed.UNKNOWN: _("Nobody with this card has this code. Check it, or leave it out."),
        NotAllowed.NOT_ACTIVE: _("Who has this code no longer takes part. Leave it out."),
        NotAllowed.LIMIT: _("Who has this code has brought enough people for now. Leave it out."),
    }.get(error.reason, _("This code is of the same person or household. Leave it out."))


ROWS: Rows = {
    ReferralNotAllowedError: Row(
        code="referral_not_allowed", status=422, words=_why, field="referral_code"
    ),
}
