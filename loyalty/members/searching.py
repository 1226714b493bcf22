"""Finding a customer by whatever was written down: a name, a number, an address (CU6)."""

import unicodedata
from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import Exists, Q, QuerySet
from django.db.models.functions import Lower

from loyalty.members import codes

MOST_WORDS = 6
MOST_FOUND = 1000  # Nobody reads so many; whoever finds too many types another word.
LEAST_OF_A_NUMBER = 3
LEAST_WITHIN = 3  # Shorter words are the beginnings of words.
LONGEST = 100  # Nobody's name is longer, and PostgreSQL's index knows no word of 2,000 signs.


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

    Whoever has just this card number, card's code, e-mail or phone is meant, and nobody else. If
    nobody has, those of several names are meant of whom each begins a word, in any order. Else
    each word must be somewhere in a member's names, e-mail, phone or code, or all of it a part of a
    card number or of a phone. One statement, whose parts each have an index; a part is left out
    where somebody was meant by one before. Source: CU6.
    """
    words = plain(typed).split()[:MOST_WORDS]
    if not words:
        return []
    found: list[QuerySet[Any]] = []
    for parts in (
        _exact(rows, members, "".join(words), typed, phones),
        _begun(rows, members, words),
        _partial(rows, members, words),
    ):
        nobody = [~Exists(part) for part in found]
        found += [part.filter(*nobody) for part in parts]
    first, *others = [part.order_by().values_list("pk", flat=True) for part in found]
    return list(first.union(*others)[:MOST_FOUND])


def _exact(
    rows: QuerySet[Any],
    members: QuerySet[Any],
    together: str,
    typed: str,
    phones: Collection[str],
) -> list[QuerySet[Any]]:
    """Return the memberships that are named in full."""
    found = [rows.filter(number=together.upper())]
    if code := codes.read_card_code(typed):
        found.append(rows.filter(code=code))
    if phones:
        found.append(rows.filter(member__in=members.filter(phone__in=phones)))
    if "@" in typed:
        by_email = members.exclude(email="").annotate(address=Lower("email"))
        found.append(rows.filter(member__in=by_email.filter(address=typed.strip().lower())))
    return found


def _begun(
    rows: QuerySet[Any], members: QuerySet[Any], words: Sequence[str]
) -> list[QuerySet[Any]]:
    """Return the memberships of members who are named by the beginnings of their words."""
    are_names = len(words) > 1 and not any(sign.isdigit() for word in words for sign in word)
    if not are_names or any(len(word) > LONGEST for word in words):
        return []
    return [rows.filter(member__in=members.filter(search_text__words_begin=words))]


def _partial(
    rows: QuerySet[Any], members: QuerySet[Any], words: Sequence[str]
) -> list[QuerySet[Any]]:
    """Return the memberships of which parts are named."""
    together = "".join(words)
    by_words = Q()
    for word in words:
        by_words &= Q(search_text__contains=word if len(word) >= LEAST_WITHIN else f" {word}")
    parts = [rows.filter(member__in=members.filter(by_words))]
    if digits := _digits(together):
        parts.append(rows.filter(member__in=members.filter(search_text__contains=digits)))
    if len(together) >= LEAST_OF_A_NUMBER:
        by_number = rows.annotate(small_number=Lower("number"))
        parts.append(by_number.filter(small_number__contains=together))
    return parts


def _digits(text: str) -> str:
    """Return a telephone number's digits as they are kept, if this looks like one."""
    digits = text.translate(_NOT_IN_NUMBERS).lstrip("0")
    return digits if digits.isdecimal() and len(digits) > LEAST_OF_A_NUMBER else ""


_NOT_IN_NUMBERS = str.maketrans("", "", "+-()/. ")
