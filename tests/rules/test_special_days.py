"""Birthdays and anniversaries: when they are, how long they last, since when they count."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.special_days import (
    effective_birthday,
    is_special,
    latest_anniversary,
    may_change_birthday,
    occurred,
    occurrence,
)
from loyalty.rules.terms import SpecialWindow

MONDAY, SATURDAY = 0, 5
BIRTHDAY = date(1990, 5, 14)
LEAP = date(2000, 2, 29)


def special(day, *occasions, window=SpecialWindow.DAY, before=0, after=0, week_start=MONDAY):
    return is_special(
        day=day,
        occasions=occasions,
        window=window,
        before=before,
        after=after,
        week_start=week_start,
    )


# Rules 12: birthday 14 May, a Thursday in 2026; 3 days back, 5 forward.
WINDOW_TABLE = [
    # date 2026, day, week from Monday, week from Saturday, month, -3/+5
    (date(2026, 5, 1), False, False, False, True, False),
    (date(2026, 5, 9), False, False, True, True, False),
    (date(2026, 5, 11), False, True, True, True, True),
    (date(2026, 5, 14), True, True, True, True, True),
    (date(2026, 5, 16), False, True, False, True, True),
    (date(2026, 5, 17), False, True, False, True, True),
    (date(2026, 5, 19), False, False, False, True, True),
    (date(2026, 5, 31), False, False, False, True, False),
    (date(2026, 6, 1), False, False, False, False, False),
]


@pytest.mark.req("IV3.14", "IV3.15", "IV6.1")
@pytest.mark.parametrize(("day", "alone", "week", "sat_week", "month", "around"), WINDOW_TABLE)
def test_a_birthday_lasts_as_long_as_the_card_says(day, alone, week, sat_week, month, around):
    found = (
        special(day, BIRTHDAY, window=SpecialWindow.DAY),
        special(day, BIRTHDAY, window=SpecialWindow.WEEK),
        special(day, BIRTHDAY, window=SpecialWindow.WEEK, week_start=SATURDAY),
        special(day, BIRTHDAY, window=SpecialWindow.MONTH),
        special(day, BIRTHDAY, window=SpecialWindow.DAYS, before=3, after=5),
    )

    assert found == (alone, week, sat_week, month, around)


DAYS, WEEK, MONTH = SpecialWindow.DAYS, SpecialWindow.WEEK, SpecialWindow.MONTH
YEAR_END_TABLE = [
    # day, occasion, window, before, after, is special
    (date(2026, 12, 29), date(1980, 1, 1), DAYS, 3, 0, True),
    (date(2026, 12, 28), date(1980, 1, 1), DAYS, 3, 0, False),
    (date(2027, 1, 2), date(1980, 12, 30), DAYS, 0, 3, True),
    (date(2027, 1, 3), date(1980, 12, 30), DAYS, 0, 3, False),
    # The week of Monday 28 December 2026 holds both ends of the year.
    (date(2026, 12, 28), date(1980, 1, 2), WEEK, 0, 0, True),
    (date(2027, 1, 3), date(1980, 12, 28), WEEK, 0, 0, True),
    (date(2027, 1, 4), date(1980, 12, 28), WEEK, 0, 0, False),
    (date(2026, 12, 1), date(1980, 12, 31), MONTH, 0, 0, True),
    (date(2026, 12, 31), date(1980, 1, 1), MONTH, 0, 0, False),
    (date(2026, 1, 31), date(1980, 1, 1), MONTH, 0, 0, True),
    (date(2026, 7, 1), date(1980, 1, 1), DAYS, 366, 0, True),
]


@pytest.mark.req("IV3.14", "IV3.15")
@pytest.mark.parametrize(
    ("day", "occasion", "window", "before", "after", "expected"), YEAR_END_TABLE
)
def test_special_days_run_over_the_end_of_a_year(day, occasion, window, before, after, expected):
    assert special(day, occasion, window=window, before=before, after=after) == expected


LEAP_TABLE = [
    # day, is it the birthday of someone born on 29 February
    (date(2026, 2, 27), False),
    (date(2026, 2, 28), True),
    (date(2026, 3, 1), False),
    (date(2028, 2, 28), False),
    (date(2028, 2, 29), True),
    (date(2100, 2, 28), True),
]


@pytest.mark.req("IV3.14")
@pytest.mark.parametrize(("day", "expected"), LEAP_TABLE)
def test_a_leap_day_is_on_28_february_in_common_years(day, expected):
    assert (special(day, LEAP), occurrence(day=day, occasion=LEAP) == day) == (expected, expected)


def test_each_of_several_occasions_counts_and_none_is_no_special_day():
    wedding = date(2001, 9, 9)

    found = [special(date(2026, 9, 9), *days) for days in ((), (BIRTHDAY,), (BIRTHDAY, wedding))]

    assert found == [False, False, True]


dates = st.dates(date(1900, 1, 1), date(2200, 12, 31))


@given(dates, dates, st.integers(0, 40), st.integers(0, 40))
def test_the_days_around_an_occasion_are_those_counted_one_by_one(day, occasion, before, after):
    around = (day + timedelta(days=distance) for distance in range(-after, before + 1))

    expected = any(occurrence(day=other, occasion=occasion) == other for other in around)

    assert special(day, occasion, window=DAYS, before=before, after=after) == expected


@given(dates, dates, st.sampled_from([0, 5, 6]))
def test_every_occasion_makes_seven_days_of_a_week_special(day, occasion, week_start):
    this_year = occurrence(day=day, occasion=occasion)
    around = (this_year + timedelta(days=distance) for distance in range(-7, 8))

    found = [
        other for other in around if special(other, occasion, window=WEEK, week_start=week_start)
    ]

    assert found == [found[0] + timedelta(days=number) for number in range(7)]
    assert (found[0].weekday(), this_year in found) == (week_start, True)


OCCURRED_TABLE = [
    # day, occasion, days late, which occurrence
    (date(2026, 5, 14), BIRTHDAY, 0, date(2026, 5, 14)),
    (date(2026, 5, 15), BIRTHDAY, 0, None),
    (date(2026, 5, 17), BIRTHDAY, 3, date(2026, 5, 14)),
    (date(2026, 5, 18), BIRTHDAY, 3, None),
    (date(2026, 5, 13), BIRTHDAY, 3, None),
    (date(2027, 1, 2), date(1980, 12, 31), 2, date(2026, 12, 31)),
    (date(2027, 3, 1), LEAP, 1, date(2027, 2, 28)),
]


@pytest.mark.req("PA2.6")
@pytest.mark.parametrize(("day", "occasion", "late", "expected"), OCCURRED_TABLE)
def test_a_late_look_still_finds_the_birthday_and_its_year(day, occasion, late, expected):
    assert occurred(day=day, occasion=occasion, late_days=late) == expected


NEW, OLD, CHANGED = date(1990, 6, 1), date(1990, 5, 14), date(2026, 5, 1)
CHANGE_TABLE = [
    # today, former, changed on, birthday that counts
    (date(2026, 5, 1), OLD, CHANGED, OLD),
    (date(2026, 5, 30), OLD, CHANGED, OLD),
    (date(2026, 5, 31), OLD, CHANGED, NEW),
    (date(2026, 5, 30), None, CHANGED, None),
    (date(2026, 5, 1), None, None, NEW),
]


@pytest.mark.req("IV3.14")
@pytest.mark.parametrize(("today", "former", "changed_on", "expected"), CHANGE_TABLE)
def test_a_changed_birthday_counts_after_thirty_days(today, former, changed_on, expected):
    found = effective_birthday(birthday=NEW, former=former, changed_on=changed_on, today=today)

    assert found == expected


ONCE_A_YEAR_TABLE = [
    # changed on, today, may it change
    (None, date(2026, 5, 1), True),
    (CHANGED, date(2026, 5, 1), False),
    (CHANGED, date(2027, 4, 30), False),
    (CHANGED, date(2027, 5, 1), True),
    (date(2028, 2, 29), date(2029, 2, 27), False),
    (date(2028, 2, 29), date(2029, 2, 28), True),
]


@pytest.mark.parametrize(("changed_on", "today", "expected"), ONCE_A_YEAR_TABLE)
def test_a_birthday_may_change_once_a_year(changed_on, today, expected):
    assert may_change_birthday(changed_on=changed_on, today=today) == expected


ANNIVERSARY_TABLE = [
    # joined, today, last anniversary
    (date(2025, 5, 14), date(2025, 8, 1), date(2025, 5, 14)),
    (date(2025, 5, 14), date(2026, 5, 13), date(2025, 5, 14)),
    (date(2025, 5, 14), date(2026, 5, 14), date(2026, 5, 14)),
    (date(2024, 2, 29), date(2026, 3, 1), date(2026, 2, 28)),
    (date(2026, 5, 14), date(2026, 5, 13), date(2026, 5, 14)),
]


@pytest.mark.parametrize(("joined", "today", "expected"), ANNIVERSARY_TABLE)
def test_the_last_anniversary_of_joining_is_never_before_joining(joined, today, expected):
    assert latest_anniversary(today=today, joined=joined) == expected
