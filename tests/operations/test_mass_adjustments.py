"""A file does what the same adjustments one by one would, with all that they bring (CU7)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from cards.models import CardStatus
from clubs.models import Manager, Role
from loyalty.ledger import posting
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Entry, Firing, Kind, Lot, Source, TierChange, Transaction, Unit
from loyalty.members.models import Account, Membership, MembershipStatus, RewardCounter, Voucher
from loyalty.operations import adjustments, mass_adjustments, standing
from loyalty.operations.adjustments import AdjustmentReason, Correction
from loyalty.operations.many_standings import Line
from loyalty.outbox.models import Event
from tests.cast import NOON, deed, join, make_manager, make_reward, make_tier, make_user, publish
from tests.operations.counter import adjust, days, mismatches
from tests.operations.families import form
from tests.operations.recommending import bring, make_club
from tests.operations.test_stamps import make_barber

pytestmark = [pytest.mark.django_db, pytest.mark.req("CU7")]

REASON = AdjustmentReason.PROMOTION


def line(membership, amount, *, unit=Unit.POINTS, key="", **more):
    expires_on = more.pop("expires_on", None)
    correction = Correction(
        unit=unit, amount=amount, reason=REASON, note=Note(internal="by file"), **more
    )
    return Line(
        request_id=key or f"row-{membership.pk}-{amount}-{unit}",
        membership_id=membership.pk,
        correction=correction,
        expires_on=expires_on,
    )


def book(cast, *lines, kind=Kind.ADJUSTMENT, actor=None, at=NOON):
    """Book the lines as one file and return what was in the way of each, by name."""
    errors = mass_adjustments.book(
        deed=deed(actor or cast.petra, Source.IMPORT, at=at),
        card_id=cast.card.pk,
        kind=kind,
        lines=lines,
    )
    return [None if error is None else (type(error).__name__, str(error)) for error in errors]


def one_by_one(cast, *lines, actor=None, at=NOON):
    """Book the same by the single adjustments."""
    outcomes = []
    for one in lines:
        asked = one.correction
        amount = {"points" if asked.unit == Unit.POINTS else "credit_minor": asked.amount}
        is_points = asked.unit == Unit.POINTS
        act = adjustments.adjust_points if is_points else adjustments.adjust_credit
        try:
            act(
                deed=deed(actor or cast.petra, Source.IMPORT, at=at, key=one.request_id),
                membership_id=one.membership_id,
                reason=asked.reason,
                note=asked.note,
                is_counted_for_tier=asked.is_counted,
                **amount,
            )
        except mass_adjustments.LINE_ERRORS as error:
            outcomes.append((type(error).__name__, str(error)))
        else:
            outcomes.append(None)
    return outcomes


def books():
    """Return all that the ledger says, account by account, without the keys of its rows."""
    told = F("transaction__request_id")
    return {
        "accounts": list(Account.objects.order_by("pk").values()),
        "transactions": sorted(
            Transaction.objects.values_list(
                "account_id",
                "request_id",
                "fingerprint",
                "kind",
                "points",
                "credit_minor",
                "lifetime_points",
                "membership_id",
                "result",
                "facts",
                "note__internal",
                "caused_by__request_id",
            ),
            key=lambda row: row[:2],
        ),
        "entries": list(
            Entry.objects.order_by("account_id", "unit", "sequence").values_list(
                "account_id", "unit", "sequence", "amount", "balance_after", told
            )
        ),
        "lots": sorted(
            Lot.objects.values_list(
                "account_id", "unit", "entry__sequence", "earned", "remaining", "expires_at"
            ),
            key=str,
        ),
        "vouchers": sorted(
            Voucher.objects.values_list("account_id", "reward_id", "origin", "cost", "status")
        ),
        "counters": sorted(RewardCounter.objects.values_list("reward_id", "issued")),
        "tiers": sorted(
            TierChange.objects.values_list("account_id", told, "from_tier_id", "to_tier_id"),
            key=str,
        ),
        "firings": sorted(Firing.objects.values_list("membership_id", "rule_key", told)),
        "events": sorted(map(str, Event.objects.values_list("type", "data"))),
        "seen": sorted(Membership.objects.values_list("pk", "active_at")),
    }


def compared(cast, lines, **how):
    """Return the outcome and the books of both ways, each from the same beginning."""
    found = []
    for way in (one_by_one, book):
        with transaction.atomic():
            errors = way(cast, *lines, **how)
            found.append((errors, books(), mismatches(NOON + days(2))))
            transaction.set_rollback(True)
    return found


def make_town():
    """Tiers by what a year awarded with a scarce reward, one who was brought, and a group."""
    cast = make_club(("THRESHOLD_POINTS", 30, 100), tier_window="CALENDAR_YEAR", adjust_cap=400)
    gift = make_reward(cast.card, "Mug", 900, stock=2)
    make_tier(cast.card, "Bronze", 0)
    make_tier(cast.card, "Silver", 100, entry_reward=gift)
    publish(cast.card)
    others = [join(make_user(name), cast.card) for name in ("kim", "lee", "ana", "bo", "cy")]
    noor = bring(cast)
    form(cast, others[0], others[1], at=NOON - days(2))
    adjust(cast, 120, membership=others[2], at=NOON - days(1))
    Membership.objects.filter(pk=others[4].pk).update(status=MembershipStatus.BLOCKED)
    own = join(cast.petra, cast.card)
    return cast, [cast.membership, noor, *others, own]


AMOUNTS = st.sampled_from([-500, -150, -60, 0, 1, 40, 80, 120, 300])


@given(rows=st.lists(st.tuples(st.integers(0, 7), AMOUNTS, st.booleans()), max_size=12))
@settings(max_examples=6)
def test_any_file_comes_to_what_its_rows_would_one_by_one(rows):
    with transaction.atomic():
        cast, members = make_town()
        Manager.objects.filter(user=cast.petra).update(role=Role.MANAGER)
        lines = [
            line(members[who], amount, unit=unit, key=f"row-{number}")
            for number, (who, amount, is_credit) in enumerate(rows)
            for unit in (Unit.CREDIT if is_credit and number % 3 == 0 else Unit.POINTS,)
        ]

        alone, together = compared(cast, lines)

        transaction.set_rollback(True)
    assert together == alone
    assert together[2] == []


def test_scarce_pieces_go_to_the_first_rows_as_they_would_one_by_one():
    cast, reward = make_barber(stock=2)
    others = [join(make_user(name), cast.card) for name in ("kim", "lee")]
    lines = [
        line(cast.membership, 12, key="a"),
        line(others[0], 9, key="b"),
        line(cast.membership, 9, key="c"),
        line(others[1], 25, key="d"),
        line(others[0], 1, key="e"),
    ]

    alone, together = compared(cast, lines)

    assert together == alone
    assert together[1]["counters"] == [(reward.pk, 2)]


def test_a_file_of_one_member_many_times_is_booked_in_order():
    cast = make_club()
    steps = [5, -3, -2, -1, 4, -4]
    lines = [line(cast.membership, step, key=f"{at}") for at, step in enumerate(steps)]

    errors = book(cast, *lines)

    entries = Entry.objects.order_by("sequence").values_list("amount", "balance_after")
    assert errors == [None, None, None, ("NotEnoughPointsError", "0 < 1"), None, None]
    assert list(entries) == [(5, 5), (-3, 2), (-2, 0), (4, 4), (-4, 0)]


def test_a_repeated_file_books_nothing_more():
    cast = make_club()
    lines = [line(cast.membership, 5), line(join(cast.noor, cast.card), 7)]
    book(cast, *lines)
    before = books()

    again = book(cast, *lines)
    other = book(cast, replace(lines[0], correction=lines[1].correction))

    assert (again, other) == ([None, None], [("RepeatDiffersError", "")])
    assert books() == before


def test_owners_are_not_bound_by_the_cap_and_managers_are():
    cast = make_club(adjust_cap=100)
    manager = make_user("max")
    make_manager(manager, cast.partner, Role.MANAGER)
    wanted = line(cast.membership, 101)

    assert book(cast, wanted, actor=manager) == [("AboveCapError", "100 after 0")]
    assert book(cast, wanted) == [None]


@pytest.mark.parametrize(
    ("who", "error"),
    [
        ("tess", standing.MembershipNotFoundError),
        ("support", standing.NotAllowedError),
        ("petra on a closed card", standing.CardNotOpenError),
    ],
)
def test_nothing_is_booked_by_whom_or_where_it_must_not(who, error):
    cast = make_club()
    actor = {"tess": cast.tess, "support": make_user("sue")}.get(who, cast.petra)
    if who == "support":
        make_manager(actor, cast.partner, Role.SUPPORT)
    if who == "petra on a closed card":
        cast.card.status = CardStatus.DRAFT
        cast.card.save()

    with pytest.raises(error):
        book(cast, line(cast.membership, 5), actor=actor)

    assert not Entry.objects.exists()


def test_a_card_of_another_club_is_not_found_in_the_file():
    cast = make_club()
    stranger = join(cast.noor, cast.hill_card)

    assert book(cast, line(stranger, 5)) == [("MembershipNotFoundError", "")]


def test_an_opening_balance_has_its_date_and_tier_and_no_gifts():
    cast = make_club(("THRESHOLD_POINTS", 30, 100))
    gift = make_reward(cast.card, "Mug", 900)
    make_tier(cast.card, "Silver", 100, entry_reward=gift)
    noor = bring(cast)
    last = NOON.date() + timedelta(days=30)

    errors = book(
        cast,
        line(noor, 150, expires_on=last, key="a"),
        line(noor, 20, key="b"),
        line(noor, -5, key="c"),
        line(noor, 5, expires_on=NOON.date() - timedelta(days=1), key="d"),
        kind=Kind.OPENING,
    )

    account = Account.objects.select_related("tier").get(pk=noor.account_id)
    assert errors == [None, None, ("OpeningTakesError", ""), ("DatePassedError", "")]
    assert (account.points, account.lifetime_points, account.tier.name) == (170, 170, "Silver")
    lots = Lot.objects.filter(account=account).order_by("pk").values_list("earned", "expires_at")
    end = (NOON + timedelta(days=30)).replace(hour=23, minute=0)  # Midnight in Lisbon.
    assert list(lots) == [(150, end), (20, None)]
    assert (Voucher.objects.count(), Firing.objects.count()) == (0, 0)
    deeds = Transaction.objects.filter(account=account, kind=Kind.OPENING)
    assert list(deeds.order_by("pk").values_list("points", "source")) == [
        (150, Source.IMPORT),
        (20, Source.IMPORT),
    ]


def test_the_statements_of_a_file_do_not_grow_with_its_rows(django_assert_max_num_queries):
    cast = make_club()
    members = [join(make_user(f"u{number}"), cast.card) for number in range(6)]
    adjust(cast, 50, membership=members[0])
    book(cast, line(members[0], -1, key="warm"))

    with django_assert_max_num_queries(30):
        few = book(cast, line(members[0], -2), line(members[1], 2))
    with django_assert_max_num_queries(30):
        many = book(cast, line(members[0], -3), *(line(one, 3) for one in members[1:]))

    assert (few, many) == ([None] * 2, [None] * 6)


def test_members_who_were_removed_cost_a_file_no_statement_each():
    cast = make_club()
    held = [join(make_user(f"u{number}"), cast.card) for number in range(6)]
    Membership.objects.update(status=MembershipStatus.REMOVED)
    book(cast, line(held[0], 1))

    told = []
    for some in (held[:2], held):
        with CaptureQueriesContext(connection) as sent:
            errors = book(cast, *(line(one, 1) for one in some))
        told.append((len(sent), set(errors)))

    assert told == [(told[0][0], {("MembershipNotActiveError", "REMOVED")})] * 2


def test_a_card_without_rules_then_takes_no_file_and_a_foreign_row_is_foretold_as_missing():
    cast, [first, *_others] = make_town()
    lines = [line(first, 5), replace(line(first, 7), membership_id=10**9)]

    told = mass_adjustments.foretell(
        deed=deed(cast.petra, Source.IMPORT),
        card_id=cast.card.pk,
        kind=Kind.ADJUSTMENT,
        lines=lines,
        moved={},
    )

    assert [type(one.error) for one in told] == [type(None), standing.MembershipNotFoundError]
    with pytest.raises(standing.CardNotOpenError):
        book(cast, lines[0], at=NOON - days(9999))


def test_a_file_is_posted_in_as_many_parts_as_posting_takes(monkeypatch):
    cast, town = make_town()
    people = town[:6]
    monkeypatch.setattr(posting, "MOST_DRAFTS", 2)

    found = book(cast, *(line(one, 5) for one in people))

    assert (found, mismatches()) == ([None] * len(people), [])
    sent = Transaction.objects.filter(source=Source.IMPORT, kind=Kind.ADJUSTMENT)
    assert sent.count() == len(people)
