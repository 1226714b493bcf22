"""Finding members by search, making new ones, and handing a card over to a phone."""

import re

import pytest
from django.core.cache import cache
from django.utils import timezone

from cards.models import PrintedCard
from loyalty.members.models import GuestLink, Member, Membership, Scan
from loyalty.operations import guests
from tests.cast import NOON, deed, join, make_card, make_user
from tests.staff.conftest import Counter, signed_in

PHONE = "+351912345614"


@pytest.fixture
def mia(cast) -> Membership:
    """Mia, whose phone number was confirmed."""
    member = cast.membership.member
    member.last_name, member.phone, member.phone_confirmed_at = "Larsen", PHONE, NOON
    member.save()
    membership: Membership = cast.membership
    return membership


def found(counter, text):
    return [one["membership"].pk for one in counter.show("search", q=text).context["found"]]


@pytest.mark.req("FA9")
@pytest.mark.parametrize(
    "text",
    [PHONE, "912 345 614", "٩١٢٣٤٥٦١٤", "00351912345614", "mia@example.org", "MIA@Example.org"],
)
def test_a_member_is_found_by_phone_in_any_writing_or_by_email(counter, mia, text):
    assert found(counter, text) == [mia.pk]


def test_a_member_is_found_by_card_number(counter, mia):
    assert found(counter, mia.number) == [mia.pk]


@pytest.mark.parametrize("text", ["91234561", "345614", "mia", "Larsen", "mia@example", "%", "x"])
def test_a_part_of_it_finds_nobody_and_is_recorded(counter, mia, text):
    page = counter.show("search", q=text)

    assert (page.context["found"], page.context["is_searched"]) == ([], True)
    assert [scan.outcome for scan in Scan.objects.all()] == ["UNKNOWN"]


@pytest.mark.parametrize("text", ["", " ", "x" * 121, "1\x00"])
def test_a_nonsense_search_says_so_and_asks_nobody(counter, mia, text):
    page = counter.show("search", q=text)

    assert "q" in page.context["form"].errors
    assert Scan.objects.count() == 0


def test_a_phone_that_nobody_confirmed_matches_nothing(counter, mia):
    Member.objects.update(phone_confirmed_at=None)

    assert found(counter, PHONE) == []


@pytest.mark.req("R2.2")
def test_a_search_finds_nobody_of_another_club(cast, mia):
    tess = Counter(cast=cast, client=signed_in(cast.tess))

    assert (found(tess, PHONE), found(tess, mia.number)) == ([], [])


def test_a_typed_card_code_opens_the_card(counter, mia):
    answer = counter.show("search", q=mia.code.lower())

    assert answer["Location"] == f"/C/{mia.code}"


def test_a_counter_that_the_cache_forgot_stops_nobody(counter, mia, monkeypatch):
    monkeypatch.setattr(cache, "add", lambda *_: None)

    assert found(counter, PHONE) == [mia.pk]


def test_too_many_searches_are_stopped_for_a_while(counter, mia, clock):
    for _ in range(60):
        counter.show("search", q=PHONE)

    stopped = counter.show("search", q=PHONE)
    clock.forward(minutes=10)

    assert stopped.context["found"] == []
    assert stopped.context["form"].errors["q"] == [
        "Too many searches in a short time. Wait a few minutes, or scan."
    ]
    assert found(counter, PHONE) == [mia.pk]


def test_nobody_counts_through_the_members_by_their_numbers(counter, mia, clock):
    for number in range(1, 121):
        counter.show("member", mia.pk + number)

    stopped = counter.show("member", mia.pk)
    clock.forward(minutes=10)

    assert (stopped.status_code, stopped["Location"]) == (302, "/staff/search/")
    assert counter.show("member", mia.pk).status_code == 200


@pytest.mark.req("FA9")
def test_the_phone_is_masked_and_the_tick_is_stored(counter, mia):
    page = counter.show("member", mia.pk)
    answer = counter.post("member", mia.pk, is_confirmed="on")

    body = page.content.decode()
    assert ("••• 614" in body, PHONE in body, "912345614" in body) == (True, False, False)
    scan = Scan.objects.get()
    assert (scan.means, scan.is_phone_confirmed, scan.store) == (
        "SEARCH",
        True,
        counter.cast.old_port,
    )
    assert answer["Location"] == f"/staff/counter/{scan.pk}/"


def test_without_the_tick_nothing_opens(counter, mia):
    answer = counter.post("member", mia.pk)

    assert dict(answer.context["form"].errors) == {
        "is_confirmed": ["Ask the customer first, then tick this. Nothing was opened."]
    }
    assert Scan.objects.count() == 0


def test_a_confirmed_search_earns_and_does_not_spend(counter, mia, booked):
    scan_id = int(counter.post("member", mia.pk, is_confirmed="on")["Location"].split("/")[3])

    counter.award(scan_id, "412")
    page = counter.show("rewards", scan_id)

    assert booked() == [("PURCHASE", 412)]
    assert page.context["spending_refusal"].code == "not_allowed"


def test_the_own_card_is_not_opened_from_a_search(counter):
    own = join(counter.cast.sam, counter.cast.card)

    answer = counter.client.post(f"/staff/member/{own.pk}/", {"is_confirmed": "on"}, follow=True)

    assert answer.redirect_chain == [("/staff/own-card/", 302)]
    assert answer.status_code == 403


GUEST = {
    "first_name": "Rui",
    "last_name": "Costa",
    "phone": "912 000 111",
    "is_phone_confirmed": "on",
    "language": "en",
    "consent": "on",
}


def enrol(counter, key="enrol-form", **data):
    return counter.post("enrol", key=key, **{"card": counter.cast.card.pk, **GUEST, **data})


@pytest.mark.req("R5.3")
def test_a_guest_gets_a_card_and_stands_at_the_counter(counter):
    answer = enrol(counter, wants_news="on")

    member = Member.objects.get(first_name="Rui")
    assert (member.phone, member.phone_confirmed_at, member.consent_source) == (
        "+351912000111",
        NOON,
        "COUNTER",
    )
    assert (member.privacy_version, member.privacy_accepted_at, member.marketing_accepted_at) == (
        "2026-11",
        NOON,
        NOON,
    )
    page = counter.client.get(answer["Location"])
    assert page.context["standing"].membership.member == member
    assert "Link to their phone" in page.content.decode()


def test_enrolling_twice_with_one_form_makes_one_member(counter):
    enrol(counter)
    enrol(counter)

    assert Member.objects.filter(first_name="Rui").count() == 1


# No row of a test database ever has it: keys go on counting through a run on PostgreSQL.
NO_ID = "2000000000"
ENROL_ERRORS = [
    # what is typed                           field               message
    ({"first_name": ""}, "first_name", "This field is required."),
    ({"first_name": "\x00"}, "first_name", "Null characters are not allowed."),
    (
        {"first_name": "x" * 400},
        "first_name",
        "Ensure this value has at most 80 characters (it has 400).",
    ),
    ({"phone": ""}, "phone", "Type a phone number or an e-mail."),
    ({"phone": "12"}, "phone", "Type a phone number with its area code."),
    ({"phone": "9" * 400}, "phone", "Ensure this value has at most 40 characters (it has 400)."),
    (
        {"is_phone_confirmed": ""},
        "is_phone_confirmed",
        "Read the number back first, then tick this.",
    ),
    ({"email": "nobody"}, "email", "Enter a valid email address."),
    ({"consent": ""}, "consent", "The member has to agree to the privacy text first."),
    (
        {"language": "xx"},
        "language",
        "Select a valid choice. xx is not one of the available choices.",
    ),
    (
        {"card": NO_ID},
        "card",
        f"Select a valid choice. {NO_ID} is not one of the available choices.",
    ),
]


@pytest.mark.parametrize(("typed", "field", "message"), ENROL_ERRORS)
def test_what_is_wrong_stands_beside_its_field_and_nobody_is_enrolled(
    counter, typed, field, message
):
    answer = enrol(counter, **typed)

    assert dict(answer.context["form"].errors) == {field: [message]}
    assert Member.objects.count() == 1


def test_a_name_of_marks_alone_is_no_name(counter):
    answer = enrol(counter, first_name="\u200e\u200f")

    assert dict(answer.context["form"].errors) == {"first_name": ["Type a name."]}


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        (
            {"phone": PHONE},
            "phone",
            "This phone number belongs to a member already. Find that card instead.",
        ),
        (
            {"email": "Mia@example.org"},
            "email",
            "This e-mail belongs to a member already. Find that card instead.",
        ),
    ],
)
def test_somebody_known_is_one_tap_away(counter, mia, typed, field, message):
    answer = enrol(counter, **typed)

    assert dict(answer.context["form"].errors) == {field: [message]}
    assert answer.context["known"] == [mia]
    assert f"/staff/member/{mia.pk}/" in answer.content.decode()


@pytest.mark.req("R2.2")
def test_a_member_of_another_club_is_not_named_but_can_join_by_a_code(cast):
    noor = join(cast.noor, cast.hill_card)
    counter = Counter(cast=cast, client=signed_in(cast.sam))

    answer = enrol(counter, phone="", email="noor@example.org")

    body = answer.content.decode()
    assert answer.context["known"] == []
    assert answer.context["join_url"] == f"http://testserver/join/{cast.card.pk}/"
    assert (noor.member.full_name() in body, noor.member.code in body) == (False, False)


def test_a_card_with_typed_numbers_asks_for_one(counter):
    card = make_card(counter.cast.harbour, "Typed", number_mode="TYPED")
    counter.cast.card.status = "PAUSED"
    counter.cast.card.save()

    missing = enrol(counter, card=card.pk)
    enrol(counter, card=card.pk, number="a 12")
    taken = enrol(counter, card=card.pk, number="A12", key="next-form", phone="912000112")

    assert dict(missing.context["form"].errors) == {"number": ["This field is required."]}
    assert Membership.objects.get(card=card).number == "A12"
    assert dict(taken.context["form"].errors) == {
        "number": ["This card number is taken. Type another."]
    }


def test_a_pre_printed_card_is_taken_from_the_stock(counter):
    card = make_card(counter.cast.harbour, "Printed", number_mode="PREPRINTED")
    PrintedCard.objects.create(
        partner=counter.cast.partner, card=card, number="P1", code="000000000001"
    )

    form = counter.show("enrol").context["form"]
    enrol(counter, card=card.pk)
    empty = enrol(counter, card=card.pk, key="next-form", phone="912000112")

    assert form.fields["number"].required is False
    assert Membership.objects.get(card=card).number == "P1"
    assert dict(empty.context["form"].errors) == {
        "number": ["This card number is not in stock. Take another card."]
    }


def test_without_an_open_card_nobody_can_be_enrolled(counter):
    counter.cast.card.status = "PAUSED"
    counter.cast.card.save()

    page = counter.show("enrol")

    assert "form" not in page.context
    assert "No card takes new members now" in page.content.decode()


def test_the_quota_of_the_partner_is_said(counter):
    counter.cast.partner.max_members = 1
    counter.cast.partner.save()

    answer = enrol(counter)

    assert answer.context["form"].non_field_errors() == [
        "The limit of 1 members is reached. Nobody was enrolled. The owner can raise it."
    ]


def test_a_guest_takes_their_card_by_a_one_time_code(counter):
    scan_id = int(enrol(counter)["Location"].split("/")[3])

    page = counter.post("link", scan_id)

    address = page.context["address"]
    token = re.fullmatch(r"http://testserver/wallet/link/([0-9A-Z]{26})/", address)[1]
    rui = make_user("rui")
    guests.link_by_token(deed=deed(rui, at=timezone.now()), token=token)
    assert Member.objects.get(first_name="Rui").user == rui


def test_a_card_with_a_sign_in_gets_no_link(counter):
    answer = counter.post("link", counter.scan())

    assert answer.status_code == 302
    assert GuestLink.objects.count() == 0


def test_a_link_form_without_its_key_makes_no_link(counter):
    scan_id = int(enrol(counter)["Location"].split("/")[3])

    assert counter.post("link", scan_id, key="")["Location"] == f"/staff/counter/{scan_id}/"
    assert GuestLink.objects.count() == 0
