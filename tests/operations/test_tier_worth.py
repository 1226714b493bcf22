"""What a tier's points are worth when the owner set nothing for the tier."""

from decimal import Decimal

import pytest

from cards import freezing
from tests.cast import make_cast, make_tier

pytestmark = pytest.mark.django_db


@pytest.mark.req("IV6.7", "IV6.8")
def test_a_tier_without_a_worth_of_its_own_pays_like_no_tier():
    cast = make_cast(base_rate=Decimal("0.01"), base_redemption_percent=Decimal(50))
    make_tier(cast.card, "Silver", 100)
    make_tier(cast.card, "Gold", 300, rate=Decimal("0.02"), redemption_percent=Decimal(80))

    found = freezing.values(cast.card).tiers

    assert [(tier.name, tier.rate, tier.redemption_percent) for tier in found] == [
        ("Silver", Decimal(1), Decimal(50)),
        ("Gold", Decimal(2), Decimal(80)),
    ]
