"""Public pages, the look of cards, and what makes the wallet installable and alive offline."""

import json
import re

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from cards.models import Card, CardStatus
from loyalty.wallet import look, offline
from tests.cast import make_card
from tests.naming import names_in
from tests.wallet.reading import text

pytestmark = pytest.mark.django_db


@pytest.mark.req("R1.2")
@pytest.mark.parametrize("name", ["home", "business"])
def test_how_it_works_is_public_and_ends_in_creating_an_account(client, name):
    for code, _language in settings.LANGUAGES:
        response = client.get(reverse(f"site:{name}"), headers={"accept-language": code})
        body = response.content.decode()

        with translation.override(code):
            wanted = translation.gettext("Create an account")
        last_link = re.findall(r'<a class="button[^>]*href="([^"]+)"[^>]*>([^<]+)</a>', body)[-1]
        assert response.status_code == 200
        assert last_link == (reverse("account_signup"), wanted)
        assert '<a class="skip" href="#content">' in body


def test_who_is_signed_in_finds_the_way_to_the_cards(noor):
    assert "My cards" in text(noor.get(reverse("site:home")))


@pytest.mark.parametrize("name", ["privacy", "terms"])
def test_privacy_and_terms_are_public(client, name):
    assert client.get(reverse(f"site:{name}")).status_code == 200


@pytest.mark.parametrize("name", ["home", "business", "privacy", "terms", "manifest", "sw"])
def test_public_pages_take_no_statement_and_set_no_cookie(client, name, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get(reverse(f"site:{name}"))

    assert dict(response.cookies) == {}


@pytest.mark.req("R3.3")
def test_a_cards_look_is_its_colours_and_nothing_else(cast, client):
    response = client.get(look.address(cast.card))

    assert response.content.decode() == ":root { --brand: #0f6e4f; --brand-ink: #ffffff; }\n"
    assert response["Content-Type"] == "text/css; charset=utf-8"
    assert dict(response.cookies) == {}


def test_a_look_is_kept_for_ever_under_the_name_of_its_content(cast, client):
    plain = reverse("wallet:look", args=[cast.card.pk])
    old = look.address(cast.card)
    Card.objects.filter(pk=cast.card.pk).update(colour="#22417a", version=7)
    card = Card.objects.get(pk=cast.card.pk)

    kept = {
        address: client.get(address)["Cache-Control"]
        for address in (plain, old, look.address(card), f"{plain}?v=7", f"{plain}?v=6")
    }

    assert look.address(card) != old
    assert list(kept.values()) == [
        "no-cache",
        "no-cache",
        look.KEEP_FOR_EVER,
        look.KEEP_FOR_EVER,
        "no-cache",
    ]


def test_a_look_carries_the_background_picture(cast, client):
    Card.objects.filter(pk=cast.card.pk).update(background="cards/beach.png")

    body = client.get(reverse("wallet:look", args=[cast.card.pk])).content.decode()

    assert '--brand-image: url("/media/cards/beach.png");' in body


def test_several_cards_share_one_look_and_drafts_stay_out(cast, client):
    draft = make_card(cast.harbour, "Draft", colour="#7a2d5c", status=CardStatus.DRAFT)
    one, two = cast.card, cast.hill_card

    body = client.get(reverse("wallet:looks"), {"c": f"{two.pk},{draft.pk},{one.pk}"})

    assert body.content.decode() == (
        f'[data-look="{one.pk}"] {{ --brand: #0f6e4f; --brand-ink: #ffffff; }}\n'
        f'[data-look="{two.pk}"] {{ --brand: #0f6e4f; --brand-ink: #ffffff; }}\n'
    )
    assert client.get(look.address_of_many([two, one]))["Cache-Control"] == look.KEEP_FOR_EVER
    assert look.address_of_many([]) == ""
    assert client.get(reverse("wallet:look", args=[draft.pk])).status_code == 404


def test_the_wallet_can_be_installed(client):
    manifest = client.get("/manifest.webmanifest")

    content = manifest.json()
    assert manifest["Content-Type"] == "application/manifest+json"
    assert (content["start_url"], content["scope"], content["display"]) == (
        "/wallet/",
        "/",
        "standalone",
    )
    assert [icon["sizes"] for icon in content["icons"]] == ["192x192", "512x512", "512x512"]
    assert [icon.get("purpose") for icon in content["icons"]] == [None, None, "maskable"]


def test_the_pages_of_the_wallet_name_the_manifest(cast, mia):
    for address in ("/wallet/", f"/wallet/cards/{cast.membership.pk}/", "/wallet/profile/"):
        body = mia.get(address).content.decode()
        assert '<link rel="manifest" href="/manifest.webmanifest">' in body


def test_the_worker_knows_the_shell_and_every_file_it_needs(client):
    response = client.get("/sw.js")

    first, second, third, *rest = response.content.decode().split("\n")
    version = re.fullmatch(r'const VERSION = "([0-9a-f]{16})";', first)
    assets = json.loads(re.fullmatch(r"const ASSETS = (\[.*\]);", second)[1])
    shell = client.get("/wallet/offline/").content.decode()
    assert version
    assert third == 'const SHELL = "/wallet/offline/";'
    assert rest[0] == "/**"
    named = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', shell))
    assert named - set(assets) == {"/static/icons/apple-touch-icon.png"}
    assert "/static/js/totp.js" in assets
    assert (response["Content-Type"], response["Service-Worker-Allowed"]) == (
        "text/javascript; charset=utf-8",
        "/",
    )


def test_another_shell_makes_another_worker(client, monkeypatch):
    before = offline._worker_head.__wrapped__()  # noqa: SLF001 - read past its memory

    monkeypatch.setattr(offline, "SHELL_TEMPLATE", "site/offline.html")

    after = offline._worker_head.__wrapped__()  # noqa: SLF001 - read past its memory
    assert before.split("\n")[0] != after.split("\n")[0]
    assert before.split("\n")[1] == after.split("\n")[1]


def test_the_shell_is_empty_of_people(cast, mia):
    response = mia.get("/wallet/offline/")

    assert response.status_code == 200
    assert names_in(response, "Mia", "mia@", "csrfmiddlewaretoken", "Harbour") == []


def test_the_shell_needs_no_sign_in_and_leaves_no_trace(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/wallet/offline/")

    assert (response.status_code, dict(response.cookies)) == (200, {})
