"""Tiers set by hand on a member's account: which, until when, with or without their reward."""

import pytest
from django.utils import timezone

from loyalty.members.models import Account, TierSource, Voucher
from tests.admin.accounts import do, latest, rich
from tests.admin.desk import action, at_desk
from tests.cast import make_tier

pytestmark = pytest.mark.django_db


@pytest.mark.req("CU27", "CU28", "CU29", "CU34")
def test_a_tier_is_set_by_hand_and_held_to_the_end_of_a_day_where_the_shop_is():
    cast = rich()
    gold = make_tier(cast.card, "Gold", 1000)

    do(cast, "tier", tier=str(gold.pk), hold_until="2099-06-30", internal="Prize draw")

    account = Account.objects.get(pk=cast.membership.account_id)
    held = account.tier_hold_until.astimezone(cast.partner.zone())
    assert (account.tier_id, account.tier_source, held.isoformat()) == (
        gold.pk,
        TierSource.MANUAL,
        "2099-07-01T00:00:00+01:00",
    )
    assert latest().note.internal == "Prize draw"


@pytest.mark.req("CU28")
def test_a_new_tier_appears_by_itself_and_an_archived_one_goes():
    cast = rich()
    make_tier(cast.card, "Silver", 10, archived_at=timezone.now())
    make_tier(cast.card, "Gold", 1000)

    page = at_desk(cast.petra).get(action("tier", cast.membership)).content.decode()

    assert ("Gold" in page, "Silver" in page) == (True, False)


@pytest.mark.req("CU30")
@pytest.mark.parametrize(("ticked", "count"), [("on", 1), (None, 0)])
def test_tier_rewards_are_given_only_if_ticked(ticked, count):
    cast = rich()
    gold = make_tier(cast.card, "Gold", 1000, entry_reward=cast.reward)

    do(cast, "tier", tier=str(gold.pk), are_rewards_given=ticked)

    assert Voucher.objects.count() == count


def test_back_to_the_automatic_tier():
    cast = rich()
    silver, gold = make_tier(cast.card, "Silver", 100), make_tier(cast.card, "Gold", 1000)
    do(cast, "tier", tier=str(gold.pk))

    do(cast, "tier", tier="automatic")

    account = Account.objects.get(pk=cast.membership.account_id)
    assert (account.tier_id, account.tier_source) == (silver.pk, TierSource.AUTOMATIC)
