"""Open cards, the page behind a poster, and taking a card."""

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.urls import reverse

from cards.models import Card, CardStatus, CardText, ExpiryRule
from clubs.models import Partner
from loyalty.ledger.models import Kind, Source, Transaction
from loyalty.members.models import ConsentSource, Member, Membership, MembershipStatus
from loyalty.operations import enrolments, memberships
from loyalty.operations.enrolments import Consent, Person
from tests.cast import (
    deed,
    join,
    make_card,
    make_cast,
    make_club,
    make_partner,
    make_reward,
    publish,
)
from tests.wallet.reading import attribute, main_text, text

pytestmark = pytest.mark.django_db


def address(card):
    return reverse("site:join", args=[card.pk])


def take(client, card, **extra):
    """Send the join form as the page holds it."""
    request_id = attribute(client.get(address(card)), 'name="request_id" value')
    return client.post(address(card), {"request_id": request_id, **extra}, follow=True)


@pytest.mark.req("R7.1", "R3.2")
def test_a_visitor_sees_the_card_and_no_personal_code(cast, client):
    CardText.objects.create(
        card=cast.card, language="en", title="Harbour Card", rules="Scan.", terms="No cash."
    )

    response = client.get(address(cast.card))

    words = main_text(response)
    assert response.status_code == 200
    assert "Harbour Card" in words
    assert "1 point for every €1.00 you spend." in words
    assert "What you can save for Croissant 200 points" in words
    assert "How it works Scan. Terms No cash." in words
    assert "data-qr" not in response.content.decode()
    assert cast.membership.code not in response.content.decode()


@pytest.mark.req("R5.3")
def test_a_visitor_creates_an_account_and_comes_back(cast, client):
    response = client.get(address(cast.card))

    way = f"?next=%2Fjoin%2F{cast.card.pk}%2F"
    assert f'href="/accounts/signup/{way}"' in response.content.decode()
    assert client.post(address(cast.card)).url == f"/accounts/login/{way}"


@pytest.mark.req("R5.3")
def test_joining_takes_a_tick_and_a_tap_and_opens_the_card(cast, noor):
    response = take(noor, cast.card, consent="on")

    held = Membership.objects.get(member__user=cast.noor)
    member = held.member
    assert response.redirect_chain == [(reverse("wallet:card", args=[held.pk]), 302)]
    assert "The card is yours." in main_text(response)
    assert (member.first_name, member.email, member.privacy_version, member.consent_source) == (
        "Noor",
        "noor@example.org",
        settings.PRIVACY_VERSION,
        ConsentSource.SELF,
    )


@pytest.mark.req("R5.3")
def test_without_the_tick_nothing_is_opened(cast, noor):
    response = noor.post(address(cast.card), {"request_id": "a" * 32})

    assert response.status_code == 422
    assert "Tick this to join. Nothing was opened yet." in main_text(response)
    assert not Membership.objects.filter(member__user=cast.noor).exists()


@pytest.mark.req("R5.3")
def test_the_second_card_of_a_partner_takes_one_tap(cast, mia):
    response = take(mia, cast.hill_card)

    assert "The card is yours." in main_text(response)
    assert Membership.objects.filter(member__user=cast.mia).count() == 2
    assert Member.objects.filter(user=cast.mia).count() == 1


@pytest.mark.req("IV3.11")
def test_welcome_points_are_booked_once_however_often_join_is_sent(browser_of):
    cast = make_cast(welcome_points=25)
    noor = browser_of(cast.noor)
    form = {"request_id": "b" * 32, "consent": "on"}

    noor.post(address(cast.card), form)
    again = noor.post(address(cast.card), form)
    noor.post(address(cast.card), {**form, "request_id": "c" * 32})

    held = Membership.objects.get(member__user=cast.noor)
    assert again.url == reverse("wallet:card", args=[held.pk])
    bonuses = Transaction.objects.filter(membership=held, kind=Kind.BONUS)
    assert [bonus.points for bonus in bonuses] == [25]


def test_one_form_key_serves_two_cards(cast, noor):
    form = {"request_id": "d" * 32, "consent": "on"}

    for card in (cast.card, cast.hill_card):
        assert noor.post(address(card), form).status_code == 302

    assert Membership.objects.filter(member__user=cast.noor).count() == 2


@pytest.mark.req("R5.3")
def test_who_holds_the_card_is_led_to_it(cast, mia):
    Card.objects.filter(pk=cast.card.pk).update(status=CardStatus.PAUSED)

    assert mia.get(address(cast.card)).url == reverse("wallet:card", args=[cast.membership.pk])


def test_a_card_that_is_not_open_is_not_there(cast, client, noor):
    for status in (CardStatus.DRAFT, CardStatus.PAUSED, CardStatus.ARCHIVED):
        Card.objects.filter(pk=cast.card.pk).update(status=status)
        assert client.get(address(cast.card)).status_code == 404
        assert noor.post(address(cast.card), {"consent": "on"}).status_code == 404


@pytest.mark.req("CU10")
def test_who_was_removed_does_not_get_in_by_joining_again(cast, mia, ago):
    memberships.change_status(
        deed=deed(cast.petra, Source.ADMIN, at=ago(2)),
        membership_id=cast.membership.pk,
        status=MembershipStatus.REMOVED,
    )

    response = take(mia, cast.card)

    assert "This card was closed for you. Ask at the counter." in text(response)
    cast.membership.refresh_from_db()
    assert cast.membership.status == MembershipStatus.REMOVED


def test_a_full_partner_says_so_and_opens_nothing(cast, noor):
    Partner.objects.update(max_members=1)

    response = take(noor, cast.card, consent="on")

    assert "The limit of 1 members is reached." in text(response)
    assert not Membership.objects.filter(member__user=cast.noor).exists()


def guest(cast, email):
    return enrolments.enrol_at_counter(
        deed=deed(cast.sam, store=cast.old_port),
        card_id=cast.card.pk,
        person=Person(first_name="Noor", email=email),
        consent=Consent(version="2026-11", source=ConsentSource.COUNTER),
    )


@pytest.mark.req("R5.3")
def test_a_card_given_at_the_counter_is_found_by_the_proven_e_mail(cast, noor):
    held = guest(cast, cast.noor.email)
    EmailAddress.objects.create(user=cast.noor, email=cast.noor.email, verified=True, primary=True)

    response = take(noor, cast.hill_card, consent="on")

    assert "The card you were given at the counter is in your account." in text(response)
    held.member.refresh_from_db()
    assert held.member.user == cast.noor
    assert "The card is yours." in text(take(noor, cast.hill_card))


def test_an_e_mail_nobody_proved_takes_over_nothing(cast, noor):
    held = guest(cast, cast.noor.email)

    response = take(noor, cast.hill_card, consent="on")

    held.member.refresh_from_db()
    assert held.member.user is None
    assert "This e-mail belongs to a member already." in text(response)


@pytest.mark.req("R5.3")
def test_open_cards_are_listed_without_those_one_holds(cast, mia):
    other = make_partner("Quay Bakers")
    make_card(make_club(other, "Quay"), "Quay Bread")
    make_card(cast.harbour, "Secret", status=CardStatus.DRAFT)

    words = main_text(mia.get(reverse("wallet:cards")))

    assert "Hill Gym Harbour Group Start collecting Quay Bread Quay Bakers" in words
    assert "Harbour Coffee" not in words
    assert "Secret" not in words


@pytest.mark.req("R5.3")
def test_open_cards_are_found_by_the_words_of_their_names(cast, noor):
    def found(query):
        return main_text(noor.get(reverse("wallet:cards"), {"q": query}))

    assert "Harbour Coffee" in found("coff HARB")
    assert "Hill Gym" not in found("coff HARB")
    assert "No card has this name" in found("tea")


def test_the_list_of_open_cards_takes_as_many_statements_for_five_as_for_two(
    cast, noor, django_assert_num_queries
):
    with django_assert_num_queries(4):
        noor.get(reverse("wallet:cards"))
    for number in range(3):
        make_reward(make_card(cast.harbour, f"Card {number}"), "Bun", 10)

    with django_assert_num_queries(4):
        noor.get(reverse("wallet:cards"))


def test_what_a_card_promises_follows_its_rules(client):
    cast = make_cast(
        is_points_only=True, unit_many="stamps", welcome_points=2, unit_one="stamp", expiry_days=30
    )
    spending = make_card(cast.harbour, "Grocer", min_amount_minor=500)

    stamps = main_text(client.get(address(cast.card)))
    points = main_text(client.get(address(spending)))

    assert (
        "The staff give you stamps at each visit. 2 stamps to start with."
        " They last 30 days from the day you earn them." in stamps
    )
    assert "From €5.00 a purchase." in points


def test_a_card_promises_credit_where_it_gives_credit_and_leaves_plans_to_its_own_words(client):
    cast = make_cast(points_per_step=0, credit_per_step_minor=5)
    plans = make_card(cast.harbour, "Kitchen", uses_plans=True, expiry_days=30)

    credit = main_text(client.get(address(cast.card)))
    by_plans = main_text(client.get(address(plans)))

    assert "€0.05 credit for every €1.00 you spend." in credit
    assert "you spend" not in by_plans
    assert "What you earn lasts 30 days." in by_plans


def test_a_card_promises_what_is_published_and_not_its_draft(cast, client):
    Card.objects.filter(pk=cast.card.pk).update(points_per_step=9, welcome_points=50)

    assert "1 point for every €1.00 you spend." in main_text(client.get(address(cast.card)))

    publish(Card.objects.get(pk=cast.card.pk))
    words = main_text(client.get(address(cast.card)))
    assert "9 points for every €1.00 you spend. 50 points to start with." in words


def test_a_card_whose_expiry_has_rules_of_its_own_promises_no_number_of_days(client):
    cast = make_cast(expiry_days=30)
    ExpiryRule.objects.create(
        partner=cast.partner, card=cast.card, method="SLIDING", unit="POINTS", days=90
    )
    publish(cast.card)

    assert "30 days" not in main_text(client.get(address(cast.card)))


def test_joining_twice_from_two_partners_shows_both_under_one_sign_in(cast, mia):
    other = make_partner("Quay Bakers")
    join(cast.mia, make_card(make_club(other, "Quay"), "Quay Bread"))

    words = main_text(mia.get(reverse("wallet:home")))

    assert "Quay Bread" in words
    assert "Harbour Coffee" in words
