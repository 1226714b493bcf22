"""What bills earn in the model, and what points and credit pay of them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from math import ceil, floor
from typing import Any

from tests.ledger import model_bonuses as bonuses
from tests.ledger.model import CREDIT, POINTS, UNITS, Done, Refused
from tests.ledger.model_refunds import payments, refund, refunded

MOST_BILL = 1_000_000


@dataclass(frozen=True)
class Bill:
    """A sale or a buy; lines are (is coffee, pieces, amount); ``paid`` is by which deed."""

    amount: int
    lines: tuple[tuple[bool, int, int], ...] = ()
    is_buy: bool = False
    paid: Done | None = None


@dataclass
class Earned:
    amounts: "Counter[str]" = field(default_factory=Counter)
    shares: dict[Any, "Counter[str]"] = field(default_factory=dict)
    met: list[tuple[Any, int, int]] = field(default_factory=list)


def simple(points: int, credit: int, buy_step: int = 0, step: int = 100) -> Any:
    """Return how a card without plans earns: so much on each full step."""

    def earns(member: Any, bill: Bill) -> Earned:
        weights: dict[str, dict[Any, Fraction]] = {unit: {} for unit in UNITS}
        if bill.is_buy and buy_step:
            weights[POINTS][None] = Fraction(bill.amount // buy_step)
        elif not bill.is_buy:
            amount = bill.amount - _loyal(bill)
            weights[POINTS][None] = Fraction(amount // step * points)
            weights[CREDIT][None] = Fraction(amount // step * credit)
        return _finished(member, weights, [])

    return earns


def planned(third: Any) -> Any:
    """Return how the grocer earns by a plan; ``third`` is the key of the line that counts.

    One point for each euro of what is no coffee, five for each coffee, 20 cents of credit for each
    5 euros; each third bill from 10 euros on two points for each of its euros beside.
    """

    def earns(member: Any, bill: Bill) -> Earned:
        weights: dict[str, dict[Any, Fraction]] = {unit: {} for unit in UNITS}
        if bill.is_buy:
            return Earned()
        amount = bill.amount - _loyal(bill)
        lines = bill.lines or ((False, 1, amount),)
        plain = [at for at, line in enumerate(lines) if not line[0]]
        _weigh(weights[POINTS], bill, plain, sum(lines[at][2] for at in plain) // 100)
        coffees = [at for at, line in enumerate(lines) if line[0]]
        pieces = sum(lines[at][1] for at in coffees)
        _weigh(weights[POINTS], bill, coffees, 5 * pieces, by_pieces=True)
        _weigh(weights[CREDIT], bill, list(range(len(lines))), amount // 500 * 20)
        met = []
        if amount >= 1000:
            stands = [one for one in member.deeds if not one.is_undone and one.met]
            given = amount // 100 * 2 if len(stands) % 3 == 2 else 0
            met.append((third, amount, given))
            if given:
                weights[POINTS][None] = weights[POINTS].get(None, Fraction()) + given
        return _finished(member, weights, met)

    return earns


def _loyal(bill: Bill) -> int:
    return min(bill.paid.bill[1], bill.amount) if bill.paid else 0


def _weigh(
    weights: dict[Any, Fraction], bill: Bill, places: list[int], award: int, *, by_pieces=False
) -> None:
    """Let an award weigh on the lines that made it, or on the bill where no line is known."""
    if not award:
        return
    if not bill.lines:
        weights[None] = weights.get(None, Fraction()) + award
        return
    counts = {at: bill.lines[at][1 if by_pieces else 2] for at in places}
    total = sum(counts.values())
    for at, count in counts.items():
        weights[at] = weights.get(at, Fraction()) + Fraction(award * count, total)


def _finished(member: Any, weights: dict[str, dict[Any, Fraction]], met: list[Any]) -> Earned:
    found = Earned(met=met)
    times = Fraction(member.shop.times.get(member.wallet.place.tier, 1))
    for unit, parts in weights.items():
        whole = floor(sum(parts.values(), Fraction()) * times)
        found.amounts[unit] = whole
        for at, share in _split(whole, parts).items():
            found.shares.setdefault(at, Counter())[unit] = share
    return found


def _split(whole: int, parts: dict[Any, Fraction]) -> dict[Any, int]:
    """Return a whole in proportion, what is left over to the largest remainders."""
    total = sum(parts.values(), Fraction())
    if not whole or not total:
        return {}
    exact = {at: whole * part / total for at, part in parts.items()}
    found = {at: floor(part) for at, part in exact.items()}
    order = sorted(exact, key=lambda at: (found[at] - exact[at], at is None, at or 0))
    for at in order[: whole - sum(found.values())]:
        found[at] += 1
    return found


def purchase(member: Any, bill: Bill, at: datetime, receipt: str = "") -> Done:
    """Book a bill with what it earns; refunds that waited for its receipt follow at once."""
    member.check_active()
    earned = member.shop.earns(member, bill)
    if receipt and receipt in member.shop.receipts:
        raise Refused("ReceiptAlreadyUsedError")
    done: Done = member.begin(at, "BUY" if bill.is_buy else "PURCHASE", receipt=receipt, bill=bill)
    member.shop.receipts |= {receipt} - {""}
    done.award, done.shares, done.met = earned.amounts, earned.shares, earned.met
    member.wallet.award(done.main, earned.amounts, at)
    bonuses.after_award(done, member)
    member.finish(done)
    for number, amount in [one for one in member.shop.parked if one[0] == receipt]:
        left = bill.amount - refunded(done)
        if left:
            member.shop.parked.remove((number, amount))
            refund(member, done, min(amount, left), {}, at, may_owe=True)
    return done


def park(member: Any, receipt: str, amount: int) -> None:
    if amount <= 0:
        raise Refused("NothingToRefundError")
    if receipt in member.shop.receipts:
        raise Refused("ReceiptAlreadyUsedError")
    member.shop.parked.append((receipt, amount))


# Paying.


def pay(
    member: Any, unit: str, bill: int, money: int | None, at: datetime, receipt: str = ""
) -> Done:
    """Pay a bill, or a part of it, with the fewest points that are worth it, or with credit."""
    member.check_active()
    if len(member.lately(at, "REDEMPTION", "PAYMENT")) >= member.shop.redeems_per_day:
        raise Refused("LimitReachedError")
    if bill <= 0 or (money is not None and money <= 0):
        raise Refused("NothingToPayError")
    if bill > MOST_BILL:
        raise Refused("AmountTooLargeError")
    same = [one for one in payments(member.wallet) if receipt and one.receipt == receipt]
    if any(one.paid[unit] for one in same):
        raise Refused("ReceiptAlreadyUsedError")
    balance = member.wallet.available(at, unit)
    slices = _slices(member, balance, bill) if unit == POINTS else [(balance, Fraction(1), bill)]
    most = min(_worth(slices), max(bill - sum(one.bill[1] for one in same), 0))
    if not most:
        raise Refused("PaymentNotOfferedError")
    money = most if money is None else money
    if money > most:
        raise Refused("TooMuchMoneyError")
    done: Done = member.begin(at, "PAYMENT", receipt=receipt, bill=(bill, money))
    done.paid[unit] = _cost(slices, money)
    member.wallet.pay(done.main, done.paid[unit], at, unit)
    member.wallet.judge(done.main, at)
    member.finish(done)
    return done


def _slices(member: Any, balance: int, bill: int) -> list[tuple[int, Fraction, Any]]:
    """Return points of one worth, and up to where they may pay; shop.rates is (cents, percent)."""
    shop = member.shop
    tiers = sorted(shop.tiers, key=shop.rank, reverse=True) if shop.is_fallback else []
    found = []
    for tier in tiers:
        found.append((max(balance - shop.rank(tier), 0), tier))
        balance -= found[-1][0]
    found.append((balance, None if shop.is_fallback else member.wallet.place.tier))
    return [
        (count, Fraction(shop.rates[tier][0]), Fraction(bill * shop.rates[tier][1], 100))
        for count, tier in found
    ]


def _worth(slices: list[tuple[int, Fraction, Any]]) -> int:
    paid = Fraction()
    for count, rate, ceiling in slices:
        paid += min(count * rate, max(ceiling - paid, Fraction()))
    return floor(paid)


def _cost(slices: list[tuple[int, Fraction, Any]], money: int) -> int:
    paid, cost = Fraction(), 0
    for count, rate, ceiling in slices:
        wanted = min(Fraction(ceiling), Fraction(money)) - paid
        if wanted > 0 and rate:
            needed = min(count, ceil(wanted / rate))
            cost += needed
            paid += min(needed * rate, wanted)
    return cost
