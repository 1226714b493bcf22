"""The audit log: who did what, before, after, why and from where; read by owners, kept for good."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clubs.models import Manager, Partner, Role
from loyalty.audit import origin, record
from loyalty.audit.models import AuditEvent, AuditPerson
from tests.admin.desk import action, at_desk, submit
from tests.admin.test_invitations import prove
from tests.cast import make_cast, make_manager, make_partner, make_user
from tests.naming import names_in
from tests.wallet.test_accounts import sign_in_by_code

pytestmark = pytest.mark.django_db
LOG = reverse("admin:audit_auditevent_changelist")


def page(event):
    return reverse("admin:audit_auditevent_change", args=[event.pk])


def shown(client, **asked):
    """Return what the list shows: deed and person, newest first."""
    rows = client.get(LOG, asked).context["cl"].result_list
    return [(event.action, event.person_name) for event in rows]


def note(cast, **facts):
    given = {"action": "change", "subject": cast.harbour, "partner_id": cast.partner.pk}
    return record.record(**(given | {"actor_id": cast.petra.pk} | facts))


@pytest.mark.req("CU3")
def test_a_change_is_read_in_words_with_its_person_and_network_address():
    cast = make_cast()
    rita = make_user("rita")
    row = make_manager(rita, cast.partner, Role.SUPPORT)
    petra = at_desk(cast.petra)
    submit(petra, reverse("admin:clubs_manager_change", args=[row.pk]), role=Role.MANAGER)

    event = AuditEvent.objects.get(kind="clubs.manager")
    context = petra.get(page(event)).context

    (change,) = context["told"].changes
    assert (change.field, change.before, change.after) == ("role", "support", "manager")
    assert (context["told"].action, context["person"], context["subject"]) == (
        "changed",
        "Petra",
        "Manager: Rita",
    )
    assert context["origin"].address == "127.0.0.1"


@pytest.mark.req("CU3", "CU17")
def test_a_correction_in_the_dashboard_is_in_the_log_with_balance_and_address():
    cast = make_cast()
    petra = at_desk(cast.petra)

    submit(petra, action("adjust", cast.membership), points="24", reason="GOODWILL")

    event = AuditEvent.objects.get()
    assert (event.action, event.kind, event.before, event.after, event.person.address) == (
        "adjustment",
        "ledger.transaction",
        {"balance": 0},
        {"balance": 24},
        "127.0.0.1",
    )
    words = petra.get(page(event)).context["told"]
    assert [(row.field, row.before, row.after) for row in words.changes] == [("balance", "0", "24")]


def test_quotas_and_other_rows_that_are_pointed_at_are_told_by_name():
    cast = make_cast()
    event = note(
        cast, subject=cast.old_port, before={"club": cast.harbour.pk}, after={"club": cast.hill.pk}
    )
    other = note(cast, subject=cast.partner, before={"max_stores": None}, after={"max_stores": 5})
    petra = at_desk(cast.petra)

    found = [petra.get(page(one)).context["told"].changes[0] for one in (event, other)]

    assert [(one.field, one.before, one.after) for one in found] == [
        ("club", "Harbour", "Hill"),
        ("most stores", "\u2013", "5"),
    ]


def test_the_log_is_narrowed_by_person_by_what_and_by_days():
    cast = make_cast()
    note(cast)
    note(cast, action="publish", subject=cast.card)
    note(cast, action="add", actor_id=cast.sam.pk)
    petra = at_desk(cast.petra)
    today = timezone.localtime(timezone.now(), cast.partner.zone()).date()
    tomorrow = (today + timedelta(days=1)).isoformat()

    assert shown(petra) == [("add", "Sam"), ("publish", "Petra"), ("change", "Petra")]
    assert shown(petra, person=cast.sam.pk) == [("add", "Sam")]
    assert shown(petra, kind="cards.card") == [("publish", "Petra")]
    assert shown(petra, first=tomorrow) == []
    assert len(shown(petra, last=tomorrow)) == 3
    wrong = petra.get(LOG, {"first": tomorrow, "last": today.isoformat()})
    assert "This day is before the first." in wrong.content.decode()


def test_each_page_of_the_log_costs_the_same_and_leads_on_by_key(django_assert_num_queries):
    cast = make_cast()
    petra = at_desk(cast.petra)
    note(cast)
    petra.get(LOG)
    with django_assert_num_queries(8):
        petra.get(LOG)
    for _time in range(60):
        note(cast, actor_id=cast.sam.pk)

    with django_assert_num_queries(8):
        first = petra.get(LOG)
    second = petra.get(LOG + first.context["cl"].paginator.older)

    assert [len(page.context["cl"].result_list) for page in (first, second)] == [50, 11]
    assert petra.get(f"{LOG}?after=x").status_code == 400


@pytest.mark.req("CU3")
@pytest.mark.parametrize("role", [Role.MANAGER, Role.SUPPORT])
def test_only_owners_read_the_whole_log(role):
    cast = make_cast()
    event = note(cast)
    rita = make_user("rita")
    make_manager(rita, cast.partner, role)
    elsewhere = make_user("elsa")
    make_manager(elsewhere, make_partner("Elsewhere"))

    assert [at_desk(rita).get(path).status_code for path in (LOG, page(event))] == [403, 403]
    assert at_desk(elsewhere).get(page(event)).status_code == 404
    assert shown(at_desk(elsewhere)) == []


def test_a_manager_who_signs_in_is_noted_and_a_member_is_not():
    cast = make_cast()
    for user in (cast.petra, cast.mia):
        prove(user)
        sign_in_by_code(Client(REMOTE_ADDR="203.0.113.9"), user.email)

    event = AuditEvent.objects.get(action="sign in")
    assert (event.actor_id, event.object_id, event.person.address) == (
        cast.petra.pk,
        Manager.objects.get(user=cast.petra).pk,
        "203.0.113.9",
    )


def test_where_it_came_from_and_why_can_be_erased_and_the_event_stays():
    cast = make_cast()
    with origin.coming_from("203.0.113.9"):
        event = note(cast, reason="Mia called")
    inside = note(cast)

    found = (event.person.address, event.person.reason)
    AuditPerson.objects.filter(user=cast.petra).delete()

    assert found == ("203.0.113.9", "Mia called")
    assert not AuditPerson.objects.filter(event=inside).exists()
    assert AuditEvent.objects.count() == 2
    assert names_in(at_desk(cast.petra).get(page(event)), "Mia") == []
    assert Partner.objects.count() == 1
