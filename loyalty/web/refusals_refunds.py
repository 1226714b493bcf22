"""The refusals of refunds and of paying with points or credit."""

from django.utils.translation import gettext as _

from loyalty.operations import parked_refunds, payments, refunding, rollbacks, sales
from loyalty.rules import redemption, refunds
from loyalty.web.money import count
from loyalty.web.refusal_rows import Row, Rows, says


def _spent(error: refunds.ClawbackTooLargeError) -> str:
    return _(
        "The member has spent what this purchase earned; %(missing)s are missing. Undo what was"
        " spent first, or let the card note what is owed. Nothing was booked."
    ) % {"missing": count(error.missing)}


ROWS: Rows = {
    sales.SaleNotFoundError: Row(
        code="sale_not_found",
        status=409,
        words=says(lambda: _("There is no such purchase on this card. Nothing was booked.")),
        field="receipt",
    ),
    sales.SaleUndoneError: Row(
        code="sale_undone",
        status=409,
        words=says(
            lambda: _("This purchase was undone; there is nothing to refund. Nothing was booked.")
        ),
        field="receipt",
    ),
    refunding.NothingToRefundError: Row(
        code="nothing_to_refund",
        status=422,
        words=says(lambda: _("Type an amount above zero.")),
        field="amount",
    ),
    refunding.ReturnedLinesError: Row(
        code="returned_lines",
        status=422,
        words=says(
            lambda: _("The returned lines do not sum to the amount, or are not of this bill.")
        ),
        field="amount",
    ),
    refunds.RefundExceedsPurchaseError: Row(
        code="refund_exceeds_purchase",
        status=422,
        words=says(lambda: _("This is more than is left of the purchase. Nothing was booked.")),
        field="amount",
    ),
    refunds.ClawbackTooLargeError: Row(
        code="clawback_too_large", status=409, words=_spent, field="amount"
    ),
    rollbacks.RefundedError: Row(
        code="refunded",
        status=409,
        words=says(lambda: _("It was refunded since. Undo the refund first. Nothing was changed.")),
    ),
    rollbacks.ShortfallSettledError: Row(
        code="shortfall_settled",
        status=409,
        words=says(
            lambda: _(
                "A later award has settled what this refund left owed. Undo that first."
                " Nothing was changed."
            )
        ),
    ),
    parked_refunds.ParkedRefundNotFoundError: Row(
        code="not_found", status=404, words=says(lambda: _("There is no such refund here."))
    ),
    parked_refunds.ParkedRefundDoneError: Row(
        code="parked_refund_done",
        status=409,
        words=says(lambda: _("This refund was settled or dropped already. Nothing was changed.")),
    ),
    payments.NothingToPayError: Row(
        code="nothing_to_pay",
        status=422,
        words=says(lambda: _("Type an amount above zero.")),
        field="amount",
    ),
    payments.PaymentNotOfferedError: Row(
        code="payment_not_offered",
        status=409,
        words=says(lambda: _("This member cannot pay any of this bill so. Nothing was booked.")),
        field="amount",
    ),
    redemption.TooMuchMoneyError: Row(
        code="too_much_money",
        status=422,
        words=says(lambda: _("This is more than the member can pay of this bill.")),
        field="money",
    ),
}
