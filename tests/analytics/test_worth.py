"""What a programme costs beside what it sells, and the figures of the first page."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from loyalty.analytics import overview, rollups, worth
from loyalty.analytics.spans import Span
from tests.analytics import comparing, raw
from tests.cast import NOON, join, make_cast, make_tier, publish
from tests.operations.counter import adjust, buy, days, redeem, roll_back
from tests.operations.money import refund
from tests.operations.test_statements import counted

pytestmark = pytest.mark.django_db
MAY = Span(first=date(2026, 5, 1), until=date(2026, 6, 1))


def told(cast, span=MAY):
    found = worth.programmes(scope=comparing.whole(cast), span=span, at=NOON + days(20))
    return {one.currency: one for one in found}


def test_the_cost_of_rewards_is_told_beside_the_sales():
    cast = make_cast(base_rate=Decimal("0.02"), refund_method="ALL", credit_per_step_minor=2)
    buy(cast, 30_000)
    redeem(cast)
    refund(cast, buy(cast, 1000), 400)
    roll_back(cast, buy(cast, 5000), at=NOON)
    buy(cast, 700, at=NOON + days(40))
    rollups.rebuild(partner=cast.partner, at=raw.later())

    found = told(cast)["EUR"]

    assert (found.sales_minor, found.points, found.points_minor) == (30_600, 200, 400)
    assert (found.credit_minor, found.cost_minor, found.unpriced_points) == (0, 400, 0)
    assert found.cost_share == Decimal("0.0131")


def test_a_point_redeemed_is_worth_what_the_open_ones_are_by_tier():
    cast = make_cast(base_rate=Decimal("0.01"))
    make_tier(cast.card, "Gold", 300, rate=Decimal("0.03"))
    publish(cast.card)
    noor = join(cast.noor, cast.card)
    buy(cast, 50_000)
    buy(cast, 10_000, membership=noor)
    redeem(cast)
    assert told(cast)["EUR"].points_minor == 200
    rollups.rebuild(partner=cast.partner, at=raw.later())

    # 300 points are open on Gold at 3 cents each and 100 below at 1.
    assert told(cast)["EUR"].points_minor == 200 * (300 * 3 + 100) // 400


def test_points_of_cards_that_give_them_no_worth_are_told_apart():
    cast = make_cast()
    adjust(cast, 500)
    redeem(cast)

    found = told(cast)["EUR"]

    assert (found.points, found.points_minor, found.unpriced_points) == (200, 0, 200)
    assert found.cost_share is None


@pytest.mark.parametrize("is_kept", [True, False])
def test_the_first_page_tells_seven_days_and_the_seven_before(is_kept):
    cast = make_cast()
    noor = join(cast.noor, cast.card, at=NOON - days(3))
    adjust(cast, 500, at=NOON - days(20))
    buy(cast, 2000, at=NOON - days(9))
    buy(cast, 3000, at=NOON - days(6))
    redeem(cast, at=NOON)
    buy(cast, 1000, membership=noor)
    roll_back(cast, buy(cast, 900), at=NOON)
    if is_kept:
        raw.roll(cast.partner)

    with counted() as statements:
        found = overview.overview(scope=comparing.whole(cast), at=NOON)

    pairs = (found.members, found.points, found.rewards)
    assert [(one.now, one.before) for one in pairs] == [(2, 1), (40, 20), (1, 0)]
    visits = {(NOON.date() - day).days: count for day, count in found.visits.items() if count}
    assert (len(found.visits), visits) == (14, {9: 1, 6: 1, 0: 2})
    assert len(statements) == (5 if is_kept else 4), "\n".join(statements)


def test_active_members_of_the_first_page_are_those_of_the_days_count():
    cast = make_cast()
    noor = join(cast.noor, cast.card)
    at = raw.later()
    buy(cast, 1000, at=at - timedelta(days=2))
    buy(cast, 1000, at=at - timedelta(days=9))
    buy(cast, 1000, at=at - timedelta(days=10), membership=noor)
    raw.roll(cast.partner, at=at, counts=True)

    found = overview.overview(scope=comparing.whole(cast), at=at)

    assert (found.active.now, found.active.before) == (1, 2)


def test_nobody_is_told_to_be_active_on_the_first_page_before_the_first_count():
    cast = make_cast()
    buy(cast, 1000)

    assert overview.overview(scope=comparing.whole(cast), at=NOON).active is None
