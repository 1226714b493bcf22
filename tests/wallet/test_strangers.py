"""What others see of a member's pages: nothing."""

from http import HTTPStatus

import pytest
from django.urls import reverse

from loyalty.members.models import Claim, Membership
from tests.operations.counter import buy

pytestmark = pytest.mark.django_db
PEOPLE = ("noor", "sam", "tess", "petra")


@pytest.fixture
def rich(cast, mia, ago):
    """Give Mia 300 points and an open claim."""
    buy(cast, 30000, at=ago(20))
    mia.post(reverse("wallet:start_claim", args=[cast.membership.pk, cast.reward.pk]))
    return cast


def addresses(cast):
    claim = Claim.objects.get()
    one_card = [cast.membership.pk]
    return [
        *(
            reverse(f"wallet:{name}", args=one_card)
            for name in ("card", "version", "fragment", "history", "replace_code")
        ),
        *(reverse(f"wallet:{name}", args=[claim.pk]) for name in ("claim", "claim_state")),
    ]


@pytest.mark.parametrize("name", PEOPLE)
def test_another_persons_card_is_not_there(rich, browser_of, mia, name):
    client = browser_of(getattr(rich, name))

    for address in addresses(rich):
        own, response = mia.get(address), client.get(address)
        assert own.status_code == HTTPStatus.OK
        assert response.status_code == HTTPStatus.NOT_FOUND
        assert "Harbour Coffee" not in response.content.decode()


@pytest.mark.parametrize("name", PEOPLE)
def test_another_persons_card_cannot_be_acted_on(rich, browser_of, name):
    client = browser_of(getattr(rich, name))
    before = Membership.objects.values("code", "totp_key").get(pk=rich.membership.pk)
    token = Claim.objects.get().token_hash

    posts = [
        reverse("wallet:start_claim", args=[rich.membership.pk, rich.reward.pk]),
        reverse("wallet:replace_code", args=[rich.membership.pk]),
    ]

    assert [client.post(address).status_code for address in posts] == [404, 404]
    assert Membership.objects.values("code", "totp_key").get(pk=rich.membership.pk) == before
    assert Claim.objects.get().token_hash == token


def test_without_a_sign_in_every_personal_page_asks_for_one(rich, client):
    personal = [
        *addresses(rich),
        *(reverse(f"wallet:{name}") for name in ("home", "cards", "profile")),
    ]

    for address in personal:
        response = client.get(address)
        assert response.status_code == HTTPStatus.FOUND
        assert response.url == f"/accounts/login/?next={address}"


def test_forms_without_their_token_are_refused(rich):
    from django.test import Client  # noqa: PLC0415 - the one browser that checks tokens

    client = Client(enforce_csrf_checks=True)
    client.force_login(rich.mia)
    before = Membership.objects.get(pk=rich.membership.pk).code

    response = client.post(reverse("wallet:replace_code", args=[rich.membership.pk]))

    assert response.status_code == HTTPStatus.FORBIDDEN
    assert Membership.objects.get(pk=rich.membership.pk).code == before


def test_a_session_made_by_a_pin_opens_nobodys_wallet(rich, mia):
    session = mia.session
    session["by_pin"] = True
    session.save()
    before = Membership.objects.get(pk=rich.membership.pk)

    pages = [
        *addresses(rich),
        *(reverse(f"wallet:{name}") for name in ("home", "cards", "profile")),
        reverse("site:join", args=[rich.hill_card.pk]),
    ]
    answers = [mia.get(address) for address in pages]
    refused = mia.post(reverse("wallet:replace_code", args=[before.pk]))

    assert {answer.status_code for answer in [*answers, refused]} == {HTTPStatus.FORBIDDEN}
    assert not any(before.totp_key in answer.content.decode() for answer in answers)
    assert Membership.objects.get(pk=before.pk).code == before.code
