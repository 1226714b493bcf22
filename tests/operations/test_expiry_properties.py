"""A property of expiry: when it is booked changes nothing in the ledger (rules 13)."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.ledger.models import Entry, LotUse, TierChange, Transaction
from loyalty.members.models import Account
from loyalty.operations import expiries
from tests.cast import NOON, join, make_cast, make_tier
from tests.operations.counter import buy, days


def run(at):
    while expiries.book_expiry(at=at):
        pass


@pytest.mark.django_db
@pytest.mark.req("PA2.5", "IV4.2")
@settings(max_examples=12)
@given(
    deeds=st.lists(
        st.tuples(st.integers(0, 9), st.integers(1, 30), st.booleans()), min_size=1, max_size=6
    ),
    gaps=st.lists(st.sampled_from([0, 1, 3]), min_size=1, max_size=8),
)
def test_the_ledger_is_the_same_whether_run_daily_twice_or_three_days_late(deeds, gaps):
    with _undone():
        accounts = _some_bought(deeds)
        ledgers = []
        for times in (_times(gaps), _times([1]), [NOON + days(20)]):
            with _undone():
                for at in times:
                    run(at)
                ledgers.append(_ledger(accounts))

    assert ledgers[0] == ledgers[1] == ledgers[2]


def _some_bought(deeds):
    """Let two members buy, each deed on its day; return their accounts."""
    cast = make_cast(expiry_days=5, tier_basis="AVAILABLE_POINTS", credit_per_step_minor=3)
    make_tier(cast.card, "Silver", 10)
    make_tier(cast.card, "Gold", 25)
    noor = join(cast.noor, cast.card)
    for day, points, is_noor in sorted(deeds):
        membership = noor if is_noor else cast.membership
        buy(cast, points * 100, at=NOON + days(day), membership=membership)
    return [cast.membership.account_id, noor.account_id]


def _times(gaps):
    """Return moments with these days between them, over and over, until all is due."""
    at, found = NOON + days(9), []
    while at < NOON + days(20):
        step = gaps[len(found) % len(gaps)] or 0.25
        at += timedelta(days=step)
        found.append(at)
    return [*found, NOON + days(20)]


class _undone:  # noqa: N801 - reads as a phrase
    """Whatever happens within is taken back at its end."""

    def __enter__(self):
        self.point = transaction.savepoint()

    def __exit__(self, *_error):
        transaction.savepoint_rollback(self.point)


def _ledger(accounts):
    """Return all that the ledger says of these accounts, without keys and clocks."""
    deeds = Transaction.objects.filter(account__in=accounts)
    return {
        "deeds": sorted(
            deeds.values_list(
                "account", "kind", "occurred_at", "points", "credit_minor", "request_id"
            )
        ),
        "entries": sorted(
            Entry.objects.filter(account__in=accounts).values_list(
                "account", "unit", "sequence", "amount", "balance_after"
            )
        ),
        "uses": sorted(
            LotUse.objects.filter(lot__account__in=accounts).values_list("lot", "amount")
        ),
        "tiers": sorted(
            TierChange.objects.filter(account__in=accounts).values_list(
                "account", "from_tier__name", "to_tier__name", "transaction__occurred_at"
            ),
            key=str,
        ),
        "accounts": list(
            Account.objects.filter(pk__in=accounts)
            .order_by("pk")
            .values_list("points", "credit_minor", "lifetime_points", "tier__name")
        ),
    }
