"""How well text reads on a colour, as WCAG 2 measures it."""

LEAST_CONTRAST = 4.5
_CHANNELS = ((1, 0.2126), (3, 0.7152), (5, 0.0722))
_LINEAR_BELOW = 0.03928


def _luminance(colour: str) -> float:
    total = 0.0
    for start, weight in _CHANNELS:
        part = int(colour[start : start + 2], 16) / 255
        part = part / 12.92 if part <= _LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4
        total += weight * part
    return total


def contrast(text: str, background: str) -> float:
    """Return the contrast of two colours such as "#0f6e4f": from 1 to 21."""
    light, dark = sorted((_luminance(text), _luminance(background)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
