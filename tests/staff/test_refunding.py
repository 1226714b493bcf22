"""Refunds at the counter: from the list, by receipt, before the sale."""

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from loyalty.ledger.models import ParkedRefund, Transaction
from tests.cast import join, make_reward
from tests.naming import names_in
from tests.staff.conftest import Counter, signed_in


@pytest.fixture
def sold(counter):
    """Sam's counter after a purchase of 20.00 with receipt 77."""
    counter.award(counter.scan(), "20.00", key="the-first-award", receipt="77")
    return counter


def sale() -> Transaction:
    return Transaction.objects.get(kind="PURCHASE")


def book(counter, scan_id, amount="20.00", **data):
    return counter.post("refund", scan_id, sale().pk, amount=amount, **data)


@pytest.mark.req("IV3.20")
def test_a_purchase_is_refunded_from_the_list_and_shown_with_both_balances(sold, booked):
    scan_id = sold.scan()

    page = sold.show("refunds", scan_id)
    form = sold.show("refund", scan_id, sale().pk)
    answer = book(sold, scan_id, "5.00")

    assert [one["sale"].booked.pk for one in page.context["sales"]] == [sale().pk]
    assert form.context["form"]["amount"].value() == "20.00"
    result = sold.client.get(answer["Location"])
    told = result.context["told"]
    assert (told.figure, told.unit, told.what, told.why) == (
        "\u22125",
        "points",
        "Refund €5.00",
        [],
    )
    assert (result.context["balance_before"], result.context["balance_after"]) == (
        "20 points",
        "15 points",
    )
    assert result.context["undo_seconds"] == 15 * 60
    assert booked() == [("PURCHASE", 20), ("REFUND", -5)]


@pytest.mark.req("IV3.20")
def test_a_second_part_starts_with_what_is_left_and_the_list_says_so(sold):
    scan_id = sold.scan()
    book(sold, scan_id, "5.00")

    page = sold.show("refunds", scan_id)
    form = sold.show("refund", scan_id, sale().pk)

    assert [one["refunded"] for one in page.context["sales"]] == ["€5.00 refunded"]
    assert form.context["form"]["amount"].value() == "15.00"
    assert form.context["line"].title == "Purchase €20.00 · Old Port"


def test_two_submits_refund_once(sold, booked):
    scan_id = sold.scan()

    first, second = book(sold, scan_id), book(sold, scan_id)

    assert first["Location"] == second["Location"]
    assert booked() == [("PURCHASE", 20), ("REFUND", -20)]
    assert "refunded already" in sold.show("refund", scan_id, sale().pk).content.decode()
    assert sold.show("refunds", scan_id).context["sales"] == []


@pytest.mark.req("R11.1")
def test_a_refund_is_undone_from_its_result(sold, booked):
    book(sold, sold.scan())
    refund = Transaction.objects.get(kind="REFUND")

    shown = sold.show("result", sale().pk)
    answer = sold.post("undo", refund.pk, key="undo-form")

    assert [line.title for line in shown.context["refunds"]] == ["Refund €20.00 · Old Port"]
    assert sold.client.get(answer["Location"]).context["told"].figure == "+20"
    assert sold.show("result", sale().pk).context["refunds"] == []
    assert booked() == [("PURCHASE", 20), ("REFUND", -20), ("REVERSAL", 20)]


@pytest.mark.req("R11.1")
def test_a_purchase_with_a_refund_says_why_it_is_not_undone(sold):
    book(sold, sold.scan())

    answer = sold.post("undo", sale().pk, key="undo-form")

    assert answer.context["form"].non_field_errors() == [
        "It was refunded since. Undo the refund first. Nothing was changed."
    ]


def test_what_was_spent_is_told_before_and_after(sold):
    bun = make_reward(sold.cast.card, "Bun", 15)
    scan_id = sold.scan()
    sold.post("redeem", scan_id, key="first-reward", reward=bun.pk)

    foretold = sold.show("refund_preview", scan_id, sale().pk, amount="20").json()
    told = sold.client.get(book(sold, scan_id)["Location"]).context["told"]

    assert foretold == {
        "figure": "20 points taken back",
        "why": "15 points already spent; the next awards settle that",
        "button": "Refund €20.00",
        "error": "",
    }
    assert (told.figure, told.why) == (
        "\u22125",
        ["15 points already spent; the next awards settle that"],
    )


def test_the_preview_says_what_is_wrong(sold):
    scan_id = sold.scan()

    junk = sold.show("refund_preview", scan_id, sale().pk, amount="x").json()
    above = sold.show("refund_preview", scan_id, sale().pk, amount="20.01").json()
    missing = sold.show("refund_preview", scan_id, 999, amount="1")

    assert junk["error"] == "Type an amount such as 12.40."
    assert above["error"] == "This is more than is left of the purchase. Nothing was booked."
    assert missing.status_code == 404


@pytest.mark.parametrize("amount", ["", "0", "20.01", "x", "-1", "1\x00", "9" * 400])
def test_nonsense_is_refused_beside_the_field_and_books_nothing(sold, booked, amount):
    answer = book(sold, sold.scan(), amount)

    assert (list(answer.context["form"].errors), answer.status_code) == (["amount"], 422)
    assert booked() == [("PURCHASE", 20)]


def test_a_purchase_is_found_by_its_receipt(sold):
    scan_id = sold.scan()

    answer = sold.show("refunds", scan_id, receipt=" 77 ")

    assert answer["Location"] == reverse("staff:refund", args=[scan_id, sale().pk])


def test_an_undone_purchase_is_not_refunded(sold):
    scan_id = sold.scan()
    sold.post("undo", sale().pk, key="undo-form")

    page = sold.show("refunds", scan_id, receipt="77")

    assert page.context["form"].errors["receipt"] == [
        "This purchase was undone; there is nothing to refund. Nothing was booked."
    ]
    assert (page.context["park_form"], page.context["sales"]) == (None, [])
    assert sold.show("refund", scan_id, sale().pk).status_code == 404


@pytest.mark.req("IV3.20")
def test_a_refund_before_its_sale_is_kept_and_follows_it(counter, booked):
    scan_id = counter.scan()
    page = counter.show("refunds", scan_id, receipt="88")

    answer = counter.post("park_refund", scan_id, receipt="88", amount="4.00")
    counter.award(scan_id, "10.00", key="the-late-sale", receipt="88")

    assert page.context["form"].errors["receipt"] == [
        "There is no such purchase on this card. Nothing was booked."
    ]
    assert page.context["park_form"]["receipt"].value() == "88"
    assert answer["Location"] == reverse("staff:refunds", args=[scan_id])
    assert [str(one) for one in get_messages(answer.wsgi_request)] == [
        "Kept. It is refunded when the purchase with receipt 88 is booked."
    ]
    assert booked() == [("PURCHASE", 10), ("REFUND", -4)]
    assert ParkedRefund.objects.get().settled_by_id is not None


@pytest.mark.parametrize("amount", ["", "0", "x"])
def test_nonsense_is_not_kept(counter, amount):
    answer = counter.post("park_refund", counter.scan(), receipt="88", amount=amount)

    assert (answer.status_code, list(answer.context["park_form"].errors)) == (422, ["amount"])
    assert ParkedRefund.objects.count() == 0


def test_a_receipt_of_somebody_elses_card_is_neither_shown_nor_kept(sold, booked):
    scan_id = sold.scan(join(sold.cast.noor, sold.cast.card))

    page = sold.show("refunds", scan_id, receipt="77")
    answer = sold.post("park_refund", scan_id, receipt="77", amount="4.00")
    direct = sold.show("refund", scan_id, sale().pk)

    assert names_in(page, "Mia") == []
    assert answer.context["park_form"].errors["receipt"] == [
        "This receipt was booked already. Nothing was booked now."
    ]
    assert (direct.status_code, ParkedRefund.objects.count()) == (404, 0)


def test_the_counter_leads_to_refunds_and_the_result_sends_nobody_to_the_manager(sold):
    scan_id = sold.scan()

    page = sold.show("counter", scan_id, again="")
    result = sold.show("result", sale().pk)

    assert reverse("staff:refunds", args=[scan_id]) in page.content.decode()
    assert "ask the manager" not in result.content.decode().lower().replace(
        "the time to undo is over. ask the manager.", ""
    )


def test_staff_of_another_club_cannot_refund_here(sold, booked):
    scan_id = sold.scan()
    tess = Counter(cast=sold.cast, client=signed_in(sold.cast.tess))

    answers = [
        tess.show("refunds", scan_id),
        book(tess, scan_id),
        tess.post("park_refund", scan_id, receipt="88", amount="1"),
        tess.show("refund_preview", scan_id, sale().pk, amount="1"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert booked() == [("PURCHASE", 20)]
