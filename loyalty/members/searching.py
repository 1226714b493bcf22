"""Finding a customer by whatever was written down: a name, a number, an address (CU6)."""

import unicodedata
from collections.abc import Collection
from typing import Any

from django.db.models import Q, QuerySet

from loyalty.members import codes

MOST_WORDS = 6
MOST_FOUND = 1000  # Nobody reads so many; whoever finds too many types another word.
LEAST_OF_A_NUMBER = 3
LEAST_WITHIN = 3  # Shorter words are the beginnings of words.


def plain(text: str) -> str:
    """Return words as they are compared: no case, no accents, digits of any script as 0 to 9."""
    found = []
    for sign in unicodedata.normalize("NFKD", text):
        if unicodedata.combining(sign):
            continue
        digit = unicodedata.decimal(sign, None)
        found.append(sign if digit is None else str(digit))
    return " ".join("".join(found).casefold().split())


def text_of(*, names: Collection[str], email: str, phone: str, code: str) -> str:
    """Return everything by which a member is searched, each word after a space."""
    parts = (*names, email, phone.removeprefix("+"), code)
    words = plain(" ".join(part for part in parts if part))
    return f" {words}" if words else ""


def ids_of_matching(
    rows: QuerySet[Any],
    members: QuerySet[Any],
    *,
    typed: str,
    phones: Collection[str] = (),
) -> list[int]:
    """Return the keys of the memberships that a search means, at most ``MOST_FOUND``.

    ``rows`` are the memberships and ``members`` the members that the person may see.

    Each word must be somewhere in a member's names, e-mail, phone or code; or all of it is a part
    of a card number, a card's code in any writing, or one of the ``phones`` that it can stand for.
    One statement, whose parts each have an index. Source: CU6.
    """
    words = plain(typed).split()[:MOST_WORDS]
    if not words:
        return []
    together = "".join(words)
    by_words = Q()
    for word in words:
        by_words &= Q(search_text__contains=word if len(word) >= LEAST_WITHIN else f" {word}")
    found = members.filter(by_words)
    parts = [rows.filter(member__in=found)]
    if digits := _digits(together):
        parts.append(rows.filter(member__in=members.filter(search_text__contains=digits)))
    if phones:
        parts.append(rows.filter(member__in=members.filter(phone__in=phones)))
    if len(together) >= LEAST_OF_A_NUMBER:
        parts.append(rows.filter(number__contains=together.upper()))
    if code := codes.read_card_code(typed):
        parts.append(rows.filter(code=code))
    first, *others = [part.order_by().values_list("pk", flat=True) for part in parts]
    return list(first.union(*others)[:MOST_FOUND])


def _digits(text: str) -> str:
    """Return a telephone number's digits as they are kept, if this looks like one."""
    digits = text.translate(_NOT_IN_NUMBERS).lstrip("0")
    return digits if digits.isdecimal() and len(digits) > LEAST_OF_A_NUMBER else ""


_NOT_IN_NUMBERS = str.maketrans("", "", "+-()/. ")
