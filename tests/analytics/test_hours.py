"""When members come: visits by weekday and hour, on the clock of the place."""

from datetime import UTC, date, datetime

import pytest

from clubs.models import Store
from loyalty.analytics import hours
from loyalty.analytics.models import DayHour, MonthHour
from loyalty.analytics.spans import Span
from tests.analytics import comparing, raw
from tests.cast import NOON, make_cast
from tests.operations.counter import adjust, buy, days, redeem, roll_back
from tests.operations.test_statements import counted

pytestmark = pytest.mark.django_db
MAY = Span(first=date(2026, 5, 1), until=date(2026, 6, 1))
# 14 May 2026 is a Thursday; at noon UTC it is one o'clock in Lisbon.
THURSDAY = 4


def seen(cast, span=MAY, **place):
    return hours.heat_map(scope=comparing.whole(cast, **place), span=span, at=NOON)


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.req("R6.5")
def test_visits_are_told_by_weekday_and_hour(is_kept):
    cast = make_cast()
    adjust(cast, 500)
    for at in (NOON, NOON + days(7), NOON + days(8)):
        buy(cast, 1000, at=at)
    redeem(cast)
    buy(cast, 1000, at=NOON + days(30))
    if is_kept:
        raw.roll(cast.partner)

    found = seen(cast)

    assert found.visits == {(THURSDAY, 13): 3, (THURSDAY + 1, 13): 1}
    assert (found.total, found.most) == (4, 3)
    assert found.rows()[THURSDAY - 1] == (THURSDAY, [0] * 13 + [3] + [0] * 10)
    assert found.visits == raw.hours(comparing.whole(cast), MAY)


@pytest.mark.parametrize("rolls", [(), ("before",), ("after",), ("before", "after")])
def test_a_visit_that_is_undone_is_left_out_of_its_own_hour(rolls):
    cast = make_cast()
    buy(cast, 800, at=NOON - days(1))
    bought = buy(cast, 1000)
    if "before" in rolls:
        raw.roll(cast.partner)
    roll_back(cast, bought, at=NOON + days(40))
    if "after" in rolls:
        raw.roll(cast.partner)

    assert seen(cast).visits == {(THURSDAY - 1, 13): 1}
    shop = seen(cast, store_id=cast.old_port.pk)
    assert shop.visits == seen(cast, actor_id=cast.sam.pk).visits == {(THURSDAY - 1, 13): 1}


@pytest.mark.parametrize("is_kept", [True, False])
def test_the_clock_is_that_of_the_store(is_kept):
    cast = make_cast()
    Store.objects.filter(pk=cast.old_port.pk).update(timezone="Asia/Tokyo")
    buy(cast, 1000, at=datetime(2026, 5, 14, 20, 30, tzinfo=UTC))
    if is_kept:
        raw.roll(cast.partner)

    found = seen(cast)

    assert found.visits == {(THURSDAY + 1, 5): 1}
    assert found.visits == raw.hours(comparing.whole(cast), MAY)


def test_long_spans_read_months_and_few_statements():
    cast = make_cast()
    for number in range(40):
        buy(cast, 100, at=NOON + days(number))
    raw.roll(cast.partner)
    span = Span(first=date(2026, 4, 20), until=date(2026, 6, 10))
    assert (DayHour.objects.count(), MonthHour.objects.count()) == (40, 14)

    with counted() as statements:
        found = seen(cast, span)

    assert len(statements) == 5, "\n".join(statements)
    assert found.visits == raw.hours(comparing.whole(cast), span)
