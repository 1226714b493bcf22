"""The guide for new staff: three steps on a practice card that behaves fully and counts nowhere."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cards import access
from clubs.models import Partner, StaffMember
from loyalty.analytics import rollups, signals
from loyalty.ledger.models import Transaction
from loyalty.members.models import Member, Membership
from loyalty.operations import practice
from loyalty.operations.enrolments import EnrolmentNotAllowedError
from loyalty.outbox.models import Event
from tests.admin.desk import at_desk
from tests.cast import deed, make_staff, make_user
from tests.matrix.walk import routes
from tests.staff.conftest import Counter, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("FA16")]


def start(client: Client, key: str = "key-of-start") -> Membership:
    """Begin practising, and return the practice card."""
    answer = client.post(reverse("staff:start_training"), {"request_id": key})
    assert answer.status_code == 302
    return Membership.objects.filter(partner__is_practice=True).order_by("-pk")[0]


def ticked(client: Client) -> list[bool]:
    return [step.is_done for step in client.get(reverse("staff:training")).context["steps"]]


def open_card(client: Client, held: Membership) -> int:
    """Open the practice card by the guide's own button, and return the scan."""
    answer = client.get(f"/C/{held.code}")
    return int(answer["Location"].rstrip("/").rsplit("/", 1)[1])


def walk(counter: Counter) -> Membership:
    """Do all three steps on the real counter pages."""
    held = start(counter.client)
    counter.award(open_card(counter.client, held), key="first-deed")
    reward = held.card.rewards.get()
    scan_id = open_card(counter.client, held)
    answer = counter.post("redeem", scan_id, key="second-deed", reward=reward.pk)
    done = Transaction.objects.get(kind="REDEMPTION")
    assert answer.status_code == 302
    assert counter.post("undo", done.pk, key="third-deed").status_code == 302
    return held


def test_a_new_person_walks_the_three_steps_on_the_real_pages(counter):
    offered = counter.show("home").context["is_new"]
    before = counter.show("training").context["held"]
    held = start(counter.client)
    seen = [ticked(counter.client)]

    counter.award(open_card(counter.client, held), key="first-deed")
    seen.append(ticked(counter.client))
    reward = held.card.rewards.get()
    counter.post("redeem", open_card(counter.client, held), key="second-deed", reward=reward.pk)
    seen.append(ticked(counter.client))
    counter.post("undo", Transaction.objects.get(kind="REDEMPTION").pk, key="third-deed")
    seen.append(ticked(counter.client))

    held.account.refresh_from_db()
    assert (offered, before) == (True, None)
    assert seen == [
        [False, False, False],
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    assert held.account.points == practice.WELCOME + 12
    home = counter.show("home")
    assert (home.context["is_new"], home.context["served"]) == (False, [])
    assert reverse("staff:training").encode() in home.content


def test_pages_of_the_practice_card_say_that_nothing_counts(counter, cast):
    held = start(counter.client)
    words = b"Practice: nothing counts."
    practised = counter.show("counter", open_card(counter.client, held))
    real = counter.show("counter", counter.scan())

    assert (words in practised.content, words in real.content) == (True, False)
    assert reverse("staff:link", args=[practised.context["scan"].pk]).encode() not in (
        practised.content
    )


def own_deeds(cast):
    """Return what figures, exports and events of the business are made of."""
    deeds = Transaction.objects.filter(partner=cast.partner).order_by("pk")
    events = Event.objects.filter(partner_id=cast.partner.pk).order_by("pk")
    return [*deeds.values_list("pk", "kind"), *events.values_list("pk", "type")]


def test_practice_is_on_no_list_and_in_no_figure(counter, cast):
    before = own_deeds(cast)
    held = walk(counter)
    late = timezone.now() + timedelta(days=400)

    assert own_deeds(cast) == before
    assert Member.objects.filter(partner=cast.partner).count() == 1
    root = at_desk(make_user("root", is_superuser=True, is_staff=True))
    for page in ("members/membership", "cards/card", "ledger/transaction", "clubs/partner"):
        listed = root.get(f"/admin/{page}/").context["cl"].result_list
        assert {row.pk for row in listed if getattr(row, "partner_id", 0) == held.partner_id} == (
            set()
        )
    assert root.get(f"/admin/members/membership/{held.pk}/account/").status_code == 404
    assert held.card_id in {card.pk for card in access.open_at(timezone.now())}
    assert held.card_id not in {card.pk for card in access.joinable_at(timezone.now())}
    assert Client().get(reverse("site:join", args=[held.card_id])).status_code == 404
    place = Partner.objects.get(is_practice=True)
    while signals.search(partner=cast.partner, at=late):
        pass
    assert rollups.next_partner(at=late) != place
    assert signals.is_due(at=late) is False


def test_a_practice_card_is_of_no_use_to_others(counter, cast):
    held = start(counter.client)

    answers = {
        user.name: signed_in(user).get(f"/C/{held.code}")["Location"]
        if user != cast.mia
        else signed_in(user).get(f"/C/{held.code}").status_code
        for user in (cast.tess, cast.mia)
    }

    assert answers == {"Tess": reverse("staff:unknown_code"), "Mia": 404}


def test_each_person_practises_alone_and_may_start_again(counter, cast):
    nia = make_user("nia")
    make_staff(nia, cast.harbour)
    held = walk(counter)
    other = start(signed_in(nia), key="key-of-nia")
    again = start(counter.client, key="key-of-another-start")
    repeated = start(counter.client, key="key-of-another-start")

    assert len({held.pk, other.pk, again.pk}) == 3
    assert repeated.pk == again.pk
    assert len({held.card_id, other.card_id, again.card_id}) == 1
    assert counter.show("training").context["held"].pk == again.pk
    assert ticked(counter.client) == [True, True, True]
    assert ticked(signed_in(nia)) == [False, False, False]


def test_who_left_the_club_practises_no_more(counter, cast):
    held = start(counter.client)
    scan_id = open_card(counter.client, held)
    StaffMember.objects.filter(user=cast.sam).update(is_active=False)

    assert counter.show("training").status_code == 404
    assert counter.client.post(reverse("staff:start_training")).status_code == 404
    assert counter.show("counter", scan_id).status_code == 404
    assert counter.award(scan_id).status_code == 404


def test_managers_see_in_the_list_of_staff_who_has_finished(
    counter, cast, django_assert_num_queries
):
    nia = make_user("nia")
    make_staff(nia, cast.harbour)
    walk(counter)
    started = start(signed_in(nia), key="key-of-nia")
    client = signed_in(nia)
    client.post(
        reverse("staff:award", args=[open_card(client, started)]),
        {"request_id": "deed-of-nia", "amount": "5.00"},
    )
    desk = at_desk(cast.petra)

    with django_assert_num_queries(9):
        page = desk.get("/admin/clubs/staffmember/")

    admin = page.context["cl"].model_admin
    assert {row.user.name: admin.training(row) for row in page.context["cl"].result_list} == {
        "Sam": "finished",
        "Nia": "1 of 3",
        "Tess": "–",
    }


def test_a_club_of_points_practises_points(counter, cast):
    cast.card.is_points_only = True
    cast.card.save()
    held = start(counter.client)

    scan_id = open_card(counter.client, held)
    answer = counter.post("points", scan_id, key="first-deed", points="3")

    assert answer.status_code == 302
    assert ticked(counter.client) == [True, False, False]
    assert "staff:training" in {route.name for route in routes()}


def test_who_does_not_work_there_has_nothing_to_practise(cast):
    names = practice.Names(card="Practice", customer="Guest", reward="Tea")

    for person, club_id in ((cast.noor, cast.harbour.pk), (cast.sam, 10**9)):
        with pytest.raises(EnrolmentNotAllowedError):
            practice.start(deed=deed(person), club_id=club_id, names=names)
