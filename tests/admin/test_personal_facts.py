"""What is kept of a member beside name and contact: birthday, anniversary, group and tags."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cards.models import Tag
from loyalty.audit.models import AuditEvent
from loyalty.members.models import Member, MemberTag
from tests.admin.desk import action, at_desk, shown, submit
from tests.admin.registering import group_of, support, wrong
from tests.cast import NOON, make_cast

pytestmark = pytest.mark.django_db


@pytest.mark.req("IV6.1", "IV9.11", "IV2.6")
def test_a_manager_keeps_birthday_anniversary_and_group_of_a_member():
    cast = make_cast()
    group = group_of(cast.partner)
    client = at_desk(cast.petra)
    page = action("facts", cast.membership)

    saved = submit(
        client,
        page,
        birth_day="2",
        birth_month="6",
        anniversary="2020-02-29",
        customer_group=group.pk,
    )
    account = client.get(saved.url).content.decode()

    assert saved.url == action("account", cast.membership)
    for words in ("2 June", "29 February 2020", "Regulars", cast.membership.member.code):
        assert words in account
    values = shown(client, page)
    assert (values["birth_day"], values["birth_month"], values["birth_year"]) == ("2", "6", "")
    assert (values["anniversary"], values["customer_group"]) == ("2020-02-29", str(group.pk))
    assert AuditEvent.objects.filter(action="change facts").count() == 1


@pytest.mark.req("IV6.1")
def test_a_birthday_that_was_changed_lately_stays_and_the_page_says_so():
    cast = make_cast()
    changed = timezone.now() - timedelta(days=3)
    Member.objects.update(birth_day=2, birth_month=6, birthday_changed_at=changed)
    client = at_desk(cast.petra)
    page = action("facts", cast.membership)

    refused = submit(client, page, birth_day="3")
    named = submit(client, page, birth_year="1990")

    assert wrong(refused) == {
        "birth_day": "The birthday was changed less than a year ago. Nothing was changed now."
    }
    assert "less than a year ago, so its day stays" in client.get(page).content.decode()
    assert named.status_code == 302
    assert Member.objects.get().birth_year == 1990


def test_the_birthday_of_a_member_is_shown_with_its_year_where_it_is_known():
    cast = make_cast()
    Member.objects.update(birth_day=29, birth_month=2, birth_year=1996)

    words = at_desk(cast.petra).get(action("account", cast.membership)).content.decode()

    assert "29 February 1996" in words


@pytest.mark.req("IV3.33")
def test_support_changes_no_facts():
    cast = make_cast()
    client = support(cast)
    page = action("facts", cast.membership)

    assert (client.get(page).status_code, client.post(page).status_code) == (403, 403)
    assert page not in client.get(action("account", cast.membership)).content.decode()


@pytest.mark.req("FA3", "FA4", "CU9")
def test_the_account_page_shows_the_tags_that_are_set():
    cast = make_cast()
    for name, is_set, archived_at in (
        ("Worn", True, None),
        ("Half", False, None),
        ("Old", True, NOON),
    ):
        tag = Tag.objects.create(partner=cast.partner, name=name, archived_at=archived_at)
        MemberTag.objects.create(
            partner=cast.partner, member=cast.membership.member, tag=tag, is_set=is_set
        )

    page = at_desk(cast.petra).get(action("account", cast.membership))

    assert [tag.name for tag in page.context["tags"]] == ["Worn"]
    assert "Worn" in page.content.decode()
