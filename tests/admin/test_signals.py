"""The dashboard's signals: a plain sentence each, its deeds, and who has looked."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clubs.models import Role
from loyalty.analytics import signals
from loyalty.analytics.models import Signal
from loyalty.audit.models import AuditEvent
from loyalty.ledger.models import Source
from loyalty.members.models import Scan, ScanMeans, ScanOutcome
from staff.admin import signal_words
from tests.admin.desk import at_desk
from tests.cast import NOON, join, make_cast, make_manager, make_partner, make_user
from tests.operations.counter import buy

pytestmark = pytest.mark.django_db
LIST = "/admin/analytics/signal/"


def crowd(cast, *, at=NOON, membership=None):
    """Let Sam book three awards on a card within twenty minutes."""
    held = membership or cast.membership
    for part in (0, 10, 20):
        buy(cast, 1000, at=at + timedelta(minutes=part), membership=held)


def find(cast):
    while signals.search(partner=cast.partner, at=timezone.now() + timedelta(hours=1)):
        pass
    return list(Signal.objects.order_by("-pk"))


def told(page):
    return [signal_words.sentence(row) for row in page.context["cl"].result_list]


SENTENCES = [
    # kind, facts, sentence
    (
        "MANY_AWARDS",
        {"count": 3, "minutes": 38, "points": 30},
        "Sam booked 3 awards for Mia within 38 minutes: 30 points.",
    ),
    (
        "NEAR_CAP",
        {"count": 4, "cap": 50},
        "Sam moved points close to the limit of 50, 4 times in a week.",
    ),
    (
        "OWN_CARD",
        {"count": 2, "points": 20},
        "Sam booked 2 times in a week on the card of Mia, which is their own or has their e-mail.",
    ),
    (
        "OWN_CARD",
        {"count": 2, "tried": True},
        "Sam looked up their own card at the counter 2 times on one day.",
    ),
    (
        "IN_TURNS",
        {"count": 5, "given": 2, "taken": 3, "points": 50},
        "In one week Sam booked 2 awards for Tess, and Tess 3 for Sam.",
    ),
    (
        "UNDONE_REWARDS",
        {"count": 2, "points": 400},
        "Sam undid 2 rewards in a week after they were handed out: 400 points went back.",
    ),
    (
        "TWO_SOURCES",
        {"count": 2, "amount_minor": 1240, "currency": "EUR", "sources": ["SCAN", "FEED"]},
        "Mia has two bookings of €12.40 within a day from two sources (counter, feed):"
        " it may be one sale.",
    ),
    (
        "REFUSED_SCANS",
        {"count": 12, "unknown": 11, "elsewhere": 1},
        "12 scans by Sam came to nothing on one day (unknown codes: 11, cards of another club: 1).",
    ),
]


@pytest.mark.req("FA15")
def test_each_signal_is_one_plain_sentence_that_accuses_nobody():
    cast = make_cast()
    about = {"actor": cast.sam, "colleague": cast.tess, "membership": cast.membership}
    rows = [
        (Signal(kind=kind, facts=facts, **about), expected) for kind, facts, expected in SENTENCES
    ]

    assert [signal_words.sentence(row) for row, _expected in rows] == [
        expected for _row, expected in rows
    ]
    assert all(signal_words.innocent(row.kind) for row, _expected in rows)


def test_an_open_signal_leads_from_the_first_page_to_its_deeds_and_is_seen_once():
    cast = make_cast()
    crowd(cast)
    (signal,) = find(cast)
    petra = at_desk(cast.petra)
    tasks = [(step.words, step.address) for step in petra.get("/admin/").context["needed"]]

    page = petra.get(f"{LIST}{signal.pk}/change/")
    answer = petra.post(f"{LIST}{signal.pk}/seen/", {"note": "It was a party"})

    assert tasks == [("1 signal is worth a look", LIST)]
    assert [item["deed"].pk for item in page.context["deeds"]] == signal.transaction_ids[::-1]
    assert all(
        reverse("admin:members_membership_deed", args=[cast.membership.pk, pk]).encode()
        in page.content
        for pk in signal.transaction_ids
    )
    assert answer.status_code == 302
    signal.refresh_from_db()
    assert (signal.state, signal.seen_by, signal.note) == ("SEEN", cast.petra, "It was a party")
    assert AuditEvent.objects.filter(action="seen", object_id=signal.pk).count() == 1
    assert petra.get("/admin/").context["needed"] == []
    again = petra.get(f"{LIST}{signal.pk}/change/")
    assert (b"It was a party" in again.content, b"/seen/" in again.content) == (True, False)


def test_the_list_shows_what_is_open_unless_asked_for_more():
    cast = make_cast()
    crowd(cast)
    crowd(cast, membership=join(cast.noor, cast.card))
    first, second = find(cast)
    signals.mark_seen(signal_id=first.pk, actor=cast.petra, note="", at=NOON)
    petra = at_desk(cast.petra)
    of = {row.pk: signal_words.sentence(row) for row in (first, second)}

    assert told(petra.get(LIST)) == [of[second.pk]]
    assert told(petra.get(f"{LIST}?state=SEEN")) == [of[first.pk]]
    assert told(petra.get(f"{LIST}?state=all")) == [of[first.pk], of[second.pk]]
    assert told(petra.get(f"{LIST}?state=all&kind=NEAR_CAP")) == []
    assert told(petra.get(f"{LIST}?person={cast.sam.pk}")) == [of[second.pk]]
    assert told(petra.get(f"{LIST}?person={cast.mia.pk}")) == []
    assert petra.get(f"{LIST}?after=x").status_code == 400


def test_refused_scans_are_listed_with_when_and_where():
    cast = make_cast()
    for minute in range(10):
        Scan.objects.create(
            staff=cast.sam,
            store=cast.old_port,
            session_hash="s",
            means=ScanMeans.PRINTED,
            outcome=ScanOutcome.UNKNOWN,
            scanned_at=NOON + timedelta(minutes=minute),
        )
    (signal,) = find(cast)

    page = at_desk(cast.petra).get(f"{LIST}{signal.pk}/change/")

    assert len(page.context["scans"]) == 10
    assert b"Old Port" in page.content


def test_signals_are_for_owners_and_managers_of_the_business_alone():
    cast = make_cast()
    crowd(cast)
    (signal,) = find(cast)
    helper, stranger = make_user("helper"), make_user("stranger")
    make_manager(helper, cast.partner, Role.SUPPORT)
    make_manager(stranger, make_partner("Other Group"))

    answers = {
        person.name: (
            at_desk(person).get(f"{LIST}{signal.pk}/change/").status_code,
            at_desk(person).post(f"{LIST}{signal.pk}/seen/", {"note": ""}).status_code,
        )
        for person in (helper, stranger)
    }

    assert answers == {"Helper": (403, 403), "Stranger": (404, 404)}
    assert told(at_desk(stranger).get(LIST)) == []


def test_the_list_and_the_page_cost_the_same_for_one_and_for_many(django_assert_num_queries):
    cast = make_cast()
    petra = at_desk(cast.petra)
    crowd(cast)
    find(cast)
    with django_assert_num_queries(7):
        assert len(told(petra.get(LIST))) == 1
    for user in (cast.noor, cast.tess):
        crowd(cast, membership=join(user, cast.card))
    buy(cast, 1000, at=NOON + timedelta(minutes=30))
    first = find(cast)[-1]

    with django_assert_num_queries(7):
        assert len(told(petra.get(LIST))) == 3
    with django_assert_num_queries(8):
        page = petra.get(f"{LIST}{first.pk}/change/")
    assert len(page.context["deeds"]) == 4
    assert {item["deed"].source for item in page.context["deeds"]} == {Source.SCAN}
