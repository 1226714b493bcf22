"""The dashboard takes in files, shows what they would do, and books them on a person's word."""

import csv
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from clubs.models import Role
from loyalty.audit.models import AuditEvent
from loyalty.imports.models import Upload, UploadState
from loyalty.sheets import reading
from tests.admin.desk import at_desk, errors, shown, told
from tests.cast import make_cast, make_manager, make_user
from tests.imports.files import checked, confirm, work
from tests.operations.counter import adjust, balance

pytestmark = [pytest.mark.django_db, pytest.mark.req("CU7")]
ADD = "/admin/imports/upload/add/"


@pytest.fixture
def cast():
    cast = make_cast()
    adjust(cast, 50)
    return cast


def page(taken):
    return reverse("admin:imports_upload_change", args=[taken.pk])


def send(client, content, *, name="points.csv", **changed):
    """Fill in the form and send a file with it."""
    values = {**shown(client, ADD), **changed}
    file = SimpleUploadedFile(name, content if isinstance(content, bytes) else content.encode())
    kept = {key: value for key, value in values.items() if value is not None}
    return client.post(ADD, kept | {"file": file})


def text(response):
    assert response.status_code == 200, response.status_code
    main = response.content.decode().partition('<div class="d-stack">')[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def test_an_owner_uploads_reads_confirms_and_sees_it_booked(cast):
    client = at_desk(cast.petra)

    sent = send(client, f"member,points\n{cast.membership.number},-20\n")
    taken = Upload.objects.get()
    assert (sent.status_code, sent["Location"]) == (302, page(taken))
    assert "Checking the rows" in text(client.get(page(taken)))
    assert "0 of 1 rows" in client.get(page(taken), {"part": "1"}).content.decode()
    work(taken)
    dry = text(client.get(page(taken)))
    assert "Mia" in dry
    assert "-20 50 → 30 ready" in dry
    confirmed = client.post(page(taken), {"act": "confirm"}, follow=True)
    assert "All rows are booked in one go." in text(confirmed)
    assert balance(cast) == 50
    work(taken)

    assert "1 row is booked." in text(client.get(page(taken)))
    assert balance(cast) == 30
    actions = AuditEvent.objects.filter(kind="imports.upload").order_by("pk")
    assert list(actions.values_list("action", "actor_id", "after__state")) == [
        ("upload", cast.petra.pk, "READING"),
        ("confirm", cast.petra.pk, "BOOKING"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("points.pdf", b"%PDF-1.7", "Upload a CSV file or an Excel workbook that ends in .xlsx."),
        ("points.xlsm", b"PK", "Workbooks with macros are not read."),
        ("points.xlsx", b"hello", "This file is not what its name says."),
        ("points.csv", b"\xff\xfe\x00", "The letters of this file cannot be read."),
        ("points.csv", b"member,points", "There are titles and no rows under them."),
        ("points.csv", b"who,points\n1,1", "No column is called who here."),
        ("points.csv", b"member,points\n" + b"1,1\n" * 5_001, "possible up to 5,000 rows"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_beside_its_field(cast, name, content, words):
    response = send(at_desk(cast.petra), content, name=name)

    assert response.status_code == 200
    assert words in errors(response)
    assert list(response.context["form"].errors) == ["file"]
    assert not Upload.objects.exists()


def test_the_same_file_is_refused_naming_when_and_by_whom(cast, tmp_path):
    lines = ("member,points", f"{cast.membership.number},5")
    done = work(confirm(checked(cast, tmp_path, *lines), cast.petra))

    response = send(at_desk(cast.petra), "\n".join(lines))

    assert "on 14 May 13:00" in errors(response)
    assert "by Petra" in errors(response)
    assert list(Upload.objects.all()) == [done]


def test_errors_are_shown_alone_and_come_as_files_that_can_be_mended(cast, tmp_path):
    lines = [f"{cast.membership.number},{points}" for points in ("5", "-70", "x", "=1+1")]
    taken = checked(cast, tmp_path, "member,points", *lines, is_whole=False)
    client = at_desk(cast.petra)

    only = text(client.get(page(taken), {"errors": "1"}))
    found = client.get(reverse("admin:imports_upload_errors", args=[taken.pk, "csv"]))
    body = b"".join(found.streaming_content)
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    book = client.get(reverse("admin:imports_upload_errors", args=[taken.pk, "xlsx"]))
    path = tmp_path / "errors.xlsx"
    path.write_bytes(b"".join(book.streaming_content))

    assert "Not enough: at most 55 can be taken." in only
    assert "50 → 55" not in only
    assert [(row["row"], row["points"], row["what is wrong"]) for row in rows] == [
        ("3", "'-70", "Not enough: at most 55 can be taken."),
        ("4", "x", "Points are a whole number without separators, such as -24."),
        ("5", "'=1+1", "Points are a whole number without separators, such as -24."),
    ]
    with reading.read(path, name="errors.xlsx") as table:
        assert [row.cells[1] for row in table.rows] == ["-70", "x", "=1+1"]
    mended = body.decode("utf-8-sig").replace("'-70", "-7").replace(",x,", ",1,")
    again = checked(cast, tmp_path, *mended.splitlines(), is_whole=False, name="mended.csv")
    assert [row.error for row in again.rows.order_by("number")] == ["", "", "NOT_WHOLE"]


def test_a_stopped_file_goes_on_and_a_checked_one_is_discarded(cast, tmp_path):
    client = at_desk(cast.petra)
    lines = ("member,points", f"{cast.membership.number},5")
    first = confirm(checked(cast, tmp_path, *lines, is_whole=False), cast.petra)
    other = checked(cast, tmp_path, "member,points", f"{cast.membership.number},6")

    client.post(page(first), {"act": "cancel"})
    assert "Stopped: somebody stopped it." in text(client.get(page(first)))
    client.post(page(first), {"act": "go_on"})
    work(first)
    client.post(page(other), {"act": "discard"})
    late = client.post(page(other), {"act": "confirm"})

    other.refresh_from_db()
    assert (first.state, other.state) == (UploadState.DONE, UploadState.DROPPED)
    assert told(late)[-1] == "Somebody was here first. This is how it stands now."
    assert client.post(page(other), {"act": "burn"}).status_code == 404
    assert balance(cast) == 55


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("kind", ["adjustment", "opening"])
def test_a_template_has_the_titles_of_its_kind(cast, tmp_path, kind, form):
    found = at_desk(cast.petra).get(reverse("admin:imports_upload_template", args=[kind, form]))
    path = tmp_path / f"template.{form}"
    path.write_bytes(b"".join(found.streaming_content))

    with reading.read(path, name=path.name) as table:
        titles = table.header
    expected = ("member", "points", "credit", "reason", "internal note", "comment")
    assert titles == (*expected, *(["expires"] if kind == "opening" else []))


def test_support_people_see_no_imports(cast, tmp_path):
    sue = make_user("sue")
    make_manager(sue, cast.partner, Role.SUPPORT)
    taken = checked(cast, tmp_path, "member,points", f"{cast.membership.number},5")
    client = at_desk(sue)

    answers = [client.get(address).status_code for address in (page(taken), ADD)]
    sent = client.post(page(taken), {"act": "confirm"})

    assert (answers, sent.status_code) == ([403, 403], 403)
    assert "Imports" not in client.get(reverse("admin:index")).content.decode()


def test_the_page_of_a_file_asks_as_much_for_one_row_as_for_many(
    cast, tmp_path, django_assert_max_num_queries
):
    client = at_desk(cast.petra)
    for rows in (1, 60):
        lines = [f"{cast.membership.number},{number + rows}" for number in range(rows)]
        taken = checked(cast, tmp_path, "member,points", *lines)
        with django_assert_max_num_queries(12):
            first = client.get(page(taken))
        assert (first.context["more"] == "?after=51") == (rows == 60)
    assert [one.row.number for one in client.get(page(taken), {"after": "51"}).context["rows"]] == [
        *range(52, 62)
    ]
