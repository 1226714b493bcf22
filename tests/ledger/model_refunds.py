"""What refunds take back of an award in the model, and what comes back of a payment."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import floor
from typing import Any

from tests.ledger.model import CREDIT, GRACE, POINTS, UNITS, Done, Lot, Part, Refused


def _refunds(done: Done) -> list[Done]:
    return [one for one in done.refunds if not one.is_undone]


def refunded(done: Done) -> int:
    return sum(one.bill for one in _refunds(done))


def refund(
    member: Any, sale: Done, amount: int, lines: dict[int, int], at: datetime, *, may_owe=False
) -> Done:
    """Take back what a sale earned, and give back what paid it."""
    if not may_owe:
        _check_refund(member, sale, amount, lines)
    shop, before = member.shop, _refunds(sale)
    wallet = sale.main.wallet.group or sale.main.wallet
    bill = sale.bill[0] if sale.kind == "PAYMENT" else sale.bill.amount
    total = sum(one.bill for one in before) + amount
    done = Done(at=at, kind="REFUND", member=member, bill=amount, lines=lines)
    main = done.part(wallet)
    back = [(one, _back_of(one, total, bill)) for one in _payments_of(sale)]
    own = [] if sale.kind == "PAYMENT" else _with_later(sale.main, wallet)
    coming, withheld = Counter[str](), Counter[str]()
    for one, count in back:
        coming[_unit(one)] += count
    revoked = {unit: _revoked(sale, unit, total, lines, before) for unit in UNITS}
    claws = [
        Claw(main, own, unit, revoked[unit], _told(before, "lapsed", unit), coming[unit])
        for unit in UNITS
    ]
    if shop.clawback == "REFUSE" and not may_owe and any(claw.is_short for claw in claws):
        wallet.parts.remove(main)
        raise Refused("ClawbackTooLargeError")
    for claw in claws:
        withheld[claw.unit] = claw.take()
    for one, count in back:
        kept = min(count, withheld[_unit(one)])
        withheld[_unit(one)] -= kept
        if count:
            part = main if sale.kind == "PAYMENT" else done.part(wallet)
            one.main.backs.append(part)
            part.told["returned"] = count
            _to_lots(one, count - kept, part, at)
    if total >= bill and shop.method != "NONE":
        _revoke_bonuses(sale, done)
    wallet.judge(main, at)
    sale.refunds.append(done)
    member.finish(done)
    return done


def _check_refund(member: Any, sale: Done, amount: int, lines: dict[int, int]) -> None:
    member.check_active()
    if sale.is_undone:
        raise Refused("SaleUndoneError")
    if amount < 0 or (amount == 0 and not lines):
        raise Refused("NothingToRefundError")
    known = {} if sale.kind == "PAYMENT" else {at: row[2] for at, row in enumerate(sale.bill.lines)}
    if lines and (not lines.keys() <= known.keys() or sum(lines.values()) != amount):
        raise Refused("ReturnedLinesError")
    before = _refunds(sale)
    for at, part in lines.items():
        if part > known[at] - sum(one.lines.get(at, 0) for one in before):
            raise Refused("RefundExceedsPurchaseError")
    bill = sale.bill[0] if sale.kind == "PAYMENT" else sale.bill.amount
    if amount > bill - sum(one.bill for one in before):
        raise Refused("RefundExceedsPurchaseError")


def _told(refunds: list[Done], name: str, unit: str) -> int:
    return sum(one.main.told[name, unit] for one in refunds)


def payments(wallet: Any) -> list[Done]:
    return [one for one in wallet.done if one.kind == "PAYMENT" and not one.is_undone]


def _unit(payment: Done) -> str:
    return POINTS if payment.paid[POINTS] else CREDIT


def _payments_of(sale: Done) -> list[Done]:
    if sale.kind == "PAYMENT":
        return [sale]
    return [
        one
        for one in payments(sale.main.wallet)
        if one is sale.bill.paid or (sale.receipt and one.receipt == sale.receipt)
    ]


def _parts_of(payment: Done) -> list[Part]:
    """Return the parts of standing refunds that gave of a payment back."""
    return [one for one in payment.main.backs if not one.done.is_undone]


def _back_of(payment: Done, total: int, bill: int) -> int:
    before = sum(part.told["returned"] for part in _parts_of(payment))
    return max(payment.paid[_unit(payment)] * total // bill - before, 0)


def _revoked(sale: Done, unit: str, total: int, lines: dict[int, int], before: list[Done]) -> int:
    """Return what this refund takes back of an award: by line, the rest in proportion."""
    if sale.kind == "PAYMENT":
        return 0
    award: int = sale.award[unit]
    bill: int = sale.bill.amount
    told = _told(before, "revoked", unit)
    match sale.main.wallet.shop.method:
        case "ALL":
            return max(award - told, 0)
        case "NONE":
            return 0
        case _:
            pass
    if total >= bill:
        return max(award - told, 0)
    known = range(len(sale.bill.lines))
    returned = {at: lines.get(at, 0) + sum(one.lines.get(at, 0) for one in before) for at in known}
    shares = {at: sale.shares.get(at, Counter())[unit] for at in known}
    by_line: int = sum(shares[at] * returned[at] // sale.bill.lines[at][2] for at in known)
    of_lines = sum(shares.values())
    unnamed = total - sum(returned.values())
    rest = Fraction((award - of_lines) * total + of_lines * unnamed, bill)
    return max(min(award, by_line + floor(rest)) - told, 0)


def _with_later(part: Part, wallet: Any) -> list[Lot]:
    """Return the lots that a part made on this wallet, and those they were moved to."""
    found: list[Lot] = []
    if part.wallet is wallet:
        for lot in part.made:
            found.append(lot)
            found += _later(lot)
    return found


def _later(lot: Lot) -> list[Lot]:
    return [deep for one in lot.later for deep in (one, *_later(one))]


@dataclass
class Claw:
    """How an award is taken back: from its own lots, then from any; the rest is owed."""

    part: Part
    own: list[Lot]
    unit: str
    revoked: int
    lapsed_before: int = 0
    coming: int = 0

    def __post_init__(self) -> None:
        wallet, at = self.part.wallet, self.part.done.at
        self.mine = [lot for lot in self.own if lot.unit == self.unit]
        self.others = [lot for lot in wallet.lots if lot not in self.mine]
        self.in_own = min(self._usable(self.mine), self.revoked)
        left = self.revoked - self.in_own
        lapsed = sum(lot.lapsed(at) for lot in self.mine) - self.lapsed_before
        self.lapsed = min(left, lapsed) if left else 0
        self.wanted = left - self.lapsed
        self.most = self._usable(self.others) + self.coming

    def _usable(self, lots: list[Lot]) -> int:
        at = self.part.done.at
        return sum(lot.left for lot in lots if lot.unit == self.unit and lot.is_usable(at))

    @property
    def is_short(self) -> bool:
        return self.wanted > self.most

    def take(self) -> int:
        """Take it, and return what is withheld of what comes back."""
        part, at, unit = self.part, self.part.done.at, self.unit
        part.wallet.spend(part, self.in_own, at, unit, self.mine)
        taken = min(self.wanted, self.most)
        got = part.wallet.spend(part, taken, at, unit, self.others)
        part.told["lapsed", unit] = self.lapsed
        part.told["revoked", unit] = self.revoked
        part.wallet.owe(part, unit, self.wanted - taken)
        part.wallet.count(part, unit, -self.revoked)
        return taken - got


def _to_lots(payment: Done, amount: int, part: Part, at: datetime) -> None:
    """Give a payment back to the lots that it took from, the one taken last first."""
    stands = [one for one in _parts_of(payment) if one is not part]
    filled = Counter[Lot]()
    for one in stands:
        for lot, count, _ in one.filled:
            filled[lot] += count
    anew = sum(lot.earned for one in stands for lot in one.made)
    for lot, count in reversed(payment.main.taken):
        room = count - filled[lot]
        is_closed = not lot.is_usable(at) or payment.main.wallet is not part.wallet
        if is_closed:
            given = min(room, anew)
            room, anew = room - given, anew - given
        back = min(room, amount)
        amount -= back
        if back and is_closed:
            ends = lot.ends if lot.is_usable(at) else at + GRACE
            part.wallet.grant(part, back, ends, lot.unit)
        elif back:
            lot.left += back
            part.filled.append((lot, back, lot.expired))


def _revoke_bonuses(sale: Done, done: Done) -> None:
    """Take what a sale brought, on whose wallet it is; nobody is refused for it."""
    caused = [part for part in sale.parts if part.sort == "BONUS" and any(part.life.values())]
    for bonus in sorted(caused, key=lambda part: part.wallet.pk):
        wallet = bonus.wallet.group or bonus.wallet
        part = done.part(wallet)
        bonus.backs.append(part)
        own = _with_later(bonus, wallet)
        for unit in UNITS:
            Claw(part, own, unit, bonus.life[unit]).take()
