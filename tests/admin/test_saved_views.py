"""Saved views of the list of customers; and a search that finds nobody leads to registering."""

import pytest
from django.urls import reverse

from cards.models import Tag
from clubs.models import Role, SavedView
from loyalty.members.models import MemberTag
from staff import typed_person
from staff.admin import saved_views
from tests.admin.desk import at_desk, errors, shown, submit, told
from tests.cast import join, make_cast, make_manager, make_partner, make_user

LIST = "/admin/members/membership/"
ADD = f"{LIST}views/add/"


@pytest.fixture
def cast(db):
    return make_cast()


def helper(cast, name, role):
    user = make_user(name)
    make_manager(user, cast.partner, role)
    return user


def saved(user, query="state=guest&least=0", name="Guests", **values):
    response = submit(at_desk(user), f"{ADD}?{query}", name=name, **values)
    return response, SavedView.objects.filter(user=user, name=name).first()


def opened(user, view):
    return at_desk(user).get(reverse("admin:members_membership_view", args=[view.pk]))


def edit(view):
    return reverse("admin:members_membership_view_edit", args=[view.pk])


@pytest.mark.req("CU6")
def test_a_filter_is_kept_under_a_name_and_opens_by_its_link(cast):
    join(make_user("rosa"), cast.card)
    tag = Tag.objects.create(partner=cast.partner, name="Regular")
    MemberTag.objects.create(
        partner=cast.partner, member=cast.membership.member, tag=tag, is_set=True
    )

    _, view = saved(cast.petra, f"tag={tag.pk}&q=mia")
    found = at_desk(cast.petra).get(opened(cast.petra, view)["Location"])

    assert (view.filter, view.shared_with) == ({"tag": str(tag.pk)}, None)
    assert [row.pk for row in found.context["cl"].result_list] == [cast.membership.pk]
    assert [(link.name, link.is_current) for link in found.context["cl"].views] == [
        ("Guests", True)
    ]


@pytest.mark.req("CU6")
def test_what_a_view_names_and_is_gone_is_left_out_and_said(cast):
    tag = Tag.objects.create(partner=cast.partner, name="Regular")
    _, view = saved(cast.petra, f"tag={tag.pk}&state=member")
    tag.delete()

    response = opened(cast.petra, view)

    assert response["Location"] == f"{LIST}?q=&state=member"
    assert told(response) == ["This is no longer there and was left out of the view: Tag."]


@pytest.mark.req("CU6")
def test_a_shared_view_is_every_managers_to_open_and_its_makers_and_owners_to_change(cast):
    manager, support = helper(cast, "max", Role.MANAGER), helper(cast, "hugo", Role.SUPPORT)
    stranger = make_user("rita")
    make_manager(stranger, make_partner("Other"))
    _, view = saved(manager, shared_with=cast.partner.pk)
    _, private = saved(manager, name="Mine")

    answers = [opened(user, view).status_code for user in (cast.petra, support, stranger)]
    support_sees = shown(at_desk(support), edit(view))
    refused = at_desk(support).post(edit(view), {"delete": "1"}).status_code
    renamed = submit(at_desk(cast.petra), edit(view), name="Walk-ins")
    deleted = at_desk(cast.petra).post(edit(view), {"delete": "1"})

    assert answers == [302, 302, 404]
    assert opened(cast.petra, private).status_code == 404
    assert ("name" in support_sees, refused) == (False, 403)
    assert (renamed.status_code, deleted.status_code) == (302, 302)
    assert list(SavedView.objects.values_list("name", flat=True)) == ["Mine"]


@pytest.mark.req("CU6")
def test_support_keeps_views_and_shares_none(cast):
    support = helper(cast, "hugo", Role.SUPPORT)

    _, view = saved(support, shared_with=cast.partner.pk)

    assert view.shared_with is None


@pytest.mark.req("CU6")
def test_the_list_opens_with_the_default_view_and_everybody_is_a_click_away(cast):
    support = helper(cast, "hugo", Role.SUPPORT)
    _, view = saved(cast.petra, shared_with=cast.partner.pk, is_default="on")
    _, other = saved(cast.petra, "state=member", name="Members", is_default="on")
    submit(at_desk(support), edit(view), is_default="on")

    assert at_desk(cast.petra).get(LIST)["Location"] == f"{LIST}?q=&state=member"
    assert at_desk(support).get(LIST)["Location"] == f"{LIST}?q=&state=guest&least=0"
    everybody = at_desk(cast.petra).get(f"{LIST}?q=")
    assert [row.pk for row in everybody.context["cl"].result_list] == [cast.membership.pk]
    submit(at_desk(cast.petra), edit(other), is_default=None)
    assert at_desk(cast.petra).get(LIST).status_code == 200


@pytest.mark.req("CU6")
def test_a_person_has_so_many_views_each_with_a_name_of_its_own(cast, monkeypatch):
    monkeypatch.setattr(saved_views, "MOST_VIEWS", 2)
    saved(cast.petra)

    again, _ = saved(cast.petra)
    saved(cast.petra, name="Second")
    third, none = saved(cast.petra, name="Third")

    assert errors(again) == "There is a view of this name already."
    assert (errors(third), none) == ("You have 2 views. Delete one first.", None)


@pytest.mark.parametrize("query", ["", "q=mia", "least=9&most=3"])
def test_without_a_filter_that_holds_there_is_nothing_to_keep(cast, query):
    response = at_desk(cast.petra).get(f"{ADD}?{query}")

    assert response["Location"] == f"{LIST}?{query}"


TYPED_TABLE = [
    # typed, fields of a new member
    ("Mia Berg", {"first_name": "Mia", "last_name": "Berg"}),
    ("Berg, Mia", {"first_name": "Mia", "last_name": "Berg"}),
    ("  mia ", {"first_name": "mia"}),
    ("mia@example.org", {"email": "mia@example.org"}),
    ("912 345 678", {"phone": "912 345 678"}),
    ("+49 30 1234567", {"phone": "+49 30 1234567"}),
    ("HC-00012", {}),
    ("", {}),
]


@pytest.mark.req("IV9.6")
@pytest.mark.parametrize(("typed", "fields"), TYPED_TABLE)
def test_what_was_searched_for_fills_the_form_of_a_new_member(typed, fields):
    assert typed_person.read(typed, {"PT"}) == fields


@pytest.mark.req("IV9.6")
def test_a_search_that_finds_nobody_leads_to_registering_with_what_was_typed(cast):
    office, counter = at_desk(cast.petra), at_desk(cast.sam)
    in_office = office.get(f"{LIST}?q=912+345+678").content.decode()
    at_counter = counter.get("/staff/search/?q=912+345+678").content.decode()

    assert f'{LIST}add/?q=912%20345%20678"' in in_office
    assert '?q=912%20345%20678">Open a card for a guest' in at_counter
    assert shown(office, f"{LIST}add/?q=912+345+678")["phone"] == "912 345 678"
    assert shown(counter, f"{reverse('staff:enrol')}?q=912+345+678")["phone"] == "912 345 678"
