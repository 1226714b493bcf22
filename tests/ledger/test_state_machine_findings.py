"""What the state machines found, each as the smallest story that shows it."""

import pytest

from cards.models import MilestoneRule
from loyalty.ledger.models import Source
from loyalty.operations import check_ins
from tests.cast import NOON, deed, make_cast, make_tier, publish
from tests.operations.counter import account_of, buy, days, mismatches, roll_back

pytestmark = pytest.mark.django_db


@pytest.mark.req("R11.1")
def test_undoing_a_purchase_keeps_the_tier_that_a_later_bonus_pays_for():
    cast = make_cast()
    silver = make_tier(cast.card, "Silver", 100)
    card = cast.card
    MilestoneRule.objects.create(partner=card.partner, card=card, kind="CHECK_IN", points=60)
    publish(card)
    cast.old_port.allows_check_in = True
    cast.old_port.save()
    buy(cast, 5000)
    raised = buy(cast, 6000)
    check_ins.check_in(
        deed=deed(cast.mia, Source.WALLET, store=cast.old_port, at=NOON + days(1)),
        membership_id=cast.membership.pk,
    )

    roll_back(cast, raised, at=NOON + days(1))

    account = account_of(cast.membership)
    assert (account.lifetime_points, account.tier) == (110, silver)
    assert mismatches() == []
