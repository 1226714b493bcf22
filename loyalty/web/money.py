"""Money as people read it; below the forms it is whole minor units of a currency."""

from decimal import Decimal

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency, format_decimal
from django.utils.translation import get_language

from clubs.models import DECIMALS


def decimals(currency: str) -> int:
    """Return how many decimals the currency has: 0, 2 or 3."""
    return DECIMALS[currency]


def as_decimal(minor: int, currency: str) -> Decimal:
    """Return minor units as an exact amount."""
    return Decimal(minor).scaleb(-decimals(currency))


def reader_locale() -> Locale:
    """Return the locale of the language in use, English if it has none."""
    try:
        return Locale.parse(get_language() or "en", sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def money(minor: int, currency: str) -> str:
    """Return an amount with its currency for the reader's language, such as €12.40."""
    return format_currency(as_decimal(minor, currency), currency, locale=reader_locale())


def plain(minor: int, currency: str) -> str:
    """Return an amount as an input field holds it, such as 12.40."""
    return f"{as_decimal(minor, currency):.{decimals(currency)}f}"


def count(number: int) -> str:
    """Return a whole number for the reader's language, such as 1,234."""
    return format_decimal(number, locale=reader_locale())


def decimal_number(number: Decimal) -> str:
    """Return a decimal number for the reader's language, without needless zeros."""
    return format_decimal(number, locale=reader_locale())
