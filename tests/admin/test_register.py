"""Registering a customer in one form, their personal facts, and card numbers made ahead."""

import csv
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cards.models import Card, CardStatus, CustomerGroup, NumberMode, PrintedCard, Tag
from clubs.models import Role, Store
from loyalty.audit.models import AuditEvent
from loyalty.ledger.models import Transaction
from loyalty.members.models import Member, Membership, MemberTag
from loyalty.operations import enrolments, numbering
from loyalty.rules import numbers
from tests.admin.desk import action, at_desk, shown, submit
from tests.cast import (
    NOON,
    deed,
    make_card,
    make_cast,
    make_club,
    make_manager,
    make_partner,
    make_user,
)
from tests.operations.test_enrolments import PRIVACY, guest, with_numbers

pytestmark = pytest.mark.django_db
PAGE = "/admin/members/membership/add/"
LIST = "/admin/members/membership/"
ANA = {
    "first_name": "Ana",
    "last_name": "Silva",
    "phone": "912 345 678",
    "is_phone_confirmed": "on",
    "email": "Ana@Silva.example",
    "consent": "on",
}


def group_of(partner, code="VIP", **extra):
    return CustomerGroup.objects.create(partner=partner, code=code, name="Regulars", **extra)


def register(client: Client, card, **changed):
    return submit(client, PAGE, **{**ANA, "card": card.pk, **changed})


def support(cast):
    helper = make_user("helper")
    make_manager(helper, cast.partner, Role.SUPPORT)
    return at_desk(helper)


def wrong(response):
    return {name: " ".join(words) for name, words in response.context["form"].errors.items()}


@pytest.mark.req("IV9.6", "IV6.1", "IV2.6")
def test_a_customer_is_registered_in_one_form_with_all_that_they_told():
    cast = with_numbers(number_mode=NumberMode.TYPED, has_referrals=True)
    referrer = guest(cast, number="A1006")
    group = group_of(cast.partner)
    client = at_desk(cast.petra)

    response = register(
        client,
        cast.card,
        birth_day="29",
        birth_month="2",
        birth_year="1996",
        anniversary="2015-09-01",
        customer_group=group.pk,
        number="A1007",
        referral_code=referrer.referral_code,
        wants_news="on",
    )

    made = Membership.objects.latest("pk")
    member = made.member
    assert response.url == action("account", made)
    assert (member.full_name(), member.phone, member.email) == (
        "Ana Silva",
        "+351912345678",
        "ana@silva.example",
    )
    assert (member.birth_day, member.birth_month, member.birth_year) == (29, 2, 1996)
    assert (member.anniversary, member.customer_group) == (date(2015, 9, 1), group)
    assert (made.number, made.referred_by, made.card) == ("A1007", referrer, cast.card)
    assert member.phone_confirmed_at is not None
    assert member.privacy_accepted_at is not None
    assert member.marketing_accepted_at is not None
    assert member.consent_source == "COUNTER"


@pytest.mark.req("IV9.6")
def test_a_name_a_way_to_reach_them_and_their_consent_are_enough():
    cast = make_cast()

    response = register(at_desk(cast.petra), cast.card, last_name="", email="")

    member = Member.objects.latest("pk")
    assert response.status_code == 302
    assert (member.birth_day, member.anniversary, member.customer_group) == (None, None, None)
    assert member.marketing_accepted_at is None


@pytest.mark.req("IV2.6")
def test_cancelling_the_registration_leads_to_the_list_and_keeps_nothing():
    cast = make_cast()

    words = at_desk(cast.petra).get(PAGE).content.decode()

    assert f'href="{LIST}">Cancel' in words
    assert Member.objects.count() == 1


def test_sending_the_registration_twice_registers_once():
    cast = make_cast()
    client = at_desk(cast.petra)
    values = {**shown(client, PAGE), **ANA, "card": cast.card.pk}

    first, second = client.post(PAGE, values), client.post(PAGE, values)

    assert (first.status_code, second.url) == (302, first.url)
    assert Member.objects.count() == 2


@pytest.mark.req("IV9.6", "IV6.1", "IV5.11")
@pytest.mark.parametrize(
    ("changed", "field", "reason"),
    [
        ({"first_name": ""}, "first_name", "This field is required."),
        (
            {"phone": "", "email": "", "is_phone_confirmed": None},
            "phone",
            "Type a phone number or an e-mail.",
        ),
        (
            {"is_phone_confirmed": None},
            "is_phone_confirmed",
            "Read the number back first, then tick this.",
        ),
        (
            {"consent": None},
            "consent",
            "The member has to agree to the privacy text first.",
        ),
        (
            {"birth_day": "30", "birth_month": "2"},
            "birth_day",
            "There is no such day in the calendar.",
        ),
        ({"birth_day": "30"}, "birth_day", "Type day and month; the year may stay empty."),
        ({"birth_year": "1990"}, "birth_day", "Type day and month; the year may stay empty."),
        (
            {"birth_day": "1", "birth_month": "2", "birth_year": "1800"},
            "birth_year",
            "Ensure this value is greater than or equal to 1900.",
        ),
        (
            {"birth_day": "1", "birth_month": "2", "birth_year": "2190"},
            "birth_day",
            "This is no day of the calendar, or it is yet to come.",
        ),
        ({"anniversary": "soon"}, "anniversary", "Enter a valid date."),
    ],
)
def test_what_cannot_be_registered_is_refused_beside_its_field(changed, field, reason):
    cast = make_cast(has_referrals=True)

    response = register(at_desk(cast.petra), cast.card, **changed)

    assert wrong(response) == {field: reason}
    assert Member.objects.count() == 1


@pytest.mark.req("IV5.11")
def test_a_referral_code_of_nobody_is_refused_beside_its_field():
    cast = make_cast(has_referrals=True)

    response = register(at_desk(cast.petra), cast.card, referral_code="NOBODY")

    assert list(wrong(response)) == ["referral_code"]
    assert Member.objects.count() == 1


def test_nobody_is_asked_who_brought_them_where_members_cannot_recommend():
    cast = make_cast()

    assert "referral_code" not in shown(at_desk(cast.petra), PAGE)


@pytest.mark.parametrize("field", ["phone", "email"])
def test_a_customer_who_is_there_already_is_shown_with_their_card(field):
    cast = make_cast()
    client = at_desk(cast.petra)
    register(client, cast.card)
    first = Membership.objects.latest("pk")
    other = {"phone": {"email": "new@mail.example"}, "email": {"phone": "913 000 000"}}[field]

    again = register(client, cast.card, **other)

    assert list(wrong(again)) == [field]
    assert action("account", first) in again.content.decode()
    assert "Ana Silva · Harbour Coffee" in again.content.decode()


@pytest.mark.req("R1.1", "IV9.6")
def test_only_the_own_open_cards_and_groups_are_offered():
    cast = make_cast()
    make_card(cast.hill, "Closed", status=CardStatus.PAUSED)
    other = make_partner("Elsewhere")
    foreign = make_card(make_club(other, "Elsewhere"), "Elsewhere")
    mine, theirs = group_of(cast.partner), group_of(other, "THEIRS")
    group_of(cast.partner, "OLD", archived_at=NOON)
    client = at_desk(cast.petra)

    form = client.get(PAGE).context["form"]
    planted = register(client, foreign)
    grouped = register(client, cast.card, customer_group=theirs.pk)

    assert [name for _key, name in form.fields["card"].choices] == ["Harbour Coffee", "Hill Gym"]
    assert list(form.fields["customer_group"].queryset) == [mine]
    assert (list(wrong(planted)), list(wrong(grouped))) == (["card"], ["customer_group"])
    assert Member.objects.count() == 1


@pytest.mark.req("IV3.33")
def test_support_and_strangers_register_nobody():
    cast = make_cast()
    client = support(cast)

    assert (client.get(PAGE).status_code, client.post(PAGE, ANA).status_code) == (403, 403)
    assert "Register" not in client.get(LIST).content.decode()
    assert at_desk(cast.sam).get(PAGE).status_code == 404


def test_without_an_open_card_the_page_says_what_is_missing():
    cast = make_cast()
    Card.objects.update(status=CardStatus.PAUSED)

    words = at_desk(cast.petra).get(PAGE).content.decode()

    assert "No card is open" in words


def test_the_list_of_members_leads_to_the_registration():
    cast = make_cast()

    assert PAGE in at_desk(cast.petra).get(LIST).content.decode()


# What is kept of a member beside name and contact.


@pytest.mark.req("IV6.1", "IV9.11", "IV2.6")
def test_a_manager_keeps_birthday_anniversary_and_group_of_a_member():
    cast = make_cast()
    group = group_of(cast.partner)
    client = at_desk(cast.petra)
    page = action("facts", cast.membership)

    saved = submit(
        client,
        page,
        birth_day="2",
        birth_month="6",
        anniversary="2020-02-29",
        customer_group=group.pk,
    )
    account = client.get(saved.url).content.decode()

    assert saved.url == action("account", cast.membership)
    for words in ("2 June", "29 February 2020", "Regulars", cast.membership.member.code):
        assert words in account
    values = shown(client, page)
    assert (values["birth_day"], values["birth_month"], values["birth_year"]) == ("2", "6", "")
    assert (values["anniversary"], values["customer_group"]) == ("2020-02-29", str(group.pk))
    assert AuditEvent.objects.filter(action="change facts").count() == 1


@pytest.mark.req("IV6.1")
def test_a_birthday_that_was_changed_lately_stays_and_the_page_says_so():
    cast = make_cast()
    changed = timezone.now() - timedelta(days=3)
    Member.objects.update(birth_day=2, birth_month=6, birthday_changed_at=changed)
    client = at_desk(cast.petra)
    page = action("facts", cast.membership)

    refused = submit(client, page, birth_day="3")
    named = submit(client, page, birth_year="1990")

    assert wrong(refused) == {
        "birth_day": "The birthday was changed less than a year ago. Nothing was changed now."
    }
    assert "less than a year ago, so its day stays" in client.get(page).content.decode()
    assert named.status_code == 302
    assert Member.objects.get().birth_year == 1990


def test_the_birthday_of_a_member_is_shown_with_its_year_where_it_is_known():
    cast = make_cast()
    Member.objects.update(birth_day=29, birth_month=2, birth_year=1996)

    words = at_desk(cast.petra).get(action("account", cast.membership)).content.decode()

    assert "29 February 1996" in words


@pytest.mark.req("IV3.33")
def test_support_changes_no_facts():
    cast = make_cast()
    client = support(cast)
    page = action("facts", cast.membership)

    assert (client.get(page).status_code, client.post(page).status_code) == (403, 403)
    assert page not in client.get(action("account", cast.membership)).content.decode()


@pytest.mark.req("FA3", "FA4")
def test_the_account_page_shows_the_tags_that_are_set():
    cast = make_cast()
    for name, is_set, archived_at in (
        ("Worn", True, None),
        ("Half", False, None),
        ("Old", True, NOON),
    ):
        tag = Tag.objects.create(partner=cast.partner, name=name, archived_at=archived_at)
        MemberTag.objects.create(
            partner=cast.partner, member=cast.membership.member, tag=tag, is_set=is_set
        )

    page = at_desk(cast.petra).get(action("account", cast.membership))

    assert [tag.name for tag in page.context["tags"]] == ["Worn"]
    assert "Worn" in page.content.decode()


# Stores where members check in.


@pytest.mark.req("PA2.2")
def test_a_store_takes_check_ins_and_keeps_its_code_for_the_door():
    cast = make_cast()
    client = at_desk(cast.petra)
    page = reverse("admin:clubs_store_change", args=[cast.old_port.pk])

    submit(client, page, allows_check_in="on")
    code = Store.objects.get(pk=cast.old_port.pk).check_in_code
    submit(client, page, allows_check_in=None)
    submit(client, page, allows_check_in="on")

    store = Store.objects.get(pk=cast.old_port.pk)
    assert (store.allows_check_in, bool(code), store.check_in_code) == (True, True, code)
    assert Store.objects.get(pk=cast.hilltop.pk).check_in_code == ""


# Card numbers made ahead.


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
