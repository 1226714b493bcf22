"""Filters and tags for the words, figures and codes that several areas show."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.template.defaultfilters import date as date_filter
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from cards.models import Card
from loyalty.members.models import Membership
from loyalty.web import group_words, qr, words
from loyalty.web import money as amounts
from loyalty.web.balances import Balance, balance

register = template.Library()


@register.filter
def money(minor: int, currency: str) -> str:
    """Return minor units as an amount of the currency."""
    return amounts.money(minor, currency)


@register.filter
def points(number: int, card: Card) -> str:
    """Return a count with the card's unit."""
    return words.points(number, card)


@register.simple_tag
def balance_of(card: Card, points_held: int, credit_minor: int) -> Balance:
    """Return a balance in words: figure, unit, and what else is there."""
    return balance(card, points_held, credit_minor)


@register.simple_tag
def family_of(membership: Membership) -> str:
    """Return how large the group is whose account the member shares, or nothing."""
    return group_words.family(membership)


@register.filter
def signed(number: int) -> str:
    """Return a count with its sign."""
    return words.signed(number)


@register.filter
def count(number: int) -> str:
    """Return a whole number for the reader's language."""
    return amounts.count(number)


@register.filter
def when(moment: datetime, zone: ZoneInfo | None = None) -> str:
    """Return a moment as people say it: today 14:03, 3 May 14:03, 3 May 2024."""
    local = timezone.localtime(moment, zone)
    today = timezone.localtime(timezone.now(), zone)
    if local.date() == today.date():
        return _("today %(time)s") % {"time": date_filter(local, "H:i")}
    if local.year == today.year:
        return date_filter(local, pgettext("date and time format", "j F H:i"))
    return date_filter(local, pgettext("date format", "j F Y"))


@register.filter
def day(moment: datetime, zone: ZoneInfo | None = None) -> str:
    """Return the date of a moment: 3 May, or 3 May 2024 in another year."""
    local = timezone.localtime(moment, zone)
    is_this_year = local.year == timezone.localtime(timezone.now(), zone).year
    shape = pgettext("date format", "j F") if is_this_year else pgettext("date format", "j F Y")
    return date_filter(local, shape)


@register.filter
def grouped(code: str) -> str:
    """Return a card code in groups of four."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


@register.simple_tag
def qr_svg(text: str, label: str = "") -> SafeString:
    """Return a QR code as one SVG path, black on white with its margin."""
    matrix = qr.matrix(text)
    size = matrix.size()
    return format_html(
        '<svg class="qr" viewBox="0 0 {} {}" role="img" aria-label="{}"'
        ' shape-rendering="crispEdges"><rect width="{}" height="{}" fill="#fff"></rect>'
        '<path fill="#000" d="{}"></path></svg>',
        size,
        size,
        label or _("QR code"),
        size,
        size,
        matrix.svg_path(),
    )
