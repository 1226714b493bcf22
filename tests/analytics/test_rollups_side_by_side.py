"""Workers side by side at the same sums, and a counter that books meanwhile."""

from datetime import date

import pytest

from loyalty.analytics import rollups
from loyalty.analytics.spans import Span
from tests.analytics import comparing, raw
from tests.cast import NOON, make_cast
from tests.operations.counter import buy, days, redeem
from tests.races.crowd import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
SPAN = Span(first=date(2026, 4, 20), until=date(2026, 6, 20))


def test_two_workers_and_a_counter_leave_the_same_sums_as_one_worker_alone():
    cast = make_cast()
    for day in range(6):
        buy(cast, 10_000, at=NOON + days(day))
    at = raw.later()

    def work():
        return raw.roll(cast.partner, at=at)

    def serve():
        buy(cast, 300, at=NOON + days(1))
        redeem(cast, at=NOON + days(2))

    together(work, work, serve)

    comparing.sums_are_the_ledgers(comparing.whole(cast), SPAN)
    raw.roll(cast.partner)
    bit_by_bit = comparing.kept()
    comparing.baskets_are_the_ledgers(comparing.whole(cast), SPAN)
    rollups.rebuild(partner=cast.partner, at=raw.later())
    assert comparing.kept() == bit_by_bit
