"""Rising to a tier by awards: what it brings, what undoing takes back, what is kept."""

import pytest

from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import Voucher
from tests.cast import NOON, make_cast, make_reward, make_tier, publish
from tests.operations.counter import account_of, adjust, buy, days, undo

pytestmark = pytest.mark.django_db


@pytest.mark.req("IV6.7")
def test_a_tier_rise_multiplies_from_the_next_purchase_and_gives_its_reward_once():
    cast = make_cast()
    gift = make_reward(cast.card, "Mug", 500)
    silver = make_tier(cast.card, "Silver", 100, multiplier="1.50", entry_reward=gift)

    rise = buy(cast, 10_000)
    after = buy(cast, 1000)

    assert (rise.points, rise.result["new_tier"], after.points) == (100, "Silver", 15)
    assert account_of(cast.membership).tier == silver
    voucher = Voucher.objects.get()
    assert (voucher.reward, voucher.cost, voucher.tier) == (gift, 0, silver)
    caused = Transaction.objects.get(caused_by=rise)
    assert (caused.kind, caused.voucher_moves.get().voucher) == (Kind.VOUCHER, voucher)


def test_climbing_again_gives_no_second_entry_reward():

    cast = make_cast()
    gift = make_reward(cast.card, "Mug", 500)
    silver = make_tier(cast.card, "Silver", 100, entry_reward=gift)
    buy(cast, 10_000)
    adjust(cast, -50)
    assert account_of(cast.membership).tier is None

    again = buy(cast, 5000)

    assert (account_of(cast.membership).tier, again.result["new_tier"]) == (silver, "Silver")
    assert Voucher.objects.count() == 1


def test_an_undone_rise_takes_the_entry_reward_back_and_the_next_gives_it_again():
    cast = make_cast()
    gift = make_reward(cast.card, "Mug", 500)
    make_tier(cast.card, "Silver", 100, entry_reward=gift)
    undo(cast, buy(cast, 10_000))
    assert (account_of(cast.membership).tier, Voucher.objects.get().status) == (None, "REMOVED")

    buy(cast, 10_000)

    statuses = Voucher.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["REMOVED", "ISSUED"]


def test_an_entry_reward_out_of_stock_is_not_given():
    cast = make_cast()
    gift = make_reward(cast.card, "Mug", 500, stock=0)
    make_tier(cast.card, "Silver", 100, entry_reward=gift)

    assert buy(cast, 10_000).result["new_tier"] == "Silver"
    assert Voucher.objects.count() == 0


def test_rising_over_a_tier_gives_the_reward_of_the_reached_one():
    cast = make_cast()
    make_tier(cast.card, "Bronze", 0)
    gold = make_tier(cast.card, "Gold", 300, entry_reward=make_reward(cast.card, "Bag", 900))
    make_tier(cast.card, "Silver", 100, entry_reward=make_reward(cast.card, "Mug", 500))

    buy(cast, 5000)
    buy(cast, 30_000)

    assert account_of(cast.membership).tier == gold
    assert [voucher.reward.name for voucher in Voucher.objects.all()] == ["Bag"]


@pytest.mark.req("IV3.8")
def test_higher_thresholds_published_later_lower_nobody():
    cast = make_cast()
    gold = make_tier(cast.card, "Gold", 50)
    buy(cast, 6000)
    gold.min_value = 1000
    gold.save()
    publish(cast.card, NOON + days(1))

    later = buy(cast, 1000, at=NOON + days(2))

    assert (account_of(cast.membership).tier, later.result["new_tier"]) == (gold, None)
