"""The lists that forms offer: countries, languages and time zones, in the reader's words."""

import zoneinfo
from collections.abc import Iterator

import phonenumbers
from django.conf.locale import LANG_INFO

from loyalty.web.money import reader_locale

Choice = tuple[str, str]


def countries() -> list[Choice]:
    """Return every country whose phone numbers we can read, by name."""
    names = reader_locale().territories
    found = [(code, str(names.get(code, code))) for code in phonenumbers.SUPPORTED_REGIONS]
    return sorted(found, key=lambda choice: choice[1])


def languages() -> list[Choice]:
    """Return the languages a card can speak, each by its own name."""
    return sorted(_languages(), key=lambda choice: choice[1].casefold())


def _languages() -> Iterator[Choice]:
    for code, facts in LANG_INFO.items():
        if "name_local" in facts:
            yield code, str(facts["name_local"])


def timezones() -> list[Choice]:
    """Return the time zones named after places."""
    zones = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone)
    found = [(zone, zone.replace("_", " ")) for zone in zones if not zone.startswith("Etc/")]
    return [*found, ("UTC", "UTC")]
