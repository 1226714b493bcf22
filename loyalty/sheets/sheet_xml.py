"""The XML of a sheet and its strings, as bytes: what must not be there, and what is not needed.

Patterns in place of a parser, because they cost a tenth of it, and only the bytes that they saw go
on. What they miss meets the limits of the child process.
"""

import codecs
import re
from collections.abc import Iterator

from loyalty.sheets import limits, refusals

_PREFIX = rb"(?:[\w.-]+:)?"
_ENCODING = re.compile(rb"\s*<\?xml[^>]*?\sencoding\s*=\s*[\"']([^\"']*)")
_DECLARATION = re.compile(rb"<!(?!--|\[CDATA\[)")
_CELLS_START = re.compile(rb"<" + _PREFIX + rb"sheetData\s*(/?)>")
_CELLS_END = re.compile(rb"</" + _PREFIX + rb"sheetData\s*>")
_STRINGS_START = re.compile(rb"<(" + _PREFIX + rb"sst)(?:\s[^<>]*?)?(/?)>")
_FORMULA = re.compile(rb"<" + _PREFIX + rb"f[\s/>]")
_CELL = rb"<" + _PREFIX + rb"c\s(?:[^<>]*\s)?"
_NAME = re.compile(_CELL + rb"r\s*=\s*[\"']([A-Z]+[0-9]+)[\"']")
_ERROR = re.compile(_CELL + rb"t\s*=\s*[\"']e[\"'][^<>]*>")
# A cell with something in it: formats alone reach down to the last row of many a real sheet.
_FILLED = rb"[\"'][^<>]*(?<!/)>(?!\s*</)"
_DOWN = rb"r\s*=\s*[\"'][A-Z]+([0-9]{6,})"
# Past AX, the fiftieth.
_RIGHT = rb"r\s*=\s*[\"']((?:A[Y-Z]|[B-Z][A-Z]|[A-Z]{3,})[0-9]+)"
_FAR_DOWN = re.compile(_CELL + _DOWN + _FILLED)
_FAR_RIGHT = re.compile(_CELL + _RIGHT + _FILLED)
# What must be somewhere before a slower pattern can match at all.
_HINTS = {
    _FORMULA: re.compile(rb"f[\s/>]"),
    _ERROR: re.compile(rb"=\s*[\"']e[\"']"),
    _FAR_DOWN: re.compile(_DOWN),
    _FAR_RIGHT: re.compile(_RIGHT),
}
DIGITS = 7
UTF8 = (b"utf-8", b"utf8", b"us-ascii")


def sound(content: bytes) -> bytes:
    """Return the XML without its byte order mark.

    :raises ForbiddenXmlError: if it declares anything, so that no entity can grow, or is not UTF-8.
    """
    content = content.removeprefix(codecs.BOM_UTF8)
    encoding = _ENCODING.match(content)
    is_other = encoding is not None and encoding[1].lower() not in UTF8
    if is_other or b"\0" in content or _DECLARATION.search(content):
        raise refusals.ForbiddenXmlError
    return content


def only_cells(sheet: bytes) -> bytes:
    """Return a sheet that has the cells of this one and nothing else.

    :raises FileRefusedError: if a cell holds a formula or an error, or lies beyond the limits.
    """
    start = _CELLS_START.search(sheet)
    if start is None or start[1]:
        raise refusals.EmptyFileError
    end = _CELLS_END.search(sheet, start.end())
    if end is None:
        raise refusals.BrokenFileError
    found = sheet[start.start() : end.end()]
    del sheet
    for formula in _matches(_FORMULA, found):
        raise refusals.FormulaError(where=_cell_before(found, formula.start()))
    for error in _matches(_ERROR, found):
        raise refusals.ErrorValueError(where=_cell_before(found, error.end()))
    for wide in _matches(_FAR_RIGHT, found):
        raise refusals.TooManyColumnsError(where=wide[1].decode())
    for far in _matches(_FAR_DOWN, found):
        if len(far[1]) > DIGITS or int(far[1]) > limits.MOST_ROWS + 1:
            raise refusals.TooManyRowsError(where=far[1][:DIGITS].decode())
    return b"<worksheet>" + found + b"</worksheet>"


def uncounted(strings: bytes) -> bytes:
    """Return shared strings that do not say how many they are.

    The parser would set aside as much memory as the file claims to need.
    """
    return _STRINGS_START.sub(rb"<\1\2>", strings, count=1)


def _matches(pattern: re.Pattern[bytes], found: bytes) -> Iterator[re.Match[bytes]]:
    return pattern.finditer(found) if _HINTS[pattern].search(found) else iter(())


def _cell_before(found: bytes, position: int) -> str:
    names: list[bytes] = _NAME.findall(found, max(0, position - 4096), position)
    return names[-1].decode() if names else ""
