"""A support person asks above their limit, sees how it stands; a manager answers."""

from types import SimpleNamespace

import pytest
from django.urls import reverse

from clubs.models import Manager, Role
from loyalty.ledger.models import Transaction, WaitingAdjustment
from loyalty.members.models import Account
from tests.admin.desk import action, at_desk, errors, shown, submit, told
from tests.cast import make_cast, make_manager, make_user

pytestmark = pytest.mark.django_db
LIST = reverse("admin:ledger_waitingadjustment_changelist")


@pytest.fixture
def cast():
    """Rita of support adjusts up to 100 alone; Petra owns."""
    made = make_cast()
    rita = make_user("rita")
    make_manager(rita, made.partner, Role.SUPPORT)
    Manager.objects.filter(user=rita).update(adjust_cap=100)
    return SimpleNamespace(**vars(made), rita=rita)


def page(name, row):
    return reverse(f"admin:ledger_waitingadjustment_{name}", args=[row.pk])


def send(cast, points="150", **more):
    """Let Rita type a number above her limit and send it."""
    client, address = at_desk(cast.rita), action("adjust", cast.membership)
    values = {**shown(client, address), "points": points, "reason": "GOODWILL"} | more
    return client.post(address, values | {"asks": "on"})


@pytest.mark.req("CU3")
def test_the_form_asks_first_then_sends_and_the_asker_sees_it_wait(cast):
    client, address = at_desk(cast.rita), action("adjust", cast.membership)
    values = {**shown(client, address), "points": "150", "reason": "GOODWILL", "internal": "flood"}

    question = client.post(address, values)
    before = WaitingAdjustment.objects.count()
    button = "Send to a manager" in question.content.decode()
    asks = 'name="asks" value="on"' in question.content.decode()
    sent = client.post(address, values | {"asks": "on"})

    assert (errors(question), button, asks, before) == (
        "This is above your limit of 100 points. Send it to a manager to approve?",
        True,
        True,
        0,
    )
    assert told(sent)[0].startswith("Sent. A manager can answer until ")
    assert Transaction.objects.filter(kind="ADJUSTMENT").count() == 0
    account = client.get(action("account", cast.membership)).content.decode()
    listed = client.get(LIST).content.decode()
    assert "+150, asked for by Rita" in account
    assert ("waiting" in account, "+150" in listed) == (True, True)


@pytest.mark.req("CU3")
def test_a_manager_finds_it_on_the_first_page_and_books_it(cast):
    send(cast, internal="flood")
    row = WaitingAdjustment.objects.get()
    petra = at_desk(cast.petra)

    waits = [step.words for step in petra.get("/admin/").context["needed"]]
    lead = petra.get(page("approve", row)).context["lead"]
    done = submit(petra, page("approve", row))

    assert waits == ["1 adjustment waits for your answer"]
    assert lead == "Rita asks for +150 points: goodwill. \u201cflood\u201d"
    assert told(done) == ["+150. The balance is 150 points now."]
    assert Account.objects.get(pk=cast.membership.account_id).points == 150
    assert petra.get("/admin/").context["needed"] == []
    body = at_desk(cast.rita).get(page("change", row)).content.decode()
    assert ("approved" in body, "Petra" in body) == (True, True)


@pytest.mark.req("CU3", "IV9.7")
def test_credit_is_sent_and_booked_alike(cast):
    client, address = at_desk(cast.rita), action("adjust_credit", cast.membership)
    values = {**shown(client, address), "credit": "150", "reason": "GOODWILL"}

    question = client.post(address, values)
    client.post(address, values | {"asks": "on"})
    done = submit(at_desk(cast.petra), page("approve", WaitingAdjustment.objects.get()))

    assert errors(question).startswith("This is above your limit of €100.00.")
    assert told(done)[0].startswith("+€150.00. The balance is ")


def test_a_declined_one_tells_the_asker_why(cast):
    send(cast)
    row = WaitingAdjustment.objects.get()
    petra = at_desk(cast.petra)

    silent = submit(petra, page("decline", row), words="")
    submit(petra, page("decline", row), words="No receipt.")

    assert errors(silent) == "This field is required."
    account = at_desk(cast.rita).get(action("account", cast.membership)).content.decode()
    assert ("declined" in account, "Petra: No receipt." in account) == (True, True)


def test_who_approves_too_late_or_above_the_balance_reads_so(cast):
    send(cast)
    row = WaitingAdjustment.objects.get()
    petra = at_desk(cast.petra)
    values = shown(petra, page("approve", row))
    submit(at_desk(cast.rita), page("withdraw", row))

    late = petra.post(page("approve", row), values)

    assert (late.status_code, errors(late)) == (
        409,
        "This was answered already. Nothing was booked now.",
    )
    assert Account.objects.get(pk=cast.membership.account_id).points == 0


def test_the_list_costs_the_same_with_one_and_with_three(cast, django_assert_num_queries):
    petra = at_desk(cast.petra)
    send(cast)
    petra.get(LIST)
    with django_assert_num_queries(7):
        petra.get(LIST)
    for points in ("151", "152"):
        send(cast, points)

    with django_assert_num_queries(7):
        body = petra.get(LIST).content.decode()

    assert [word for word in ("+150", "+151", "+152") if word not in body] == []
    assert "+150" not in petra.get(f"{LIST}?state=APPROVED").content.decode()
