"""Plans are written in the dashboard: dates, state, list, and who may see and change them."""

from datetime import date, time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cards import terms
from cards.models import Card, Plan
from clubs.models import Role
from loyalty.rules import terms as rules
from tests.admin.desk import at_desk, errors, shown, submit
from tests.admin.plan_forms import (
    adding,
    advanced,
    make_masters,
    make_plan,
    new_hours,
    new_line,
    only_plan,
    page,
)
from tests.cast import make_card, make_cast, make_club, make_manager, make_partner, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.req("IV7.1", "IV7.2", "IV7.3", "IV7.4", "IV7.6", "IV7.9", "IV7.12")
def test_a_plan_is_made_with_its_lines_and_hours_in_one_form():
    cast = make_cast(uses_plans=True)

    response = submit(
        at_desk(cast.petra),
        adding(cast.card),
        name="Weekend",
        start_date="2026-05-01",
        **new_line(award_points="3"),
        **new_hours(store=cast.old_port.pk, weekday="5", start_time="18:00", end_time="20:00"),
    )

    assert response.status_code == 302, errors(response)
    plan = only_plan(cast.card)
    assert (plan.code, plan.partner_id, plan.start_time, plan.is_active) == (
        "weekend",
        cast.partner.pk,
        None,
        True,
    )
    (found,) = terms.draft(cast.card).plans
    assert found.hours == (
        rules.Hours(store="old-port", weekday=5, start=time(18), until=time(20)),
    )
    assert [(line.value, line.award) for line in found.lines] == [(100, 3)]
    assert response.url.endswith(f"/admin/cards/plan/?card__id__exact={cast.card.pk}")


@pytest.mark.req("IV7.6")
def test_a_new_plan_starts_today_unless_told_otherwise():
    cast = make_cast(uses_plans=True)

    def today():
        return timezone.localtime(timezone.now(), cast.partner.zone()).date().isoformat()

    before = today()
    values = shown(at_desk(cast.petra), adding(cast.card))

    assert values["start_date"] in {before, today()}
    assert values["start_time"] == ""


@pytest.mark.req("IV7.2")
def test_a_plan_says_which_card_it_belongs_to():
    cast = advanced()

    body = at_desk(cast.petra).get(page(only_plan(cast.card))).content.decode()

    assert "Card: Harbour Coffee. Amounts are in EUR." in body


@pytest.mark.req("IV7.12")
def test_leaving_a_plan_by_cancel_changes_nothing():
    cast = advanced()
    plan = only_plan(cast.card)

    body = at_desk(cast.petra).get(page(plan)).content.decode()

    assert f'href="{reverse("admin:cards_plan_changelist")}">Cancel' in body
    plan.refresh_from_db()
    assert plan.version == 1


@pytest.mark.req("IV7.3", "IV7.4")
def test_a_code_is_short_and_taken_once_on_its_card():
    cast = advanced()
    client = at_desk(cast.petra)
    words = {"start_date": "2026-01-01", **new_line()}

    taken = submit(client, adding(cast.card), code="base", name="Again", **words)
    long_code = submit(client, adding(cast.card), code="x" * 21, name="x", **words)
    long_name = submit(client, adding(cast.card), code="B", name="x" * 51, **words)
    other = submit(client, adding(cast.hill_card), code="BASE", name="x", **words)

    assert errors(taken) == "This code is taken."
    assert list(long_code.context["adminform"].form.errors) == ["code"]
    assert list(long_name.context["adminform"].form.errors) == ["name"]
    assert other.status_code == 302, errors(other)


ENDS = [
    # end date      end time  refused at
    ("2026-04-30", "", "end_date"),
    ("2026-05-01", "09:00", "end_time"),
    ("2026-05-01", "10:00", "end_time"),
    ("", "10:00", "end_date"),
    ("2026-05-01", "10:01", None),
    ("2026-05-01", "", None),
    ("", "", None),
]


@pytest.mark.req("IV7.6", "IV7.7")
@pytest.mark.parametrize(("end_date", "end_time", "refused"), ENDS)
def test_a_plan_ends_after_it_starts_or_never(end_date, end_time, refused):
    cast = make_cast(uses_plans=True)

    response = submit(
        at_desk(cast.petra),
        adding(cast.card),
        name="Plan",
        start_date="2026-05-01",
        start_time="10:00",
        end_date=end_date,
        end_time=end_time,
    )

    found = response.context["adminform"].form.errors if response.status_code == 200 else {}
    assert list(found) == ([refused] if refused else [])


@pytest.mark.req("IV7.5", "IV7.8")
def test_a_plan_has_a_type_and_counts_only_while_it_is_active():
    cast = advanced()
    plan = only_plan(cast.card)
    client = at_desk(cast.petra)

    submit(client, page(plan), type="CUSTOMER_DAYS", direction="BUY")
    (held,) = terms.draft(cast.card).plans
    submit(client, page(plan), is_active=None)

    assert (held.type, held.direction) == (rules.PlanType.CUSTOMER_DAYS, rules.Direction.BUY)
    assert terms.draft(cast.card).plans == ()


def test_a_plan_is_archived_and_comes_back():
    cast = advanced()
    plan = only_plan(cast.card)
    client = at_desk(cast.petra)

    submit(client, page(plan), is_archived="on")
    archived = terms.draft(cast.card).plans
    listed = client.get("/admin/cards/plan/").content.decode()
    submit(client, page(plan), is_archived=None)

    assert archived == ()
    assert "archived" in listed
    assert len(terms.draft(cast.card).plans) == 1


STATES = [
    # changed                               shown
    ({}, "active"),
    ({"is_active": False}, "switched off"),
    ({"start_date": date(2999, 1, 1)}, "begins later"),
    ({"end_date": date(2026, 1, 2)}, "over"),
]


@pytest.mark.req("IV7.7", "IV7.8")
@pytest.mark.parametrize(("changed", "expected"), STATES)
def test_the_list_says_whether_a_plan_holds_today(changed, expected):
    cast = advanced()
    Plan.objects.update(**changed)

    body = at_desk(cast.petra).get("/admin/cards/plan/").content.decode()

    row = body[body.index("result_list") :]
    assert [words for words in ("switched off", "begins later", "over") if f"{words}\n" in row] == (
        [] if expected == "active" else [expected]
    )


@pytest.mark.req("IV3.33", "IV7.9", "IV7.12", "IV8.21")
def test_who_may_only_look_sees_plans_in_words_and_no_save():
    cast = advanced()
    support = make_user("support")
    make_manager(support, cast.partner, Role.SUPPORT)
    plan = only_plan(cast.card)
    client = at_desk(support)

    body = client.get(page(plan)).content.decode()
    posted = client.post(page(plan), {"name": "Mine"})

    assert "1 point per €1.00" in body
    assert [word for word in ("_save", "_publish", "lines-0-group", "DELETE") if word in body] == []
    assert (posted.status_code, client.get(adding(cast.card)).status_code) == (403, 403)
    assert only_plan(cast.card).name == "BASE plan"


def test_staff_of_the_club_and_strangers_find_no_plans():
    cast = advanced()
    other = make_partner("Other Group")
    owner = make_user("other")
    make_manager(owner, other)
    card = make_card(make_club(other, "Quay"), "Other Card")
    plan = only_plan(cast.card)

    assert [
        at_desk(cast.tess).get(page(plan)).status_code,
        at_desk(owner).get(page(plan)).status_code,
        at_desk(owner).get(adding(cast.card)).status_code,
        at_desk(owner).get(f"{reverse('admin:cards_plan_add')}?card=x").status_code,
        at_desk(owner).get(adding(card)).status_code,
    ] == [404, 404, 404, 404, 200]


def test_a_new_plan_asks_for_its_card_where_there_are_several_and_says_where_there_is_none():
    cast = make_cast()
    lone, bare = make_user("lone"), make_user("bare")
    one, none = make_partner("One Group"), make_partner("None Group")
    make_manager(lone, one)
    make_manager(bare, none)
    card = make_card(make_club(one, "Quay"), "Only Card")
    address = reverse("admin:cards_plan_add")

    asked = at_desk(cast.petra).get(address).content.decode()
    led = at_desk(lone).get(address)
    empty = at_desk(bare).get(address).content.decode()

    assert f'href="?card={cast.hill_card.pk}"' in asked
    assert led.url == f"{address}?card={card.pk}"
    assert "There is no card yet" in empty


def test_a_plan_that_somebody_else_saved_meanwhile_is_stale():
    cast = advanced()
    client = at_desk(cast.petra)
    plan = only_plan(cast.card)
    stale = shown(client, page(plan))
    submit(client, page(plan), name="Newer")

    response = client.post(page(plan), stale)

    assert "Somebody changed this meanwhile" in errors(response)


@pytest.mark.req("IV3.16")
def test_a_plan_has_a_method_of_its_own_only_where_plans_are_settled_one_by_one():
    cast = advanced()
    client = at_desk(cast.petra)
    plan = only_plan(cast.card)

    at_once = "conflict_method" in shown(client, page(plan))
    Card.objects.filter(pk=cast.card.pk).update(conflict_basis="PLAN_GLOBAL")
    submit(client, page(plan), conflict_method="MINIMUM")

    assert at_once is False
    assert terms.draft(cast.card).plans[0].conflict_method == rules.ConflictMethod.MINIMUM


def statements(client, address):
    client.get(address)  # What is read once per process is not of the page.
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


@pytest.mark.req("IV7.1")
def test_the_list_of_plans_asks_as_often_for_three_as_for_one():
    cast = advanced()
    client = at_desk(cast.petra)

    one = statements(client, "/admin/cards/plan/")
    make_plan(cast.card, "B")
    make_plan(cast.hill_card, "C")

    assert statements(client, "/admin/cards/plan/") == one


def test_the_page_of_a_plan_asks_as_often_for_three_lines_as_for_one():
    cast = make_cast(uses_plans=True)
    group = make_masters(cast.partner)["product_group"]
    line = {"group": "ITEM_GROUP", "product_group": group}
    client = at_desk(cast.petra)
    one, three = (make_plan(cast.card, code, lines=[line] * count) for code, count in ONE_AND_THREE)

    assert statements(client, page(three)) == statements(client, page(one))


ONE_AND_THREE = (("ONE", 1), ("THREE", 3))
