"""How refusals of deeds on a whole customer are shown: merging two, erasing one."""

from django.utils.translation import gettext as _

from loyalty.operations import customers, merging, restoring, standing
from loyalty.web.refusal_rows import Row, Rows, says

ROWS: Rows = {
    customers.CustomerGoneError: Row(
        code="customer_gone",
        status=409,
        words=says(
            lambda: _(
                "This customer was merged into another one, or their personal data was erased."
                " Nothing was changed."
            )
        ),
    ),
    standing.MergedAwayError: Row(
        code="merged_away",
        status=409,
        words=lambda error: (
            _(
                "This card was merged into card %(number)s, which has everything that was on it."
                " Use that one. Nothing was booked."
            )
            % {"number": error.number}
        ),
    ),
    customers.SharedAccountError: Row(
        code="shared_account",
        status=409,
        words=lambda error: (
            _(
                "The card %(number)s shares a family account. Let it leave the group first."
                " Nothing was changed."
            )
            % {"number": error.number}
        ),
    ),
    merging.SameCustomerError: Row(
        code="same_customer",
        status=409,
        words=says(lambda: _("Both cards are of this customer already. Nothing was changed.")),
    ),
    merging.TwoSignInsError: Row(
        code="two_sign_ins",
        status=409,
        words=says(
            lambda: _(
                "Both records have a sign-in of their own, so they may be two people. Nothing was"
                " changed."
            )
        ),
    ),
    restoring.MovedToCustomerError: Row(
        code="moved_to_customer",
        status=409,
        words=says(
            lambda: _(
                "Its points were moved to the customer's other card since, where they count as"
                " spent. Nothing was changed."
            )
        ),
    ),
}
