"""The receipt of a deed as its own member sees it: number, lines of the bill, payments."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from cards.models import Product, ProductGroup, Tender
from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import Membership
from loyalty.operations.recomputing import stored_basket
from loyalty.rules.baskets import Basket, BasketLine, Payment
from loyalty.web.money import count, decimal_number, money

Names = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One line of a bill: its number there, what it was, how many where not one, and its sum."""

    number: str
    name: str
    quantity: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What was paid of a bill, and how."""

    name: str
    amount: str


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
            paid = Paid(name=_of_the_card(), amount=money(deed.amount_minor or 0, currency))
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
    names = _goods(deed.partner_id, basket.lines)
    return Receipt(
        number=deed.receipt_number,
        lines=[
            BillLine(
                number=count(place),
                name=_name(line, names),
                quantity="" if line.quantity == 1 else decimal_number(line.quantity),
                amount=money(line.amount_minor, currency),
            )
            for place, line in enumerate(basket.lines, start=1)
        ],
        total_name=_("Total"),
        total=money(basket.amount_minor, currency),
        payments=_payments(deed.partner_id, basket.payments, currency),
    )


def _returned_lines(deed: Transaction, sale: Transaction, currency: str) -> list[BillLine]:
    """Return the lines of the sale that came back, with the numbers that they had there."""
    if not _returned(deed):
        return []
    bill = stored_basket(sale).lines
    back = [(index, bill[index], minor) for index, minor in _returned(deed)]
    names = _goods(deed.partner_id, [line for _index, line, _minor in back])
    return [
        BillLine(
            number=count(index + 1),
            name=_name(line, names),
            quantity="",
            amount=money(minor, currency),
        )
        for index, line, minor in back
    ]


def _goods(partner_id: int, lines: Iterable[BasketLine]) -> tuple[Names, Names]:
    """Return the names of the products on these lines, and of the groups of the others."""
    lines = list(lines)
    products = _names(Product, partner_id, {line.product for line in lines})
    groups = _names(ProductGroup, partner_id, {line.group for line in lines if not line.product})
    return products, groups


def _names(model: type[Product | ProductGroup | Tender], partner_id: int, codes: set[str]) -> Names:
    wanted = codes - {""}
    if not wanted:
        return {}
    found = model.objects.filter(partner=partner_id, code__in=wanted)
    return dict(found.values_list("code", "name"))


def _name(line: BasketLine, names: tuple[Names, Names]) -> str:
    """Return what stands on a line: the words for its code, or the code, or that it is one."""
    products, groups = names
    if line.product:
        return products.get(line.product) or line.product
    return groups.get(line.group) or line.group or _("Item")


def _payments(partner_id: int, payments: Iterable[Payment], currency: str) -> list[Paid]:
    payments = list(payments)
    names = _names(Tender, partner_id, {payment.tender for payment in payments})
    return [
        Paid(name=_tender(payment, names), amount=money(payment.amount_minor, currency))
        for payment in payments
    ]


def _tender(payment: Payment, names: Names) -> str:
    known = names.get(payment.tender)
    return known or (_of_the_card() if payment.is_loyalty else payment.tender) or _("Paid")


def _of_the_card() -> str:
    return _("From this card")
