"""The receipt of a deed as its own member sees it: number, lines of the bill, payments."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import Membership
from loyalty.operations.recomputing import stored_basket
from loyalty.rules.baskets import Basket
from loyalty.web import bills
from loyalty.web.bills import BillLine, Paid
from loyalty.web.money import count, money


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What stands on a receipt; whatever is not known is empty."""

    number: str
    lines: list[BillLine]
    total_name: str
    total: str
    payments: list[Paid]


def is_shown(deed: Transaction, membership: Membership) -> bool:
    """Return whether a member sees a receipt of the deed; asks no statement.

    Only where the card shows receipts, something is known beside the amount, which every line of
    the history tells, and the deed is the member's own. In a group the history tells everybody
    what anybody did with what all have; what another member bought and how they paid is told to
    nobody.
    """
    is_told = membership.card.are_receipts_shown and deed.membership_id == membership.pk
    is_known = deed.receipt_number or deed.basket is not None or _returned(deed)
    return bool(is_told and is_known)


def read(deed: Transaction, membership: Membership) -> Receipt | None:
    """Return the receipt of a deed, or nothing where none is to be shown.

    One statement for each sort of names on it, however many lines there are. A refund shows what
    came back of its sale, which should come with it, unless another member of the group bought it.
    """
    if not is_shown(deed, membership):
        return None
    currency = membership.card.currency
    match Kind(deed.kind):
        case Kind.REFUND:
            sale = deed.refunds if _is_own_sale(deed, membership) else None
            return Receipt(
                number=sale.receipt_number if sale else "",
                lines=_returned_lines(deed, sale, currency) if sale else [],
                total_name=_("Refunded"),
                total=money(deed.amount_minor or 0, currency),
                payments=[],
            )
        case Kind.PAYMENT:
            paid = Paid(name=bills.of_the_card(), amount=money(deed.amount_minor or 0, currency))
            return Receipt(
                number=deed.receipt_number,
                lines=[],
                total_name=_("Bill"),
                total=money(deed.result["bill_minor"], currency),
                payments=[paid],
            )
        case Kind.PURCHASE | Kind.BUY:
            return _of_bill(deed, stored_basket(deed), currency)
        case _:
            return Receipt(
                number=deed.receipt_number, lines=[], total_name="", total="", payments=[]
            )


def _returned(deed: Transaction) -> list[list[int]]:
    """Return which lines of its sale a refund took back, and how much of each."""
    found: list[list[int]] = deed.result.get("lines") or []
    return found if deed.kind == Kind.REFUND else []


def _is_own_sale(deed: Transaction, membership: Membership) -> bool:
    return deed.refunds is not None and deed.refunds.membership_id == membership.pk


def _of_bill(deed: Transaction, basket: Basket, currency: str) -> Receipt:
    return Receipt(
        number=deed.receipt_number,
        lines=bills.lines_of(basket, deed.partner_id, currency),
        total_name=_("Total"),
        total=money(basket.amount_minor, currency),
        payments=bills.payments_of(basket, deed.partner_id, currency),
    )


def _returned_lines(deed: Transaction, sale: Transaction, currency: str) -> list[BillLine]:
    """Return the lines of the sale that came back, with the numbers that they had there."""
    if not _returned(deed):
        return []
    bill = stored_basket(sale).lines
    back = [(index, bill[index], minor) for index, minor in _returned(deed)]
    names = bills.goods(deed.partner_id, [line for _index, line, _minor in back])
    return [
        BillLine(
            number=count(index + 1),
            name=bills.name_of(line, names),
            quantity="",
            amount=money(minor, currency),
        )
        for index, line, minor in back
    ]
