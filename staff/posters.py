"""Paper for the counter: posters, table tents and card sheets, black on white."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A4, A5
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

from loyalty.web import qr

# What this machine may have for scripts that the bundled font lacks.
_MORE_FONTS = (
    "/usr/share/fonts/truetype/dejavu",
    "/usr/share/fonts/truetype/noto",
    "/Library/Fonts",
)
_NAMES = {
    False: ("Vera.ttf", "DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial Unicode.ttf"),
    True: ("VeraBd.ttf", "DejaVuSans-Bold.ttf", "NotoSans-Bold.ttf", "Arial Unicode.ttf"),
}
# Scripts whose letters join or run from right to left need a shaper that PDFs here lack.
_FIRST_SHAPED, _LAST_SHAPED = 0x0590, 0x109F
_SHEET_COLUMNS, _SHEET_ROWS = 2, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What a poster says: whose card it is, where to join, and what there is to win.

    ``steps`` and ``note`` say what to do where it is not about getting a card.
    """

    title: str
    place: str
    address: str
    teaser: str = ""
    steps: str = ""
    note: str = ""


@lru_cache(maxsize=16)
def _font(name: str) -> TTFont | None:
    """Return a font by its file name, registered, or None if this machine has none."""
    for folder in ("", *_MORE_FONTS):
        path = str(Path(folder) / name) if folder else name
        try:
            font = TTFont(f"poster-{name}", path)
        except (TTFError, OSError):
            continue
        pdfmetrics.registerFont(font)
        return font
    return None


def font_for(text: str, *, is_bold: bool = False) -> str | None:
    """Return the name of a font that can draw the text, or None if there is none."""
    if any(_FIRST_SHAPED <= ord(character) <= _LAST_SHAPED for character in text):
        return None
    for name in _NAMES[is_bold]:
        font = _font(name)
        if font and all(
            ord(character) in font.face.charToGlyph or character == " " for character in text
        ):
            return str(font.fontName)
    return None


def can_print(text: str) -> bool:
    """Return whether a PDF can show this text; a browser's own printing always can."""
    return font_for(text, is_bold=True) is not None


def _line(canvas: Canvas, text: str, at: tuple[float, float], width: float, size: float) -> None:
    """Draw one centred line, smaller if it is too long; leave it out if no font can draw it."""
    _text(canvas, text, at, width, size, is_bold=False)


def _text(
    canvas: Canvas,
    text: str,
    at: tuple[float, float],
    width: float,
    size: float,
    *,
    is_bold: bool,
) -> None:
    font = font_for(text, is_bold=is_bold)
    if font is None or not text:
        return
    needed = stringWidth(text, font, size)
    canvas.setFont(font, size if needed <= width else size * width / needed)
    canvas.drawCentredString(at[0], at[1], text)


def _code(canvas: Canvas, text: str, centre: tuple[float, float], size: float) -> None:
    """Draw a QR code with its margin as black squares, one bar per run of modules."""
    rows = qr.matrix(text).rows
    module = size / (len(rows) + 8)
    left = centre[0] - size / 2 + 4 * module
    top = centre[1] + size / 2 - 4 * module
    canvas.setFillGray(0)
    for number, row in enumerate(rows):
        start = None
        for column, is_dark in enumerate((*row, False)):
            if is_dark and start is None:
                start = column
            elif not is_dark and start is not None:
                canvas.rect(
                    left + start * module,
                    top - (number + 1) * module,
                    (column - start) * module,
                    module,
                    stroke=0,
                    fill=1,
                )
                start = None


def _face(canvas: Canvas, width: float, height: float, words: Invitation) -> None:
    """Draw one face: title, code and how to join, sized by the face."""
    unit = min(width, height * 0.72) / 100
    middle, inner = width / 2, width - 16 * unit
    _text(canvas, words.title, (middle, height - 17 * unit), inner, 10 * unit, is_bold=True)
    _line(canvas, words.place, (middle, height - 24 * unit), inner, 4.2 * unit)
    size = min(72 * unit, height - 62 * unit)
    bottom = height - 29 * unit - size
    _code(canvas, words.address, (middle, bottom + size / 2), size)
    steps = words.steps or _("Scan with your phone's camera to get the card.")
    _text(canvas, steps, (middle, bottom - 5 * unit), inner, 4.4 * unit, is_bold=True)
    free = words.note or _("Free. Takes a minute. No app to install.")
    _line(canvas, free, (middle, bottom - 12 * unit), inner, 3.6 * unit)
    _line(canvas, words.teaser, (middle, bottom - 18 * unit), inner, 3.6 * unit)
    plain = words.address.partition("://")[2].rstrip("/")
    _line(canvas, plain, (middle, 5 * unit), inner, 3.6 * unit)


def _document(title: str, size: tuple[float, float], draw: Callable[[Canvas], None]) -> bytes:
    target = BytesIO()
    canvas = Canvas(target, pagesize=size, invariant=1)
    canvas.setTitle(title)
    draw(canvas)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def poster(words: Invitation) -> bytes:
    """Return an A4 poster as a PDF."""

    def draw(canvas: Canvas) -> None:
        canvas.setLineWidth(1.5)
        canvas.roundRect(10 * mm, 10 * mm, A4[0] - 20 * mm, A4[1] - 20 * mm, 6 * mm)
        canvas.translate(10 * mm, 10 * mm)
        _face(canvas, A4[0] - 20 * mm, A4[1] - 20 * mm, words)

    return _document(words.title, A4, draw)


def table_tent(words: Invitation) -> bytes:
    """Return a table tent as a PDF: an A5 page to fold into two faces of A6."""
    width, half = A5[0], A5[1] / 2

    def draw(canvas: Canvas) -> None:
        canvas.setDash(2, 3)
        canvas.setLineWidth(0.5)
        canvas.line(5 * mm, half, width - 5 * mm, half)
        canvas.setDash()
        _tent_face(canvas, width, half, words)
        canvas.translate(width, 2 * half)
        canvas.rotate(180)
        _tent_face(canvas, width, half, words)

    return _document(words.title, A5, draw)


def _tent_face(canvas: Canvas, width: float, height: float, words: Invitation) -> None:
    """Draw a lying face: the code at the left, the words beside it."""
    size = height - 34 * mm
    _code(canvas, words.address, (8 * mm + size / 2, height / 2), size)
    left = 12 * mm + size
    inner = width - left - 7 * mm
    middle = left + inner / 2
    _text(canvas, words.title, (middle, height * 0.68), inner, 20, is_bold=True)
    _line(canvas, words.place, (middle, height * 0.58), inner, 9)
    _text(canvas, _("Scan to get the card."), (middle, height * 0.44), inner, 11, is_bold=True)
    _line(canvas, _("Free. No app to install."), (middle, height * 0.36), inner, 9)
    _line(canvas, words.teaser, (middle, height * 0.28), inner, 9)


def card_sheet(title: str, cards: Iterable[tuple[str, str]]) -> bytes:
    """Return numbered cards to cut out, ten on each A4 page, as a PDF."""
    target = BytesIO()
    canvas = Canvas(target, pagesize=A4, invariant=1)
    canvas.setTitle(title)
    width, height = 85 * mm, 54 * mm
    left = (A4[0] - _SHEET_COLUMNS * width) / 2
    top = A4[1] - (A4[1] - _SHEET_ROWS * height) / 2
    per_page = _SHEET_COLUMNS * _SHEET_ROWS
    for number, (printed, address) in enumerate(cards):
        place = number % per_page
        if number and not place:
            canvas.showPage()
        x = left + place % _SHEET_COLUMNS * width
        y = top - (place // _SHEET_COLUMNS + 1) * height
        canvas.setLineWidth(0.3)
        canvas.rect(x, y, width, height)
        _code(canvas, address, (x + 24 * mm, y + height / 2), 44 * mm)
        _text(canvas, title, (x + 65 * mm, y + 34 * mm), 34 * mm, 13, is_bold=True)
        _line(canvas, printed, (x + 65 * mm, y + 18 * mm), 34 * mm, 10)
    canvas.showPage()
    canvas.save()
    return target.getvalue()
