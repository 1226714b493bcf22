"""What people buy in the demo, and how they pay."""

from dataclasses import replace
from decimal import Decimal

from loyalty.demo.chance import Chance
from loyalty.demo.offering import Desk, Dish
from loyalty.ledger.models import Transaction
from loyalty.operations.purchases import Bill
from loyalty.rules.baskets import BasketLine, Payment

TENDERS = ("CARD", "CARD", "CARD", "CASH", "CASH", "MEAL")


def invent(desk: Desk, chance: Chance) -> Bill:
    """Return a bill as people have it here: lines from the menu, or one amount."""
    currency = desk.card.currency
    if desk.menu:
        lines = _lines(desk.menu, chance)
        amount = sum(line.amount_minor for line in lines)
        return Bill(amount_minor=amount, currency=currency, lines=lines)
    # Prices end in a nought or a five.
    return Bill(amount_minor=chance.around(desk.least, desk.most) // 5 * 5, currency=currency)


def everything(desk: Desk, *, guests: int) -> Bill:
    """Return a bill with all that is on the menu for each guest."""
    lines = tuple(_line(dish, guests) for dish in desk.menu)
    amount = sum(line.amount_minor for line in lines)
    return Bill(amount_minor=amount, currency=desk.card.currency, lines=lines)


def _lines(menu: tuple[Dish, ...], chance: Chance) -> tuple[BasketLine, ...]:
    """Return some dishes, each once on the bill, for one or two people or a table."""
    often = [dish for dish in menu for _ in range(dish.weight)]
    chosen = {chance.one_of(often).product for _ in range(chance.around(1, 5))}
    guests = chance.one_of((1, 1, 2, 2, 3))
    return tuple(_line(dish, chance.between(1, guests)) for dish in menu if dish.product in chosen)


def _line(dish: Dish, pieces: int) -> BasketLine:
    return BasketLine(
        product=dish.product,
        group=dish.group,
        quantity=Decimal(pieces),
        amount_minor=dish.price_minor * pieces,
    )


def paid(bill: Bill, payment: Transaction | None, chance: Chance) -> Bill:
    """Return the bill with how it was paid: what points or credit paid, the rest at the till."""
    payments: tuple[Payment, ...] = ()
    rest = bill.amount_minor
    if payment is not None:
        money = payment.result["money_minor"]
        payments = (
            Payment(
                tender="POINTS" if payment.result["points"] else "CREDIT",
                amount_minor=money,
                is_loyalty=True,
                transaction_id=payment.pk,
            ),
        )
        rest -= money
    if rest:
        payments = (*payments, Payment(tender=chance.one_of(TENDERS), amount_minor=rest))
    return replace(bill, payments=payments)
