"""Recommending a card: the member's link and code, and the page that a friend opens."""

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from cards.models import ReferralRule
from loyalty.members.models import Membership, MembershipStatus
from loyalty.operations.referrals import device_mark
from tests.cast import join, make_user, publish
from tests.operations.counter import buy
from tests.wallet.reading import attribute, main_text, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def club(cast):
    """Return the cast with a card that counts recommendations."""
    cast.card.has_referrals = True
    cast.card.save()
    for event, to, more in (
        ("REGISTRATION", "REFERRER", {}),
        ("FIRST_PURCHASE", "BOTH", {}),
        ("THRESHOLD_POINTS", "REFERRER", {"threshold_points": 200}),
        ("THRESHOLD_CREDIT", "REFERRED", {"threshold_minor": 500}),
    ):
        ReferralRule.objects.create(
            partner=cast.partner, card=cast.card, event=event, beneficiary=to, points=50, **more
        )
    publish(cast.card)
    return cast


def page(cast):
    return reverse("wallet:recommend", args=[cast.membership.pk])


def invitation(cast, membership=None):
    code = (membership or cast.membership).referral_code
    return f"{reverse('site:join', args=[cast.card.pk])}?ref={code}"


def take(client, address, **extra):
    """Send the join form as the page behind an invitation holds it."""
    shown = client.get(address)
    kept = "referral_code" in shown.content.decode() and "ref=" in address
    given = {
        "request_id": attribute(shown, 'name="request_id" value'),
        "referral_code": attribute(shown, 'name="referral_code" value') if kept else "",
        "consent": "on",
        **extra,
    }
    return client.post(address, given, follow=True)


@pytest.mark.req("IV5.1", "IV5.2")
def test_a_member_sees_link_code_and_what_it_gives(club, mia):
    response = mia.get(page(club))

    words = main_text(response)
    code = club.membership.referral_code
    assert f"{settings.SITE_URL}{invitation(club)}" in response.content.decode()
    assert "data-qr" in response.content.decode()
    assert f"{code[:4]} {code[4:]}" in words
    assert (
        "For you 50 points when they join 50 points with their first purchase"
        " 50 points when they have saved 200 points" in words
    )
    assert (
        "For your friend 50 points with their first purchase"
        " 50 points when they have saved €5.00 credit" in words
    )
    assert "Joined through you 0 Earned by it 0 points" in words


@pytest.mark.req("IV5.1")
def test_the_card_page_leads_there_only_where_the_card_counts_recommendations(cast, mia):
    address = reverse("wallet:card", args=[cast.membership.pk])
    before = "My link and code" in main_text(mia.get(address))
    cast.card.has_referrals = True
    cast.card.save()
    ReferralRule.objects.create(
        partner=cast.partner, card=cast.card, event="REGISTRATION", points=50
    )
    publish(cast.card)

    assert (before, "My link and code" in main_text(mia.get(address))) == (False, True)


@pytest.mark.req("IV5.1", "IV5.3")
def test_a_friend_joins_by_the_link_and_the_member_sees_it(club, mia, noor, now):
    response = take(noor, invitation(club))
    noors = Membership.objects.get(member__user=club.noor)
    buy(club, 1000, membership=noors, at=now)

    assert "The card is yours." in main_text(response)
    assert noors.referred_by == club.membership
    assert "Joined through you 1 Earned by it 100 points" in main_text(mia.get(page(club)))


def test_a_visitor_keeps_the_recommendation_through_signing_up(club, client):
    response = client.get(invitation(club))

    way = f"?next=%2Fjoin%2F{club.card.pk}%2F%3Fref%3D{club.membership.referral_code}"
    assert f'href="/accounts/signup/{way}"' in response.content.decode()
    assert (
        "Somebody recommended this card to you. For you: 50 points with your first purchase"
        " 50 points when you have saved €5.00 credit" in main_text(response)
    )
    assert client.post(invitation(club)).url == f"/accounts/login/{way}"


@pytest.mark.req("IV5.11")
def test_a_code_that_does_not_count_is_refused_beside_its_field(club, noor):
    response = take(noor, reverse("site:join", args=[club.card.pk]), referral_code="NOBODY00")

    assert response.status_code == 422
    assert "Nobody with this card has that code." in main_text(response)
    assert not Membership.objects.filter(member__user=club.noor).exists()


def test_an_emptied_code_joins_without_it(club, noor):
    take(noor, invitation(club), referral_code="")

    assert Membership.objects.get(member__user=club.noor).referred_by is None


@pytest.mark.req("IV5.11")
def test_the_browser_of_the_referrer_cannot_bring_itself(club, mia, noor):
    mia.get(page(club))
    mark = mia.cookies["loyalty_recommends"]
    noor.cookies["loyalty_recommends"] = mark.value

    response = take(noor, invitation(club))

    assert (mark.value, mark["httponly"], mark["samesite"]) == (
        device_mark(club.mia.pk),
        True,
        "Lax",
    )
    assert "This code was opened by its owner on this device." in main_text(response)


def test_a_browser_remembers_a_few_who_recommend_from_it(club, mia):
    mia.cookies["loyalty_recommends"] = ".".join(f"{number:016d}" for number in range(9))

    mia.get(page(club))

    kept = mia.cookies["loyalty_recommends"].value.split(".")
    assert (len(kept), kept[0]) == (5, device_mark(club.mia.pk))


def test_a_code_is_ignored_where_the_card_counts_none(cast, noor):
    response = take(noor, invitation(cast))

    assert "The card is yours." in main_text(response)
    assert Membership.objects.get(member__user=cast.noor).referred_by is None


@pytest.mark.parametrize("why", ["off", "unpublished", "blocked"])
def test_there_is_no_page_where_nothing_counts(cast, mia, why):
    if why != "off":
        cast.card.has_referrals = True
        cast.card.save()
    if why == "blocked":
        ReferralRule.objects.create(
            partner=cast.partner, card=cast.card, event="REGISTRATION", points=50
        )
        publish(cast.card)
        Membership.objects.update(status=MembershipStatus.BLOCKED)

    assert mia.get(page(cast)).status_code == 404


def test_a_member_who_reached_the_limit_is_told(club, mia):
    club.card.referrals_per_month = 1
    club.card.save()
    noors = join(make_user("ida"), club.card, at=timezone.now())
    Membership.objects.filter(pk=noors.pk).update(referred_by=club.membership)

    assert "You have reached this month's limit." in text(mia.get(page(club)))


def test_nobody_sees_the_recommendation_of_another(club, noor, client):
    assert noor.get(page(club)).status_code == 404
    assert client.get(page(club)).status_code == 302
    assert noor.post(page(club)).status_code == 405
