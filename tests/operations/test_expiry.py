"""Expiry over time: the same ledger however late it is booked, in points and credit (rules 13)."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.utils import load_backend

from cards.models import ExpiryRule
from loyalty.ledger import expiring, posting, verification
from loyalty.ledger.drafts import Draft, Fact
from loyalty.ledger.models import (
    Entry,
    Kind,
    Lot,
    LotUse,
    Source,
    TierChange,
    Transaction,
    Unit,
)
from loyalty.members.models import TierSource
from loyalty.operations import expiries, lot_dates, rollbacks
from loyalty.outbox.models import Event, EventType
from tests.cast import NOON, join, make_cast, make_tier, publish
from tests.operations.counter import account_of, adjust, buy, days, place, roll_back

pytestmark = pytest.mark.django_db


def run(at, **how):
    """Book until nothing is left, and return how many accounts each chunk booked."""
    booked = []
    while found := expiries.book_expiry(at=at, **how):
        booked.append(found)
    return booked


def proven(at):
    assert verification.verify(verification.Scope(at=at)) == []


@pytest.mark.req("IV4.2", "PA2.5")
def test_points_and_credit_that_end_together_are_one_expiry():
    cast = make_cast(expiry_days=10, credit_per_step_minor=5)
    buy(cast, 3000)
    account = account_of(cast.membership)

    assert run(NOON + days(11)) == [1]

    done = Transaction.objects.get(kind=Kind.EXPIRY)
    ended = datetime(2026, 5, 24, 23, 0, tzinfo=UTC)
    assert (done.points, done.credit_minor, done.occurred_at, done.result) == (
        -30,
        -150,
        ended,
        {
            "points": -30,
            "balance_before": 30,
            "balance_after": 0,
            "credit_minor": -150,
            "credit_before": 150,
            "credit_after": 0,
        },
    )
    entries = Entry.objects.filter(transaction=done).order_by("pk")
    assert set(entries.values_list("unit", "amount", "sequence", "balance_after")) == {
        (Unit.POINTS, -30, 2, 0),
        (Unit.CREDIT, -150, 2, 0),
    }
    told = Event.objects.get(type=EventType.POINTS_EXPIRED)
    assert (told.occurred_at, told.transaction_id, told.data) == (
        ended,
        done.pk,
        {
            "card_id": cast.card.pk,
            "membership_id": None,
            "kind": "EXPIRY",
            "points": -30,
            "credit_minor": -150,
        },
    )
    account.refresh_from_db()
    assert (account.points, account.credit_minor, account.lifetime_points) == (0, 0, 30)
    proven(NOON + days(11))


@pytest.mark.req("IV4.1", "IV3.8", "IV3.10")
@pytest.mark.parametrize("unit", [Unit.POINTS, Unit.CREDIT])
def test_a_rule_for_one_unit_lets_the_other_stay(unit):
    cast = make_cast(credit_per_step_minor=5)
    ExpiryRule.objects.create(
        partner=cast.partner,
        card=cast.card,
        method="SLIDING",
        unit=unit.value,
        customer_type="ALL",
        days=10,
    )
    publish(cast.card)
    buy(cast, 3000)

    run(NOON + days(11))

    account = account_of(cast.membership)
    left = {Unit.POINTS: (0, 150), Unit.CREDIT: (30, 0)}[unit]
    assert (account.points, account.credit_minor) == left
    # What was awarded is what is left and what was redeemed or has expired, in each unit.
    gone = Transaction.objects.get(kind=Kind.EXPIRY)
    assert account.lifetime_points == account.points - gone.points
    assert account.lifetime_credit_minor == account.credit_minor - gone.credit_minor


@pytest.mark.req("PA2.5")
def test_each_moment_is_an_expiry_of_its_own_however_late():
    cast = make_cast(expiry_days=10)
    for day in (0, 0, 1, 3):
        buy(cast, 1000, at=NOON + days(day))

    assert run(NOON + days(30)) == [1]

    done = Transaction.objects.filter(kind=Kind.EXPIRY).order_by("pk")
    first = datetime(2026, 5, 24, 23, 0, tzinfo=UTC)
    assert [(one.occurred_at, one.points, one.result["balance_after"]) for one in done] == [
        (first, -20, 20),
        (first + days(1), -10, 10),
        (first + days(3), -10, 0),
    ]
    assert [len(one.entries.get().lot_uses.all()) for one in done] == [2, 1, 1]
    proven(NOON + days(30))


@pytest.mark.req("PA2.5")
def test_what_is_booked_in_the_database_is_what_posting_would_write():
    """The expiry of one account, written by both writers, differs in nothing but its keys."""
    cast = make_cast(expiry_days=10, credit_per_step_minor=5)
    other = join(cast.noor, cast.card)
    for membership in (cast.membership, other):
        buy(cast, 3000, membership=membership)
        buy(cast, 1000, membership=membership)
    mine, theirs = account_of(cast.membership), account_of(other)
    lots = lot_dates.open_lots(theirs.pk)
    due = lots[0].expires_at

    [booked] = expiring.book(
        lot_ids=[lot.pk for lot in lot_dates.open_lots(mine.pk)], account_ids=[mine.pk]
    )
    posted = posting.post([_by_posting(theirs, lots, due)])[0]

    names = [field.name for field in Transaction._meta.concrete_fields]
    same = sorted(set(names) - {"id", "account", "request_id", "fingerprint", "recorded_at"})
    pair = [
        [getattr(Transaction.objects.get(pk=pk), name) for name in same]
        for pk in (booked, posted.pk)
    ]
    assert pair[0] == pair[1]
    assert _rows_of(booked) == _rows_of(posted.pk)
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.points, mine.points_sequence, mine.credit_minor, mine.credit_sequence) == (
        theirs.points,
        theirs.points_sequence,
        theirs.credit_minor,
        theirs.credit_sequence,
    )


def _by_posting(account, lots, moment):
    moves = lot_dates.taken(lots)
    return Draft(
        kind=Kind.EXPIRY,
        source=Source.SYSTEM,
        partner_id=account.partner_id,
        card_id=account.card_id,
        membership_id=None,
        account=account,
        actor_id=None,
        store_id=None,
        request_id=f"expiry:{account.pk}:{lots[0].pk}",
        fingerprint="",
        occurred_at=moment,
        moves=moves,
        result={
            "points": -40,
            "balance_before": 40,
            "balance_after": 0,
            "credit_minor": -200,
            "credit_before": 200,
            "credit_after": 0,
        },
        events=(Fact(type=EventType.POINTS_EXPIRED),),
    )


def _rows_of(transaction_id):
    entries = Entry.objects.filter(transaction=transaction_id)
    events = Event.objects.filter(transaction_id=transaction_id)
    uses = LotUse.objects.filter(entry__transaction=transaction_id)
    return (
        sorted(entries.values_list("unit", "amount", "sequence", "balance_after")),
        sorted(uses.values_list("lot__unit", "lot__earned", "amount", "lot__remaining")),
        [
            (one.type, one.data, one.occurred_at, one.event_id.variant, one.event_id.version)
            for one in events
        ],
    )


@pytest.mark.req("PA2.5")
def test_a_chunk_takes_so_many_accounts_and_lots_and_the_next_one_the_rest(monkeypatch):
    monkeypatch.setattr(expiries, "MOST_LOTS", 3)
    cast = make_cast(expiry_days=10)
    noors = join(cast.noor, cast.card)
    for membership, count in ((cast.membership, 4), (noors, 2)):
        for _each in range(count):
            buy(cast, 100, membership=membership)
    buy(cast, 100, membership=noors, at=NOON + days(1))

    # Four lots of one moment do not fit, two and one of two moments do.
    assert run(NOON + days(20)) == [1, 1, 1, 1]

    done = Transaction.objects.filter(kind=Kind.EXPIRY).order_by("pk")
    assert [one.points for one in done] == [-3, -1, -2, -1]
    proven(NOON + days(20))


@pytest.mark.req("PA2.5")
def test_what_expires_is_known_before_it_is_booked():
    cast = make_cast(expiry_days=10)
    assert not expiries.are_lots_due(at=NOON + days(20))
    buy(cast, 30_000)

    assert not expiries.are_lots_due(at=NOON + days(9))
    assert expiries.are_lots_due(at=NOON + days(20))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.req("PA2.5")
def test_an_account_at_work_elsewhere_is_left_to_a_later_run(second_connection):
    cast = make_cast(expiry_days=10)
    noors = join(cast.noor, cast.card)
    buy(cast, 1000)
    buy(cast, 2000, membership=noors, at=NOON + days(1))

    with second_connection.holding(cast.membership.account_id, noors.account_id):
        assert run(NOON + days(20)) == []
    with second_connection.holding(cast.membership.account_id):
        assert run(NOON + days(20), chunk=1) == [1]
    assert run(NOON + days(20)) == [1]

    done = Transaction.objects.filter(kind=Kind.EXPIRY).order_by("pk")
    assert [one.points for one in done] == [-20, -10]


@pytest.fixture
def second_connection():
    """Let a second connection to the database hold accounts for a while."""
    facts = connection.settings_dict
    other = load_backend(facts["ENGINE"]).DatabaseWrapper(facts, "second")
    yield Second(other)
    other.close()


class Second:
    """Another connection."""

    def __init__(self, other):
        self.other = other

    @contextmanager
    def holding(self, *account_ids):
        self.other.set_autocommit(False)
        with self.other.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM members_account WHERE id = ANY(%s) FOR UPDATE", [[*account_ids]]
            )
        yield
        self.other.rollback()


# Basis, and what the account has in that unit after each expiry.
FALLS = [
    ("AVAILABLE_POINTS", ["Silver", None]),
    ("AVAILABLE_CREDIT", ["Silver", None]),
]


@pytest.mark.req("IV3.7", "IV3.9", "IV3.18")
@pytest.mark.parametrize(("basis", "expected"), FALLS)
def test_an_expiry_lowers_a_tier_that_follows_what_is_available(basis, expected):
    cast = make_cast(expiry_days=10, tier_basis=basis, credit_per_step_minor=1)
    make_tier(cast.card, "Silver", 100)
    make_tier(cast.card, "Gold", 300)
    buy(cast, 25_000)
    buy(cast, 15_000, at=NOON + days(3))
    assert account_of(cast.membership).tier.name == "Gold"

    run(NOON + days(20))

    changes = TierChange.objects.order_by("-pk")[:2]
    assert [change.to_tier and change.to_tier.name for change in reversed(changes)] == expected
    deeds = [change.transaction for change in reversed(changes)]
    first = datetime(2026, 5, 24, 23, 0, tzinfo=UTC)
    assert [
        (one.kind, one.source, one.occurred_at, one.caused_by.kind, one.result["new_tier"])
        for one in deeds
    ] == [
        (Kind.TIER_CHANGE, Source.SYSTEM, first, Kind.EXPIRY, "Silver"),
        (Kind.TIER_CHANGE, Source.SYSTEM, first + days(3), Kind.EXPIRY, None),
    ]
    proven(NOON + days(20))


@pytest.mark.req("IV3.7", "IV3.18", "CU34")
def test_an_expiry_leaves_tiers_that_are_held_reached_or_not_its_to_move():
    cast = make_cast(expiry_days=10, tier_basis="AVAILABLE_POINTS", credit_per_step_minor=1)
    silver = make_tier(cast.card, "Silver", 10)
    buy(cast, 5000)
    adjust(cast, 20, at=NOON + days(1))
    lots = Lot.objects.filter(account=cast.membership.account_id)
    kept = join(cast.noor, cast.card)
    buy(cast, 2000, membership=kept)
    place_for(cast, kept, silver)

    run(NOON + days(10.6))  # What was bought has ended, what was given has not.

    assert account_of(cast.membership).tier == silver
    assert (account_of(kept).points, account_of(kept).tier) == (0, silver)
    assert account_of(kept).tier_source == TierSource.MANUAL
    assert lots.filter(remaining__gt=0).count() == 1


def place_for(cast, membership, tier):
    return place(replace(cast, membership=membership), tier)


@pytest.mark.req("IV3.18")
def test_an_expiry_lifts_nobody_though_rules_have_changed():
    cast = make_cast(expiry_days=10, tier_basis="AVAILABLE_POINTS")
    silver = make_tier(cast.card, "Silver", 100)
    buy(cast, 5000)
    buy(cast, 2000, at=NOON + days(3))
    silver.min_value = 10
    silver.save()
    publish(cast.card, NOON + days(4))

    run(NOON + days(11))

    account = account_of(cast.membership)
    assert (account.points, account.tier) == (20, None)


@pytest.mark.req("IV3.7", "R11.1")
def test_a_deed_before_an_expiry_that_moved_the_tier_is_undone_with_the_tier_judged_anew():
    cast = make_cast(expiry_days=10, tier_basis="AVAILABLE_POINTS")
    make_tier(cast.card, "Silver", 100)
    make_tier(cast.card, "Gold", 300)
    buy(cast, 25_000)
    raised = buy(cast, 15_000, at=NOON + days(3))
    run(NOON + days(11))
    assert account_of(cast.membership).tier.name == "Silver"

    # The change of tier by the clock is nobody's deed: it is not what is undone.
    assert rollbacks.latest_reversible(cast.membership.account_id) == raised
    roll_back(cast, raised, at=NOON + days(11))

    assert account_of(cast.membership).tier is None
