"""A café with tiers and rewards, and a gym that takes points alone."""

from hypothesis.stateful import initialize

from cards.models import Reward
from clubs.models import StaffMember
from tests.cast import join, make_cast, make_reward, make_store, make_tier, publish
from tests.ledger import model_bonuses as bonuses
from tests.ledger.machine import ORDINARY
from tests.ledger.machine_deeds import Deeds
from tests.ledger.model import POINTS, Shop

COSTS = {"Croissant": 20, "Poster": 4, "Tour": 3, "Lounge": 1, "Mug": 30}
LIMITS = {"stock": {"Poster": 1, "Mug": 3}, "per_member": {"Tour": 1}}


class Cafe(Deeds):
    """Two members of a café with tiers, one of a points-only gym."""

    @initialize(is_ordinary=ORDINARY)
    def open_the_shops(self, is_ordinary):
        self._begin()
        cast = make_cast(
            expiry_days=10, redeems_per_day=2, gift_cap=40, adjust_cap=400, welcome_points=5
        )
        self._open(cast)
        StaffMember.objects.filter(user=cast.sam).update(may_give_points=True)
        rewards = {"Croissant": cast.reward}
        Reward.objects.update(voucher_days=3)
        cast.reward.refresh_from_db()
        cast.reward.cost = COSTS["Croissant"]
        cast.reward.save()
        for name in ("Poster", "Tour", "Mug"):
            limits = {what: values[name] for what, values in LIMITS.items() if name in values}
            rewards[name] = make_reward(cast.card, name, COSTS[name], voucher_days=3, **limits)
        self.silver = make_tier(
            cast.card, "Silver", 100, multiplier="1.50", entry_reward=rewards["Mug"]
        )
        gold = make_tier(cast.card, "Gold", 300, multiplier="2.00")
        rewards["Lounge"] = make_reward(cast.card, "Lounge", COSTS["Lounge"], min_tier=gold)
        self.cafe = Shop(
            tiers={"Silver": 100, "Gold": 300},
            times={"Silver": 1.5, "Gold": 2.0},
            gifts={"Silver": "Mug"},
            stock=LIMITS["stock"],
            costs=COSTS,
            limits=LIMITS["per_member"],
            from_tier={"Lounge": "Gold"},
            days={POINTS: 10},
            redeems_per_day=2,
            welcome=5,
        )
        self.cafe_kit = {
            "shop": self.cafe,
            "staff": cast.sam,
            "store": make_store(cast.harbour, "Quay"),
            "rewards": rewards,
            "tier_rows": {"Silver": self.silver, "Gold": gold},
            "card": cast.card,
        }
        self._welcome(cast.membership, **self.cafe_kit)
        self._welcome(join(cast.noor, cast.card), **self.cafe_kit)
        self._welcome(join(cast.mia, cast.hill_card), **self._gym_kit())
        for one in self.held:
            self._adjust(one, 60, counted=False)
        if is_ordinary:
            self._ordinary_day()

    def _gym_kit(self):
        gym, cast = self.cast.hill_card, self.cast
        gym.is_points_only = True
        gym.max_points = 50
        gym.save()
        publish(gym)
        return {
            "shop": Shop(costs={"Towel": 200}, is_points_only=True, redeems_per_day=100),
            "staff": cast.tess,
            "store": cast.hilltop,
            "rewards": {"Towel": gym.rewards.get()},
            "tier_rows": {},
            "card": gym,
        }

    def _welcome(self, membership, **kit):
        one = self._hold(membership, **kit)
        bonuses.join(one.member, membership.joined_at)
