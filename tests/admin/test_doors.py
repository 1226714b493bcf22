"""The code at a store's door: made with the setting, printed, and replaced."""

import pytest
from django.urls import reverse

from clubs.models import Store
from loyalty.audit.models import AuditEvent
from tests.cast import make_cast
from tests.wallet.reading import main_text, text

pytestmark = [pytest.mark.django_db, pytest.mark.req("PA2.2")]


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def petra(cast, client, settings):
    """Return Petra's browser in the dashboard."""
    settings.ADMIN_NEEDS_SECOND_FACTOR = False
    client.force_login(cast.petra)
    return client


def allow(petra, store):
    """Tick the setting in the store's form."""
    given = {
        "club": store.club_id,
        "name": store.name,
        "code": store.code,
        "timezone": "",
        "receipt_restart": store.receipt_restart,
        "allows_check_in": "on",
        "status": store.status,
        "row_version": store.version,
    }
    petra.post(reverse("admin:clubs_store_change", args=[store.pk]), given)
    store.refresh_from_db()


def page(store, name="door"):
    return reverse(f"admin:clubs_store_{name}", args=[store.pk])


def test_the_code_is_made_when_the_store_allows_check_ins(cast, petra):
    before = cast.old_port.check_in_code
    allow(petra, cast.old_port)
    first = cast.old_port.check_in_code
    allow(petra, cast.old_port)

    assert (before, len(first), cast.old_port.check_in_code) == ("", 16, first)


def test_a_store_without_check_ins_has_no_code_to_print(cast, petra):
    words = text(petra.get(page(cast.old_port)))

    assert "This store takes no check-ins." in words
    assert petra.get(page(cast.old_port, "door_poster")).status_code == 404


def test_the_poster_is_printed_and_noted(cast, petra):
    allow(petra, cast.old_port)

    shown = petra.get(page(cast.old_port)).content.decode()
    paper = petra.post(page(cast.old_port, "door_poster"))
    petra.get(page(cast.old_port, "door_poster"))

    assert f"/wallet/check-in/{cast.old_port.check_in_code}/" in shown
    assert (paper["Content-Type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    assert AuditEvent.objects.filter(action="print door poster").count() == 1


def test_a_name_that_no_font_can_draw_is_told(cast, petra):
    allow(petra, cast.old_port)
    Store.objects.filter(pk=cast.old_port.pk).update(name="المقهى")

    assert "The PDF cannot show the letters of this name" in text(petra.get(page(cast.old_port)))


def test_a_new_code_makes_the_old_one_worthless(cast, petra):
    allow(petra, cast.old_port)
    old = cast.old_port.check_in_code
    petra.get(page(cast.old_port, "door_renew"))
    unchanged = Store.objects.get(pk=cast.old_port.pk).check_in_code

    response = petra.post(page(cast.old_port, "door_renew"), follow=True)

    cast.old_port.refresh_from_db()
    assert (unchanged, cast.old_port.check_in_code != old) == (old, True)
    assert "The door has a new code." in text(response)
    assert petra.get(reverse("wallet:door", args=[old])).status_code == 404
    door = petra.get(reverse("wallet:door", args=[cast.old_port.check_in_code]))
    assert "Check in at Old Port" in main_text(door)
