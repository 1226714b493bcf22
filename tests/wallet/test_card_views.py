"""Views of cards: who counts, how often, and that a page never fails for it."""

import sqlite3
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from cards.models import Card
from clubs.models import Manager
from loyalty.analytics import card_views, rollups
from loyalty.analytics.card_views import Viewer
from loyalty.analytics.models import CardView, DayView
from loyalty.analytics.spans import Span, Step
from tests.analytics import comparing
from tests.cast import make_card
from tests.operations.test_statements import counted

pytestmark = pytest.mark.django_db
PHONE = "Mozilla/5.0 (Linux; Android 15) Firefox/143.0"
AT = datetime(2026, 5, 14, 22, 50, tzinfo=UTC)  # Ten to midnight in Lisbon.
MINUTE = timedelta(minutes=1)


def look(client, address, **headers):
    headers = {"User-Agent": PHONE} | headers
    assert client.get(address, headers=headers).status_code == 200
    return CardView.objects.count()


def public(cast):
    return reverse("site:join", args=[cast.card.pk])


@pytest.mark.req("R6.2")
def test_the_page_of_a_card_and_the_members_own_page_count(cast, mia, client):
    assert look(client, public(cast)) == 1
    assert look(mia, reverse("wallet:card", args=[cast.membership.pk])) == 2
    assert look(mia, reverse("wallet:history", args=[cast.membership.pk])) == 2
    assert set(CardView.objects.values_list("card", flat=True)) == {cast.card.pk}


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
        {"User-Agent": "WhatsApp/2.23"},
        {"User-Agent": "curl/8.5.0"},
        {"User-Agent": ""},
        {"Sec-Purpose": "prefetch;prerender"},
    ],
)
@pytest.mark.req("R6.2")
def test_programs_do_not_count(cast, client, headers):
    assert look(client, public(cast), **headers) == 0


@pytest.mark.parametrize(("who", "views"), [("petra", 0), ("sam", 0), ("tess", 0), ("noor", 1)])
@pytest.mark.req("R6.2")
def test_whoever_runs_the_place_or_works_there_does_not_count(cast, browser_of, who, views):
    assert look(browser_of(getattr(cast, who)), public(cast)) == views


def test_who_no_longer_runs_the_place_counts(cast, browser_of):
    Manager.objects.filter(user=cast.petra).update(is_active=False)

    assert look(browser_of(cast.petra), public(cast)) == 1


@pytest.mark.req("R6.2")
def test_viewers_are_told_apart_by_person_and_else_by_address_and_browser(cast, client, noor):
    page = public(cast)

    assert [look(client, page), look(client, page), look(Client(), page)] == [1, 1, 1]
    assert look(client, page, **{"User-Agent": PHONE + "1"}) == 2
    assert [look(noor, page), look(noor, page)] == [3, 3]
    keys = "".join(CardView.objects.values_list("viewer", flat=True))
    assert (len(keys), "127.0.0.1" in keys) == (3 * 64, False)


@pytest.mark.parametrize(
    ("minutes", "views"),
    [
        # looks at, minutes after    counted
        ((0, 29), 1),
        ((0, 30), 2),
        ((0, 20, 40), 2),
        ((0, 29, 31, 59, 61), 3),
    ],
)
@pytest.mark.req("R6.2")
def test_the_same_viewer_counts_again_after_half_an_hour(cast, minutes, views):
    for after in minutes:
        card_views.count(card_id=cast.card.pk, viewer=Viewer(key="x"), at=AT + after * MINUTE)

    assert CardView.objects.count() == views


def test_a_look_takes_one_statement(cast):
    with counted() as statements:
        viewer = Viewer(key="x", user_id=cast.noor.pk)
        assert card_views.count(card_id=cast.card.pk, viewer=viewer, at=AT)

    assert len(statements) == 1


@pytest.mark.req("R6.2")
def test_views_are_told_by_day_whether_raw_or_summed_up(cast):
    other = make_card(cast.hill, "Other")
    looks = [(cast.card, 0), (cast.card, 5), (cast.card, 15), (other, 20), (cast.card, -60 * 48)]
    for number, (card, after) in enumerate(looks):
        at = AT + after * MINUTE
        card_views.count(card_id=card.pk, viewer=Viewer(key=f"v{number}"), at=at)
    span = Span(first=date(2026, 5, 14), until=date(2026, 5, 16))

    def told(scope):
        found = card_views.views(scope=scope, span=span, step=Step.DAY, at=AT)
        return [*found.by_part.values(), found.before]

    whole = comparing.whole(cast)
    hill = comparing.Scope(partner=cast.partner, cards=Card.objects.filter(club=cast.hill))
    before = [told(whole), told(hill)]
    assert before == [[2, 2, 1], [0, 1, 0]]
    late = AT + timedelta(days=3, minutes=7)
    assert rollups.is_due(at=late)
    rolling = rollups.Rolling(at=late)
    while rolling.step():
        pass

    assert [told(whole), told(hill)] == before
    names = ("card_id", "day", "view_count")
    assert list(DayView.objects.order_by("day").values_list(*names)) == [
        (cast.card.pk, date(2026, 5, 12), 1),
        (cast.card.pk, date(2026, 5, 14), 2),
    ]
    assert CardView.objects.count() == 2
    month = card_views.views(scope=whole, span=span, step=Step.MONTH, at=AT)
    assert (month.by_part, month.total) == ({date(2026, 5, 1): 4}, 4)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite locks whole databases")
def test_a_page_is_shown_though_the_database_is_locked(cast, client):
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        views = look(client, public(cast))
    finally:
        other.execute("ROLLBACK")
        other.close()

    assert views == 0
    assert look(client, public(cast)) == 1
