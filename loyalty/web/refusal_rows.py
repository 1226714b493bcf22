"""How one refusal is shown: its stable code, its status, its words, and the field it is beside."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Words = Callable[[Any], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A refusal's line in the table: ``words`` turns the error into a sentence."""

    code: str
    status: int
    words: Words
    field: str = ""


Rows = dict[type[Exception], Row]


def says(text: Callable[[], str]) -> Words:
    """Return words that need nothing from the error."""
    return lambda _error: text()
