"""When a member's own days are: birthdays and anniversaries, and since when they count."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import assert_never

from loyalty.rules.terms import SpecialWindow

# Without a wait, a birthday set today would earn today; and again with each change (rules 12).
WAIT_DAYS = 30
LAST_WEEKDAY = 6
FEBRUARY, LEAP_DAY = 2, 29


def occurrence(*, day: date, occasion: date) -> date:
    """Return the occasion's date in the year of ``day``; its own year is ignored.

    29 February is on 28 February in common years. Source: rules 12.
    """
    return _in_year(occasion, day.year)


def is_special(
    *,
    day: date,
    occasions: Sequence[date],
    window: SpecialWindow,
    before: int,
    after: int,
    week_start: int,
) -> bool:
    """Return whether a day lies within the window around one of a member's occasions.

    ``before`` and ``after`` are whole days and hold for DAYS alone; ``week_start`` is the first
    weekday of a week, Monday 0, and holds for WEEK alone. Days and weeks run over the end of a
    year. Source: IV3.14, IV3.15, rules 12.
    """
    first, last = _reach(day, window, before, after, week_start)
    return any(
        first <= _in_year(occasion, year) <= last
        for occasion in occasions
        for year in range(first.year, last.year + 1)
    )


def occurred(*, day: date, occasion: date, late_days: int) -> date | None:
    """Return the occurrence on ``day`` or at most ``late_days`` before it, or None.

    A job that missed some days still finds what happened in them, and in which year.
    """
    latest = _latest(day, occasion)
    return latest if day - latest <= timedelta(days=late_days) else None


def effective_birthday(
    *, birthday: date | None, former: date | None, changed_on: date | None, today: date
) -> date | None:
    """Return the birthday that counts for rewards: for 30 days after a change, the former one.

    A birthday told at enrolment has no day of change and counts at once. Source: rules 12.
    """
    if changed_on is None or today >= changed_on + timedelta(days=WAIT_DAYS):
        return birthday
    return former


def may_change_birthday(*, changed_on: date | None, today: date) -> bool:
    """Return whether a birthday may be changed again: a year after the last change, or never yet.

    Source: rules 12.
    """
    return changed_on is None or today >= _in_year(changed_on, changed_on.year + 1)


def latest_anniversary(*, today: date, joined: date) -> date:
    """Return the last anniversary of joining, today's included; in the first year, joining."""
    return max(joined, _latest(today, joined))


def _reach(
    day: date, window: SpecialWindow, before: int, after: int, week_start: int
) -> tuple[date, date]:
    """Return the first and the last date on which an occasion makes ``day`` special."""
    match window:
        case SpecialWindow.DAY:
            return day, day
        case SpecialWindow.WEEK:
            first = day - timedelta(days=(day.weekday() - week_start) % 7)
            return first, first + timedelta(days=LAST_WEEKDAY)
        case SpecialWindow.MONTH:
            first = day.replace(day=1)
            following = (first + timedelta(days=31)).replace(day=1)
            return first, following - timedelta(days=1)
        case SpecialWindow.DAYS:
            # A day ``after`` days behind the occasion sees it that far back.
            return day - timedelta(days=after), day + timedelta(days=before)
        case unknown:
            assert_never(unknown)


def _latest(day: date, occasion: date) -> date:
    here = _in_year(occasion, day.year)
    return here if here <= day else _in_year(occasion, day.year - 1)


def _in_year(occasion: date, year: int) -> date:
    if (occasion.month, occasion.day) != (FEBRUARY, LEAP_DAY):
        return occasion.replace(year=year)
    return date(year, 3, 1) - timedelta(days=1)
