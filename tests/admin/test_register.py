"""Registering a customer in one form, with all that they told."""

from datetime import date

import pytest

from cards.models import Card, CardStatus, NumberMode
from loyalty.members.models import Member, Membership
from tests.admin.desk import action, at_desk, shown
from tests.admin.registering import ANA, PAGE, group_of, register, support, wrong
from tests.cast import NOON, make_card, make_cast, make_club, make_partner
from tests.operations.test_enrolments import guest, with_numbers

pytestmark = pytest.mark.django_db
LIST = "/admin/members/membership/"


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
