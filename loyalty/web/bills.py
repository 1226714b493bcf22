"""The lines and payments of a bill in words, the same for members and for the team."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from cards.models import Product, ProductGroup, Tender
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


def lines_of(basket: Basket, partner_id: int, currency: str) -> list[BillLine]:
    """Return the lines of a bill; one statement for each sort of names on it."""
    names = goods(partner_id, basket.lines)
    return [
        BillLine(
            number=count(place),
            name=name_of(line, names),
            quantity="" if line.quantity == 1 else decimal_number(line.quantity),
            amount=money(line.amount_minor, currency),
        )
        for place, line in enumerate(basket.lines, start=1)
    ]


def goods(partner_id: int, lines: Iterable[BasketLine]) -> tuple[Names, Names]:
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


def name_of(line: BasketLine, names: tuple[Names, Names]) -> str:
    """Return what stands on a line: the words for its code, or the code, or that it is one."""
    products, groups = names
    if line.product:
        return products.get(line.product) or line.product
    return groups.get(line.group) or line.group or _("Item")


def payments_of(basket: Basket, partner_id: int, currency: str) -> list[Paid]:
    """Return what a bill was paid with, in the words of the business."""
    names = _names(Tender, partner_id, {payment.tender for payment in basket.payments})
    return [
        Paid(name=_tender(payment, names), amount=money(payment.amount_minor, currency))
        for payment in basket.payments
    ]


def _tender(payment: Payment, names: Names) -> str:
    known = names.get(payment.tender)
    return known or (of_the_card() if payment.is_loyalty else payment.tender) or _("Paid")


def of_the_card() -> str:
    """Return what a payment with points or credit is called where no tender says."""
    return _("From this card")
