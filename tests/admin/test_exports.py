"""Owners and managers export the customers that the list shows; the file is theirs alone."""

import csv
import io
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cards.models import CustomerGroup, Tag
from clubs.models import Role
from loyalty import schedules
from loyalty.audit.models import AuditEvent
from loyalty.exports import asking, customers, places
from loyalty.exports.models import Export, ExportState
from loyalty.jobs import queue
from loyalty.jobs.models import Job, JobState
from loyalty.ledger.drafts import Note
from loyalty.members.models import Member, MemberTag
from loyalty.operations import adjustments
from tests import cast as people
from tests.admin.desk import at_desk, submit
from tests.cast import NOON, join, make_cast, make_manager, make_user
from tests.operations.counter import adjust
from tests.sheets.tables_here import read_here

pytestmark = pytest.mark.django_db
ASK = "/admin/members/membership/export/"
LIST = "/admin/members/membership/"
HEAD = [
    "First name,Last name,Phone,E-mail,Card,Card number,Customer code,Status,Tier,Points,Credit,",
    "Currency,Joined,Last active,Tags,Customer group,Birthday,Wants news",
]


@pytest.fixture(autouse=True)
def room(settings, tmp_path):
    settings.EXPORTS_ROOT = tmp_path / "exports"


@pytest.fixture
def cast(monkeypatch):
    """Mia is called after a formula; files are long from three rows on."""
    monkeypatch.setattr(asking, "MOST_AT_ONCE", 2)
    cast = make_cast()
    Member.objects.filter(pk=cast.membership.member_id).update(
        first_name="=1+1", phone="+351912345678", birth_day=3, birth_month=5, birth_year=1990
    )
    return cast


def rows(response):
    text = response.getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def many(cast, count=2):
    return [join(make_user(f"m{number}"), cast.card) for number in range(count)]


def asked(cast, client=None, query="", **values):
    """Return the export that an owner asked for, and the answer."""
    response = submit(client or at_desk(cast.petra), ASK + query, format="CSV", **values)
    return Export.objects.order_by("-pk")[0], response


def made(export):
    job = Job.objects.get(key=asking.key_of(export))
    while job.state in {JobState.QUEUED, JobState.RUNNING}:
        queue.run(job.pk)
        job.refresh_from_db()
    export.refresh_from_db()
    return export


def file_of(export):
    return reverse("admin:members_membership_export_file", args=[export.pk])


def result_of(export):
    return reverse("admin:members_membership_export_result", args=[export.pk])


@pytest.mark.req("CU5")
def test_a_short_list_comes_at_once_as_it_is_filtered_and_is_written_into_the_log(cast):
    cast.partner.timezone = "Pacific/Auckland"
    cast.partner.save()
    adjust(cast, 40)
    member = cast.membership.member
    group = CustomerGroup.objects.create(partner=cast.partner, code="VIP", name="Regulars")
    Member.objects.filter(pk=member.pk).update(customer_group=group)
    tag = Tag.objects.create(partner=cast.partner, name="Oat, milk")
    MemberTag.objects.create(partner=cast.partner, member=member, tag=tag, is_set=True)
    many(cast, 1)

    response = submit(at_desk(cast.petra), f"{ASK}?q=mia&state=member", format="CSV")

    text = response.getvalue().decode("utf-8-sig")
    assert text.splitlines()[0].replace('"', "") == "".join(HEAD)
    [line] = csv.reader(io.StringIO(text.splitlines()[1]))
    assert line == [
        "'=1+1",
        "",
        "+351912345678",
        "mia@example.org",
        "Harbour Coffee",
        cast.membership.number,
        member.code,
        "member",
        "",
        "40",
        "0.00",
        "EUR",
        "2026-02-01",
        "2026-05-15",  # It is the next day there.
        "Oat, milk",
        "Regulars",
        "3 May",
        "No",
    ]
    event = AuditEvent.objects.get(action="export")
    assert (event.actor_id, event.partner_id, event.after) == (
        cast.petra.pk,
        cast.partner.pk,
        {"format": "CSV", "filter": {"state": "member", "searched": True}, "rows": 1},
    )


@pytest.mark.req("CU5")
def test_a_long_list_is_made_in_the_background_and_fetched_by_its_link(cast, monkeypatch):
    monkeypatch.setattr("loyalty.exports.making.PART_ROWS", 2)
    many(cast, 4)
    client = at_desk(cast.petra)

    export, response = asked(cast, client)
    waiting = client.get(f"{result_of(export)}?part=1").content.decode()
    too_early = client.post(file_of(export)).status_code
    made(export)
    found = client.post(file_of(export))

    assert response["Location"] == result_of(export)
    assert ("Waiting for its turn" in waiting, too_early) == (True, 404)
    assert (export.state, export.row_count) == (ExportState.DONE, 5)
    listed = [row.member.email for row in client.get(LIST).context["cl"].result_list]
    assert [row["E-mail"] for row in rows(found)] == listed
    assert found["Content-Disposition"].startswith('attachment; filename="customers-')
    assert "Download" in client.get(result_of(export)).content.decode()
    events = AuditEvent.objects.filter(action__startswith="export").order_by("pk")
    assert [(event.action, event.after) for event in events] == [
        ("export asked", {"format": "CSV", "filter": {}}),
        ("export", {"format": "CSV", "rows": 5}),
        ("export fetched", {"format": "CSV", "rows": 5}),
    ]


@pytest.mark.req("CU5")
def test_a_workbook_made_in_parts_opens_as_one_table(cast, monkeypatch, tmp_path):
    monkeypatch.setattr("loyalty.exports.making.PART_ROWS", 2)
    many(cast, 4)
    export, _ = asked(cast)
    Export.objects.update(format="XLSX")

    data = at_desk(cast.petra).post(file_of(made(export))).getvalue()

    header, found = read_here(data, kind="workbook")
    assert (header[0], [number for number, _ in found]) == ("First name", [2, 3, 4, 5, 6])
    assert [cells[0] for _, cells in found] == ["M3", "M2", "M1", "M0", "=1+1"]


@pytest.mark.req("CU5")
def test_a_worker_who_dies_leaves_nothing_twice(cast, monkeypatch):
    monkeypatch.setattr("loyalty.exports.making.PART_ROWS", 2)
    monkeypatch.setattr(queue, "CHUNK_SECONDS", 0.0)
    many(cast, 4)
    export, _ = asked(cast)
    job = Job.objects.get(key=asking.key_of(export))
    for _ in range(2):
        queue.run(job.pk)
    part = places.folder(export.pk) / places.PART
    whole = part.read_bytes()
    part.write_bytes(whole + b"half a line of somebody who died")

    found = rows(at_desk(cast.petra).post(file_of(made(export))))

    assert [row["E-mail"][:2] for row in found] == ["m3", "m2", "m1", "m0", "mi"]


@pytest.mark.req("CU5")
def test_the_link_is_for_who_asked_and_for_owners_until_its_time_is_over(
    cast, django_capture_on_commit_callbacks
):
    many(cast)
    boss, manager, other = make_user("boss"), make_user("max"), make_user("olga")
    make_manager(boss, cast.partner)
    make_manager(manager, cast.partner, Role.MANAGER)
    make_manager(other, cast.partner, Role.MANAGER)
    stranger = make_user("rita")
    make_manager(stranger, people.make_partner("Other"))
    export, _ = asked(cast, at_desk(manager))
    made(export)

    def answers():
        them = (manager, boss, other, stranger)
        found = [at_desk(one).post(file_of(export)) for one in them]
        for one in found:
            one.getvalue()  # Reading to the end closes the file.
        return [one.status_code for one in found]

    assert answers() == [200, 200, 403, 404]
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert answers() == [404, 404, 404, 404]
    assert places.folder(export.pk).is_dir()
    with django_capture_on_commit_callbacks(execute=True):
        assert schedules.remove_exports() == 1
    assert (Export.objects.count(), places.folder(export.pk).exists()) == (0, False)


@pytest.mark.req("CU5")
def test_support_may_not_export(cast):
    helper = make_user("hugo")
    make_manager(helper, cast.partner, Role.SUPPORT)
    client = at_desk(helper)

    assert [client.get(ASK).status_code, client.post(ASK).status_code] == [403, 403]
    assert (ASK in client.get(LIST).content.decode()) is False
    assert ASK in at_desk(cast.petra).get(LIST).content.decode()


@pytest.mark.req("CU5", "CU18")
def test_what_the_team_wrote_for_itself_is_in_no_file(cast):
    adjustments.adjust_points(
        deed=people.deed(cast.petra, at=NOON, source="ADMIN"),
        membership_id=cast.membership.pk,
        points=5,
        note=Note(internal="canary in a mine", comment="hello"),
    )

    text = submit(at_desk(cast.petra), ASK, format="CSV").getvalue().decode()

    assert ("mia@example.org" in text, "canary" in text) == (True, False)


def test_asking_again_while_it_is_made_leads_to_the_same_export(cast):
    many(cast)

    first, _ = asked(cast)
    again, _ = asked(cast)
    narrower, _ = asked(cast, query="?state=member")

    assert (again, narrower == first) == (first, False)


def test_more_rows_than_a_sheet_takes_are_named(cast, monkeypatch):
    monkeypatch.setattr("loyalty.sheets.limits.MOST_SHEET_ROWS", 3)
    many(cast)
    export, _ = asked(cast)
    Export.objects.update(format="XLSX")

    shown = at_desk(cast.petra).get(result_of(made(export))).content.decode()

    assert "These are 3 customers, and a sheet of Excel takes 2" in shown


def test_of_several_businesses_one_is_chosen(cast):
    other = people.make_partner("Other")
    make_manager(cast.petra, other)
    client = at_desk(cast.petra)

    theirs = submit(client, ASK, format="CSV", partner=other.pk)
    none = submit(client, ASK, format="CSV", partner=people.make_partner("Third").pk)

    assert rows(theirs) == []
    assert list(none.context["form"].errors) == ["partner"]


def test_a_filter_that_cannot_hold_leads_back_to_the_list(cast):
    response = at_desk(cast.petra).get(f"{ASK}?least=9&most=3")

    assert response["Location"] == f"{LIST}?least=9&most=3"


@pytest.mark.req("CU5")
def test_more_customers_cost_no_more_statements(cast, django_assert_num_queries):
    at = timezone.now()
    for count in (1, 3):
        if count == 3:
            many(cast)
        ids = list(customers.wanted(cast.partner, {"state": ""}, at=at))
        with django_assert_num_queries(2):
            assert len(list(customers.rows_of(ids, partner=cast.partner, at=at))) == count
