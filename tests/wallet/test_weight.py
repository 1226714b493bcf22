"""What a page of the wallet transfers, compressed, without pictures."""

import pytest
from django.urls import reverse

from loyalty.members.models import Claim
from tests.cast import make_reward
from tests.operations.counter import buy
from tests.weighing import MOST_BYTES, transferred

pytestmark = pytest.mark.django_db


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
