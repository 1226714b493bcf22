"""The first page of a shift, the scanner, and the end-of-day slip."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.ledger.models import Transaction
from loyalty.members.models import Scan
from loyalty.operations import purchases
from loyalty.operations.purchases import Bill
from tests.cast import NOON, deed, join, make_card, make_store, make_user
from tests.naming import names_in
from tests.staff.conftest import Counter, signed_in

WEEK = timedelta(days=7)


def sell(cast, membership, at, staff=None):
    staff = staff or cast.sam
    scan_id = cast.scan(staff, at=at, session=str(at), membership=membership)
    return purchases.award_purchase(
        deed=deed(staff, store=cast.old_port, at=at),
        membership_id=membership.pk,
        bill=Bill(amount_minor=1000, currency="EUR"),
        scan_id=scan_id,
    )


def rows(group):
    """Return each member with the cards touched and when."""
    return [
        (
            one.member.first_name,
            [
                (row.card.name, getattr(row, "occurred_at", None) or row.scanned_at)
                for row in one.touched
            ],
        )
        for one in group
    ]


@pytest.mark.req("R8.1", "R8.2")
def test_a_member_is_listed_up_to_seven_times_24_hours_and_no_longer(counter, clock):
    cast = counter.cast
    sell(cast, cast.membership, NOON)

    clock.now = NOON + WEEK
    at_seven_days = signed_in(cast.sam).get("/staff/").context
    clock.forward(seconds=1)
    a_second_later = signed_in(cast.sam).get("/staff/").context

    assert rows(at_seven_days["served"]) == [("Mia", [("Harbour Coffee", NOON)])]
    assert rows(a_second_later["served"]) == []
    assert rows(a_second_later["scanned"]) == []


@pytest.mark.req("R8.2")
def test_who_was_only_scanned_stands_in_a_group_of_their_own(counter):
    noor = join(counter.cast.noor, counter.cast.card)
    counter.award(counter.scan())
    counter.scan(noor)

    page = counter.show("home")

    assert rows(page.context["served"]) == [("Mia", [("Harbour Coffee", NOON)])]
    assert rows(page.context["scanned"]) == [("Noor", [("Harbour Coffee", NOON)])]


@pytest.mark.req("R8.3")
def test_each_row_lists_the_cards_touched_with_the_last_action(counter):
    cast = counter.cast
    gym = join(cast.mia, make_card(cast.harbour, "Gym"))
    sell(cast, cast.membership, NOON - timedelta(hours=3))
    sell(cast, cast.membership, NOON - timedelta(hours=2))
    sell(cast, gym, NOON - timedelta(hours=1))

    page = counter.show("home")

    assert rows(page.context["served"]) == [
        (
            "Mia",
            [("Gym", NOON - timedelta(hours=1)), ("Harbour Coffee", NOON - timedelta(hours=2))],
        )
    ]


def test_what_was_undone_counts_as_scanned_only(counter):
    counter.award(counter.scan())
    counter.post("undo", Transaction.objects.get(kind="PURCHASE").pk, key="undo-form")

    page = counter.show("home")

    assert (rows(page.context["served"]), rows(page.context["scanned"])) == (
        [],
        [("Mia", [("Harbour Coffee", NOON)])],
    )


def test_a_colleagues_members_are_not_mine(counter):
    ida = make_user("ida")
    ida.staff_rows.create(partner=counter.cast.partner, club=counter.cast.harbour)
    sell(counter.cast, counter.cast.membership, NOON, staff=ida)

    assert rows(counter.show("home").context["served"]) == []


def test_the_first_visit_explains_the_three_steps(counter):
    assert "Your first member is one scan away" in counter.show("home").content.decode()


def test_home_takes_as_many_statements_for_three_members_as_for_one(counter):
    cast = counter.cast
    sell(cast, cast.membership, NOON)
    counter.show("home")
    with CaptureQueriesContext(connection) as one:
        counter.show("home")
    for name in ("ana", "bo"):
        sell(cast, join(make_user(name), cast.card), NOON)
        cast.scan(membership=join(make_user(f"{name}2"), cast.card))

    with CaptureQueriesContext(connection) as three:
        page = counter.show("home")

    assert len(page.context["served"]) == 3
    assert len(three) == len(one)


def test_the_only_store_needs_no_choice(cast):
    page = signed_in(cast.sam).get("/staff/")

    assert (page.context["staff_store"], page.context["must_choose"]) == (cast.old_port, False)


def test_one_of_several_stores_is_chosen_for_the_shift(cast):
    pier = make_store(cast.harbour, "Pier 4")
    client = signed_in(cast.sam)

    before = client.get("/staff/").context
    client.post("/staff/store/", {"store": pier.pk})
    after = client.get("/staff/").context

    assert (before["staff_store"], before["must_choose"]) == (None, True)
    assert (after["staff_store"], after["must_choose"]) == (pier, False)


@pytest.mark.parametrize("store", ["", "x", "-1", "9" * 400])
def test_a_nonsense_store_changes_nothing(counter, store):
    counter.client.post("/staff/store/", {"store": store})

    assert counter.show("home").context["staff_store"] == counter.cast.old_port


def test_staff_of_a_club_without_stores_have_a_counter(cast):
    cast.old_port.status = "ARCHIVED"
    cast.old_port.save()

    page = signed_in(cast.sam).get("/staff/")

    assert (page.context["staff_club"], page.context["staff_store"]) == (cast.harbour, None)


@pytest.mark.req("R12.2", "R12.3")
def test_only_the_scan_page_may_use_the_camera_and_webassembly(counter):
    scan, home = counter.show("scan"), counter.show("home")

    assert scan["Permissions-Policy"] == "camera=(self), microphone=(), geolocation=()"
    assert "script-src 'self' 'wasm-unsafe-eval'" in scan["Content-Security-Policy"]
    assert home["Permissions-Policy"] == "camera=(), microphone=(), geolocation=()"
    assert "wasm-unsafe-eval" not in home["Content-Security-Policy"]
    assert scan.context["scan_hosts"] == "testserver"


def test_a_typed_code_that_cannot_be_ours_is_said_to_be_unknown(counter):
    answer = counter.client.get("/code/", {"code": "nonsense"}, follow=True)

    assert answer.redirect_chain[-1][0] == "/staff/unknown-code/"


@pytest.mark.req("R2.4")
def test_a_card_of_another_club_names_nobody(cast):
    tess = signed_in(cast.tess)

    answer = tess.get(f"/C/{cast.membership.code}", follow=True)

    assert answer.status_code == 404
    assert "This card belongs to another club" in answer.content.decode()
    assert names_in(answer, "Mia") == []
    assert list(Scan.objects.values_list("outcome", flat=True)) == ["REFUSED"]


def test_the_slip_counts_deeds_points_rewards_and_undos_per_person(counter):
    scan_id = counter.scan()
    counter.award(scan_id, "212", key="award-one")
    counter.post("redeem", scan_id, key="redeem-one", reward=counter.cast.reward.pk)
    counter.award(scan_id, "50", key="award-two")
    counter.post("undo", Transaction.objects.latest("pk").pk, key="undo-two")
    ida = make_user("ida")
    ida.staff_rows.create(partner=counter.cast.partner, club=counter.cast.harbour)
    colleague = Counter(cast=counter.cast, client=signed_in(ida))
    colleague.post("store", store=counter.cast.old_port.pk)
    colleague.award(colleague.scan(join(counter.cast.noor, counter.cast.card)), key="award-three")

    context = counter.show("slip").context

    columns = ("actor__name", "deeds", "given", "rewards", "undone")
    assert [tuple(row[name] for name in columns) for row in context["rows"]] == [
        ("Ida", 1, 12, 0, 0),
        ("Sam", 3, 212, 1, 1),
    ]
    assert context["together"] == {"deeds": 4, "given": 224, "rewards": 1, "undone": 1}


def test_the_slip_ends_with_the_partners_day(counter, clock):
    clock.now = NOON.replace(hour=22, minute=59)  # 23:59 in Lisbon.
    counter.award(counter.scan())
    clock.forward(minutes=1)

    today = counter.show("slip").context
    before = counter.show("slip", date="2026-05-14").context

    assert (f"{today['day']}", today["rows"]) == ("2026-05-15", [])
    assert [row["deeds"] for row in before["rows"]] == [1]


@pytest.mark.parametrize("day", ["x", "2026-13-40", "9" * 400, "2999-01-01", "1\x00"])
def test_a_nonsense_day_means_today(counter, day):
    assert f"{counter.show('slip', date=day).context['day']}" == "2026-05-14"


def test_the_first_day_of_all_has_no_slip_before(counter):
    context = counter.show("slip", date="0001-01-01").context

    assert (f"{context['day']}", context["former"]) == ("2000-01-01", None)


def test_with_several_stores_the_slip_asks_which(cast):
    make_store(cast.harbour, "Pier 4")

    context = signed_in(cast.sam).get("/staff/slip/").context

    assert [store.name for store in context["stores"]] == ["Old Port", "Pier 4"]
    assert "store" not in context
