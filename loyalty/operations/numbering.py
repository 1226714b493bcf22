"""Where card numbers come from: a series, printed stock, or a typed one (IV3.2 to IV3.5)."""

from typing import assert_never

from django.db.models import QuerySet

from cards.models import Card, NumberMode, PrintedCard
from loyalty.members import codes
from loyalty.members.models import Membership
from loyalty.rules import numbers

# What a card number may be long: the column's width.
MOST_CHARACTERS = 24


class CardNumberError(ValueError):
    """The card number is missing, taken, void, or not in stock."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def number_and_code(card: Card, typed: str) -> tuple[str, str]:
    """Return the card number and the QR code of a new membership. The card is locked.

    Where the system makes the numbers, a typed one is that of a card printed ahead (IV9.8).

    :raises CardNumberError: if there is no such number to give.
    """
    number = "".join(typed.split()).upper()
    match NumberMode(card.number_mode):
        case NumberMode.AUTO:
            return _printed(card, number) if number else _made(card)
        case NumberMode.TYPED:
            is_number = number.isalnum() and number.isascii() and len(number) <= MOST_CHARACTERS
            if not is_number:
                raise CardNumberError(reason="missing")
            return number, codes.new_card_code()
        case NumberMode.PREPRINTED:
            return _printed(card, number)
        case unknown:
            assert_never(unknown)


def in_stock(card: Card) -> QuerySet[PrintedCard]:
    """Return the printed cards that nobody has and that are good."""
    used = Membership.objects.filter(card=card).values("number")
    return PrintedCard.objects.filter(card=card, is_void=False).exclude(number__in=used)


def _printed(card: Card, number: str) -> tuple[str, str]:
    """Return a printed card's number and code; the next one in stock if none was typed."""
    stock = in_stock(card).filter(number=number) if number else in_stock(card)
    found = stock.order_by("pk").first()
    if found is None:
        raise CardNumberError(reason="not in stock")
    return found.number, found.code


def _made(card: Card) -> tuple[str, str]:
    return _next_number(card), codes.new_card_code()


def _next_number(card: Card) -> str:
    """Return the card's next free number, which may pass numbers typed by hand before.

    :raises CardNumberError: if the series has no more numbers.
    """
    counter = card.next_number
    while True:
        number = numbered(card, counter)
        counter += 1
        if not Membership.objects.filter(card=card, number=number).exists():
            break
    Card.objects.filter(pk=card.pk).update(next_number=counter)
    return number


def numbered(card: Card, counter: int) -> str:
    """Return the card number of a running number in the card's series (IV3.3).

    :raises CardNumberError: if the series has no more numbers.
    """
    try:
        return numbers.card_number(
            prefix=card.number_prefix,
            number=counter,
            width=card.number_width,
            has_check_digit=card.number_has_check_digit,
        )
    except numbers.SeriesExhaustedError as error:
        raise CardNumberError(reason="exhausted") from error
