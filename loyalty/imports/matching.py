"""Whom a row means: by card number, code, e-mail or phone, in any writing."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.db.models.functions import Lower

from cards.models import Card
from loyalty.imports.problems import Problem, RowError
from loyalty.members import codes
from loyalty.members.models import Membership
from loyalty.members.phones import phone_number
from loyalty.rules.typed import ascii_digits

_PHONE = re.compile(r"[+(]?[\d\s()./-]{5,}")


@dataclass(frozen=True, slots=True)
class Match:
    """The membership that a row means, and its account."""

    membership_id: int
    account_id: int
    is_merged: bool


def matched(card: Card, keys: Sequence[str]) -> dict[str, Match | RowError]:
    """Return whom each key means on the card; five statements at most, however many keys.

    A key is tried as card number, code of the card, code of the member, e-mail, confirmed phone;
    the first that exists is meant.
    """
    rows = Membership.objects.filter(card=card)
    confirmed = rows.filter(member__phone_confirmed_at__isnull=False)
    by_email = rows.annotate(email=Lower("member__email"))

    ways: list[tuple[QuerySet[Membership], str, Callable[[str], str | None]]] = [
        (rows, "number", _number),
        (rows, "code", codes.read_card_code),
        (rows, "member__code", _number),
        (by_email, "email", lambda key: key.lower() if "@" in key else None),
        (confirmed, "member__phone", lambda key: _phone(key, card.partner.country)),
    ]
    found: dict[str, Match | RowError] = {}
    left = {key for key in keys if key}
    for held, path, read in ways:
        some = _found(held, path, {key: word for key in left if (word := read(key))})
        found |= some
        left -= some.keys()
    found |= {key: RowError(Problem.NOT_FOUND) for key in left}
    found[""] = RowError(Problem.NO_MEMBER)
    return {key: _unmerged(match) for key, match in found.items()}


def words_of(key: str, *, country: str) -> str:
    """Return a key without the differences of writing that do not matter."""
    return _phone(key, country) or "".join(ascii_digits(key).split()).casefold()


def _phone(key: str, country: str) -> str | None:
    plain = ascii_digits(key)
    return phone_number(plain, country) if _PHONE.fullmatch(plain) else None


def _number(key: str) -> str:
    return "".join(ascii_digits(key).split()).upper()


def _found(held: QuerySet[Membership], path: str, words: dict[str, str]) -> dict[str, Match]:
    if not words:
        return {}
    values = held.filter(**{f"{path}__in": set(words.values())}).values_list(
        path, "pk", "account_id", "member__merged_into"
    )
    rows: Iterable[tuple[str, int, int, int | None]] = values
    by_word = {word: Match(pk, account, merged is not None) for word, pk, account, merged in rows}
    return {key: by_word[word] for key, word in words.items() if word in by_word}


def _unmerged(match: Match | RowError) -> Match | RowError:
    is_merged = isinstance(match, Match) and match.is_merged
    return RowError(Problem.MERGED) if is_merged else match
