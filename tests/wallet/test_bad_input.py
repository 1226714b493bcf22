"""Nonsense in addresses and forms gets an answer, never a crash, and changes nothing."""

import pytest
from django.urls import reverse

from loyalty.members.models import Claim, Membership

pytestmark = pytest.mark.django_db
HUGE = "9" * 400
NUMBERS = [HUGE, str(2**63), str(2**31), "0"]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    "path",
    [
        "/wallet/cards/{}/",
        "/wallet/cards/{}/version/",
        "/wallet/cards/{}/parts/",
        "/wallet/cards/{}/history/",
        "/wallet/cards/{}/code/",
        "/wallet/claims/{}/",
        "/wallet/claims/{}/state/",
        "/wallet/look/{}.css",
        "/join/{}/",
    ],
)
def test_a_number_of_nothing_is_not_there(mia, path, number):
    assert mia.get(path.format(number)).status_code == 404


@pytest.mark.parametrize("number", NUMBERS)
def test_a_claim_of_nothing_is_not_started(cast, mia, number):
    card = cast.membership.pk

    assert mia.post(f"/wallet/cards/{number}/rewards/1/claim/").status_code == 404
    assert mia.post(f"/wallet/cards/{card}/rewards/{number}/claim/").status_code in {302, 404}
    assert Claim.objects.count() == 0


@pytest.mark.parametrize("before", ["x", "1_000", "1e3", "-1", HUGE, "\x00", "1.5"])
def test_a_history_below_nonsense_is_not_there(cast, mia, before):
    address = reverse("wallet:history", args=[cast.membership.pk])

    assert mia.get(address, {"before": before}).status_code == 404


@pytest.mark.parametrize("query", ["\x00", "x" * 61, "%", "'", "\\", "\u202e"])
@pytest.mark.parametrize("page", ["", "x", "-1", HUGE, "\x00"])
def test_a_search_for_nonsense_finds_nothing(noor, query, page):
    response = noor.get(reverse("wallet:cards"), {"q": query, "page": page})

    assert response.status_code == 200
    assert 'class="tile"' not in response.content.decode()


@pytest.mark.parametrize("key", ["", "x", "A" * 32, "a" * 33, "a\x00bcdefgh", "../../etc"])
def test_a_join_without_its_key_opens_nothing(cast, noor, key):
    response = noor.post(f"/join/{cast.card.pk}/", {"request_id": key, "consent": "on"})

    assert response.status_code == 422
    assert not Membership.objects.filter(member__user=cast.noor).exists()


@pytest.mark.parametrize("cards", ["", "x", HUGE, "1,,2", "\x00", "-1", "1" * 15, "٣"])
def test_looks_of_nonsense_are_empty_or_of_real_cards(client, cards):
    response = client.get(reverse("wallet:looks"), {"c": cards, "v": "x"})

    assert response.status_code == 200
    assert response["Content-Type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_pages_that_only_show_take_nothing(cast, mia, method):
    for name in ("card", "version", "fragment", "history"):
        address = reverse(f"wallet:{name}", args=[cast.membership.pk])
        assert getattr(mia, method)(address).status_code == 405
