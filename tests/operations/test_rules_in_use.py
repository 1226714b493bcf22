"""Rules that look at a member's past and calendar, from purchase to purchase."""

from datetime import date

import pytest

from cards.models import Plan, PlanLine
from loyalty.members.models import Member
from tests.cast import NOON, make_cast, publish
from tests.operations.counter import balance, buy, days, undo

pytestmark = pytest.mark.django_db


def planned(cast, **plan):
    fields = {"code": "BASE", "name": "Base", "start_date": (NOON - days(100)).date(), **plan}
    return Plan.objects.create(partner=cast.partner, card=cast.card, **fields)


def lined(plan, **line):
    fields = {"value_minor": 10_000, "award_points": 10, **line}
    return PlanLine.objects.create(plan=plan, **fields)


# Rules 3: 30 days, every 100.00 gives 10.
CUMULATIVE_STORY = [
    # day, spent, booked
    (1, 6000, 0),
    (10, 6000, 10),
    (20, 9000, 10),
    (35, 5000, 0),
    (41, 6000, 10),
    (75, 24_000, 20),
]


@pytest.mark.req("IV3.13", "IV7.11")
def test_small_bills_of_thirty_days_add_up_and_nothing_is_paid_twice():
    cast = make_cast(uses_plans=True, award_criteria="CUMULATIVE", cumulative_days=30)
    lined(planned(cast))
    publish(cast.card)

    booked = [buy(cast, spent, at=NOON + days(day)).points for day, spent, _ in CUMULATIVE_STORY]

    assert booked == [points for _, _, points in CUMULATIVE_STORY]


@pytest.mark.req("IV3.13")
@pytest.mark.parametrize(("later", "booked"), [(29, 10), (30, 0)])
def test_thirty_days_that_count_together_are_today_and_the_twenty_nine_before(later, booked):
    cast = make_cast(uses_plans=True, award_criteria="CUMULATIVE", cumulative_days=30)
    lined(planned(cast))
    publish(cast.card)
    buy(cast, 6000)

    assert buy(cast, 6000, at=NOON + days(later)).points == booked


@pytest.mark.req("IV8.12", "IV8.13")
@pytest.mark.parametrize(
    ("criteria", "fired"),
    [
        ("EVERY", [0, 0, 10, 0, 0, 10, 0]),
        ("EQUAL", [0, 0, 10, 0, 0, 0, 0]),
        ("GREATER", [0, 0, 0, 10, 10, 10, 10]),
    ],
)
def test_a_line_counts_the_purchases_that_meet_it(criteria, fired):
    cast = make_cast(uses_plans=True)
    line = {"transaction_criteria": criteria, "transaction_count": 3, "calculation_on": "AT_LEAST"}
    lined(planned(cast), value_minor=100, **line)
    publish(cast.card)

    assert [buy(cast, 500, at=NOON + days(number)).points for number in range(7)] == fired


@pytest.mark.req("IV8.12", "R11.2")
def test_an_undone_purchase_frees_its_place_in_the_count():
    cast = make_cast(uses_plans=True)
    line = {"transaction_count": 2, "calculation_on": "AT_LEAST"}
    lined(planned(cast), value_minor=100, **line)
    publish(cast.card)
    buy(cast, 500)

    undone = buy(cast, 500)
    undo(cast, undone)
    again = buy(cast, 500)

    assert (undone.points, again.points, balance(cast)) == (10, 10, 10)


@pytest.mark.req("IV6.1", "IV6.2", "IV3.14", "IV7.5")
def test_a_plan_for_members_days_works_in_the_week_of_their_birthday():
    cast = make_cast(uses_plans=True, special_window="WEEK", conflict_method="SUM")
    lined(planned(cast), value_minor=100, award_points=1)
    lined(planned(cast, code="BDAY", name="Birthday", type="CUSTOMER_DAYS"), value_minor=100)
    publish(cast.card)
    # 14 May 2026 is a Thursday; its week begins on Monday, 11 May.
    Member.objects.filter(pk=cast.membership.member_id).update(birth_day=14, birth_month=5)

    bought = [buy(cast, 100, at=NOON + days(away)).points for away in (-4, -3, 0, 3, 4)]

    assert bought == [1, 11, 11, 11, 1]


@pytest.mark.req("IV6.1", "IV6.2")
def test_a_plan_for_members_days_works_on_their_anniversary_too():
    cast = make_cast(uses_plans=True)
    lined(planned(cast, type="CUSTOMER_DAYS"), value_minor=100)
    publish(cast.card)
    Member.objects.filter(pk=cast.membership.member_id).update(anniversary=date(2011, 5, 14))

    assert [buy(cast, 100, at=NOON + days(away)).points for away in (-1, 0, 1)] == [0, 10, 0]


@pytest.mark.req("IV6.3", "IV7.5")
def test_a_plan_for_the_programmes_days_works_on_them_alone():
    cast = make_cast(uses_plans=True)
    cast.card.special_days.create(
        partner=cast.partner, code="OPEN", name="Opening day", day=date(2020, 5, 14), is_yearly=True
    )
    lined(planned(cast, type="SPECIAL_DAYS"), value_minor=100)
    publish(cast.card)

    assert [buy(cast, 100, at=NOON + days(away)).points for away in (-1, 0, 1)] == [0, 10, 0]


@pytest.mark.req("R3.1")
def test_a_limit_per_day_counts_what_was_given_since_midnight():
    cast = make_cast(max_points_day=15)

    bought = [buy(cast, 1000, at=NOON + days(away)).points for away in (0, 0, 0, 1)]

    assert bought == [10, 5, 0, 10]
