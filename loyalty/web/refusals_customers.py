"""How refusals of deeds on a whole customer are shown: merging two, erasing one."""

from django.utils.translation import gettext as _

from loyalty.operations import customers
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
}
