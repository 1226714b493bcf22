"""What a card's rules add to its page: stamps drawn, a check-in, a birthday."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cards.models import MilestoneRule, Plan
from clubs.models import PlaceStatus
from loyalty.ledger.models import Transaction
from loyalty.members.models import Member, MembershipStatus
from tests.cast import make_card, make_reward, make_store, publish
from tests.operations.counter import buy, set_status
from tests.wallet.reading import attribute, main_text

pytestmark = pytest.mark.django_db
DOOR = "DOORDOORDOORDOOR"


@pytest.fixture
def door(cast):
    """Return the cast with a store that takes check-ins, five points each."""
    cast.old_port.allows_check_in = True
    cast.old_port.check_in_code = DOOR
    cast.old_port.save()
    MilestoneRule.objects.create(
        partner=cast.partner, card=cast.card, kind="CHECK_IN", points=5, is_repeated=True
    )
    publish(cast.card)
    return cast


def card_page(cast):
    return reverse("wallet:card", args=[cast.membership.pk])


def press(client, cast, **given):
    """Press the button as the card page holds it."""
    sent = {"store": cast.old_port.pk, **given}
    if "request_id" not in sent:
        sent["request_id"] = attribute(client.get(card_page(cast)), 'name="request_id" value')
    return client.post(reverse("wallet:check_in", args=[cast.membership.pk]), sent, follow=True)


@pytest.mark.req("CU32")
@pytest.mark.parametrize(
    ("spent", "kind", "told", "filled"),
    [
        (0, "ISSUE", "0 of 10 stamps", 0),
        (7000, "ISSUE", "7 of 10 stamps", 7),
        (13_000, "ISSUE", "3 of 10 stamps", 3),
        (13_000, "KEEP", "1 full card and 3 of 10 stamps", 3),
        (24_000, "KEEP", "2 full cards and 4 of 10 stamps", 4),
    ],
)
def test_a_stamp_card_is_drawn_with_its_words(cast, mia, now, spent, kind, told, filled):
    cast.card.unit_one, cast.card.unit_many, cast.card.step_minor = "stamp", "stamps", 1000
    cast.card.stamps_per_card = 10
    cast.card.full_card_reward = make_reward(cast.card, "Haircut", 10)
    cast.card.full_cards = kind
    cast.card.save()
    publish(cast.card)
    if spent:
        buy(cast, spent, at=now)

    body = mia.get(card_page(cast)).content.decode()

    assert f'aria-label="{told}"' in body
    assert (body.count('class="stamp is-set"'), body.count('class="stamp"')) == (
        filled,
        10 - filled,
    )


@pytest.mark.req("PA2.2")
def test_a_member_checks_in_by_the_button(door, mia):
    response = press(mia, door)

    words = main_text(response)
    assert "You are checked in at Old Port. 5 points for you." in words
    assert "You are checked in. The next one counts" in words
    assert "Check-in · Old Port" in words
    assert "I am at Old Port" not in words


@pytest.mark.req("PA2.2")
def test_the_button_is_there_only_where_store_and_card_know_of_check_ins(door, mia):
    told = ["I am at Old Port" in main_text(mia.get(card_page(door)))]
    door.old_port.allows_check_in = False
    door.old_port.save()
    told.append("Check in" in main_text(mia.get(card_page(door))))
    response = press(mia, door, request_id="a" * 32)

    assert told == [True, False]
    assert "This place takes no check-ins with this card. Nothing was booked." in main_text(
        response
    )


def test_a_paused_card_shows_no_button(door, mia):
    door.card.status = "PAUSED"
    door.card.save()

    assert "I am at Old Port" not in main_text(mia.get(card_page(door)))


@pytest.mark.req("PA2.2")
def test_a_second_check_in_tells_from_when_on(door, mia):
    press(mia, door)

    response = press(mia, door, request_id="b" * 32)

    assert "You checked in already. The next one counts from" in main_text(response)
    assert Transaction.objects.filter(kind="BONUS").count() == 1


@pytest.mark.req("PA2.2")
def test_the_same_button_pressed_twice_counts_once(door, mia):
    press(mia, door, request_id="c" * 32)

    response = press(mia, door, request_id="c" * 32)

    assert "You are checked in at Old Port." in main_text(response)
    assert Transaction.objects.filter(kind="BONUS").count() == 1


@pytest.mark.parametrize("given", [{"request_id": ""}, {"store": "x"}, {"store": "0"}])
def test_a_damaged_form_books_nothing(door, mia, given):
    response = press(mia, door, **given)

    assert "Nothing was booked." in main_text(response)
    assert not Transaction.objects.filter(kind="BONUS").exists()


@pytest.mark.req("PA2.2")
def test_the_code_at_the_door_asks_with_which_card(door, mia):
    tea = make_card(door.harbour, "Harbour Tea")
    address = reverse("wallet:door", args=[DOOR])

    shown = mia.get(address)
    key = attribute(shown, 'name="request_id" value')
    done = mia.post(address, {"request_id": key, "card": door.membership.pk}, follow=True)
    foreign = mia.post(address, {"request_id": key, "card": door.membership.pk + 99})
    damaged = mia.post(address, {"request_id": key})

    assert "Check in at Old Port" in main_text(shown)
    assert "Check in with Harbour Coffee" in main_text(shown)
    assert tea.name not in main_text(shown)
    assert "You are checked in at Old Port. 5 points for you." in main_text(done)
    assert (foreign.status_code, damaged.status_code) == (404, 422)


@pytest.mark.req("PA2.2")
def test_whoever_holds_no_card_of_the_place_is_offered_one(door, noor, client):
    address = reverse("wallet:door", args=[DOOR])

    assert "Get Harbour Coffee" in main_text(noor.get(address))
    assert client.get(address).url.startswith("/accounts/login/?next=/wallet/check-in/")


@pytest.mark.parametrize("why", ["unknown", "switched off", "archived", "empty"])
def test_a_code_that_opens_no_door_is_nothing(door, mia, why):
    if why == "switched off":
        door.old_port.allows_check_in = False
    if why == "archived":
        door.old_port.status = PlaceStatus.ARCHIVED
    door.old_port.save()
    code = {"unknown": "NOWHERE", "empty": "%20"}.get(why, DOOR)

    assert mia.get(f"/wallet/check-in/{code}/").status_code == 404


@pytest.mark.req("PA2.2")
def test_a_blocked_member_is_told_at_the_door(door, mia):
    set_status(door, MembershipStatus.BLOCKED)
    address = reverse("wallet:door", args=[DOOR])

    response = mia.post(address, {"request_id": "d" * 32, "card": door.membership.pk}, follow=True)

    assert "This card is blocked." in main_text(response)


def test_what_came_with_a_check_in_is_told(door, mia):
    mug = make_reward(door.card, "Mug", 10)
    MilestoneRule.objects.create(
        partner=door.partner, card=door.card, kind="VISITS", count=1, points=20, reward=mug
    )
    publish(door.card, at=timezone.now() - timedelta(minutes=1))

    response = press(mia, door)

    words = main_text(response)
    assert "20 points more, for the number of visits. Mug more, for the number of visits." in words
    assert "Visit number 1" in words


def test_each_store_has_its_button(door, mia):
    make_store(door.harbour, "Quay", allows_check_in=True, check_in_code="Q" * 16)

    words = main_text(mia.get(card_page(door)))

    assert ("I am at Old Port" in words, "I am at Quay" in words) == (True, True)


@pytest.mark.req("IV6.1")
def test_a_member_tells_their_birthday_once_a_year(cast, mia):
    MilestoneRule.objects.create(
        partner=cast.partner, card=cast.card, kind="BIRTHDAY", points=100, is_repeated=True
    )
    publish(cast.card)
    address = reverse("wallet:birthday", args=[cast.membership.pk])
    before = main_text(mia.get(card_page(cast)))

    kept = mia.post(address, {"birth_day": "14", "birth_month": "5", "birth_year": ""}, follow=True)
    again = mia.post(address, {"birth_day": "15", "birth_month": "5", "birth_year": "1990"})

    member = Member.objects.get(pk=cast.membership.member_id)
    assert "Tell my birthday" in before
    assert "Your birthday is kept. It counts from 30 days on." in main_text(kept)
    assert "See or change it" in main_text(kept)
    assert (member.birth_day, member.birth_month, member.birth_year) == (14, 5, None)
    assert (again.status_code, "changed less than a year ago" in main_text(again)) == (422, True)
    assert "You changed it less than a year ago." in main_text(mia.get(address))


@pytest.mark.parametrize(
    "given",
    [
        {"birth_day": "31", "birth_month": "4", "birth_year": ""},
        {"birth_day": "0", "birth_month": "4", "birth_year": ""},
        {"birth_day": "1", "birth_month": "13", "birth_year": ""},
        {"birth_day": "29", "birth_month": "2", "birth_year": "1990"},
        {"birth_day": "1", "birth_month": "1", "birth_year": "2099"},
        {"birth_day": "1", "birth_month": "1", "birth_year": "1800"},
        {},
    ],
)
def test_a_birthday_that_cannot_be_is_refused(cast, mia, given):
    response = mia.post(reverse("wallet:birthday", args=[cast.membership.pk]), given)

    assert response.status_code == 422
    assert Member.objects.get(pk=cast.membership.member_id).birth_day is None


def test_a_plan_for_members_days_makes_the_birthday_worth_telling(cast, mia):
    cast.card.uses_plans = True
    cast.card.save()
    Plan.objects.create(
        partner=cast.partner,
        card=cast.card,
        code="B",
        name="Birthday",
        type="CUSTOMER_DAYS",
        start_date="2026-01-01",
    )
    publish(cast.card)

    assert "Tell my birthday" in main_text(mia.get(card_page(cast)))


def test_nobody_tells_the_birthday_or_checks_in_for_another(door, noor):
    assert noor.get(reverse("wallet:birthday", args=[door.membership.pk])).status_code == 404
    given = {"request_id": "e" * 32, "store": door.old_port.pk}
    address = reverse("wallet:check_in", args=[door.membership.pk])
    assert (noor.post(address, given).status_code, noor.get(address).status_code) == (404, 405)


def test_a_plain_card_page_costs_no_more_and_one_with_rules_a_constant(
    door, mia, django_assert_max_num_queries
):
    mia.get(card_page(door))
    with django_assert_max_num_queries(12):
        mia.get(card_page(door))
    for number in range(3):
        make_store(door.harbour, f"Quay {number}", allows_check_in=True)
    with django_assert_max_num_queries(12):
        mia.get(card_page(door))


def test_a_card_without_such_rules_shows_its_page_in_eight_statements(
    cast, mia, django_assert_max_num_queries
):
    mia.get(card_page(cast))

    with django_assert_max_num_queries(10):  # Two of them are the session and the person.
        mia.get(card_page(cast))
