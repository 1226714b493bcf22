"""What a wallet should be, in plain Python: lots, tiers, vouchers and how deeds are undone."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

LISBON = ZoneInfo("Europe/Lisbon")
AUTOMATIC, MANUAL = "AUTOMATIC", "MANUAL"


class Refused(Exception):  # noqa: N818 - it says what the model expects, it is no error of ours
    """The model's word for the refusal that the product must give."""


def last_moment(at: datetime, days: int) -> datetime:
    """Return the midnight after the last day, in the partner's zone."""
    day = at.astimezone(LISBON).date() + timedelta(days=days + 1)
    return datetime.combine(day, time.min, tzinfo=LISBON)


@dataclass(eq=False)
class Lot:
    earned: int
    ends: datetime | None
    left: int = 0
    expired: int = 0

    def __post_init__(self):
        self.left = self.earned

    def is_usable(self, at: datetime) -> bool:
        return self.ends is None or self.ends > at


@dataclass(eq=False)
class Voucher:
    reward: str
    ends: datetime
    tier: str | None = None
    status: str = "ISSUED"


@dataclass(frozen=True)
class Place:
    """A tier and why: by the rule or by hand until a date."""

    tier: str | None = None
    source: str = AUTOMATIC
    until: datetime | None = None

    def is_held(self, at: datetime) -> bool:
        return self.source == MANUAL and (self.until is None or self.until > at)


@dataclass(eq=False)
class Done:
    """One deed that can be undone, with what it changed."""

    at: datetime
    pk: int = 0
    by: str = "staff"
    made: list[Lot] = field(default_factory=list)
    taken: list[tuple[Lot, int]] = field(default_factory=list)
    filled: list[tuple[Lot, int, int]] = field(default_factory=list)
    lifetime: int = 0
    place: tuple[Place, Place] | None = None
    steps: list[tuple[Voucher, str, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    is_redemption: str = ""
    given: int = 0
    receipt: str = ""
    is_undone: bool = False
    is_disturbed: bool = False
    before: Any = None
    expired: int = 0


@dataclass(eq=False)
class Shop:
    """What all wallets of a card share: the rules in force and what is out of each reward."""

    tiers: dict[str, int]
    times: dict[str, float]
    gifts: dict[str, str]
    stock: dict[str, int]
    costs: dict[str, int]
    limits: dict[str, int]
    from_tier: dict[str, str]
    days: int | None
    is_points_only: bool = False
    redeems_per_day: int = 4
    voucher_days: int = 3
    out: dict[str, int] = field(default_factory=dict)
    receipts: set[str] = field(default_factory=set)

    def reached(self, awarded: int) -> str | None:
        met = [name for name, least in self.tiers.items() if least <= awarded]
        return max(met, key=self.tiers.__getitem__, default=None)

    def ends(self, at: datetime) -> datetime | None:
        return None if self.days is None else last_moment(at, self.days)

    def is_sold_out(self, reward: str) -> bool:
        return reward in self.stock and self.out.get(reward, 0) >= self.stock[reward]


@dataclass(eq=False)
class Wallet:
    shop: Shop
    lots: list[Lot] = field(default_factory=list)
    lifetime: int = 0
    place: Place = Place()
    vouchers: list[Voucher] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    status: str = "ACTIVE"

    @property
    def points(self) -> int:
        return sum(lot.left for lot in self.lots)

    @property
    def expired(self) -> int:
        vouchers = sum(voucher.status == "EXPIRED" for voucher in self.vouchers)
        return vouchers + sum(lot.expired for lot in self.lots)

    def available(self, at: datetime) -> int:
        return sum(lot.left for lot in self.lots if lot.is_usable(at))

    def check_active(self) -> None:
        if self.status != "ACTIVE":
            raise Refused("MembershipNotActiveError")

    # What deeds do. Each appends what it changed, so that it can be undone.

    def earn(self, points: int, at: datetime, *, counted: bool = True, gifts: bool = False) -> Done:
        done = Done(at=at)
        if points:
            done.made.append(Lot(points, self.shop.ends(at)))
            self.lots += done.made
        old = self.place.tier
        self._count(done, points if counted else 0, at)
        new = self.place.tier
        is_rise = new is not None and (old is None or self.shop.tiers[old] < self.shop.tiers[new])
        if gifts and done.place and is_rise and new:
            self.gift(done, new)
        return self._add(done)

    def give(self, points: int, at: datetime, most: int) -> Done:
        """Staff give points without a sale, so many within a day."""
        self.check_active()
        day = [one for one in self.done if not one.is_undone and one.at > at - timedelta(days=1)]
        if sum(one.given for one in day) + points > most:
            raise Refused("AboveCapError")
        done = self.earn(points, at)
        done.given = points
        return done

    def _count(self, done: Done, awarded: int, at: datetime) -> None:
        done.lifetime = max(awarded, -self.lifetime)
        self.lifetime += done.lifetime
        reached = self.shop.reached(self.lifetime)
        if not self.place.is_held(at) and reached != self.place.tier:
            self.move(done, Place(reached))

    def move(self, done: Done, place: Place) -> None:
        done.place = (self.place, place)
        self.place = place

    def gift(self, done: Done, tier: str) -> None:
        reward = self.shop.gifts.get(tier)
        had = any(v.tier == tier and v.status != "REMOVED" for v in self.vouchers)
        if reward and not had and not self.shop.is_sold_out(reward):
            self._issue(done, Voucher(reward, self._voucher_ends(done), tier))

    def _voucher_ends(self, done: Done) -> datetime:
        return last_moment(done.at, self.shop.voucher_days)

    def _issue(self, done: Done, voucher: Voucher) -> None:
        self.vouchers.append(voucher)
        done.steps.append((voucher, "REMOVED", "ISSUED"))
        self._hand_out(done, voucher.reward, 1)

    def _hand_out(self, done: Done, reward: str, count: int) -> None:
        done.counts[reward] = done.counts.get(reward, 0) + count
        self.shop.out[reward] = self.shop.out.get(reward, 0) + count

    def take(self, points: int, at: datetime, *, counted: bool | None = None) -> Done:
        """Spend; an adjustment says whether it counts for the tier, others judge no tier."""
        if self.available(at) < points:
            raise Refused("NotEnoughPointsError")
        done = Done(at=at)
        usable = [lot for lot in self.lots if lot.is_usable(at)]
        for lot in sorted(usable, key=lambda lot: (lot.ends is None, lot.ends or at)):
            part = min(lot.left, points)
            if part:
                lot.left -= part
                points -= part
                done.taken.append((lot, part))
        if counted is not None:
            self._count(done, -sum(part for _, part in done.taken) if counted else 0, at)
        return self._add(done)

    def check_reward(self, reward: str) -> None:
        shop = self.shop
        if shop.is_sold_out(reward):
            raise Refused("SOLD_OUT")
        had = sum(one.is_redemption == reward and not one.is_undone for one in self.done)
        had += sum(
            v.reward == reward and v.tier is None and v.status != "REMOVED" for v in self.vouchers
        )
        if had >= shop.limits.get(reward, 10**9):
            raise Refused("LIMIT_REACHED")
        least = shop.tiers.get(shop.from_tier.get(reward, ""), -1)
        if shop.tiers.get(self.place.tier or "", -1) < least:
            raise Refused("TIER_TOO_LOW")

    def redeem(self, reward: str, cost: int, at: datetime) -> Done:
        self.check_active()
        recent = [
            one
            for one in self.done
            if one.is_redemption and not one.is_undone and one.at > at - timedelta(days=1)
        ]
        if len(recent) >= self.shop.redeems_per_day:
            raise Refused("LimitReachedError")
        self.check_reward(reward)
        done = self.take(cost, at)
        done.is_redemption = reward
        self._hand_out(done, reward, 1)
        return done

    def issue(self, reward: str, at: datetime) -> Done:
        self.check_active()
        self.check_reward(reward)
        done = self.take(self.shop.costs[reward], at)
        done.by = "manager"
        self._issue(done, Voucher(reward, self._voucher_ends(done)))
        return done

    def use(self, voucher: Voucher, at: datetime) -> Done:
        self.check_active()
        if voucher.status != "ISSUED" or voucher.ends <= at:
            raise Refused("VoucherNotReadyError")
        voucher.status = "USED"
        return self._add(Done(at=at, steps=[(voucher, "ISSUED", "USED")]))

    def remove(self, voucher: Voucher, at: datetime, *, returned: bool) -> Done:
        self.check_active()
        if voucher.status != "ISSUED":
            raise Refused("VoucherNotReadyError")
        voucher.status = "REMOVED"
        done = Done(at=at, by="manager", steps=[(voucher, "ISSUED", "REMOVED")])
        self._hand_out(done, voucher.reward, -1)
        issued = next(o for o in self.done if any(v is voucher for v, *_ in o.steps))
        if returned:
            self._give_back(issued, done)
        return self._add(done)

    def expire(self, at: datetime) -> None:
        for lot in self.lots:
            if not lot.is_usable(at):
                lot.expired += lot.left
                lot.left = 0

    def expire_vouchers(self, at: datetime) -> int:
        due = [v for v in self.vouchers if v.status == "ISSUED" and v.ends <= at]
        for voucher in due:
            voucher.status = "EXPIRED"
            self.shop.out[voucher.reward] -= 1
        return len(due)

    def _add(self, done: Done) -> Done:
        self.done.append(done)
        return done

    # How deeds are undone.

    def latest(self) -> Done | None:
        return next((one for one in reversed(self.done) if not one.is_undone), None)

    def undo(self, done: Done, at: datetime) -> None:
        again = [(lot, lot.earned, 0) for lot in done.made] + done.filled
        self._check_undo(done, again)
        for lot, given, _ in again:
            lot.left -= min(given, lot.left)
        self._give_back(done, Done(at=at))
        for voucher, before, _ in done.steps:
            voucher.status = before
        for reward, count in done.counts.items():
            self.shop.out[reward] -= count
        self.lifetime -= min(done.lifetime, self.lifetime)
        self.shop.receipts.discard(done.receipt)
        self._undo_place(done, at)
        done.is_undone = True
        for later in self.done[self.done.index(done) + 1 :]:
            later.is_disturbed = True

    def _check_undo(self, done: Done, again: list[tuple[Lot, int, int]]) -> None:
        if any(n < 0 and self.shop.is_sold_out(reward) for reward, n in done.counts.items()):
            raise Refused("SOLD_OUT")
        for lot, given, expired in again:
            if given - min(given, lot.left) > lot.expired - expired:
                raise Refused("PointsAlreadySpentError")
        for voucher, before, after in done.steps:
            others = [v for v in self.vouchers if v is not voucher and v.status != "REMOVED"]
            is_double = voucher.tier and voucher.tier in {v.tier for v in others}
            if voucher.status != after or (after == "REMOVED" and is_double):
                raise Refused("VoucherUsedError")
            assert before != after

    def _give_back(self, done: Done, into: Done) -> None:
        """Fill the lots that a deed took from; what expired since comes back for seven days."""
        late = 0
        for lot, part in done.taken:
            if lot.is_usable(into.at):
                lot.left += part
                into.filled.append((lot, part, lot.expired))
            else:
                late += part
        if late:
            into.made.append(Lot(late, into.at + timedelta(days=7)))
            self.lots += into.made

    def _undo_place(self, done: Done, at: datetime) -> None:
        if self.latest() is done and not done.is_disturbed:
            if done.place and done.place[1].tier == self.place.tier:
                self.place = done.place[0]
            return
        # Out of order: a hold that came before, or what the points that stay reach.
        reached = Place(self.shop.reached(self.lifetime))
        last = next((o for o in reversed(self.done) if o.place and not o.is_undone), None)
        if last is done and done.place and done.place[1].source == MANUAL:
            if not done.place[0].is_held(at):
                self.place = reached
            elif done.place[1].tier == self.place.tier:
                self.place = done.place[0]
        elif not self.place.is_held(at) and reached.tier != self.place.tier:
            self.place = reached
