"""Single cells: their names, and the text that a spreadsheet must not take for a formula."""

import re

# What a spreadsheet takes for the start of a formula, also in its wide form and after a space.
_START = "\\s*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_RISKY = re.compile(f"'*{_START}")
_GUARDED = re.compile(f"'+{_START}")
# Characters without a shape, those that turn the direction of what follows, halves of a pair.
_UNSPEAKABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
ALPHABET = 26


def name(*, column: int, row: int) -> str:
    """Return the name of a cell as spreadsheets show it; columns count from 0, rows from 1."""
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, ALPHABET)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"


def speakable(text: str) -> str:
    """Return the text without control characters and marks that turn its direction."""
    return _UNSPEAKABLE.sub("", text)


def is_risky(text: str) -> bool:
    """Return whether a spreadsheet could take this text for a formula."""
    return _RISKY.match(text) is not None


def is_phone(text: str) -> bool:
    """Return whether this is a phone number as the product writes it (E.164)."""
    return _PHONE.fullmatch(text) is not None


def guarded(text: str) -> str:
    """Return the text as a CSV file may hold it: an apostrophe stands before a risky one.

    A text that looks guarded already gets one more, so that ``bare`` gives back what was written.
    """
    return f"'{text}" if is_risky(text) else text


def bare(text: str) -> str:
    """Return the text of a CSV file without the apostrophe that keeps it from being a formula."""
    return text[1:] if text.startswith("'") and _GUARDED.match(text) else text
