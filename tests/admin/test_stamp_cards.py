"""The dashboard names stamps in progress and full cards where a balance is moved (CU32)."""

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.cast import make_cast, make_reward, publish
from tests.operations.counter import adjust
from tests.wallet.reading import text

pytestmark = pytest.mark.django_db


@pytest.mark.req("CU32")
@pytest.mark.parametrize("page", ["account", "adjust", "spend"])
def test_the_balance_names_stamps_and_full_cards(client, settings, page):
    settings.ADMIN_NEEDS_SECOND_FACTOR = False
    cast = make_cast(unit_one="stamp", unit_many="stamps", full_cards="KEEP")
    client.force_login(cast.petra)
    address = reverse(f"admin:members_membership_{page}", args=[cast.membership.pk])
    plain = text(client.get(address))
    cast.card.stamps_per_card = 10
    cast.card.full_card_reward = make_reward(cast.card, "Haircut", 10)
    cast.card.save()
    publish(cast.card)
    adjust(cast, 23, at=timezone.now())

    words = text(client.get(address))

    assert ("full cards" in plain, "2 full cards and 3 of 10 stamps" in words) == (False, True)
