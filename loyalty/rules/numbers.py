"""Card numbers of a series: a prefix, a running number, and a check digit against slips."""


class SeriesExhaustedError(ValueError):
    """The running number has more digits than the series is wide."""

    def __init__(self, *, number: int, width: int) -> None:
        super().__init__(f"{number} has more than {width} digits")
        self.number = number
        self.width = width


def card_number(*, prefix: str, number: int, width: int, has_check_digit: bool) -> str:
    """Return the card number for a running number, padded with zeros to ``width`` digits.

    The check digit at the end is Luhn's over prefix and number; letters count as 10 to 35, as on
    securities, other signs do not count. Source: IV3.3.

    :raises SeriesExhaustedError: if the running number does not fit.
    """
    digits = f"{number:0{width}d}"
    if len(digits) > width:
        raise SeriesExhaustedError(number=number, width=width)
    text = f"{prefix}{digits}"
    return f"{text}{_check_digit(text)}" if has_check_digit else text


def is_valid(*, text: str, prefix: str, width: int, has_check_digit: bool) -> bool:
    """Return whether a typed number has the form of the series and its check digit fits (IV3.3)."""
    rest = text.removeprefix(prefix)
    if not text.startswith(prefix) or len(rest) != width + has_check_digit:
        return False
    if not (rest.isascii() and rest.isdigit()):
        return False
    return not has_check_digit or _check_digit(text[:-1]) == text[-1]


def _check_digit(text: str) -> str:
    """Return Luhn's digit: every second digit from the right is doubled, and all sum to tens."""
    counted = (sign for sign in text if sign.isascii() and sign.isalnum())
    digits = [int(digit) for sign in counted for digit in str(int(sign, 36))]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[::-2])
    plain = sum(digits[-2::-2])
    return str(-(doubled + plain) % 10)
