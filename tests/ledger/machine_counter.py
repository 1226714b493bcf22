"""What happens at the counter: awards, gifts, adjustments, rewards and claims."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import (
    rule,
)

from loyalty.ledger.models import Source
from loyalty.operations import (
    purchases,
    redemptions,
)
from loyalty.operations.purchases import Bill
from tests.cast import (
    deed,
)
from tests.ledger.machine import MEMBERS
from tests.ledger.machine_cafe import COSTS, Cafe
from tests.ledger.model import Refused


class AtTheCounter(Cafe):
    """What happens at the counter: awards, gifts, adjustments, rewards and claims."""

    @rule(
        who=st.sampled_from([2, 0, 2, 1, 3]),
        euros=st.integers(1, 150),
        receipt=st.sampled_from(["1", "2", "1", ""]),
    )
    def earn(self, who, euros, receipt):
        self._earn(self._one(who), euros, receipt)

    def _earn(self, one, euros, receipt):
        member, shop = one.member, one.member.shop

        typed = 1 + euros // 2

        def expect():
            member.check_active()
            points = typed if shop.is_points_only else euros
            if shop.is_points_only:
                if points > 50:
                    raise Refused("TooManyPointsError")
            elif one.wallet.place.tier:
                points = int(points * shop.times[one.wallet.place.tier])
            return member.enter(points, self.at, receipt)

        if shop.is_points_only:
            name, operation, what = "award points", purchases.award_points, {"points": typed}
        else:
            bill = Bill(amount_minor=euros * 100 + 37, currency="EUR")
            name, operation, what = "award purchase", purchases.award_purchase, {"bill": bill}
        self._at_the_counter(name, one, expect, operation, receipt=receipt, **what)

    @rule(who=st.integers(0, 1), points=st.integers(1, 50))
    def give(self, who, points):
        self._give(self._one(who), points)

    @rule(who=MEMBERS, points=st.integers(-150, 420), counted=st.booleans())
    def adjust(self, who, points, counted):
        self._adjust(self._one(who), points, counted=counted)

    @rule(
        who=MEMBERS,
        reward=st.sampled_from(["Tour", "Croissant", "Croissant", "Poster", "Lounge", "Lounge"]),
    )
    def redeem(self, who, reward):
        one = self._one(who)
        self._redeem(one, reward if reward in one.rewards else "Towel")

    @rule(who=st.integers(0, 1), wait=st.sampled_from([0, 1, 4, 6]), times=st.integers(1, 2))
    def claim(self, who, wait, times):
        one = self._one(who)
        member = one.member

        def may_start():
            member.check_active()
            member.check_reward("Croissant")
            if one.wallet.available(self.at) < COSTS["Croissant"]:
                raise Refused("NotEnoughPointsError")

        person = self.cast.mia if who == 0 else self.cast.noor
        started = self._attempt(
            "start claim",
            one,
            may_start,
            lambda: redemptions.start_claim(
                deed=deed(person, Source.WALLET, at=self.at),
                membership_id=one.pk,
                reward_id=self.cast.reward.pk,
            ),
        )
        if started is None:
            return
        self.at += timedelta(minutes=wait)
        for _ in range(times):

            def expect():
                member.check_active()
                claim = started.claim
                claim.refresh_from_db()
                if claim.used_at is not None:
                    raise Refused("ClaimUsedError")
                if claim.expires_at <= self.at:
                    raise Refused("ClaimExpiredError")
                return member.redeem("Croissant", COSTS["Croissant"], self.at)

            self._at_the_counter(
                "redeem claim", one, expect, redemptions.redeem_claim, claim_id=started.claim.pk
            )
