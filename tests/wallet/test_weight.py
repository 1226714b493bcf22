"""What a page of the wallet transfers, compressed, without pictures."""

import re

import brotli
import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse

from loyalty.members.models import Claim
from loyalty.web.storage import modules_needed_by
from tests.cast import make_reward
from tests.operations.counter import buy

pytestmark = pytest.mark.django_db
MOST_BYTES = 60_000


def size(content):
    return len(brotli.compress(content))


def transferred(client, address):
    """Return the compressed sizes of the page and of all styles and scripts it names."""
    response = client.get(address)
    assert response.status_code == 200
    body = response.content.decode()
    scripts = re.findall(r'<script[^>]* src="/static/([^"]+)"', body)
    styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', body)
    sizes = {address: size(response.content)}
    for name in {*modules_needed_by(*scripts)}:
        sizes[name] = _file(name)
    for href in styles:
        name = href.replace("&amp;", "&")
        is_file = name.startswith("/static/")
        sizes[name] = (
            _file(name.removeprefix("/static/")) if is_file else size(client.get(name).content)
        )
    return sizes


def _file(name):
    with open(finders.find(name), "rb") as file:  # noqa: PTH123 - finders hand out plain text
        return size(file.read())


@pytest.fixture
def addresses(cast, mia, ago):
    """Return the pages of a member with a long history, many rewards and an open claim."""
    for number in range(25):
        buy(cast, 5000 + number, at=ago(90 - number * 3))
    for number in range(20):
        make_reward(cast.card, f"Thing {number}", 10000 + number)
    mia.post(reverse("wallet:start_claim", args=[cast.membership.pk, cast.reward.pk]))
    held = cast.membership.pk
    return [
        reverse("wallet:home"),
        reverse("wallet:cards"),
        reverse("wallet:card", args=[held]),
        reverse("wallet:history", args=[held]),
        reverse("wallet:claim", args=[Claim.objects.get().pk]),
        reverse("wallet:profile"),
        reverse("wallet:offline"),
        reverse("site:join", args=[cast.hill_card.pk]),
        reverse("site:home"),
        reverse("site:business"),
    ]


def test_no_page_of_the_wallet_is_heavier_than_sixty_kilobytes(addresses, mia):
    weights = {address: sum(transferred(mia, address).values()) for address in addresses}

    assert [(page, weight) for page, weight in weights.items() if weight > MOST_BYTES] == []
    assert max(weights.values()) > 10_000  # Something was weighed.
