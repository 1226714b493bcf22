"""Numbers as people write them, in digits of any script and with any minus sign."""

import re
import unicodedata

MOST_DIGITS = 10
_MINUS = str.maketrans({"\u2212": "-", "\u2013": "-", "\ufe63": "-", "\uff0d": "-"})
_POINT = str.maketrans({"\u066b": ".", "\uff0e": ".", ",": "."})


class NotANumberError(ValueError):
    """The text is no number, or one with too many digits."""


class TooFineError(ValueError):
    """The number has more decimals than the currency."""

    def __init__(self, *, places: int) -> None:
        super().__init__(f"more than {places} decimals")
        self.places = places


def ascii_digits(text: str) -> str:
    """Return the text with every decimal digit of any script as 0 to 9, and plain minus signs."""
    if text.isascii():
        return text.strip()
    kept = [
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in text
        if unicodedata.category(character) != "Cf"
    ]
    return "".join(kept).strip().translate(_MINUS)


def whole(text: str, *, is_signed: bool = False) -> int:
    """Return a whole number of at most ten digits.

    :raises NotANumberError: if the text is none.
    """
    plain = ascii_digits(text)
    sign = "[+-]?" if is_signed else ""
    if not re.fullmatch(rf"{sign}\d{{1,{MOST_DIGITS}}}", plain):
        raise NotANumberError
    return int(plain)


def minor_units(text: str, *, places: int, is_signed: bool = False) -> int:
    """Return an amount in minor units, with at most ten digits before the decimal sign.

    :raises NotANumberError: if the text is no amount.
    :raises TooFineError: if it has more decimals than ``places``.
    """
    plain = ascii_digits(text).translate(_POINT)
    is_minus = is_signed and plain.startswith("-")
    if is_signed:
        plain = plain.removeprefix("-" if is_minus else "+")
    if not re.fullmatch(rf"\d{{1,{MOST_DIGITS}}}(?:\.\d*)?", plain):
        raise NotANumberError
    units, _sign, part = plain.partition(".")
    if len(part) > places:
        raise TooFineError(places=places)
    minor = int(units + part.ljust(places, "0"))
    return -minor if is_minus else minor
