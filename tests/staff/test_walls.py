"""Who gets to see which page of the counter: every page, every stranger."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from cards.models import Card
from loyalty.ledger.models import Transaction
from staff.urls import urlpatterns
from tests.cast import publish
from tests.naming import names_in
from tests.staff.conftest import Counter, signed_in

# What stands in the way of somebody without a role, by page. "own" pages are about Sam's deeds.
PAGES = {
    "home": None,
    "store": "store",
    "scan": None,
    "not_your_club": None,
    "unknown_code": None,
    "own_card": None,
    "search": None,
    "member": "membership",
    "enrol": None,
    "counter": "scan",
    "preview": "scan",
    "award": "scan",
    "points": "scan",
    "give": "scan",
    "rewards": "scan",
    "redeem": "scan",
    "claim": "scan",
    "voucher": "scan",
    "pay": "scan",
    "pay_preview": "scan",
    "rest": "paid",
    "rest_preview": "paid",
    "refunds": "scan",
    "park_refund": "scan",
    "refund": "sold",
    "refund_preview": "sold",
    "link": "scan",
    "result": "transaction",
    "undo": "transaction",
    "set_pin": None,
    "slip": "slip",
    "training": None,
    "start_training": None,
}
OPEN = {"invited", "lock", "switch"}  # They are how one gets in.
POSTED = {
    "store",
    "award",
    "points",
    "redeem",
    "claim",
    "voucher",
    "link",
    "undo",
    "park_refund",
    "start_training",
}


def test_every_page_of_the_counter_is_in_the_list():
    assert {pattern.name for pattern in urlpatterns} == {*PAGES, *OPEN}


@pytest.fixture
def sams(counter):
    """What belongs to Sam: a scan, a deed, and where each page about them is."""
    scan_id = counter.scan()
    counter.award(scan_id)
    cast = counter.cast
    Card.objects.filter(pk=cast.card.pk).update(base_rate=Decimal("0.01"))
    publish(Card.objects.get(pk=cast.card.pk))
    counter.post(
        "pay", scan_id, key="key-of-a-payment", amount="12.40", money="0.01", unit="POINTS"
    )
    sale = Transaction.objects.get(kind="PURCHASE").pk
    keys = {
        "scan": [scan_id],
        "membership": [cast.membership.pk],
        "transaction": [sale],
        "sold": [scan_id, sale],
        "paid": [scan_id, Transaction.objects.get(kind="PAYMENT").pk],
    }

    def ask(client: Client, name: str):
        about = PAGES[name]
        data = {"request_id": "key-of-this-form", "store": cast.old_port.pk}
        path = reverse(f"staff:{name}", args=keys.get(about, []))
        return client.post(path, data) if name in POSTED else client.get(path, data)

    return ask


@pytest.mark.req("R2.2")
@pytest.mark.parametrize("name", [name for name, about in PAGES.items() if about])
def test_staff_of_another_club_find_nothing_of_it(cast, sams, name):
    answer = sams(signed_in(cast.tess), name)

    assert answer.status_code == 404
    assert names_in(answer, "Mia") == []


@pytest.mark.req("R2.2")
@pytest.mark.parametrize("name", PAGES)
def test_a_member_without_a_place_of_work_finds_no_counter(cast, sams, name):
    assert sams(signed_in(cast.mia), name).status_code == 404


@pytest.mark.req("R2.2")
@pytest.mark.parametrize("name", ["home", "search", "enrol", "slip"])
def test_the_pages_of_another_club_show_none_of_ours(cast, sams, name):
    tess = signed_in(cast.tess)

    answer = tess.get(reverse(f"staff:{name}"))

    assert names_in(answer, "Mia", "Harbour", "Old Port", "Croissant", "Sam") == []


@pytest.mark.req("R4.4")
@pytest.mark.parametrize("name", PAGES)
def test_nobody_sees_the_counter_without_signing_in(sams, name):
    answer = sams(Client(), name)

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/staff/")


def test_after_the_sign_in_the_scan_continues(counter):
    scan_id = counter.scan()

    answer = Client().post(reverse("staff:award", args=[scan_id]), {"amount": "5"})

    assert answer["Location"] == f"/accounts/login/?next=/staff/counter/{scan_id}/"


def test_the_owner_of_these_pages_sees_them(counter, sams):
    seen = {name: sams(counter.client, name).status_code for name in PAGES if name not in POSTED}

    expected = dict.fromkeys(seen, 200)
    assert seen == expected | {"not_your_club": 404, "unknown_code": 404, "own_card": 403}


@pytest.mark.parametrize("name", sorted(POSTED | {"lock"}))
def test_a_deed_needs_a_post(counter, name):
    args = [1] if PAGES.get(name) in {"scan", "transaction"} else []

    assert counter.client.get(reverse(f"staff:{name}", args=args)).status_code == 405


def test_a_colleague_does_not_continue_a_scan_of_mine(cast, counter):
    scan_id = counter.scan()
    cast.tess.staff_rows.update(club=cast.harbour)
    colleague = Counter(cast=cast, client=signed_in(cast.tess))

    assert colleague.show("counter", scan_id).status_code == 404
