"""What an account should be, in plain Python: lots, sums, a tier, vouchers, and what deeds changed.

Nothing of the product is imported here or in the other modules of the model.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

LISBON = ZoneInfo("Europe/Lisbon")
AUTOMATIC, MANUAL = "AUTOMATIC", "MANUAL"
POINTS, CREDIT = "POINTS", "CREDIT"
UNITS = (POINTS, CREDIT)
GRACE = timedelta(days=7)


class Refused(Exception):  # noqa: N818 - it says what the model expects, it is no error of ours
    """The model's word for the refusal that the product must give."""


def days_after(moment: datetime, days: int) -> datetime:
    """Return the midnight so many days after another one, in the partner's zone."""
    day = moment.astimezone(LISBON).date() + timedelta(days=days)
    return datetime.combine(day, time.min, tzinfo=LISBON)


def last_moment(at: datetime, days: int) -> datetime:
    """Return the midnight after the last day, in the partner's zone."""
    day = at.astimezone(LISBON).date() + timedelta(days=days + 1)
    return datetime.combine(day, time.min, tzinfo=LISBON)


@dataclass(eq=False)
class Lot:
    earned: int
    ends: datetime | None
    unit: str = POINTS
    left: int = 0
    expired: int = 0
    later: list["Lot"] = field(default_factory=list)  # Into which it was moved to last longer.
    is_pooled: bool = False  # A group took what was left.
    given: datetime | None = None  # Until when it was good at its award, however often it moved.

    def __post_init__(self):
        self.left = self.earned
        self.given = self.given or self.ends

    def is_usable(self, at: datetime) -> bool:
        return self.ends is None or self.ends > at

    def lapsed(self, at: datetime) -> int:
        """Return what ended by its date, booked or not."""
        return self.expired + (0 if self.is_usable(at) else self.left)


@dataclass(eq=False)
class Voucher:
    reward: str
    ends: datetime | None
    tier: str | None = None
    status: str = "ISSUED"
    is_bought: bool = False


@dataclass(frozen=True)
class Place:
    """A tier and why: by the rule or by hand until a date."""

    tier: str | None = None
    source: str = AUTOMATIC
    until: datetime | None = None

    def is_held(self, at: datetime) -> bool:
        return self.source == MANUAL and (self.until is None or self.until > at)


@dataclass(eq=False)
class Part:
    """What one deed changed on one wallet: the deed itself, or something that it brought."""

    wallet: "Wallet"
    done: "Done"
    made: list[Lot] = field(default_factory=list)
    taken: list[tuple[Lot, int]] = field(default_factory=list)
    filled: list[tuple[Lot, int, int]] = field(default_factory=list)
    life: "Counter[str]" = field(default_factory=Counter)
    owed: "Counter[str]" = field(default_factory=Counter)
    place: tuple[Place, Place] | None = None
    steps: list[tuple[Voucher, str, str]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    fired: list[tuple[Any, Any]] = field(default_factory=list)
    told: "Counter[Any]" = field(default_factory=Counter)
    backs: list["Part"] = field(default_factory=list)  # The parts that refund it.
    sort: str = ""  # BONUS and EXPIRY are told apart from the rest.

    def moved(self, unit: str) -> int:
        made = sum(lot.earned for lot in self.made if lot.unit == unit)
        filled = sum(part for lot, part, _ in self.filled if lot.unit == unit)
        return made + filled - sum(part for lot, part in self.taken if lot.unit == unit)


@dataclass(eq=False)
class Done:
    """One deed with all it brought; the first part is the deed itself."""

    at: datetime
    kind: str = ""
    member: Any = None
    by: str = "staff"
    parts: list[Part] = field(default_factory=list)
    pk: int = 0
    reward: str = ""
    given: int = 0
    receipt: str = ""
    bill: Any = None
    award: "Counter[str]" = field(default_factory=Counter)
    shares: dict[Any, "Counter[str]"] = field(default_factory=dict)
    met: list[tuple[str, int, int]] = field(default_factory=list)
    paid: "Counter[str]" = field(default_factory=Counter)
    refunds: list["Done"] = field(default_factory=list)
    lines: dict[int, int] = field(default_factory=dict)
    is_undone: bool = False
    is_disturbed: bool = False
    before: Any = None
    expired: int = 0
    after: int | None = None

    def part(self, wallet: "Wallet", **more: Any) -> Part:
        found = Part(wallet, self, **more)
        self.parts.append(found)
        wallet.parts.append(found)
        return found

    @property
    def main(self) -> Part:
        return self.parts[0]

    @property
    def made(self) -> list[Lot]:
        return [lot for part in self.parts for lot in part.made]

    @property
    def steps(self) -> list[tuple[Voucher, str, str]]:
        return [step for part in self.parts for step in part.steps]


@dataclass(eq=False)
class Shop:
    """What all wallets of a card share: the rules in force and what is out of each reward."""

    tiers: dict[str, int] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)
    gifts: dict[str, str] = field(default_factory=dict)
    stock: dict[str, int] = field(default_factory=dict)
    costs: dict[str, int] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)
    from_tier: dict[str, str] = field(default_factory=dict)
    basis: str = "AWARDED_POINTS"
    days: dict[str, int | None] = field(default_factory=dict)
    is_points_only: bool = False
    redeems_per_day: int = 4
    voucher_days: int | None = 3
    welcome: int = 0
    out: dict[str, int] = field(default_factory=dict)
    receipts: set[str] = field(default_factory=set)
    parked: list[tuple[str, int]] = field(default_factory=list)
    # How bills earn, how they are paid and refunded; what deeds bring (see the other modules).
    earns: "Callable[..., Any] | None" = None
    rates: dict[str | None, tuple[int, int]] = field(default_factory=dict)
    is_fallback: bool = False
    method: str = "PRO_RATA"
    clawback: str = "SHORTFALL"
    visits: dict[Any, tuple[int, int, str]] = field(default_factory=dict)
    check_ins: dict[Any, int] = field(default_factory=dict)
    referrals: dict[Any, tuple[str, int, int, str]] = field(default_factory=dict)
    per_card: int | None = None
    full_reward: str = ""
    most_in_group: int = 8

    def reached(self, value: int) -> str | None:
        met = [name for name, least in self.tiers.items() if least <= value]
        return max(met, key=self.tiers.__getitem__, default=None)

    def rank(self, tier: str | None) -> int:
        return -1 if tier is None else self.tiers[tier]

    def ends(self, at: datetime, unit: str) -> datetime | None:
        days = self.days.get(unit)
        return None if days is None else last_moment(at, days)

    def is_sold_out(self, reward: str) -> bool:
        return reward in self.stock and self.out.get(reward, 0) >= self.stock[reward]

    def hand_out(self, part: Part, reward: str, count: int) -> None:
        part.counts[reward] = part.counts.get(reward, 0) + count
        self.out[reward] = self.out.get(reward, 0) + count


@dataclass(eq=False)
class Wallet:
    shop: Shop
    pk: int = 0
    lots: list[Lot] = field(default_factory=list)
    life: "Counter[str]" = field(default_factory=Counter)
    owed: "Counter[str]" = field(default_factory=Counter)
    place: Place = Place()
    vouchers: list[Voucher] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    absorbed: list["Wallet"] = field(default_factory=list)
    judged_on: Any = None  # The day on which the clock last looked at its tier.
    group: "Wallet | None" = None  # Which took over all that this one held.

    @property
    def done(self) -> list[Done]:
        """Return the deeds on this wallet that can be undone, the oldest first."""
        return [part.done for part in self.parts if part.done.kind and part is part.done.main]

    @property
    def all_vouchers(self) -> list[Voucher]:
        """Return its vouchers, and those of the wallets that it took over."""
        return [v for wallet in (self, *self.absorbed) for v in wallet.vouchers]

    def latest(self) -> Done | None:
        return next((one for one in reversed(self.done) if not one.is_undone), None)

    def has(self, unit: str) -> int:
        return sum(lot.left for lot in self.lots if lot.unit == unit)

    @property
    def expired(self) -> int:
        vouchers = sum(voucher.status == "EXPIRED" for voucher in self.vouchers)
        return vouchers + sum(lot.expired for lot in self.lots)

    def available(self, at: datetime, unit: str = POINTS) -> int:
        return sum(lot.left for lot in self.lots if lot.unit == unit and lot.is_usable(at))

    # What deeds do. Each says in its part what it changed, so that it can be undone.

    def grant(self, part: Part, amount: int, ends: datetime | None, unit: str = POINTS) -> Lot:
        lot = Lot(amount, ends, unit)
        self.lots.append(lot)
        part.made.append(lot)
        return lot

    def earn(self, part: Part, amount: int, at: datetime, unit: str = POINTS) -> None:
        if amount:
            self.grant(part, amount, self.shop.ends(at, unit), unit)

    def award(self, part: Part, amounts: dict[str, int], at: datetime) -> None:
        """Earn by a rule: what is owed is settled first, and all of it counts as awarded."""
        for unit in UNITS:
            amount = amounts.get(unit, 0)
            settled = min(amount, self.owed[unit])
            self.owe(part, unit, -settled)
            self.count(part, unit, amount)
            self.earn(part, amount - settled, at, unit)

    def owe(self, part: Part, unit: str, amount: int) -> None:
        part.owed[unit] += amount
        self.owed[unit] += amount

    def count(self, part: Part, unit: str, amount: int) -> None:
        """Count as awarded; the sum never falls below zero."""
        counted = max(amount, -self.life[unit])
        part.life[unit] += counted
        self.life[unit] += counted

    def spend(
        self,
        part: Part,
        amount: int,
        at: datetime,
        unit: str = POINTS,
        among: Iterable[Lot] | None = None,
    ) -> int:
        """Take up to so much, earliest expiry first; return how much that was."""
        wanted = amount
        known = self.lots if among is None else list(among)
        usable = [lot for lot in self.lots if lot in known and lot.unit == unit]
        usable = [lot for lot in usable if lot.is_usable(at)]
        for lot in sorted(usable, key=lambda lot: (lot.ends is None, lot.ends or at)):
            taken = min(lot.left, wanted)
            if taken:
                lot.left -= taken
                wanted -= taken
                part.taken.append((lot, taken))
        return amount - wanted

    def pay(self, part: Part, amount: int, at: datetime, unit: str = POINTS) -> None:
        if self.available(at, unit) < amount:
            part.done.parts.remove(part)
            self.parts.remove(part)
            raise Refused("NotEnoughPointsError")
        self.spend(part, amount, at, unit)

    def measure(self, at: datetime) -> int:
        return {
            "AWARDED_POINTS": self.life[POINTS],
            "AVAILABLE_POINTS": self.available(at),
            "AWARDED_CREDIT": self.life[CREDIT],
            "AVAILABLE_CREDIT": self.available(at, CREDIT),
        }[self.shop.basis]

    def judged(self, at: datetime, *, may_lower: bool) -> str | None:
        """Return the tier after a deed; what the rule gave by awards falls only by hand."""
        if self.place.is_held(at):
            return self.place.tier
        reached = self.shop.reached(self.measure(at))
        is_lower = self.shop.rank(reached) < self.shop.rank(self.place.tier)
        is_kept = self.place.source == AUTOMATIC and self.shop.basis.startswith("AWARDED")
        return self.place.tier if is_lower and is_kept and not may_lower else reached

    def judge(self, part: Part, at: datetime, *, may_lower: bool = False) -> None:
        """Move the tier on a part, and give the entry reward of a tier above the one before."""
        old, new = self.place.tier, self.judged(at, may_lower=may_lower)
        if not self.shop.tiers or new == old:
            return
        self.move(part, Place(new))
        if new and self.shop.rank(new) > self.shop.rank(old):
            self.gift(part.done, new)

    def move(self, part: Part, place: Place) -> None:
        part.place = (self.place, place)
        self.place = place

    def gift(self, done: Done, tier: str) -> None:
        reward = self.shop.gifts.get(tier)
        had = any(v.tier == tier and v.status != "REMOVED" for v in self.all_vouchers)
        if reward and not had and not self.shop.is_sold_out(reward):
            self.issue(done.part(self), reward, tier=tier)

    def issue(self, part: Part, reward: str, **more: Any) -> Voucher:
        days = self.shop.voucher_days
        ends = None if days is None else last_moment(part.done.at, days)
        voucher = Voucher(reward, ends, **more)
        self.vouchers.append(voucher)
        part.steps.append((voucher, "REMOVED", "ISSUED"))
        self.shop.hand_out(part, reward, 1)
        return voucher

    def give_back(self, taken: Iterable[tuple[Lot, int]], into: Part, own: Iterable[Lot] = ()):
        """Fill the lots that a deed took from; what expired since comes back for seven days.

        A lot that the same deed made is filled in any case, because it is emptied next.
        """
        late, at, known = Counter[str](), into.done.at, list(own)
        for lot, part in taken:
            if lot.is_usable(at) or lot in known:
                lot.left += part
                into.filled.append((lot, part, lot.expired))
            else:
                late[lot.unit] += part
        for unit, amount in late.items():
            self.grant(into, amount, at + GRACE, unit)

    # What time does.

    def due(self, at: datetime) -> list[datetime]:
        """Return the moments at which something ended that is not booked yet."""
        open_ = [lot for lot in self.lots if lot.left and not lot.is_usable(at)]
        return sorted({lot.ends for lot in open_ if lot.ends})

    def expire(self, at: datetime) -> int:
        """Book what is due, moment by moment; return how many moments that were."""
        moments, shop = self.due(at), self.shop
        for moment in moments:
            part = Done(at=moment).part(self, sort="EXPIRY")
            units = {lot.unit for lot in self.lots if lot.ends == moment and lot.left}
            for lot in self.lots:
                if lot.ends == moment:
                    lot.expired += lot.left
                    lot.left = 0
            if shop.basis in {"AVAILABLE_POINTS", "AVAILABLE_CREDIT"}:
                self._fall(part, moment, units)
        return len(moments)

    def _fall(self, part: Part, moment: datetime, units: set[str]) -> None:
        """Let an expiry lower a tier by what is available: by the balance that is booked."""
        unit = POINTS if self.shop.basis == "AVAILABLE_POINTS" else CREDIT
        if not self.shop.tiers or unit not in units or self.place.is_held(moment):
            return
        reached = self.shop.reached(self.has(unit))
        if self.shop.rank(reached) < self.shop.rank(self.place.tier):
            self.move(part, Place(reached))

    def expire_vouchers(self, at: datetime) -> int:
        due = [v for v in self.vouchers if v.status == "ISSUED" and v.ends and v.ends <= at]
        for voucher in due:
            voucher.status = "EXPIRED"
            self.shop.out[voucher.reward] -= 1
        return len(due)
