"""Short films of a code in front of a camera, drawn with Pillow for Chromium's fake camera.

A film is a series of JPEG pictures in one ``.mjpeg`` file; Chromium plays it at 30 pictures a
second, over and over. The code may be any picture: a drawn symbol or a screenshot of a page.
"""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import qrcode
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps
from qrcode.constants import ERROR_CORRECT_Q

WIDTH, HEIGHT = 1280, 720
FRAMES = 8
QUALITY = 88
MARGIN_MODULES = 4

# The hand that holds the phone: pixels right, pixels down, degrees.
TREMBLE = ((0, 0, 0), (3, -2, 0.4), (5, 1, -0.3), (2, 4, 0.8), (-3, 3, 0.2), (-5, -1, -0.6))

Point = tuple[float, float]


@dataclass(frozen=True)
class Scene:
    """How a code stands before the camera and what the light does to it."""

    width: int = 330
    turn: float = 0
    tilt: float = 0
    blur: float = 0
    light: float = 1
    contrast: float = 1
    noise: float = 3
    is_inverted: bool = False
    has_finger: bool = False


def symbol(text: str, *, pixels_per_module: int = 10) -> Image.Image:
    """Return a text as a symbol at level Q with its white margin."""
    code = qrcode.QRCode(
        error_correction=ERROR_CORRECT_Q, box_size=pixels_per_module, border=MARGIN_MODULES
    )
    code.add_data(text)
    code.make(fit=True)
    return code.make_image().get_image().convert("RGB")


def width_for(text: str, pixels_per_module: float) -> int:
    """Return how wide a symbol with its margin is at this many camera pixels per module."""
    return round(symbol(text, pixels_per_module=1).width * pixels_per_module)


def film(path: Path, picture: Image.Image | None, scene: Scene) -> Path:
    """Write a film of the picture in its scene, or of the empty counter, and return its path."""
    with path.open("wb") as file:
        for frame in frames(picture, scene):
            buffer = io.BytesIO()
            frame.save(buffer, "JPEG", quality=QUALITY, subsampling=2)
            file.write(buffer.getvalue())
    return path


def frames(picture: Image.Image | None, scene: Scene) -> Iterator[Image.Image]:
    """Yield the pictures of a film."""
    background = counter()
    card = _card(picture, scene) if picture else None
    for number in range(FRAMES):
        right, down, degrees = TREMBLE[number % len(TREMBLE)]
        frame = background.copy()
        if card:
            corners = placed(scene, card.size, (right, down), degrees)
            _lay(frame, card, corners)
        yield _seen(frame, scene)


def counter() -> Image.Image:
    """Return a cluttered counter to hold the code in front of."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), (150, 138, 122))
    draw = ImageDraw.Draw(picture)
    for number in range(60):
        left = (number * 197) % WIDTH
        top = (number * 131) % HEIGHT
        shade = 60 + (number * 47) % 150
        colour = (shade, (shade + 20 * (number % 3)) % 255, (shade + 35) % 255)
        draw.rectangle((left, top, left + 40 + number * 3, top + 25 + number * 2), fill=colour)
        draw.line((left, top, WIDTH - left, HEIGHT - top), fill=colour, width=2)
    return picture.filter(ImageFilter.GaussianBlur(2))


def placed(scene: Scene, size: tuple[int, int], shift: Point, degrees: float) -> list[Point]:
    """Return where the four corners of the card are seen, clockwise from top left.

    The card is turned in its plane, tilted about the vertical axis and seen from a distance of
    twice its width.
    """
    half_width = scene.width / 2
    half_height = half_width * size[1] / size[0]
    turn, tilt = math.radians(scene.turn + degrees), math.radians(scene.tilt)
    corners = []
    for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        across = x * half_width * math.cos(turn) - y * half_height * math.sin(turn)
        along = x * half_width * math.sin(turn) + y * half_height * math.cos(turn)
        nearness = scene.width * 2 / (scene.width * 2 + across * math.sin(tilt))
        corners.append(
            (
                WIDTH / 2 + shift[0] + across * math.cos(tilt) * nearness,
                HEIGHT / 2 + shift[1] + along * nearness,
            )
        )
    return corners


def _card(picture: Image.Image, scene: Scene) -> Image.Image:
    card = ImageOps.invert(picture.convert("RGB")) if scene.is_inverted else picture.convert("RGB")
    if scene.contrast < 1:
        card = card.point([round(128 + (level - 128) * scene.contrast) for level in range(256)] * 3)
    if scene.has_finger:
        size = card.width // 5
        draw = ImageDraw.Draw(card)
        draw.ellipse(
            (card.width - size, card.height - size, card.width + size, card.height + size),
            fill=(214, 160, 130),
        )
    # The lens averages what falls on one pixel; so must a picture that is larger than it is seen.
    scale = max(1, card.width // scene.width)
    return card.reduce(scale) if scale > 1 else card


def _lay(frame: Image.Image, card: Image.Image, corners: list[Point]) -> None:
    source = [(0.0, 0.0), (card.width, 0.0), (card.width, card.height), (0.0, card.height)]
    coefficients = _perspective(corners, source)
    how = (frame.size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC)
    mask = Image.new("L", card.size, 255).transform(*how)
    frame.paste(card.transform(*how), (0, 0), mask)


def _seen(frame: Image.Image, scene: Scene) -> Image.Image:
    if scene.blur:
        frame = frame.filter(ImageFilter.GaussianBlur(scene.blur))
    if scene.light < 1:
        frame = frame.point([round(level * scene.light) for level in range(256)] * 3)
    grain = Image.effect_noise(frame.size, scene.noise).convert("RGB")
    return ImageChops.add(frame, grain, scale=1, offset=-128)


def _perspective(seen: list[Point], source: list[Point]) -> list[float]:
    """Return the eight numbers that lead from a seen point back to the source.

    Two linear equations for each of the four corners, solved by elimination.
    """
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(seen, source, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for column in range(8):
        pivot = max(range(column, 8), key=lambda row: abs(rows[row][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for row in range(8):
            if row != column:
                factor = rows[row][column]
                pairs = zip(rows[row], rows[column], strict=True)
                rows[row] = [value - factor * other for value, other in pairs]
    return [row[8] for row in rows]
