"""Figures in words: what one is, and how it changed since the period before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from loyalty.web import money as amounts
from staff.admin import tables
from staff.admin.tables import HUNDRED
from staff.admin.unfold_parts import NOTHING

# From ten times as much on, a share of the change says less than the two figures.
MOST_PERCENT = 1000
_TENTH = Decimal("0.1")
Written = Callable[[int], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure beside that of the period before.

    ``change`` says how it changed, with its sign and in words; without one nothing is compared.
    ``is_good`` is None where more is neither good nor bad.
    """

    label: str
    text: str
    change: str = ""
    direction: str = "same"
    help: str = ""
    address: str = ""
    is_good: bool | None = None

    @property
    def icon(self) -> str:
        """Return the arrow that goes with the words."""
        return {"up": "trending_up", "down": "trending_down"}.get(self.direction, "trending_flat")

    @property
    def tone(self) -> str:
        """Return the colour that goes with the words."""
        if self.is_good is None or self.direction == "same":
            return "is-same"
        return "is-up" if self.is_good == (self.direction == "up") else "is-down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Figures that answer one question of an owner, and where there is more about it."""

    title: str
    figures: Sequence[Figure]
    help: str = ""
    more: str = ""
    more_words: str = ""


def figure(
    label: str,
    value: int,
    before: int | None,
    *,
    written: Written = amounts.count,
    is_good: bool | None = True,
    **more: str,
) -> Figure:
    """Return a whole number or an amount, and how it changed; ``before`` None compares nothing."""
    change, direction = ("", "same") if before is None else _change(value, before, written)
    return Figure(
        label=label,
        text=written(value),
        change=change,
        direction=direction,
        is_good=is_good,
        **more,
    )


def rate(
    label: str,
    value: Decimal | None,
    before: Decimal | None,
    *,
    is_good: bool | None = True,
    **more: str,
) -> Figure:
    """Return a share, and by how many of a hundred it changed."""
    text = NOTHING if value is None else tables.percentage(value)
    if value is None or before is None:
        return Figure(label=label, text=text, is_good=is_good, **more)
    points = ((value - before) * HUNDRED).quantize(_TENTH)
    direction = _direction(points)
    past = {"before": tables.percentage(before), "change": _signed(points)}
    return Figure(
        label=label,
        text=text,
        change=_words(direction) % past,
        direction=direction,
        is_good=is_good,
        **more,
    )


def optional(
    label: str, value: int | None, before: int | None, written: Written, **more: str
) -> Figure:
    """Return an average, which there is not where there was nothing."""
    if value is None:
        return Figure(label=label, text=NOTHING, is_good=None, **more)
    return figure(label, value, before, written=written, is_good=None, **more)


def _change(value: int, before: int, written: Written) -> tuple[str, str]:
    """Return the words of a change, and its direction."""
    direction = _direction(value - before)
    change = _signed_amount(value - before, written)
    if before > 0:
        share = (Decimal(value - before) * 100 / before).quantize(_TENTH)
        if abs(share) < MOST_PERCENT:
            change = _("%(number)s %%") % {"number": _signed(share)}
    return _words(direction) % {"before": written(before), "change": change}, direction


def _words(direction: str) -> str:
    return {
        "up": _("%(change)s, up from %(before)s"),
        "down": _("%(change)s, down from %(before)s"),
    }.get(direction, _("as before"))


def _direction(change: Decimal | int) -> str:
    if change == 0:
        return "same"
    return "up" if change > 0 else "down"


def _signed(number: Decimal) -> str:
    sign = "+" if number > 0 else "\u2212"
    return f"{sign}{amounts.decimal_number(abs(number).normalize())}" if number else "0"


def _signed_amount(change: int, written: Written) -> str:
    sign = "+" if change > 0 else "\u2212"
    return f"{sign}{written(abs(change))}" if change else written(0)
