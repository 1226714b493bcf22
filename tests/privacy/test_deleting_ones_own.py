"""Members delete their own data in the wallet: at once, with a fresh sign-in."""

import time
from datetime import timedelta

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clubs.models import Manager
from loyalty.analytics import rollups
from loyalty.analytics.models import DayFact
from loyalty.ledger.models import Source, Transaction
from loyalty.members.models import Member
from loyalty.operations import forgetting, groups
from loyalty.users.models import User
from tests.cast import deed, join, make_card, make_cast, make_club, make_partner
from tests.operations.counter import adjust

pytestmark = pytest.mark.django_db


def browser(user, *, minutes_ago=0):
    """Return a browser in which this person gave their password so long ago."""
    client = Client()
    client.force_login(user)
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, user, "password")
    records = request.session["account_authentication_methods"]
    records[-1]["at"] = time.time() - minutes_ago * 60
    request.session.save()
    return client


def address(cast):
    return reverse("wallet:delete_data", args=[cast.membership.member_id])


def delete(client, cast, **fields):
    return client.post(address(cast), {"request_id": "a" * 32, "is_sure": "on"} | fields)


def member_of(cast):
    return Member.objects.get(pk=cast.membership.member_id)


def test_the_page_says_what_is_lost_and_the_account_page_leads_to_it():
    cast = make_cast()
    adjust(cast, 340)
    client = browser(cast.mia)

    page = client.get(address(cast)).content.decode()
    own = client.get(reverse("wallet:profile")).content.decode()

    assert [words for words in ("Harbour Group", "340 points") if words not in page] == []
    assert address(cast) in own


def test_the_last_record_takes_the_account_with_it():
    cast = make_cast()
    client = browser(cast.mia)

    response = delete(client, cast)

    assert response["Location"] == reverse("site:home")
    assert client.get(reverse("wallet:home")).status_code == 302
    assert (member_of(cast).first_name, member_of(cast).erased_at is None) == ("", False)
    assert User.objects.get(pk=cast.mia.pk).is_active is False


def test_a_record_elsewhere_keeps_the_account():
    cast = make_cast()
    elsewhere = join(cast.mia, make_card(make_club(make_partner("Second"), "Second club")))
    client = browser(cast.mia)

    response = delete(client, cast)

    assert response["Location"] == reverse("wallet:profile")
    assert client.get(reverse("wallet:card", args=[elsewhere.pk])).status_code == 200
    assert member_of(cast).user is None


@pytest.mark.parametrize("is_held_elsewhere", [True, False])
def test_sent_twice_it_leads_to_the_same_page_and_another_key_or_person_finds_nothing(
    is_held_elsewhere,
):
    cast = make_cast()
    if is_held_elsewhere:
        join(cast.mia, make_card(make_club(make_partner("Second"), "Second club")))
    client = browser(cast.mia)

    first = delete(client, cast)
    again = delete(client, cast)

    assert (again.status_code, again["Location"]) == (302, first["Location"])
    assert Transaction.objects.filter(kind="STATUS").count() == 1
    other = delete(client, cast, request_id="b" * 32)
    assert other.status_code == (404 if is_held_elsewhere else 302)
    assert other.get("Location", "").startswith(reverse("account_login")) != is_held_elsewhere
    assert delete(browser(cast.noor), cast).status_code == 404


def test_without_the_tick_nothing_is_deleted():
    cast = make_cast()

    response = delete(browser(cast.mia), cast, is_sure="")

    assert (response.status_code, member_of(cast).first_name) == (422, "Mia")


def test_an_old_sign_in_must_be_proven_again_first():
    cast = make_cast()

    response = delete(browser(cast.mia, minutes_ago=16), cast)

    assert response["Location"].startswith(reverse("account_reauthenticate"))
    assert member_of(cast).first_name == "Mia"


def test_who_has_no_password_signs_in_anew_by_code():
    cast = make_cast()
    cast.mia.set_unusable_password()
    cast.mia.save()

    response = delete(browser(cast.mia, minutes_ago=16), cast)

    assert "sign in again with a fresh code" in response.content.decode()
    assert member_of(cast).first_name == "Mia"


def test_in_a_family_account_it_says_what_to_do_first():
    cast = make_cast()
    noor = join(cast.noor, cast.card)
    groups.form_group(
        deed=deed(cast.petra, Source.ADMIN),
        head_id=cast.membership.pk,
        member_ids=[noor.pk],
        name="The Lindens",
    )

    response = delete(browser(cast.mia), cast)

    assert response.status_code == 409
    assert "shares a family account" in response.content.decode()


def test_nobody_deletes_anothers_data():
    cast = make_cast()

    assert delete(browser(cast.noor), cast).status_code == 404
    assert member_of(cast).first_name == "Mia"


def test_figures_stay_when_a_member_who_joined_by_themselves_is_gone():
    cast = make_cast()
    client = browser(cast.mia)
    at = timezone.now() + timedelta(hours=1)
    rollups.rebuild(partner=cast.partner, at=at)
    kept = list(DayFact.objects.order_by("pk").values())

    assert delete(client, cast).status_code == 302

    assert User.objects.get(pk=cast.mia.pk).is_active is False
    assert (len(kept) > 0, list(DayFact.objects.order_by("pk").values())) == (True, kept)
    assert {row["actor_id"] for row in kept} == {None}


def test_figures_of_somebody_who_served_stay_when_they_are_gone():
    cast = make_cast()
    adjust(cast, 340, actor=cast.petra)
    rollups.rebuild(partner=cast.partner, at=timezone.now() + timedelta(hours=1))
    kept = list(DayFact.objects.order_by("pk").values())

    Manager.objects.filter(user=cast.petra).delete()
    forgetting.forget_person(user_id=cast.petra.pk, words=())

    assert User.objects.get(pk=cast.petra.pk).is_active is False
    assert list(DayFact.objects.order_by("pk").values()) == kept
    assert cast.petra.pk in {row["actor_id"] for row in kept}
