"""What a search that found nobody says about the person, so that nobody types it again."""

from collections.abc import Iterable

from loyalty.members.phones import phone_number


def read(text: str, countries: Iterable[str]) -> dict[str, str]:
    """Return the fields of a new member that the words of a search fill.

    A number that is no phone can be that of a card; it fills nothing.
    """
    text = " ".join(text.split())
    if "@" in text:
        return {"email": text}
    if any(sign.isdecimal() for sign in text):
        is_phone = any(phone_number(text, country) for country in countries)
        return {"phone": text} if is_phone else {}
    last, comma, first = text.partition(",")
    if not comma:
        first, _space, last = text.partition(" ")
    found = {"first_name": first.strip(), "last_name": last.strip()}
    return {name: word[:80] for name, word in found.items() if word}
