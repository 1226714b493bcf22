"""Days as people say them."""

from datetime import date, timedelta

from django.utils.dateformat import format as date_words
from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def day_words(day: date, *, today: date) -> str:
    """Return today, yesterday, 12 October, or 12 October 2024 in another year."""
    if day == today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    is_this_year = day.year == today.year
    shape = pgettext("date format", "j F") if is_this_year else pgettext("date format", "j F Y")
    return date_words(day, shape)
