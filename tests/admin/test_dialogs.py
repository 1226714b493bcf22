"""A page that a dialog asks for answers its part: the same form, the same checks, no dashboard."""

import pytest

from loyalty.members.models import Account
from tests.admin.desk import action, at_desk, shown
from tests.cast import make_cast, make_tier
from tests.operations.counter import adjust

pytestmark = pytest.mark.django_db
ASK = {"X-Part": "dialog"}


@pytest.mark.req("CU14", "CU21", "CU22", "CU27")
@pytest.mark.parametrize("name", ["adjust", "spend", "tier"])
def test_a_dialog_gets_the_part_and_a_browser_the_page(name):
    cast = make_cast()
    desk, path = at_desk(cast.petra), action(name, cast.membership)

    part, page = desk.get(path, headers=ASK), desk.get(path)

    assert (part.headers["X-Part"], "X-Part" in page.headers) == ("dialog", False)
    assert ("<html" in part.content.decode(), "<html" in page.content.decode()) == (False, True)
    assert part.context["form"].fields.keys() == page.context["form"].fields.keys()
    for response in (part, page):
        body = response.content.decode()
        assert 'id="deed-title"' in body
        assert "Mia" in body  # CU22
        assert "X-Part" in response.headers["Vary"]


@pytest.mark.req("CU14", "CU25")
def test_an_error_comes_back_as_the_part_with_the_field_marked_and_described():
    cast = make_cast()
    desk, path = at_desk(cast.petra), action("adjust", cast.membership)

    response = desk.post(path, {**shown(desk, path), "points": "x"}, headers=ASK)

    body = response.content.decode()
    assert (response.headers["X-Part"], "<html" in body) == ("dialog", False)
    assert 'aria-invalid="true"' in body
    assert 'aria-describedby="id_points_helptext id_points_error"' in body


@pytest.mark.req("CU14")
def test_after_success_the_dialog_is_told_the_way_and_the_message_waits_there():
    cast = make_cast()
    desk, path = at_desk(cast.petra), action("adjust", cast.membership)

    done = desk.post(path, {**shown(desk, path), "points": "5"}, headers=ASK)

    account = action("account", cast.membership)
    assert (done.status_code, done.headers["X-Address"], done.content) == (204, account, b"")
    assert "+5. The balance is 5 points now." in desk.get(account).content.decode()


@pytest.mark.req("CU31")
def test_a_refused_dialog_changes_nothing():
    cast = make_cast()
    make_tier(cast.card, "Gold", 1000)
    adjust(cast, 10)
    desk, path = at_desk(cast.petra), action("adjust", cast.membership)

    refused = desk.post(path, {**shown(desk, path), "points": "-11"}, headers=ASK)

    assert (refused.status_code, refused.headers["X-Part"]) == (409, "dialog")
    assert Account.objects.get(pk=cast.membership.account_id).points == 10


@pytest.mark.req("CU14", "CU21", "CU27")
def test_the_account_page_marks_the_daily_deeds_as_dialogs_and_puts_the_rest_under_more():
    cast = make_cast()

    found = at_desk(cast.petra).get(action("account", cast.membership)).context["actions"]

    assert [item["action"].name for item in found if item["action"].is_main] == [
        "adjust",
        "spend",
        "tier",
    ]
    assert all(item["action"].is_dialog for item in found if item["action"].is_main)
