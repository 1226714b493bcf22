"""What a member is, and what happens to one at the counter and in the office."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.ledger import model_bonuses as bonuses
from tests.ledger.model import MANUAL, POINTS, Done, Place, Refused, Shop, Voucher, Wallet

DAY = timedelta(days=1)


@dataclass(eq=False)
class Member:
    """A membership: whose the deeds are, while the wallet may be shared."""

    shop: Shop
    wallet: Wallet
    pk: int = 0
    status: str = "ACTIVE"
    referrer: "Member | None" = None
    group: Any = None
    joined: datetime | None = None
    deeds: list[Done] = field(default_factory=list)
    fired: list[tuple[Any, str]] = field(default_factory=list)
    was_fired: set[Any] = field(default_factory=set)
    check_ins: list[Done] = field(default_factory=list)

    def check_active(self) -> None:
        if self.status != "ACTIVE":
            raise Refused("MembershipNotActiveError")

    def begin(self, at: datetime, kind: str, **more: Any) -> Done:
        done = Done(at=at, kind=kind, member=self, **more)
        done.part(self.wallet)
        return done

    def finish(self, done: Done) -> Done:
        self.deeds.append(done)
        done.after = done.main.wallet.available(done.at)
        return done

    def lately(self, at: datetime, *kinds: str) -> list[Done]:
        return [
            one
            for one in self.deeds
            if one.kind in kinds and not one.is_undone and one.at > at - DAY
        ]

    # Points without a bill.

    def enter(self, points: int, at: datetime, receipt: str = "") -> Done:
        """Earn points that were typed, or computed elsewhere."""
        if receipt and receipt in self.shop.receipts:
            raise Refused("ReceiptAlreadyUsedError")
        done = self.begin(at, "POINTS", receipt=receipt)
        self.shop.receipts |= {receipt} - {""}
        self.wallet.award(done.main, {POINTS: points}, at)
        bonuses.after_award(done, self)
        return self.finish(done)

    def give(self, points: int, at: datetime, most: int) -> Done:
        """Staff give points without a sale, so many within a day."""
        self.check_active()
        if sum(one.given for one in self.lately(at, "GIFT")) + points > most:
            raise Refused("AboveCapError")
        done = self._adjusted(points, at, counted=True, kind="GIFT")
        done.given = points
        return done

    def adjust(
        self, points: int, at: datetime, *, counted: bool, cap: int, unit: str = POINTS
    ) -> Done:
        self.check_active()
        if points == 0:
            raise Refused("NothingToAdjustError")
        if abs(points) > cap:
            raise Refused("AboveCapError")
        done = self._adjusted(points, at, counted=counted, kind="ADJUSTMENT", unit=unit)
        done.by = "manager"
        return done

    def _adjusted(
        self, points: int, at: datetime, *, counted: bool, kind: str, unit: str = POINTS
    ) -> Done:
        """Correct by hand: nothing owed is settled, and the tier may fall."""
        done = self.begin(at, kind)
        if points > 0:
            self.wallet.earn(done.main, points, at, unit)
        else:
            self.wallet.pay(done.main, -points, at, unit)
        self.wallet.count(done.main, unit, points if counted else 0)
        bonuses.after_adjustment(done, self)
        return self.finish(done)

    # Rewards and vouchers.

    def check_reward(self, reward: str) -> None:
        shop, wallet = self.shop, self.wallet
        if shop.is_sold_out(reward):
            raise Refused("SOLD_OUT")
        had = sum(one.reward == reward and not one.is_undone for one in wallet.done)
        had += sum(
            v.reward == reward and v.is_bought and v.status != "REMOVED" for v in wallet.vouchers
        )
        had += sum(self._had(reward, other) for other in wallet.absorbed)
        if had >= shop.limits.get(reward, 10**9):
            raise Refused("LIMIT_REACHED")
        least = shop.tiers.get(shop.from_tier.get(reward, ""), -1)
        if shop.rank(wallet.place.tier) < least:
            raise Refused("TIER_TOO_LOW")

    @staticmethod
    def _had(reward: str, wallet: Wallet) -> int:
        redeemed = sum(one.reward == reward and not one.is_undone for one in wallet.done)
        return redeemed + sum(
            v.reward == reward and v.is_bought and v.status != "REMOVED" for v in wallet.vouchers
        )

    def redeem(self, reward: str, cost: int, at: datetime) -> Done:
        self.check_active()
        if len(self.lately(at, "REDEMPTION", "PAYMENT")) >= self.shop.redeems_per_day:
            raise Refused("LimitReachedError")
        self.check_reward(reward)
        done = self.begin(at, "REDEMPTION")
        self.wallet.pay(done.main, cost, at)
        done.reward = reward
        self.shop.hand_out(done.main, reward, 1)
        self.wallet.judge(done.main, at)
        return self.finish(done)

    def issue(self, reward: str, at: datetime) -> Done:
        self.check_active()
        self.check_reward(reward)
        done = self.begin(at, "VOUCHER", by="manager")
        self.wallet.pay(done.main, self.shop.costs[reward], at)
        self.wallet.issue(done.main, reward, is_bought=True)
        self.wallet.judge(done.main, at)
        return self.finish(done)

    def use(self, voucher: Voucher, at: datetime) -> Done:
        self.check_active()
        if voucher.status != "ISSUED" or (voucher.ends and voucher.ends <= at):
            raise Refused("VoucherNotReadyError")
        done = self.begin(at, "VOUCHER")
        voucher.status = "USED"
        done.main.steps.append((voucher, "ISSUED", "USED"))
        return self.finish(done)

    def remove(self, voucher: Voucher, at: datetime, *, returned: bool) -> Done:
        self.check_active()
        if voucher.status != "ISSUED":
            raise Refused("VoucherNotReadyError")
        done = self.begin(at, "VOUCHER", by="manager")
        voucher.status = "REMOVED"
        done.main.steps.append((voucher, "ISSUED", "REMOVED"))
        self.shop.hand_out(done.main, voucher.reward, -1)
        if returned:
            self._give_back(self.issue_of(voucher), done)
        self.wallet.judge(done.main, at)
        return self.finish(done)

    def issue_of(self, voucher: Voucher) -> Any:
        """Return the part that issued a voucher."""
        wallets = (self.wallet, *self.wallet.absorbed)
        parts = [part for wallet in wallets for part in wallet.parts]
        return next(p for p in parts if any(v is voucher and b == "REMOVED" for v, b, _ in p.steps))

    def _give_back(self, issued: Any, done: Done) -> None:
        """Give points back to their lots; a group gets new ones with the same dates."""
        if issued.wallet is self.wallet:
            self.wallet.give_back(issued.taken, done.main)
            return
        for lot, part in issued.taken:
            ends = lot.ends if lot.is_usable(done.at) else done.at + timedelta(days=7)
            self.wallet.grant(done.main, part, ends)

    # The tier by hand.

    def change_tier(self, name: str | None, at: datetime, until: Any, *, gifts: bool) -> Done:
        self.check_active()
        wallet = self.wallet
        rule_says = Place(self.shop.reached(wallet.measure(at)))
        wanted = Place(name, MANUAL, until) if name else rule_says
        if wanted == wallet.place:
            raise Refused("TierUnchangedError")
        done = self.begin(at, "TIER_CHANGE", by="manager")
        wallet.move(done.main, wanted)
        if gifts and wanted.tier:
            wallet.gift(done, wanted.tier)
        return self.finish(done)
