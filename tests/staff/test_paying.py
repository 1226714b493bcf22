"""Paying with points or credit at the counter, and booking the rest of the bill."""

from decimal import Decimal

import pytest
from django.urls import reverse

from cards.models import Card
from loyalty.ledger.models import Transaction
from tests.cast import join, publish
from tests.operations.counter import adjust
from tests.staff.conftest import Counter, signed_in


@pytest.fixture
def rich(counter):
    """Sam's counter, and Mia with 1000 points of a cent each."""
    return valued(counter)


def valued(counter, **changed):
    card = counter.cast.card
    Card.objects.filter(pk=card.pk).update(**({"base_rate": Decimal("0.01")} | changed))
    publish(Card.objects.get(pk=card.pk))
    adjust(counter.cast, 1000)
    return counter


def book(counter, scan_id, amount="20.00", **data):
    return counter.post("pay", scan_id, **({"amount": amount, "unit": "POINTS"} | data))


@pytest.mark.req("IV3.19")
def test_a_bill_is_paid_with_points_and_the_result_says_what_is_left_to_pay(rich, booked):
    answer = book(rich, rich.scan())

    page = rich.client.get(answer["Location"])
    told = page.context["told"]
    assert (told.figure, told.what, told.why) == (
        "€10.00",
        "\u22121,000 points",
        ["still to be paid: €10.00"],
    )
    assert (page.context["balance_before"], page.context["balance_after"]) == (
        "1,000 points",
        "0 points",
    )
    assert booked() == [("ADJUSTMENT", 1000), ("PAYMENT", -1000)]


@pytest.mark.req("IV3.19")
def test_a_part_is_paid_and_undone_from_the_result(rich, booked):
    answer = book(rich, rich.scan(), money="2.50")
    payment = Transaction.objects.get(kind="PAYMENT")
    page = rich.client.get(answer["Location"])

    undone = rich.client.get(rich.post("undo", payment.pk, key="undo-form")["Location"])

    assert (payment.points, page.context["undo_seconds"]) == (-250, 15 * 60)
    assert (undone.context["told"].figure, undone.context["balance_after"]) == (
        "+250",
        "1,000 points",
    )
    assert rich.client.get(answer["Location"]).context["rest_address"] == ""
    assert booked()[-1] == ("REVERSAL", 250)


def test_two_submits_pay_once(rich, booked):
    scan_id = rich.scan()

    first, second = book(rich, scan_id), book(rich, scan_id)

    assert first["Location"] == second["Location"]
    assert booked() == [("ADJUSTMENT", 1000), ("PAYMENT", -1000)]


@pytest.mark.req("IV3.27")
def test_the_purchase_is_booked_after_its_payment_and_the_rest_earns(rich, booked):
    scan_id = rich.scan()
    paid = rich.client.get(book(rich, scan_id, money="5.00", receipt="77")["Location"])
    address = paid.context["rest_address"]

    page = rich.client.get(address)
    foretold = rich.client.get(f"{address}preview/", {"amount": "20.00"}).json()
    answer = rich.client.post(
        address, {"request_id": "rest-of-the-bill", "amount": "20.00", "receipt": "77"}
    )

    form = page.context["form"]
    sale = Transaction.objects.get(kind="PURCHASE")
    assert (form["amount"].value(), form["receipt"].value()) == ("20.00", "77")
    assert foretold["figure"] == "+15 points"
    assert (foretold["button"], foretold["error"]) == ("Award 15 points", "")
    assert answer["Location"] == reverse("staff:result", args=[sale.pk])
    assert (sale.amount_minor, sale.receipt_number, sale.points) == (2000, "77", 15)
    assert booked() == [("ADJUSTMENT", 1000), ("PAYMENT", -500), ("PURCHASE", 15)]


def test_a_purchase_is_only_booked_after_an_own_payment_of_this_card(rich, booked):
    scan_id = rich.scan()
    book(rich, scan_id, money="5.00")
    payment = Transaction.objects.get(kind="PAYMENT")
    adjustment = Transaction.objects.get(kind="ADJUSTMENT")
    noors = rich.scan(join(rich.cast.noor, rich.cast.card))
    rich.award(scan_id, key="a-purchase")
    sale = Transaction.objects.get(kind="PURCHASE")

    answers = [
        rich.show("rest", scan_id, adjustment.pk),
        rich.show("rest", scan_id, sale.pk),
        rich.show("rest", noors, payment.pk),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_what_is_wrong_with_the_rest_stands_beside_its_field(rich):
    scan_id = rich.scan()
    address = rich.client.get(book(rich, scan_id, money="5.00")["Location"]).context["rest_address"]

    empty = rich.client.post(address, {"request_id": "rest-of-the-bill", "amount": ""})
    zero = rich.client.post(address, {"request_id": "rest-of-the-bill", "amount": "0"})

    assert empty.context["form"].errors == {"amount": ["This field is required."]}
    assert zero.context["form"].errors == {"amount": ["Type an amount above zero."]}
    told = [
        rich.client.get(f"{address}preview/", {"amount": amount}).json()["error"]
        for amount in ("", "0")
    ]
    assert told == ["This field is required.", "Type an amount above zero."]


@pytest.mark.req("IV3.19")
def test_the_preview_tells_what_can_be_paid_and_what_it_takes(rich):
    scan_id = rich.scan()

    whole = rich.show("pay_preview", scan_id, amount="20", unit="POINTS").json()
    part = rich.show("pay_preview", scan_id, amount="20", unit="POINTS", money="0.30").json()
    junk = rich.show("pay_preview", scan_id, amount="x", unit="POINTS").json()
    none = rich.show("pay_preview", scan_id, amount="20", unit="CREDIT").json()

    assert whole == {
        "figure": "€10.00",
        "why": "for 1,000 points; €10.00 stay to be paid",
        "button": "Pay €10.00",
        "error": "",
    }
    assert (part["figure"], part["why"]) == ("€0.30", "for 30 points; €19.70 stay to be paid")
    assert junk["error"] == "Type an amount such as 12.40."
    assert none["error"] == "This member cannot pay any of this bill so. Nothing was booked."


@pytest.mark.req("IV3.19")
def test_points_and_credit_are_offered_where_there_are_both(counter, booked):
    valued(counter, step_minor=100, credit_per_step_minor=10)
    scan_id = counter.scan()
    counter.award(scan_id, "30.00", key="a-purchase")

    page = counter.show("pay", scan_id)
    answer = book(counter, scan_id, unit="CREDIT")

    assert [label for _, label in page.context["form"].fields["unit"].choices] == [
        "with points",
        "with credit",
    ]
    assert page.context["can_pay"] == [
        "up to €10.30 with points",
        "up to €3.00 with credit",
    ]
    told = counter.client.get(answer["Location"]).context["told"]
    assert (told.figure, told.what) == ("€3.00", "\u2212€3.00")
    foretold = counter.show("pay_preview", scan_id, amount="1", unit="POINTS").json()
    assert foretold["why"] == "for 100 points; €0.00 stay to be paid"


def test_credit_alone_is_named_in_the_preview(counter):
    card = counter.cast.card
    Card.objects.filter(pk=card.pk).update(credit_per_step_minor=10)
    publish(Card.objects.get(pk=card.pk))
    scan_id = counter.scan()
    counter.award(scan_id, "30.00")

    told = counter.show("pay_preview", scan_id, amount="20", unit="CREDIT").json()

    assert told["why"] == "for €3.00 credit; €17.00 stay to be paid"


WRONG = [
    # typed, field, message
    ({"amount": ""}, "amount", "This field is required."),
    ({"amount": "0"}, "amount", "Type an amount above zero."),
    ({"money": "10.01"}, "money", "This is more than the member can pay of this bill."),
    ({"money": "x"}, "money", "Type an amount such as 12.40."),
    ({"unit": "GOLD"}, "unit", None),
]


@pytest.mark.parametrize(("typed", "field", "message"), WRONG)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_paid(
    rich, booked, typed, field, message
):
    answer = book(rich, rich.scan(), **typed)

    errors = answer.context["form"].errors
    assert (list(errors), answer.status_code) == ([field], 422)
    assert message is None or errors[field] == [message]
    assert booked() == [("ADJUSTMENT", 1000)]


def test_a_card_whose_points_are_no_money_offers_no_payment(counter):
    scan_id = counter.scan()
    counter.award(scan_id)

    front, page = counter.show("counter", scan_id, again=""), counter.show("pay", scan_id)

    assert (front.context["may_pay"], page.context["is_offered"]) == (False, False)
    assert "Nothing here can pay a bill now" in page.content.decode()


def test_the_counter_offers_to_pay_where_there_is_something_to_pay_with(rich):
    page = rich.show("counter", rich.scan())

    assert page.context["may_pay"]
    assert reverse("staff:pay", args=[page.context["scan"].pk]) in page.content.decode()


@pytest.mark.req("R4.4")
def test_a_stale_code_pays_nothing_and_says_so(rich, booked):
    scan_id = rich.scan(digits="000000")

    page, answer = rich.show("pay", scan_id), book(rich, scan_id)

    assert "Ask for a fresh code to pay with it." in page.content.decode()
    assert (answer.status_code, booked()) == (409, [("ADJUSTMENT", 1000)])


def test_points_only_cards_book_no_rest(counter):
    valued(counter, is_points_only=True)

    page = counter.client.get(book(counter, counter.scan())["Location"])

    assert page.context["rest_address"] == ""


@pytest.mark.parametrize("visit", ["", "x", "0", "9" * 30])
def test_a_result_opened_without_its_visit_books_no_rest(rich, visit):
    book(rich, rich.scan())
    payment = Transaction.objects.get(kind="PAYMENT")

    assert rich.show("result", payment.pk, visit=visit).context["rest_address"] == ""


def test_staff_of_another_club_cannot_pay_here(rich, booked):
    scan_id = rich.scan()
    tess = Counter(cast=rich.cast, client=signed_in(rich.cast.tess))

    answers = [tess.show("pay", scan_id), book(tess, scan_id)]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert booked() == [("ADJUSTMENT", 1000)]
