"""Signals: which patterns are worth a look, each told once, and which ordinary days are not."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from loyalty import schedules
from loyalty.analytics import cap_patterns, patterns, reading, signals, spans
from loyalty.analytics.models import Signal, SignalState
from loyalty.analytics.signals import Tally
from loyalty.audit.models import AuditEvent
from loyalty.jobs import queue
from loyalty.jobs.models import Job, JobState
from loyalty.ledger.models import Source, Transaction
from loyalty.members.models import Scan, ScanMeans, ScanOutcome
from loyalty.operations import adjustments, purchases, scans
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.operations.purchases import Bill
from loyalty.operations.scans import Looker
from tests import cast as people
from tests.cast import NOON, deed, join, make_cast, make_staff, make_user
from tests.operations.counter import adjust, buy, days, redeem, undo

pytestmark = pytest.mark.django_db
WEEK = spans.Span(first=NOON.date() - days(7), until=NOON.date() + days(7))


def minutes(count):
    return timedelta(minutes=count)


def find(cast, *, at=None):
    """Let the job search all there is; return each signal's kind, person, member and facts."""
    at = at or timezone.now() + timedelta(hours=1)
    while signals.search(partner=cast.partner, at=at):
        pass
    names = ("kind", "actor__name", "membership__member__first_name", "facts")
    return list(Signal.objects.order_by("key").values_list(*names))


def sell(cast, minor, source, *, at=NOON, receipt="", membership=None):
    """Book a sale that another door than the counter tells."""
    held = membership or cast.membership
    return purchases.award_purchase(
        deed=deed(cast.sam, source, at=at, store=cast.old_port),
        membership_id=held.pk,
        bill=Bill(amount_minor=minor, currency="EUR"),
        receipt=receipt,
        scan_id=cast.scan(at=at, membership=held),
    )


def give(cast, points, *, at=NOON, membership=None):
    return adjustments.give_points(
        deed=deed(cast.sam, at=at),
        membership_id=(membership or cast.membership).pk,
        points=points,
        reason=AdjustmentReason.GOODWILL,
        scan_id=cast.scan(at=at, membership=membership),
    )


def show(cast, code, *, by=None, at=NOON):
    looker = Looker(user=by or cast.sam, session_hash="s", store=cast.old_port)
    return scans.show_card(looker=looker, code=code, digits=None, at=at)


def test_three_awards_by_one_person_on_one_card_within_an_hour_are_told_once():
    cast = make_cast()
    first = [buy(cast, 1000, at=NOON + minutes(part)) for part in (0, 20, 38)]

    found = find(cast)
    buy(cast, 1000, at=NOON + minutes(300))
    again = find(cast)

    assert found == [
        ("MANY_AWARDS", "Sam", "Mia", {"count": 3, "minutes": 38, "points": 30}),
    ]
    assert again == found
    assert Signal.objects.get().transaction_ids == [one.pk for one in first]


def test_ordinary_visits_by_several_people_raise_nothing():
    cast = make_cast()
    make_staff(cast.noor, cast.harbour)
    buy(cast, 1000)
    buy(cast, 1000, at=NOON + minutes(10), actor=cast.noor)
    buy(cast, 1000, at=NOON + minutes(61))
    undo(cast, buy(cast, 1000, at=NOON + minutes(62)), at=NOON + minutes(63))

    assert find(cast) == []


def test_a_signal_that_grows_is_opened_again_and_stays_one_row():
    cast = make_cast()
    for part in (0, 5, 10):
        buy(cast, 1000, at=NOON + minutes(part))
    find(cast)
    signals.mark_seen(
        signal_id=Signal.objects.get().pk, actor=cast.petra, note="asked Sam", at=NOON
    )
    find(cast)
    seen = Signal.objects.get().state
    buy(cast, 1000, at=NOON + minutes(15))
    find(cast)

    signal = Signal.objects.get()
    assert (seen, signal.state, signal.facts["count"]) == ("SEEN", "OPEN", 4)
    assert signal.note == "asked Sam"


@pytest.mark.req("FA15")
def test_one_amount_of_one_member_from_two_sources_is_booked_twice_and_told():
    cast = make_cast()
    scanned = buy(cast, 1240)
    told = sell(cast, 1240, Source.FEED, at=NOON + timedelta(hours=24))

    cast.membership.account.refresh_from_db()
    assert cast.membership.account.points == 24
    assert find(cast) == [
        (
            "TWO_SOURCES",
            "Sam",
            "Mia",
            {
                "count": 2,
                "amount_minor": 1240,
                "currency": "EUR",
                "sources": ["SCAN", "FEED"],
                "points": 24,
            },
        )
    ]
    assert Signal.objects.get().transaction_ids == [scanned.pk, told.pk]


@pytest.mark.req("FA15")
def test_what_is_certainly_two_sales_is_not_told_as_one():
    cast = make_cast()
    other = join(cast.noor, cast.card)
    buy(cast, 1240, receipt="A1")
    sell(cast, 1240, Source.FEED, receipt="A2")
    sell(cast, 1250, Source.FEED)
    sell(cast, 1240, Source.FEED, membership=other)
    sell(cast, 1240, Source.API, at=NOON + timedelta(hours=24, seconds=1))
    buy(cast, 900, at=NOON + days(3))
    buy(cast, 900, at=NOON + days(3) + minutes(5))

    assert find(cast) == []


def test_gifts_just_under_the_limit_are_told_from_the_third_in_a_week():
    cast = make_cast(gift_cap=50)
    cast.sam.staff_rows.update(may_give_points=True)
    for number, points in enumerate((45, 44, 50)):
        give(cast, points, at=NOON + days(number - 2))
    before = find(cast)
    give(cast, 48, at=NOON + days(2))

    assert before == []
    assert find(cast) == [
        ("NEAR_CAP", "Sam", None, {"count": 3, "cap": 50, "card_id": cast.card.pk})
    ]


def test_corrections_just_under_the_managers_own_limit_are_told():
    cast = make_cast(adjust_cap=1000)
    cast.petra.manager_rows.update(adjust_cap=100)
    for number, points in enumerate((100, -95, 90, 89)):
        adjust(cast, points, at=NOON + minutes(number))

    assert find(cast) == [
        ("NEAR_CAP", "Petra", None, {"count": 3, "cap": 100, "card_id": cast.card.pk})
    ]


def test_what_is_booked_on_a_card_with_the_own_mail_address_is_told():
    cast = make_cast()
    own = join(cast.noor, cast.card)
    own.member.user, own.member.email = None, "SAM@example.org"
    own.member.save()
    buy(cast, 1000, membership=own)

    assert find(cast) == [("OWN_CARD", "Sam", "Noor", {"count": 1, "points": 10})]


def test_a_second_try_at_the_own_card_is_told():
    cast = make_cast()
    own = join(cast.sam, cast.card)
    looker = Looker(user=cast.sam, session_hash="s", store=cast.old_port)
    tries = []
    for part in (0, 1):
        scans.choose_member(
            looker=looker, membership_id=own.pk, is_phone_confirmed=True, at=NOON + minutes(part)
        )
        tries.append(find(cast, at=NOON + minutes(part + 15)))

    assert tries == [[], [("OWN_CARD", "Sam", None, {"count": 2, "tried": True})]]


def test_colleagues_who_award_each_other_are_told_once_for_both():
    cast = make_cast()
    make_staff(cast.noor, cast.harbour)
    of_sam, of_noor = join(cast.sam, cast.card), join(cast.noor, cast.card)
    for hour in (0, 2):
        at = NOON + timedelta(hours=hour)
        buy(cast, 1000, at=at, membership=of_noor)
        buy(cast, 1000, at=at, membership=of_sam, actor=cast.noor)

    facts = {"count": 4, "given": 2, "taken": 2, "points": 40}
    assert find(cast) == [("IN_TURNS", "Sam", None, facts)]
    scope = reading.Scope(partner=cast.partner, cards=cast.partner.cards.all())
    one = Tally(found=1, open=1)
    assert signals.by_actor(scope=scope, span=WEEK) == {cast.sam.pk: one, cast.noor.pk: one}


def test_rewards_undone_after_they_were_handed_out_are_told_from_the_second_in_a_week():
    cast = make_cast()
    adjust(cast, 1000)
    undo(cast, redeem(cast), at=NOON + minutes(3))
    before = find(cast)
    undo(cast, redeem(cast, at=NOON + days(1)), at=NOON + days(1) + minutes(3))

    assert before == []
    assert find(cast) == [
        ("UNDONE_REWARDS", "Sam", None, {"count": 2, "points": 400, "week": "2026-05-11"})
    ]


def test_ten_refused_scans_of_one_person_on_a_day_are_told():
    cast = make_cast()
    elsewhere = join(cast.noor, cast.hill_card)
    for number in range(9):
        show(cast, "ABCDEFGHJKMN", at=NOON + minutes(number))
    before = find(cast, at=NOON + minutes(30))
    show(cast, elsewhere.code, at=NOON + minutes(20))

    assert before == []
    assert find(cast) == [
        ("REFUSED_SCANS", "Sam", None, {"count": 10, "unknown": 9, "elsewhere": 1})
    ]


def test_unknown_codes_count_where_the_person_stood():
    cast = make_cast()
    other = people.make_partner("Other Group")
    make_staff(cast.sam, people.make_club(other, "Other"))
    for number in range(10):
        show(cast, "ABCDEFGHJKMN", at=NOON + minutes(number))
    signals.search(partner=other, at=timezone.now() + timedelta(hours=1))

    assert find(cast) == [
        ("REFUSED_SCANS", "Sam", None, {"count": 10, "unknown": 10, "elsewhere": 0})
    ]
    assert Signal.objects.filter(partner=other).count() == 0


def test_searching_again_from_the_start_finds_the_same_and_keeps_what_was_seen(monkeypatch):
    cast = make_cast()
    for number in range(2):
        for part in (0, 20, 38):
            buy(cast, 1000, at=NOON + days(number) + minutes(part))
    found = find(cast)
    first = Signal.objects.order_by("key")[0]
    signals.mark_seen(signal_id=first.pk, actor=cast.petra, note="", at=NOON)
    monkeypatch.setattr(signals, "PART_DEEDS", 2)

    signals.rebuild(partner=cast.partner, at=timezone.now() + timedelta(hours=1))

    assert find(cast) == found
    assert Signal.objects.get(state=SignalState.SEEN).pk == first.pk


def test_seeing_is_audited_once_without_the_words():
    cast = make_cast()
    for part in (0, 5, 10):
        buy(cast, 1000, at=NOON + minutes(part))
    find(cast)
    for note in ("Mia is my aunt", "other words"):
        signals.mark_seen(signal_id=Signal.objects.get().pk, actor=cast.petra, note=note, at=NOON)

    event = AuditEvent.objects.get(kind="analytics.signal")
    assert Signal.objects.get().note == "Mia is my aunt"
    assert (event.action, event.actor_id) == ("seen", cast.petra.pk)
    assert (event.before, event.after) == ({"state": "OPEN"}, {"state": "SEEN"})


def test_the_hours_job_searches_what_is_settled_and_nothing_twice(monkeypatch):
    cast = make_cast()
    for part in (0, 5, 10):
        buy(cast, 1000, at=NOON + minutes(part))
    early = schedules.find_signals()
    later = timezone.now() + timedelta(hours=1)
    monkeypatch.setattr(schedules.timezone, "now", lambda: later)
    queued = schedules.find_signals()
    job = Job.objects.get(name=signals.WORK)

    queue.run(job.pk)

    job.refresh_from_db()
    assert (early, queued, job.state, Signal.objects.count()) == (0, 1, JobState.DONE, 1)
    assert signals.is_due(at=later) is False


def test_a_part_is_searched_in_a_constant_number_of_statements(django_assert_num_queries):
    cast = make_cast()
    for member in (cast.noor, cast.tess):
        held = join(member, cast.card)
        for part in (0, 5, 10):
            buy(cast, 1000, at=NOON + minutes(part), membership=held)
    Scan.objects.create(
        partner=cast.partner,
        staff=cast.sam,
        session_hash="s",
        means=ScanMeans.PRINTED,
        outcome=ScanOutcome.UNKNOWN,
        scanned_at=NOON,
    )
    signals.search(partner=cast.partner, at=NOON)
    later = timezone.now() + timedelta(hours=1)

    # Savepoint and its release, mark, what is new, five patterns, limits, scans, two to keep, mark.
    with django_assert_num_queries(18):
        signals.search(partner=cast.partner, at=later)

    assert Signal.objects.count() == 2
    assert make_user("late").pk


@pytest.mark.postgresql
def test_no_pattern_is_found_by_reading_the_whole_ledger():
    cast = make_cast()
    for part in (0, 5, 10):
        buy(cast, 1000, at=NOON + minutes(part))
    newest = Transaction.objects.order_by("-pk")[0].pk
    part = patterns.Part(partner=cast.partner, after_id=0, until_id=newest)
    plans = explained(lambda: [*patterns.found_in(part), *cap_patterns.near_caps(part)])

    assert len(plans) == 7
    assert [plan for plan in plans if "Seq Scan on ledger_transaction" in plan] == []


def explained(read):
    """Return how the database would do some reading if it had many rows."""
    seen, plans = [], []

    def note(execute, sql, params, many, context):
        seen.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        read()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for sql, params in seen:
            cursor.execute(f"EXPLAIN {sql}", params)
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
    return plans


def test_the_command_makes_signals_anew(capsys):
    cast = make_cast()
    for part in (0, 5, 10):
        buy(cast, 1000, at=NOON + minutes(part))
    call_command("find_signals", partner=cast.partner.pk)

    assert capsys.readouterr().out == "Signals searched again for partners: 1.\n"
