"""The lists of the ledger: by place, not by number, and searched by receipt or card."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.ledger.models import Entry, Lot, Transaction
from staff.admin.site import site
from tests.admin.desk import at_desk
from tests.cast import NOON, make_cast, make_manager, make_partner, make_user
from tests.operations.counter import adjust, buy

pytestmark = pytest.mark.django_db
LEDGER = "/admin/ledger/"


def listed(client, path):
    """Return the keys of the rows that a page of the list shows, and the way to older ones."""
    body = client.get(path).content.decode()
    keys = [int(key) for key in re.findall(r'href="/admin/ledger/transaction/(\d+)/change/', body)]
    older = re.search(r'href="(\?[^"]*after=[^"]*)"', body)
    return keys, older[1].replace("&amp;", "&") if older else ""


def test_books_go_on_by_place_and_nobody_counts_them(monkeypatch):
    cast = make_cast()
    for points in (1, 2, 3, 4):
        adjust(cast, points)
    keys = list(Transaction.objects.order_by("-pk").values_list("pk", flat=True))
    client = at_desk(cast.petra)
    for model in (Transaction, Entry, Lot):
        monkeypatch.setattr(site.get_model_admin(model), "list_per_page", 2)

    first, older = listed(client, LEDGER + "transaction/?source__exact=ADMIN")
    second, end = listed(client, LEDGER + "transaction/" + older)

    assert (first, second, end) == (keys[:2], keys[2:4], "")
    for model in (Transaction, Entry, Lot):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(LEDGER + f"{model._meta.model_name}/").status_code == 200
        assert [one["sql"] for one in asked if "COUNT(" in one["sql"]] == []


def test_a_book_tells_moments_on_the_clock_of_the_business():
    cast = make_cast()
    buy(cast, 1000, at=NOON)

    book = at_desk(cast.petra).get(LEDGER + "transaction/").content.decode()

    assert (cast.partner.timezone, NOON.isoformat()) == (
        "Europe/Lisbon",
        "2026-05-14T12:00:00+00:00",
    )
    assert "14 May 2026 13:00" in book


@pytest.mark.parametrize("place", ["x", "-1", "0", "1.5", "9" * 30, "\u0663"])
def test_a_place_that_no_list_wrote_is_refused(place):
    client = at_desk(make_cast().petra)

    assert client.get(LEDGER + f"transaction/?after={place}").status_code == 400


def test_a_deed_is_found_by_its_receipt_or_the_card_but_not_by_other_businesses():
    cast = make_cast()
    bought = buy(cast, 1000, receipt="R-77")
    stranger = make_user("stella")
    make_manager(stranger, make_partner("Other"))
    own, foreign = at_desk(cast.petra), at_desk(stranger)
    all_of_card = list(Transaction.objects.order_by("-pk").values_list("pk", flat=True))

    assert listed(own, LEDGER + "transaction/?q=r-77")[0] == [bought.pk]
    assert listed(own, LEDGER + f"transaction/?q={cast.membership.number}")[0] == all_of_card
    assert listed(own, LEDGER + "transaction/?q=R-7")[0] == []
    assert listed(foreign, LEDGER + "transaction/?q=R-77")[0] == []
