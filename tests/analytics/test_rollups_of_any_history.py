"""Sums equal the ledger, whatever happened in whatever order, and however far the job came."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from loyalty.analytics import rollups
from loyalty.analytics.spans import Span
from tests.analytics import comparing, raw
from tests.analytics.histories import BEGIN, ZONES, Past, histories, undone
from tests.ledger.machine_days import BonusDay, CafeDay, FamilyDay, MoneyDay

pytestmark = pytest.mark.django_db
spans = st.builds(
    lambda first, days: Span(
        first=BEGIN.date() + timedelta(days=first),
        until=BEGIN.date() + timedelta(days=first + days),
    ),
    st.integers(-60, 50),
    st.integers(1, 100),
)


@pytest.mark.req("R6.3", "R6.4")
@pytest.mark.slow
@settings(max_examples=6)
@given(zone=st.sampled_from(ZONES), deeds=histories, some=st.lists(spans, min_size=2, max_size=2))
def test_sums_equal_the_ledger_for_any_history_and_any_span(zone, deeds, some):
    with undone():
        cast = Past(zone, deeds).cast
        for scope in comparing.scopes(cast):
            for span in some:
                comparing.sums_are_the_ledgers(scope, span)


@pytest.mark.slow
@settings(max_examples=6)
@given(zone=st.sampled_from(ZONES), deeds=histories, some=spans)
def test_what_is_kept_is_the_same_however_often_the_job_ran(zone, deeds, some):
    with undone():
        cast = Past(zone, deeds).cast
        raw.roll(cast.partner)
        bit_by_bit = comparing.kept()
        comparing.baskets_are_the_ledgers(comparing.whole(cast), some)

        rollups.rebuild(partner=cast.partner, at=raw.later())

        assert comparing.kept() == bit_by_bit
        assert raw.roll(cast.partner) == 0


@pytest.mark.req("R6.1", "R6.5")
@pytest.mark.slow
@settings(max_examples=6)
@given(
    zone=st.sampled_from(ZONES), deeds=histories, day=st.integers(0, 150), some=spans, more=spans
)
def test_members_counted_one_by_one_equal_the_ledger_for_any_history(zone, deeds, day, some, more):
    with undone():
        cast = Past(zone, deeds).cast
        comparing.tier_moves_are_the_ledgers(comparing.whole(cast), some)
        raw.roll(cast.partner)

        today = BEGIN.date() + timedelta(days=day)
        comparing.counts_are_the_ledgers(cast, today, some, some.before(), more)
        comparing.tier_moves_are_the_ledgers(comparing.whole(cast), some)


class Kept:
    """A day at a place during which the job runs now and then."""

    @rule(steps=st.sampled_from([1, 2, 100]))
    def roll_up(self, steps):
        raw.roll(self.cast.partner, steps=steps)

    def teardown(self):
        if hasattr(self, "held"):
            first = date(2026, 5, 1)
            for days in (14, 17, 45):
                span = Span(first=first, until=first + timedelta(days=days))
                comparing.sums_are_the_ledgers(comparing.whole(self.cast), span)
            raw.roll(self.cast.partner)
            comparing.baskets_are_the_ledgers(comparing.whole(self.cast), span)
        super().teardown()


class KeptCafe(Kept, CafeDay):
    pass


class KeptMoney(Kept, MoneyDay):
    pass


class KeptBonuses(Kept, BonusDay):
    pass


class KeptFamily(Kept, FamilyDay):
    pass


@pytest.mark.slow
@pytest.mark.req("R6.3", "R6.4")
@pytest.mark.parametrize("machine", [KeptCafe, KeptMoney, KeptBonuses, KeptFamily])
def test_sums_equal_the_ledger_after_all_deeds_in_any_order(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=3, stateful_step_count=20, database=None),
    )
