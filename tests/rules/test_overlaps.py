"""Two lines that both earn where one was meant are found, each with a purchase that shows it."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from loyalty.rules import overlaps as rules
from loyalty.rules.overlaps import overlaps
from loyalty.rules.terms import (
    ConflictBasis,
    ConflictMethod,
    CustomerType,
    Direction,
    Hours,
    PlanType,
    SpecialDay,
    TierTerms,
    TransactionCriteria,
)
from tests.rules.shop import (
    CREDIT,
    THURSDAY_NOON,
    a_line,
    a_plan,
    bill_quantity,
    bill_value,
    by_pieces,
    item,
    item_group,
    some_terms,
)

SUM = {"conflict_method": ConflictMethod.SUM}
COFFEE = {"COF": "DRINK"}


def found(*plans, groups=COFFEE, at=THURSDAY_NOON, plan_code=None, **settings):
    terms = some_terms(*plans, **settings)
    return overlaps(terms=terms, at=at, product_groups=groups, plan_code=plan_code)


def only(*plans, **settings):
    (overlap,) = found(*plans, **settings)
    return overlap


def given(overlap):
    return tuple(part.gives for part in overlap.parts), overlap.award.points


def for_member(code):
    return {"customer_type": CustomerType.CODE, "customer_code": code}


def for_group(code):
    return {"customer_type": CustomerType.GROUP, "customer_code": code}


@pytest.mark.req("IV7.1", "IV8.6")
def test_a_line_for_one_tier_beside_a_line_for_all_gives_twice_and_is_shown_with_a_bill():
    everybody, gold = a_line(value="10.00", award=1), a_line(value="10.00", award=2, tier_id=3)

    overlap = only(a_plan(everybody, gold), tiers=(TierTerms(tier_id=3, name="Gold", min_value=0),))

    assert [part.line for part in overlap.parts] == [everybody, gold]
    assert (overlap.basket.amount_minor, overlap.facts.tier_id) == (1000, 3)
    assert given(overlap) == ((1, 2), 3)


ALONE = [
    # what the second line asks for beside a first one for everything
    item("COF"),
    item_group("DRINK"),
    bill_value("50"),
    {"is_exempt": True},
    {"must_process": True},
    CREDIT,
]


@pytest.mark.parametrize("second", ALONE)
def test_lines_of_one_plan_that_are_meant_to_stand_side_by_side_do_not_overlap(second):
    assert found(a_plan(a_line(), a_line(**second))) == []


def test_two_bill_lines_overlap_from_the_larger_bill_on():
    overlap = only(
        a_plan(
            a_line(value="50", award=5, **bill_value("50")),
            a_line(value="100", award=10, **bill_value("100")),
        )
    )

    assert overlap.basket.amount_minor == 10000
    assert given(overlap) == ((10, 10), 20)


def test_bills_by_pieces_are_shown_with_as_many_pieces():
    overlap = only(
        a_plan(
            by_pieces(value="2", award=1, **bill_quantity("3")),
            by_pieces(value="1", award=1, **bill_quantity("5")),
        )
    )

    (line,) = overlap.basket.lines
    assert (line.quantity, line.amount_minor, given(overlap)) == (5, 1000, ((2, 5), 7))


def test_lines_for_two_tenders_are_shown_with_a_bill_paid_with_both():
    overlap = only(
        a_plan(
            a_line(value="10", tender="CARD", **bill_value("20")),
            a_line(value="10", tender="CASH", **bill_value("50")),
        )
    )

    assert [(paid.tender, paid.amount_minor) for paid in overlap.basket.payments] == [
        ("CARD", 2000),
        ("CASH", 5000),
    ]
    assert given(overlap) == ((2, 5), 7)


@pytest.mark.req("IV3.17")
def test_plans_that_compete_do_not_overlap_and_plans_that_add_up_do():
    plans = a_plan(a_line(), code="A"), a_plan(a_line(award=2), code="B")

    assert found(*plans) == []
    assert given(only(*plans, **SUM)) == ((1, 2), 3)


@pytest.mark.req("IV3.16")
def test_lines_compete_inside_a_plan_whose_own_method_picks_one():
    lines = a_line(), a_line(award=2)
    two_steps = {"conflict_basis": ConflictBasis.PLAN_GLOBAL}

    picked = found(a_plan(*lines, conflict_method=ConflictMethod.MAXIMUM), **two_steps)

    assert picked == []
    assert given(only(a_plan(*lines), **two_steps)) == ((1, 2), 3)


TOGETHER = [
    # first              second             product, group   or nothing together
    (item("COF"), item("COF"), ("COF", "DRINK")),
    (item("COF"), item_group("DRINK"), ("COF", "DRINK")),
    (item_group("FOOD"), {}, ("", "FOOD")),
    (item("COF"), item("TEA"), None),
    (item_group("FOOD"), item_group("DRINK"), None),
    (item("COF"), item_group("FOOD"), None),
]


@pytest.mark.req("IV8.8", "IV8.9")
@pytest.mark.parametrize(("first", "second", "expected"), TOGETHER)
def test_an_example_names_an_item_that_both_lines_look_at(first, second, expected):
    overlap = found(a_plan(a_line(**first), code="A"), a_plan(a_line(**second), code="B"), **SUM)

    assert [(one.basket.lines[0].product, one.basket.lines[0].group) for one in overlap] == (
        [expected] if expected else []
    )


WHO = [
    # first              second               member, groups     or nothing together
    ({}, for_member("M1"), ("M1", frozenset())),
    (for_group("VIP"), for_group("VIP"), ("", frozenset({"VIP"}))),
    (for_member("M1"), for_member("M2"), None),
    (for_group("VIP"), for_group("CREW"), None),
    (for_member("M1"), for_group("VIP"), None),
    ({"tier_id": 1}, {"tier_id": 2}, None),
]


@pytest.mark.req("IV8.4", "IV8.5")
@pytest.mark.parametrize(("first", "second", "expected"), WHO)
def test_an_example_is_of_a_member_that_both_lines_are_for(first, second, expected):
    overlap = found(a_plan(a_line(**first), a_line(**second)))

    assert [(one.facts.member, one.facts.customer_groups) for one in overlap] == (
        [expected] if expected else []
    )


def test_lines_for_the_third_and_after_the_fifth_purchase_are_shown_when_both_fire():
    third = a_line(transaction_count=3)
    later = a_line(transaction_criteria=TransactionCriteria.GREATER, transaction_count=5)

    overlap = only(a_plan(third, later))

    assert overlap.facts.ordinals == {third.key: 2, later.key: 5}


def test_plans_for_sales_and_for_buys_never_meet():
    assert (
        found(
            a_plan(a_line(), code="A"), a_plan(a_line(), code="B", direction=Direction.BUY), **SUM
        )
        == []
    )


@pytest.mark.req("IV7.10")
def test_plans_with_hours_are_shown_at_a_time_and_place_where_both_hold():
    weekend = a_plan(a_line(), code="A", hours=(Hours(weekday=5), Hours(weekday=6)))
    evening = a_plan(
        a_line(), code="B", hours=(Hours(store="QUAY", start=time(18), until=time(20)),)
    )

    overlap = only(weekend, evening, **SUM)

    assert (overlap.facts.at, overlap.facts.store) == (
        datetime(2026, 5, 16, 18, 0, tzinfo=UTC),
        "QUAY",
    )


def test_plans_whose_times_never_meet_do_not_overlap():
    early = a_plan(a_line(), code="A", until=THURSDAY_NOON)
    late = a_plan(a_line(), code="B", start=THURSDAY_NOON)

    assert found(early, late, **SUM) == []


SPECIAL = [
    # day                yearly  shown on
    (date(2026, 6, 1), False, date(2026, 6, 1)),
    (date(2020, 12, 24), True, date(2026, 12, 24)),
    (date(2020, 2, 29), True, date(2027, 2, 28)),
    (date(2026, 1, 1), False, None),
]


@pytest.mark.req("IV6.3", "IV7.5")
@pytest.mark.parametrize(("day", "is_yearly", "expected"), SPECIAL)
def test_a_plan_for_special_days_is_shown_on_its_next_one(day, is_yearly, expected):
    overlap = found(
        a_plan(a_line(), code="A"),
        a_plan(a_line(), code="B", type=PlanType.SPECIAL_DAYS),
        special_days=(SpecialDay(code="D", day=day, is_yearly=is_yearly),),
        **SUM,
    )

    assert [one.facts.at.date() for one in overlap] == ([expected] if expected else [])


def test_a_plan_for_birthdays_is_shown_on_a_birthday():
    plans = a_plan(a_line(), code="A"), a_plan(a_line(), code="B", type=PlanType.CUSTOMER_DAYS)

    assert only(*plans, **SUM).facts.is_customer_day


def test_a_plan_that_begins_later_is_shown_when_it_has_begun():
    start = THURSDAY_NOON + timedelta(days=40)

    overlap = only(a_plan(a_line(), code="A"), a_plan(a_line(), code="B", start=start), **SUM)

    assert overlap.facts.at == start


def test_bills_larger_than_the_card_takes_are_no_example():
    plan = a_plan(a_line(**bill_value("50")), a_line(**bill_value("100")))

    assert found(plan, max_amount_minor=9999) == []
    assert len(found(plan, max_amount_minor=10000)) == 1


def test_an_item_that_another_line_takes_out_is_no_example():
    plan = a_plan(a_line(**item("COF")), a_line(**item("COF")), a_line(is_exempt=True))

    assert found(plan) == []


def test_only_pairs_with_a_line_of_the_plan_that_was_saved_are_named():
    twice = a_plan(a_line(), a_line(), code="A")

    assert [len(found(twice, a_plan(a_line(), code="B"), plan_code=code)) for code in "AB"] == [
        1,
        0,
    ]


def test_a_search_ends_after_so_many_pairs_and_so_many_examples(monkeypatch):
    plan = a_plan(*(a_line() for _ in range(4)))
    out = replace(plan, lines=(*plan.lines, a_line(is_exempt=True)))

    assert len(found(plan)) == 3
    monkeypatch.setattr(rules, "MOST_TRIED", 1)
    assert found(out) == []
    assert len(found(plan)) == 1
