"""When a plan holds: dates, days, stores, hours; and how a card's rules are kept ready."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from loyalty.rules import compiling
from loyalty.rules.compiling import compiled
from loyalty.rules.plans import Outcome, plan_outcome
from loyalty.rules.terms import (
    AwardCriteria,
    CustomerType,
    Direction,
    Hours,
    PlanType,
    SpecialDay,
)
from tests.rules.shop import (
    a_bill,
    a_line,
    a_plan,
    bought,
    item,
    points,
    some_facts,
    some_terms,
)

LISBON, TOKYO = ZoneInfo("Europe/Lisbon"), ZoneInfo("Asia/Tokyo")


def outcome(plan, at, **changes):
    facts = {"store": changes.pop("store", ""), "at": at}
    facts["is_customer_day"] = changes.pop("is_customer_day", False)
    terms = some_terms(plan, **changes)
    return plan_outcome(plan, terms=terms, direction=Direction.SALE, facts=some_facts(**facts))


START, END = datetime(2026, 5, 1, 9, tzinfo=LISBON), datetime(2026, 5, 31, tzinfo=LISBON)
PERIOD_TABLE = [
    # start, until, moment, holds
    (START, END, datetime(2026, 5, 1, 8, 59, tzinfo=LISBON), False),
    (START, END, datetime(2026, 5, 1, 9, tzinfo=LISBON), True),
    (START, END, datetime(2026, 5, 30, 23, 59, tzinfo=LISBON), True),
    (START, END, datetime(2026, 5, 31, tzinfo=LISBON), False),
    # The same moment elsewhere: 09:00 in Lisbon is 17:00 in Tokyo.
    (START, END, datetime(2026, 5, 1, 16, 59, tzinfo=TOKYO), False),
    (START, END, datetime(2026, 5, 1, 17, tzinfo=TOKYO), True),
    (START, None, datetime(2126, 5, 1, tzinfo=LISBON), True),
    (None, END, datetime(1926, 5, 1, tzinfo=LISBON), True),
]


@pytest.mark.req("IV7.6", "IV7.7")
@pytest.mark.parametrize(("start", "until", "at", "holds"), PERIOD_TABLE)
def test_a_plan_holds_from_its_start_until_before_its_end(start, until, at, holds):
    found = outcome(a_plan(start=start, until=until), at)

    assert found == (Outcome.TOOK_PART if holds else Outcome.NOT_NOW)


# 14 May 2026 is a Thursday.
NIGHT = Hours(weekday=4, start=time(22), until=time(2))
HOURS_TABLE = [
    # row, moment in May 2026, holds
    (Hours(start=time(12), until=time(14)), "14 12:00", True),
    (Hours(start=time(12), until=time(14)), "14 13:59:59", True),
    (Hours(start=time(12), until=time(14)), "14 14:00", False),
    (Hours(start=time(12), until=time(14)), "14 11:59:59", False),
    (Hours(weekday=3), "14 00:00", True),
    (Hours(weekday=3), "15 00:00", False),
    (Hours(weekday=3, start=time(12), until=time(14)), "15 13:00", False),
    (Hours(start=time(18)), "14 23:59", True),
    (Hours(start=time(18)), "14 00:00", False),
    # Over midnight: Friday's night ends on Saturday, and Friday's small hours are Thursday's.
    (NIGHT, "15 22:00", True),
    (NIGHT, "16 01:59", True),
    (NIGHT, "16 02:00", False),
    (NIGHT, "15 01:00", False),
    (NIGHT, "16 22:00", False),
    (Hours(start=time(22), until=time(2)), "15 01:00", True),
    (Hours(start=time(22), until=time(2)), "15 21:00", False),
    # The night of Sunday ends on Monday.
    (Hours(weekday=6, start=time(22), until=time(2)), "18 01:00", True),
]


@pytest.mark.req("IV7.10")
@pytest.mark.parametrize(("row", "moment", "holds"), HOURS_TABLE)
def test_a_plan_holds_within_its_hours(row, moment, holds):
    day, clock = moment.split()
    at = datetime.combine(date(2026, 5, int(day)), time.fromisoformat(clock), tzinfo=LISBON)

    found = outcome(a_plan(hours=(row,)), at)

    assert found == (Outcome.TOOK_PART if holds else Outcome.WRONG_HOURS)


LUNCH = Hours(store="PORT", start=time(12), until=time(14))
STORE_TABLE = [
    # rows, store, outcome at noon
    ((), "PORT", Outcome.TOOK_PART),
    ((LUNCH,), "PORT", Outcome.TOOK_PART),
    ((LUNCH,), "HILL", Outcome.WRONG_STORE),
    ((LUNCH,), "", Outcome.WRONG_STORE),
    ((LUNCH, Hours(store="HILL", start=time(9), until=time(11))), "HILL", Outcome.WRONG_HOURS),
    ((LUNCH, Hours(store="HILL")), "HILL", Outcome.TOOK_PART),
    ((Hours(store="PORT", weekday=0), Hours(weekday=3)), "PORT", Outcome.TOOK_PART),
]


@pytest.mark.req("IV7.10")
@pytest.mark.parametrize(("rows", "store", "expected"), STORE_TABLE)
def test_any_row_for_the_store_opens_a_plan(rows, store, expected):
    noon = datetime(2026, 5, 14, 12, tzinfo=LISBON)

    assert outcome(a_plan(hours=rows), noon, store=store) == expected


@pytest.mark.req("IV7.11", "IV3.13")
def test_purchases_that_count_together_know_the_store_and_the_dates_but_no_hours():
    plan = a_plan(hours=(LUNCH,), start=START)
    evening, before = (datetime(2026, month, 14, 20, tzinfo=LISBON) for month in (5, 4))
    together = {"award_criteria": AwardCriteria.CUMULATIVE}

    found = [
        outcome(plan, evening, store="PORT"),
        outcome(plan, evening, store="PORT", **together),
        outcome(plan, evening, store="HILL", **together),
        outcome(plan, before, store="PORT", **together),
    ]

    assert found == [
        Outcome.WRONG_HOURS,
        Outcome.TOOK_PART,
        Outcome.WRONG_STORE,
        Outcome.NOT_NOW,
    ]


DAYS = (
    SpecialDay(code="OPENING", day=date(2026, 5, 14)),
    SpecialDay(code="LEAP", day=date(2024, 2, 29), is_yearly=True),
    SpecialDay(code="NEWYEAR", day=date(2020, 1, 1), is_yearly=True),
)
SPECIAL_TABLE = [
    # date, is special
    (date(2026, 5, 14), True),
    (date(2027, 5, 14), False),
    (date(2026, 1, 1), True),
    (date(2019, 1, 1), True),
    (date(2028, 2, 29), True),
    (date(2028, 2, 28), False),
    (date(2026, 2, 28), True),
    (date(2026, 3, 1), False),
]


@pytest.mark.req("IV7.5", "IV6.3")
@pytest.mark.parametrize(("day", "holds"), SPECIAL_TABLE)
def test_a_plan_for_special_days_holds_on_them_alone(day, holds):
    plan = a_plan(type=PlanType.SPECIAL_DAYS)
    at = datetime.combine(day, time(23, 30), tzinfo=LISBON)

    found = outcome(plan, at, special_days=DAYS)

    assert found == (Outcome.TOOK_PART if holds else Outcome.INACTIVE_DAY)


@pytest.mark.req("IV7.5")
@pytest.mark.parametrize("is_customer_day", [True, False])
def test_a_plan_for_customer_days_holds_on_the_members_own(is_customer_day):
    plan = a_plan(type=PlanType.CUSTOMER_DAYS)

    found = outcome(plan, START, is_customer_day=is_customer_day)

    assert found == (Outcome.TOOK_PART if is_customer_day else Outcome.INACTIVE_DAY)


@pytest.mark.req("IV7.1", "IV7.5", "IV3.17")
def test_plans_of_all_types_in_force_at_once_meet_in_conflict_resolution():
    day = SpecialDay(code="TODAY", day=date(2026, 5, 14))
    plans = (
        a_plan(a_line(award=2), code="N"),
        a_plan(a_line(award=3), code="S", type=PlanType.SPECIAL_DAYS),
        a_plan(a_line(award=5), code="C", type=PlanType.CUSTOMER_DAYS),
    )
    terms = some_terms(*plans, special_days=(day,))

    assert points(a_bill("1.00"), terms, is_customer_day=True) == 5
    assert points(a_bill("1.00"), terms) == 3
    assert points(a_bill("1.00"), some_terms(*plans)) == 2


def test_rules_are_compiled_once():
    terms, equal = (some_terms(a_plan(a_line(key=1))) for _ in range(2))

    assert terms == equal
    assert compiled(terms) is compiled(terms)
    assert compiled(terms) is not compiled(equal)


def test_a_process_holds_only_so_many_cards_ready(monkeypatch):
    monkeypatch.setattr(compiling, "MOST_COMPILED", 2)
    monkeypatch.setattr(compiling, "_COMPILED", {})
    cards = [some_terms(a_plan(a_line(award=number))) for number in range(5)]

    found = [points(a_bill("1.00"), terms) for terms in (*cards, *cards)]

    assert found == [0, 1, 2, 3, 4] * 2
    assert len(compiling._COMPILED) <= 2  # noqa: SLF001 - the limit is not seen from outside


def test_a_plan_holds_only_so_many_kinds_of_members_ready(monkeypatch):
    monkeypatch.setattr(compiling, "MOST_KINDS", 2)
    groups = [{"customer_type": CustomerType.GROUP, "customer_code": code} for code in "ABC"]
    terms = some_terms(
        a_plan(*(a_line(award=10**place, **group) for place, group in enumerate(groups)))
    )

    found = [
        points(a_bill("1.00"), terms, customer_groups=frozenset(held))
        for held in ("A", "AB", "ABC", "BC", "C", "", "A")
    ]

    assert found == [1, 11, 111, 110, 100, 0, 1]
    assert len(compiled(terms).plans[Direction.SALE][0].held) <= 2


def test_what_no_line_names_takes_no_room():
    terms = some_terms(a_plan(a_line(award=2, **item("COF")), a_line()))
    held = compiled(terms).plans[Direction.SALE][0].lines_for(some_facts())

    found = [points(a_bill(bought("1.00", code)), terms) for code in ("COF", *map(str, range(50)))]

    assert found == [2] + [1] * 50
    assert set(held.sights) == {("COF", ""), ("", "")}
