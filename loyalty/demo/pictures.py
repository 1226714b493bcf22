"""Pictures of the rewards, drawn by code: flat, in the card's own colours."""

from collections.abc import Callable, Sequence
from io import BytesIO
from math import cos, pi, sin

from django.core.files.base import ContentFile
from PIL import Image, ImageDraw

SIZE = (1200, 900)
FINER = 2  # Drawn larger and made smaller, so that edges are smooth.
Colour = tuple[int, int, int]
PAPER: Colour = (255, 252, 245)
INK: Colour = (38, 34, 30)


def rgb(colour: str) -> Colour:
    """Return a colour such as #0f6e4f as numbers."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return red, green, blue


def mixed(one: Colour, other: Colour, percent: int) -> Colour:
    """Return so much of the other colour in the one."""
    red, green, blue = (
        (a * (100 - percent) + b * percent) // 100 for a, b in zip(one, other, strict=True)
    )
    return red, green, blue


class Sheet:
    """A sheet of 1200 by 900 units with a calm ground in a card's colour."""

    def __init__(self, colour: str) -> None:
        self.brand = rgb(colour)
        self.pale = mixed(self.brand, PAPER, 84)
        self.soft = mixed(self.brand, PAPER, 62)
        self.deep = mixed(self.brand, INK, 45)
        width, height = SIZE[0] * FINER, SIZE[1] * FINER
        self.image = Image.new("RGB", (width, height), self.pale)
        self.pen = ImageDraw.Draw(self.image)
        self.disc(600, 470, 360, self.soft)
        self.round(190, 760, 1010, 790, 15, mixed(self.brand, PAPER, 40))

    def _scaled(self, *values: float) -> list[float]:
        return [value * FINER for value in values]

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """Draw a circle around a point."""
        box = self._scaled(x - radius, y - radius, x + radius, y + radius)
        self.pen.ellipse(box, fill=colour)

    def oval(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        """Draw an ellipse in a box."""
        self.pen.ellipse(self._scaled(left, top, right, bottom), fill=colour)

    def round(
        self, left: float, top: float, right: float, bottom: float, corner: float, colour: Colour
    ) -> None:
        """Draw a box with round corners."""
        box = self._scaled(left, top, right, bottom)
        self.pen.rounded_rectangle(box, radius=corner * FINER, fill=colour)

    def ring(self, x: float, y: float, radius: float, width: float, colour: Colour) -> None:
        """Draw the line of a circle."""
        box = self._scaled(x - radius, y - radius, x + radius, y + radius)
        self.pen.ellipse(box, outline=colour, width=int(width * FINER))

    def shape(self, points: list[tuple[float, float]], colour: Colour) -> None:
        """Draw a polygon."""
        self.pen.polygon([(x * FINER, y * FINER) for x, y in points], fill=colour)

    def line(self, points: Sequence[tuple[float, float]], width: float, colour: Colour) -> None:
        """Draw a line with round ends."""
        scaled = [(x * FINER, y * FINER) for x, y in points]
        self.pen.line(scaled, fill=colour, width=int(width * FINER), joint="curve")
        for x, y in (points[0], points[-1]):
            self.disc(x, y, width / 2, colour)

    def png(self) -> bytes:
        """Return the finished picture."""
        small = self.image.resize(SIZE, Image.Resampling.LANCZOS)
        target = BytesIO()
        small.quantize(128).save(target, "PNG", optimize=True)
        return target.getvalue()


def _steam(sheet: Sheet, x: float) -> None:
    wave = [(x + 16 * sin(step / 5), 330 - step * 5) for step in range(32)]
    sheet.line(wave, 14, mixed(sheet.brand, PAPER, 75))


def cup(sheet: Sheet) -> None:
    """Draw a cup of coffee on its saucer."""
    for x in (520, 600, 680):
        _steam(sheet, x)
    sheet.oval(330, 700, 870, 790, PAPER)
    sheet.ring(800, 520, 90, 34, PAPER)
    sheet.shape([(400, 400), (800, 400), (760, 640), (690, 740), (510, 740), (440, 640)], PAPER)
    sheet.oval(400, 360, 800, 440, PAPER)
    sheet.oval(424, 374, 776, 430, sheet.deep)
    sheet.oval(500, 384, 700, 420, mixed(sheet.deep, PAPER, 55))
    sheet.round(470, 560, 730, 600, 20, sheet.brand)


def breakfast(sheet: Sheet) -> None:
    """Draw a breakfast for two: a plate with a croissant, an egg and tomatoes."""
    sheet.oval(270, 480, 930, 800, PAPER)
    sheet.oval(330, 520, 870, 770, mixed(PAPER, sheet.brand, 8))
    crust, light = (201, 128, 54), (232, 170, 92)
    for step in range(7):
        angle = pi * (0.12 + 0.76 * step / 6)
        x, y = 520 - 170 * cos(angle), 640 - 110 * sin(angle)
        size = 44 + 30 * sin(pi * step / 6)
        sheet.disc(x, y, size, crust)
        sheet.disc(x - 6, y - 12, size * 0.68, light)
    sheet.oval(620, 560, 830, 700, (255, 255, 255))
    sheet.disc(725, 622, 46, (246, 184, 50))
    sheet.disc(712, 610, 14, (252, 214, 120))
    for x, y in ((600, 716), (668, 728), (540, 722)):
        sheet.disc(x, y, 32, (206, 62, 52))
        sheet.disc(x - 9, y - 10, 8, (236, 130, 118))
    sheet.line([(230, 470), (230, 770)], 20, sheet.deep)
    sheet.line([(970, 470), (970, 770)], 20, sheet.deep)


def mug(sheet: Sheet) -> None:
    """Draw a tall mug with a lantern on it."""
    sheet.ring(770, 540, 110, 44, sheet.deep)
    sheet.round(390, 300, 770, 770, 44, sheet.brand)
    sheet.round(390, 300, 770, 350, 24, mixed(sheet.brand, PAPER, 25))
    glow = (250, 205, 96)
    sheet.shape([(520, 470), (640, 470), (620, 430), (540, 430)], PAPER)
    sheet.round(505, 470, 655, 660, 18, PAPER)
    sheet.disc(580, 570, 52, glow)
    sheet.round(530, 660, 630, 682, 8, PAPER)
    sheet.ring(580, 412, 26, 10, PAPER)


def scissors(sheet: Sheet) -> None:
    """Draw scissors and a comb."""
    steel = (226, 230, 234)
    sheet.shape([(424, 196), (520, 320), (690, 600), (654, 622)], steel)
    sheet.shape([(776, 196), (680, 320), (510, 600), (546, 622)], mixed(steel, INK, 12))
    sheet.disc(600, 506, 18, sheet.deep)
    sheet.ring(700, 672, 78, 34, sheet.brand)
    sheet.ring(500, 672, 78, 34, sheet.brand)
    sheet.round(230, 300, 320, 740, 20, sheet.deep)
    for step in range(13):
        sheet.round(310, 318 + step * 32, 390, 332 + step * 32, 7, sheet.deep)
    sheet.round(850, 420, 960, 760, 26, PAPER)
    sheet.round(880, 350, 930, 430, 12, sheet.deep)
    sheet.round(850, 540, 960, 640, 4, sheet.brand)


def dumbbell(sheet: Sheet) -> None:
    """Draw a dumbbell before a rising sun of bars."""
    for step, height in enumerate((120, 190, 270, 190, 120)):
        x = 420 + step * 90
        sheet.round(x - 28, 420 - height, x + 28, 430, 28, mixed(sheet.brand, PAPER, 30))
    sheet.round(330, 570, 870, 620, 24, (196, 201, 206))
    for x, tall, colour in (
        (300, 150, sheet.deep),
        (372, 110, sheet.brand),
        (828, 110, sheet.brand),
        (900, 150, sheet.deep),
    ):
        sheet.round(x - 34, 595 - tall, x + 34, 595 + tall, 26, colour)


def fruit(sheet: Sheet) -> None:
    """Draw a box of fruit and vegetables."""
    leaf = (74, 140, 70)
    for x, y, size, colour in (
        (410, 470, 84, (214, 70, 58)),
        (560, 430, 96, (244, 160, 48)),
        (720, 450, 88, (150, 182, 60)),
        (830, 490, 72, (214, 70, 58)),
        (480, 520, 76, (126, 74, 134)),
        (650, 520, 84, (246, 196, 66)),
    ):
        sheet.disc(x, y, size, colour)
        sheet.disc(x - size * 0.35, y - size * 0.38, size * 0.22, mixed(colour, PAPER, 45))
        sheet.line([(x, y - size), (x + 12, y - size - 26)], 10, INK)
        sheet.oval(x + 8, y - size - 40, x + 62, y - size - 12, leaf)
    wood, dark = (214, 170, 112), (178, 130, 78)
    sheet.round(290, 540, 910, 780, 16, wood)
    for y in (548, 628, 708):
        sheet.round(290, y, 910, y + 66, 10, mixed(wood, PAPER, 12))
    for x in (318, 862):
        sheet.round(x, 540, x + 22, 780, 6, dark)
    sheet.round(520, 612, 680, 700, 14, sheet.brand)
    sheet.oval(566, 630, 634, 682, PAPER)


def picture(draw: Callable[[Sheet], None], *, colour: str, name: str) -> "ContentFile[bytes]":
    """Return a drawing in a card's colour as a file."""
    sheet = Sheet(colour)
    draw(sheet)
    return ContentFile(sheet.png(), name=f"{name}.png")
