"""Two clubs of one partner: each its own card, its own rules, its own balances."""

import pytest

from cards.models import Card
from tests.cast import deed, join, make_cast, publish
from tests.operations.counter import account_of, adjust, buy

pytestmark = pytest.mark.django_db


@pytest.mark.req("R2.3")
def test_two_clubs_of_a_partner_have_cards_whose_rules_and_balances_do_not_mix():
    cast = make_cast(step_minor=100)
    Card.objects.filter(pk=cast.hill_card.pk).update(step_minor=1000, points_per_step=3)
    publish(Card.objects.get(pk=cast.hill_card.pk), at=deed(None).occurred_at)
    hills = join(cast.mia, cast.hill_card)

    harbour = buy(cast, 2000)
    hill = buy(cast, 2000, membership=hills, actor=cast.tess, store=cast.hilltop)
    adjust(cast, -5, membership=hills)

    assert (harbour.points, hill.points) == (20, 6)
    assert (account_of(cast.membership).points, account_of(hills).points) == (20, 1)
