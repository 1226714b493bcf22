"""Card numbers made ahead, printed, and given to whoever gets the card."""

import csv

import pytest
from django.urls import reverse

from cards.models import Card, NumberMode, PrintedCard
from loyalty.ledger.models import Transaction
from loyalty.members import codes
from loyalty.members.models import Membership
from loyalty.operations import enrolments, numbering
from loyalty.rules import numbers
from tests.admin.desk import at_desk, submit
from tests.admin.registering import register, support, wrong
from tests.cast import deed, make_cast
from tests.operations.test_enrolments import PRIVACY, with_numbers

pytestmark = pytest.mark.django_db


def numbers_of(card):
    return list(
        PrintedCard.objects.filter(card=card).order_by("pk").values_list("number", flat=True)
    )


def stock(card):
    return reverse("admin:cards_card_numbers", args=[card.pk])


@pytest.mark.req("IV9.8", "IV3.3")
@pytest.mark.parametrize("mode", [NumberMode.AUTO, NumberMode.PREPRINTED])
def test_a_batch_of_numbers_with_check_digits_is_made_and_printed(mode):
    cast = with_numbers(
        number_mode=mode, number_prefix="HB", number_width=6, number_has_check_digit=True
    )
    client = at_desk(cast.petra)

    made = client.post(stock(cast.card), {"add": "1", "count": "3"})
    listed = client.get(reverse("admin:cards_card_numbers_csv", args=[cast.card.pk]))
    sheet = client.get(reverse("admin:cards_card_numbers_pdf", args=[cast.card.pk]))

    assert made.status_code == 302
    found = numbers_of(cast.card)
    assert [number[:8] for number in found] == ["HB000001", "HB000002", "HB000003"]
    assert all(
        numbers.is_valid(text=number, prefix="HB", width=6, has_check_digit=True)
        for number in found
    )
    rows = list(csv.reader(listed.content.decode().splitlines()))
    assert rows[0] == ["number", "address"]
    assert [row[0] for row in rows[1:]] == found
    printed = PrintedCard.objects.order_by("pk")
    assert [row[1].upper().rpartition("/C/")[2] for row in rows[1:]] == [
        one.code for one in printed
    ]
    assert (sheet["Content-Type"], sheet.content[:5]) == ("application/pdf", b"%PDF-")


@pytest.mark.req("IV9.8")
def test_a_part_of_the_stock_is_printed_from_one_number_to_another():
    cast = make_cast()
    client = at_desk(cast.petra)
    client.post(stock(cast.card), {"add": "1", "count": "5"})
    address = reverse("admin:cards_card_numbers_csv", args=[cast.card.pk])

    def asked(**query):
        return [
            line.partition(",")[0]
            for line in client.get(address, query).content.decode().splitlines()[1:]
        ]

    assert asked(since="00000003", until="00000004") == ["00000003", "00000004"]
    assert asked(until="00000002") == ["00000002"]
    assert len(asked()) == 5
    assert asked(since="9" * 30) == []


@pytest.mark.req("IV9.8", "IV3.3")
@pytest.mark.parametrize(
    ("count", "reason"),
    [
        ("0", "Type a number other than zero."),
        ("", "This field is required."),
        ("1001", "At most 1000 at a time."),
        ("3", "The series has 2 numbers left. Make it wider, or start another."),
    ],
)
def test_a_batch_that_the_series_cannot_make_is_refused_beside_its_field(count, reason):
    cast = make_cast(number_width=4)
    Card.objects.filter(pk=cast.card.pk).update(next_number=9998)
    client = at_desk(cast.petra)

    response = client.post(stock(cast.card), {"add": "1", "count": count})

    assert wrong(response) == {"count": reason}
    assert not PrintedCard.objects.exists()


@pytest.mark.req("IV9.8")
def test_whoever_gets_a_card_that_was_printed_ahead_keeps_its_number_and_code():
    cast = make_cast()
    client = at_desk(cast.petra)
    client.post(stock(cast.card), {"add": "1", "count": "2"})
    card = PrintedCard.objects.latest("pk")

    register(client, cast.card, number=f" {card.number} ")
    given = Membership.objects.latest("pk")
    taken = register(client, cast.card, phone="913 000 000", email="", number=card.number)
    register(client, cast.card, phone="913 000 000", email="", number="")
    next_one = Membership.objects.latest("pk")

    assert (given.number, given.code) == (card.number, card.code)
    assert wrong(taken) == {"number": "This card number is not in stock. Take another card."}
    assert next_one.number == "00000004"


def test_numbers_that_are_typed_have_no_stock():
    cast = with_numbers(number_mode=NumberMode.TYPED)

    assert at_desk(cast.petra).get(stock(cast.card)).status_code == 404


def test_a_series_that_is_used_up_says_so():
    cast = make_cast(number_width=4)
    Card.objects.filter(pk=cast.card.pk).update(next_number=10_000)

    words = at_desk(cast.petra).get(stock(cast.card)).content.decode()

    assert "The series has no more numbers." in words
    with pytest.raises(numbering.CardNumberError):
        enrolments.enrol_at_counter(
            deed=deed(cast.sam),
            card_id=cast.card.pk,
            person=enrolments.Person(first_name="Gus"),
            consent=PRIVACY,
        )
    assert Transaction.objects.filter(kind="ENROLMENT").count() == 1


@pytest.mark.parametrize("asked", ["csv", "pdf"])
def test_support_prints_no_numbers(asked):
    cast = make_cast()
    address = reverse(f"admin:cards_card_numbers_{asked}", args=[cast.card.pk])

    assert support(cast).get(address).status_code == 403


def test_a_void_number_is_neither_printed_nor_given():
    cast = make_cast()
    client = at_desk(cast.petra)
    client.post(stock(cast.card), {"add": "1", "count": "2"})
    first = PrintedCard.objects.earliest("pk")

    client.post(stock(cast.card), {"void": str(first.pk)})
    listed = client.get(reverse("admin:cards_card_numbers_csv", args=[cast.card.pk]))
    refused = register(client, cast.card, number=first.number)

    assert first.number not in listed.content.decode()
    assert wrong(refused) == {"number": "This card number is not in stock. Take another card."}


@pytest.mark.req("IV3.3", "IV3.4", "IV9.8")
def test_numbers_for_printing_are_made_from_the_series_and_listed():
    cast = make_cast()
    card = cast.hill_card
    Card.objects.filter(pk=card.pk).update(
        number_mode=NumberMode.PREPRINTED, number_prefix="HG", number_width=6
    )
    client = at_desk(cast.petra)
    path = reverse("admin:cards_card_numbers", args=[card.pk])

    submit(client, path, count="3", add="1")
    first = PrintedCard.objects.order_by("pk").first()
    client.post(path, {"void": first.pk})

    listed = client.get(reverse("admin:cards_card_numbers_csv", args=[card.pk])).content.decode()
    sheet = client.get(reverse("admin:cards_card_numbers_pdf", args=[card.pk]))
    assert list(PrintedCard.objects.order_by("pk").values_list("number", "is_void")) == [
        ("HG000001", True),
        ("HG000002", False),
        ("HG000003", False),
    ]
    assert [line.split(",")[0] for line in listed.splitlines()] == [
        "number",
        "HG000002",
        "HG000003",
    ]
    assert codes.read_card_code(listed.splitlines()[1].rsplit("/", 1)[-1]) is not None
    assert sheet.content.startswith(b"%PDF-")


@pytest.mark.parametrize("typed", ["0", "1001", "-1", "1e3", ""])
def test_a_wrong_count_of_numbers_makes_none(typed):
    cast = make_cast()
    Card.objects.filter(pk=cast.hill_card.pk).update(number_mode=NumberMode.PREPRINTED)
    path = reverse("admin:cards_card_numbers", args=[cast.hill_card.pk])

    response = submit(at_desk(cast.petra), path, count=typed, add="1")

    assert list(response.context["form"].errors) == ["count"]
    assert PrintedCard.objects.count() == 0


def test_a_number_that_is_no_number_cannot_be_made_void():
    cast = make_cast()
    Card.objects.filter(pk=cast.hill_card.pk).update(number_mode=NumberMode.PREPRINTED)
    path = reverse("admin:cards_card_numbers", args=[cast.hill_card.pk])
    client = at_desk(cast.petra)

    found = [
        client.post(path, {"void": key}).status_code for key in ("abc", "2000000000", "\u0663")
    ]

    assert found == [404, 404, 404]
