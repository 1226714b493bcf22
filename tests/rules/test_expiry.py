"""Expiry: which row decides, what date it gives, and how far that date moves."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from loyalty.rules import expiry
from loyalty.rules.terms import (
    CustomerType,
    ExpiryMethod,
    ExpiryOverride,
    ExpiryRule,
    Terms,
    Unit,
)

LISBON, BERLIN, CAIRO = map(ZoneInfo, ("Europe/Lisbon", "Europe/Berlin", "Africa/Cairo"))
KIRITIMATI = ZoneInfo("Pacific/Kiritimati")
SILVER, GOLD = 2, 3

SLIDING_TABLE = [
    # awarded (UTC), days, zone, first instant without them (UTC)
    # Rules 13: 31 January and 90 days: the last day is 1 May.
    (datetime(2026, 1, 31, 10, tzinfo=UTC), 90, LISBON, datetime(2026, 5, 1, 23, tzinfo=UTC)),
    # The clock goes forward on 29 March: that day has 23 hours.
    (datetime(2026, 3, 28, 10, tzinfo=UTC), 1, BERLIN, datetime(2026, 3, 29, 22, tzinfo=UTC)),
    # 23:30 UTC on 27 February is the 28th in Berlin.
    (datetime(2024, 2, 27, 23, 30, tzinfo=UTC), 1, BERLIN, datetime(2024, 2, 29, 23, tzinfo=UTC)),
    (datetime(2026, 12, 31, 9, tzinfo=UTC), 0, KIRITIMATI, datetime(2026, 12, 31, 10, tzinfo=UTC)),
    # 24 April 2026 has no midnight in Cairo; it begins at one o'clock.
    (datetime(2026, 4, 22, 10, tzinfo=UTC), 1, CAIRO, datetime(2026, 4, 23, 22, tzinfo=UTC)),
]


@pytest.mark.req("IV4.2")
@pytest.mark.parametrize(("awarded", "days", "zone", "end"), SLIDING_TABLE)
def test_points_last_until_the_end_of_the_last_day(awarded, days, zone, end):
    found = expiry.sliding(awarded_at=awarded, days=days, zone=zone)
    by_row = gone_at(sliding(days), awarded_at=awarded, zone=zone)

    assert (found.astimezone(UTC), by_row.astimezone(UTC)) == (end, end)


def test_without_days_points_last_for_ever():
    awarded = datetime(2026, 5, 14, tzinfo=UTC)

    assert expiry.sliding(awarded_at=awarded, days=None, zone=LISBON) is None


def sliding(days, **changes):
    return ExpiryRule(method=ExpiryMethod.SLIDING, days=days, **changes)


def fixed(*day, **changes):
    return ExpiryRule(method=ExpiryMethod.FIXED, day=date(*day), **changes)


def gone_at(*rules, awarded_at, zone=UTC, unit=Unit.POINTS, tier_id=None, **changes):
    return expiry.date_of(
        terms=Terms(expiry_rules=rules, **changes),
        unit=unit,
        awarded_at=awarded_at,
        zone=zone,
        member="M1",
        customer_groups={"VIP", "CLUB"},
        tier_id=tier_id,
    )


def last_day(*rules, awarded_on=(2026, 1, 31), **changes):
    """Return the last day on which an award can be used, in Lisbon."""
    gone = gone_at(*rules, awarded_at=datetime(*awarded_on, 12, tzinfo=UTC), zone=LISBON, **changes)
    if gone is None:
        return None
    assert (gone.hour, gone.minute, gone.tzinfo) == (0, 0, LISBON)
    return date.fromordinal(gone.date().toordinal() - 1)


TO_ALL = sliding(10)
TO_GROUP = sliding(20, customer_type=CustomerType.GROUP, customer_code="VIP")
TO_OTHERS = sliding(30, customer_type=CustomerType.GROUP, customer_code="STAFF")
TO_M1 = sliding(40, customer_type=CustomerType.CODE, customer_code="M1")
TO_M2 = sliding(50, customer_type=CustomerType.CODE, customer_code="M2")
TO_GOLD = sliding(60, tier_id=GOLD)
GROUP_GOLD = sliding(70, customer_type=CustomerType.GROUP, customer_code="VIP", tier_id=GOLD)
NEWER = sliding(80)

# Rules 13: code before group before all, then the tier's before every tier's, then the newest.
CHOICE_TABLE = [
    # rows, tier, days of the row that decides
    ((), None, None),
    ((TO_OTHERS, TO_M2), None, None),
    ((TO_ALL,), None, 10),
    ((TO_GROUP, TO_ALL), None, 20),
    ((TO_M1, TO_GROUP, TO_ALL), GOLD, 40),
    ((TO_GOLD, TO_ALL), SILVER, 10),
    ((TO_GOLD, TO_ALL), None, 10),
    ((TO_GOLD, TO_ALL), GOLD, 60),
    # For whom comes before the tier.
    ((TO_GROUP, TO_GOLD), GOLD, 20),
    ((GROUP_GOLD, TO_GROUP), GOLD, 70),
    ((TO_M1, GROUP_GOLD), GOLD, 40),
    ((TO_ALL, NEWER), None, 80),
    ((NEWER, TO_ALL), None, 10),
]


@pytest.mark.req("IV4.1", "IV4.4", "IV4.6")
@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize(("rules", "tier_id", "days"), CHOICE_TABLE)
def test_the_closest_row_decides_and_the_newest_among_equals(rules, tier_id, days, unit):
    expected = days and date.fromordinal(date(2026, 1, 31).toordinal() + days)

    assert last_day(*rules, tier_id=tier_id, unit=unit) == expected


UNIT_TABLE = [
    # unit of the row, last day of points, last day of credit
    (None, date(2026, 2, 10), date(2026, 2, 10)),
    (Unit.POINTS, date(2026, 2, 10), None),
    (Unit.CREDIT, None, date(2026, 2, 10)),
]


@pytest.mark.req("IV4.1")
@pytest.mark.parametrize(("row_unit", "points", "credit"), UNIT_TABLE)
def test_a_row_holds_for_points_for_credit_or_for_both(row_unit, points, credit):
    rule = sliding(10, unit=row_unit)

    assert [last_day(rule, unit=unit) for unit in Unit] == [points, credit]


YEARLY = {"is_yearly": True}
FIXED_TABLE = [
    # row, awarded on, last day
    (fixed(2026, 6, 30), (2026, 1, 31), date(2026, 6, 30)),
    (fixed(2026, 6, 30), (2026, 6, 30), date(2026, 6, 30)),
    # A date that has passed says nothing: the card's 365 days hold.
    (fixed(2026, 6, 30), (2026, 7, 1), date(2027, 7, 1)),
    (fixed(2026, 6, 30, **YEARLY), (2026, 7, 1), date(2027, 6, 30)),
    (fixed(2020, 6, 30, **YEARLY), (2026, 6, 30), date(2026, 6, 30)),
    (fixed(2020, 6, 30, **YEARLY), (2026, 1, 31), date(2026, 6, 30)),
    (fixed(2020, 1, 1, **YEARLY), (2026, 12, 31), date(2027, 1, 1)),
    # The first date of a yearly row may be years ahead.
    (fixed(2028, 6, 30, **YEARLY), (2026, 1, 31), date(2028, 6, 30)),
    (fixed(2024, 2, 29, **YEARLY), (2026, 1, 31), date(2026, 2, 28)),
    (fixed(2024, 2, 29, **YEARLY), (2026, 3, 1), date(2027, 2, 28)),
    (fixed(2024, 2, 29, **YEARLY), (2027, 3, 1), date(2028, 2, 29)),
    (fixed(2024, 2, 28, **YEARLY), (2024, 2, 29), date(2025, 2, 28)),
]


@pytest.mark.req("IV4.3", "IV4.7")
@pytest.mark.parametrize(("rule", "awarded_on", "expected"), FIXED_TABLE)
def test_a_fixed_date_is_the_last_day_and_may_return_each_year(rule, awarded_on, expected):
    assert last_day(rule, awarded_on=awarded_on, expiry_days=365) == expected


@pytest.mark.req("IV4.3")
def test_a_passed_date_of_a_closer_row_leaves_the_decision_to_the_next_row():
    passed = fixed(2026, 1, 1, customer_type=CustomerType.CODE, customer_code="M1")

    assert last_day(passed, TO_ALL) == date(2026, 2, 10)


@pytest.mark.req("IV4.7")
@pytest.mark.parametrize("method", ExpiryMethod)
def test_a_row_without_its_days_or_its_date_says_nothing(method):
    assert last_day(ExpiryRule(method=method), TO_ALL) == date(2026, 2, 10)
    assert last_day(TO_ALL, ExpiryRule(method=method)) == date(2026, 2, 10)


def test_without_rows_the_cards_days_hold_and_without_days_points_last_for_ever():
    assert [last_day(expiry_days=days) for days in (90, 0, None)] == [
        date(2026, 5, 1),
        date(2026, 1, 31),
        None,
    ]


def test_a_row_comes_before_the_cards_days():
    assert last_day(TO_ALL, expiry_days=90) == date(2026, 2, 10)


OFF, AUTOMATIC, BY_HAND = ExpiryOverride.OFF, ExpiryOverride.AUTOMATIC, ExpiryOverride.BY_HAND

# Rules 13: the date is 30 June, to be moved within 10 days, grace 5 days.
OVERRIDE_TABLE = [
    # override, last use at the award, last use when moved as far as possible by a person
    (OFF, date(2026, 6, 30), date(2026, 6, 30)),
    (AUTOMATIC, date(2026, 7, 15), date(2026, 7, 15)),
    (BY_HAND, date(2026, 7, 5), date(2026, 7, 15)),
]


@pytest.mark.req("IV3.21", "IV3.22", "IV3.23")
@pytest.mark.parametrize(("override", "at_award", "extended"), OVERRIDE_TABLE)
@pytest.mark.parametrize("rules", [(fixed(2026, 6, 30),), (sliding(150),), ()])
def test_a_date_moves_as_far_as_the_card_lets_it(rules, override, at_award, extended):
    terms = Terms(
        expiry_rules=rules,
        expiry_days=150,
        expiry_override=override,
        expiry_override_days=10,
        expiry_grace_days=5,
    )
    gone = expiry.date_of(
        terms=terms,
        unit=Unit.POINTS,
        awarded_at=datetime(2026, 1, 31, 12, tzinfo=UTC),
        zone=LISBON,
        member="",
        customer_groups=frozenset(),
        tier_id=None,
    )

    most = expiry.most_extended(expires_at=gone, terms=terms, zone=LISBON)

    first_days_without = [date.fromordinal(day.toordinal() + 1) for day in (at_award, extended)]
    assert [gone, most] == [
        datetime(day.year, day.month, day.day, tzinfo=LISBON) for day in first_days_without
    ]


@pytest.mark.req("IV3.21")
@pytest.mark.parametrize("override", ExpiryOverride)
def test_points_that_last_for_ever_have_no_date_to_move(override):
    changes = {"expiry_override_days": 10, "expiry_grace_days": 5}

    assert last_day(expiry_override=override, **changes) is None


@pytest.mark.req("IV3.22")
def test_an_extension_over_the_change_of_the_clock_ends_at_midnight():
    terms = Terms(expiry_override=BY_HAND, expiry_override_days=7)
    gone = datetime(2026, 3, 27, tzinfo=BERLIN).astimezone(UTC)

    found = expiry.most_extended(expires_at=gone, terms=terms, zone=BERLIN)

    assert found.astimezone(UTC) == datetime(2026, 4, 2, 22, tzinfo=UTC)
