"""Phone numbers in any writing."""

import phonenumbers

from loyalty.rules.typed import ascii_digits


def phone_number(text: str, country: str) -> str | None:
    """Return a phone number in E.164, or None if the text is none."""
    try:
        parsed = phonenumbers.parse(ascii_digits(text), country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
