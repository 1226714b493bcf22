"""Clubs, stores and the business itself: grids, archives, quotas and stale forms."""

import pytest
from django.urls import reverse

from clubs.models import Club, Partner, PlaceStatus, Store
from loyalty.audit.models import AuditEvent
from tests.admin.desk import at_desk, errors, shown, submit
from tests.cast import make_cast, make_club, make_store

pytestmark = pytest.mark.django_db
ADD_CLUB = "/admin/clubs/club/add/"
ADD_STORE = "/admin/clubs/store/add/"


def club_page(club):
    return reverse("admin:clubs_club_change", args=[club.pk])


@pytest.mark.req("R2.1")
def test_a_club_is_added_with_a_code_made_from_its_name():
    cast = make_cast()

    response = submit(at_desk(cast.petra), ADD_CLUB, name="Old Town", code="")

    assert response.status_code == 302
    made = Club.objects.get(name="Old Town")
    assert (made.partner_id, made.code, made.status) == (cast.partner.pk, "old-town", "ACTIVE")


@pytest.mark.req("IV1.4")
def test_a_taken_code_is_refused_beside_its_field_whatever_its_case():
    cast = make_cast()

    response = submit(at_desk(cast.petra), ADD_CLUB, name="Another", code="HARBOUR")

    assert errors(response) == "This code is taken."
    assert Club.objects.count() == 2


@pytest.mark.req("IV2.2")
@pytest.mark.parametrize("code", ["x" * 21, "a b", "é", "-a"])
def test_a_code_has_at_most_twenty_plain_characters(code):
    cast = make_cast()

    response = submit(at_desk(cast.petra), ADD_STORE, club=cast.harbour.pk, name="Spare", code=code)

    assert list(response.context["adminform"].form.errors) == ["code"]


@pytest.mark.req("IV1.5")
def test_one_club_more_than_the_plan_allows_is_refused_naming_the_limit():
    cast = make_cast()
    Partner.objects.update(max_clubs=2)

    response = submit(at_desk(cast.petra), ADD_CLUB, name="Third")

    assert errors(response) == ("Your plan allows 2 clubs. Archive one, or ask for a larger plan.")
    assert Club.objects.count() == 2


@pytest.mark.req("IV1.5")
def test_one_store_more_than_the_plan_allows_is_refused_in_form_and_grid():
    cast = make_cast()
    Partner.objects.update(max_stores=2)
    client = at_desk(cast.petra)

    alone = submit(client, ADD_STORE, club=cast.harbour.pk, name="Third")
    row = {"stores-TOTAL_FORMS": "2", "stores-1-name": "Third", "stores-1-status": "ACTIVE"}
    row |= {"stores-1-receipt_restart": "NEVER", "stores-1-id": "", "stores-1-club": ""}
    grid = submit(client, club_page(cast.harbour), **row)

    words = "Your plan allows 2 stores. Archive one, or ask for a larger plan."
    assert (errors(alone), errors(grid)) == (words, words)
    assert Store.objects.count() == 2


@pytest.mark.req("IV1.5")
def test_an_archived_club_comes_back_only_within_the_plan():
    cast = make_cast()
    third = make_club(cast.partner, "Third")
    client = at_desk(cast.petra)
    listed = reverse("admin:clubs_club_changelist")

    client.post(listed, {"action": "archive", "_selected_action": [third.pk]})
    Partner.objects.update(max_clubs=2)
    client.post(f"{listed}?status=ARCHIVED", {"action": "reopen", "_selected_action": [third.pk]})
    refused = Club.objects.get(pk=third.pk).status
    Partner.objects.update(max_clubs=3)
    client.post(f"{listed}?status=ARCHIVED", {"action": "reopen", "_selected_action": [third.pk]})

    assert (refused, Club.objects.get(pk=third.pk).status) == ("ARCHIVED", "ACTIVE")
    assert [
        (event.action, event.before, event.after)
        for event in AuditEvent.objects.filter(kind="clubs.club").order_by("pk")
    ] == [
        ("change", {"status": "ACTIVE"}, {"status": "ARCHIVED"}),
        ("change", {"status": "ARCHIVED"}, {"status": "ACTIVE"}),
    ]


@pytest.mark.req("IV2.1", "IV2.3", "IV2.4")
def test_stores_are_added_and_renamed_in_the_grid_of_their_club():
    cast = make_cast()
    row = {"stores-TOTAL_FORMS": "2", "stores-0-name": "Older Port", "stores-1-name": "Pier"}
    row |= {"stores-1-receipt_restart": "NEVER", "stores-1-status": "ACTIVE"}

    response = submit(at_desk(cast.petra), club_page(cast.harbour), **row)

    assert response.status_code == 302
    assert list(
        Store.objects.filter(club=cast.harbour)
        .order_by("pk")
        .values_list("name", "code", "version")
    ) == [("Older Port", "old-port", 2), ("Pier", "pier", 1)]


@pytest.mark.req("IV2.4")
def test_an_unused_store_is_deleted_from_the_grid_and_a_used_one_archived():
    cast = make_cast()
    spare = make_store(cast.harbour, "Spare")
    cast.scan()  # Old Port has a history now.
    client = at_desk(cast.petra)
    values = shown(client, club_page(cast.harbour))
    rows = {values[f"stores-{number}-id"]: number for number in (0, 1)}
    removed = {f"stores-{number}-DELETE": "on" for number in rows.values()}

    client.post(club_page(cast.harbour), {**values, **removed})

    assert list(Store.objects.filter(club=cast.harbour).values_list("pk", "status")) == [
        (cast.old_port.pk, PlaceStatus.ARCHIVED)
    ]
    assert list(
        AuditEvent.objects.filter(kind="clubs.store")
        .order_by("pk")
        .values_list("action", "object_id")
    ) == [("archive", cast.old_port.pk), ("delete", spare.pk)]


@pytest.mark.req("IV2.6")
def test_cancel_changes_nothing():
    cast = make_cast()
    client = at_desk(cast.petra)

    body = client.get(club_page(cast.harbour)).content.decode()

    assert '<a class="d-button is-quiet" href="/admin/clubs/club/">Cancel</a>' in body
    assert list(Club.objects.values_list("version", flat=True)) == [1, 1]
    assert AuditEvent.objects.count() == 0


def test_a_form_that_somebody_overtook_is_refused_and_nothing_is_saved():
    cast = make_cast()
    client = at_desk(cast.petra)
    stale = shown(client, club_page(cast.harbour))
    submit(client, club_page(cast.harbour), name="First")

    response = client.post(club_page(cast.harbour), {**stale, "name": "Second"})

    assert errors(response) == (
        "Somebody changed this meanwhile. Nothing was saved."
        " Open the page again to see what changed."
    )
    assert Club.objects.get(pk=cast.harbour.pk).name == "First"


def test_every_save_is_audited_with_before_and_after():
    cast = make_cast()

    submit(at_desk(cast.petra), club_page(cast.harbour), name="Pier")

    event = AuditEvent.objects.get()
    assert (event.action, event.kind, event.object_id, event.partner_id, event.actor_id) == (
        "change",
        "clubs.club",
        cast.harbour.pk,
        cast.partner.pk,
        cast.petra.pk,
    )
    assert (event.before, event.after) == ({"name": "Harbour"}, {"name": "Pier"})


@pytest.mark.req("R1.1")
def test_the_owner_changes_the_business_but_not_its_plan():
    cast = make_cast()
    page = reverse("admin:clubs_partner_change", args=[cast.partner.pk])

    response = submit(
        at_desk(cast.petra),
        page,
        name="Harbour & Hill",
        timezone="Asia/Tokyo",
        country="JP",
        max_clubs="99",
        slug="other",
    )

    assert response.status_code == 302, errors(response)
    partner = Partner.objects.get()
    assert (partner.name, partner.timezone, partner.country, partner.max_clubs, partner.slug) == (
        "Harbour & Hill",
        "Asia/Tokyo",
        "JP",
        None,
        "harbour-group",
    )


@pytest.mark.req("IV1.7")
def test_the_plan_is_shown_with_how_much_of_it_is_used():
    cast = make_cast()

    form = at_desk(cast.petra).get(reverse("admin:clubs_partner_change", args=[cast.partner.pk]))

    body = form.content.decode()
    assert body.count("In use") == 4


@pytest.mark.parametrize("name", ["a\x00b", "", "x" * 400])
def test_nonsense_in_a_name_is_refused_in_words(name):
    cast = make_cast()

    response = submit(at_desk(cast.petra), ADD_CLUB, name=name)

    assert list(response.context["adminform"].form.errors) == ["name"]


def test_the_list_of_clubs_costs_the_same_for_one_and_for_many(django_assert_num_queries):
    cast = make_cast()
    client = at_desk(cast.petra)
    path = reverse("admin:clubs_club_changelist")
    with django_assert_num_queries(7):
        client.get(path)
    for number in range(20):
        make_club(cast.partner, f"Club {number}")

    with django_assert_num_queries(7):
        client.get(path)


@pytest.mark.req("PA2.2")
def test_a_store_takes_check_ins_and_keeps_its_code_for_the_door():
    cast = make_cast()
    client = at_desk(cast.petra)
    page = reverse("admin:clubs_store_change", args=[cast.old_port.pk])

    submit(client, page, allows_check_in="on")
    code = Store.objects.get(pk=cast.old_port.pk).check_in_code
    submit(client, page, allows_check_in=None)
    submit(client, page, allows_check_in="on")

    store = Store.objects.get(pk=cast.old_port.pk)
    assert (store.allows_check_in, bool(code), store.check_in_code) == (True, True, code)
    assert Store.objects.get(pk=cast.hilltop.pk).check_in_code == ""
