"""Pay a bill, or a part of it, with points at their worth, or with credit one to one.

For a model of the ledger: a payment of ``money`` burns ``rules.redemption.cost_of`` that money in
points, or as much credit; nothing else moves but the lots, earliest expiry first. Awarded sums
stay. It counts with rewards against the card's limit per day, and is undone like any deed, unless
a refund has given a part of it back.
"""

from dataclasses import dataclass
from typing import assert_never

from loyalty.ledger.drafts import Fact, Note, ReceiptClaim
from loyalty.ledger.models import Kind, Transaction, Unit
from loyalty.operations import drafting, receipts, tiering
from loyalty.operations.deeds import Deed, fingerprint, one_transaction
from loyalty.operations.sales import paid
from loyalty.operations.standing import (
    LimitReachedError,
    Standing,
    check_may_spend,
    check_not_own,
    check_open,
    first_result,
    lock,
    look,
)
from loyalty.outbox.models import EventType
from loyalty.rules import redemption
from loyalty.rules.awards import AmountTooLargeError
from loyalty.rules.redemption import TooMuchMoneyError


class NothingToPayError(ValueError):
    """The bill, or the part to be paid of it, is zero or less."""


class PaymentNotOfferedError(ValueError):
    """The member has nothing with which this bill could be paid on this card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """What a payment comes to: the money it is worth, and what it takes for that of its unit."""

    unit: Unit
    bill_minor: int
    paid_before_minor: int
    most_minor: int
    money_minor: int
    cost: int

    @property
    def rest_minor(self) -> int:
        """Return what of the bill is still to be paid otherwise."""
        return self.bill_minor - self.paid_before_minor - self.money_minor


@one_transaction
def pay_with_points(
    *,
    deed: Deed,
    membership_id: int,
    bill_minor: int,
    money_minor: int | None = None,
    receipt: str = "",
    scan_id: int | None = None,
    note: Note | None = None,
) -> Transaction:
    """Pay ``money_minor`` of a bill with points, by default as much as they pay of it.

    Burns the fewest points that buy just that money, by the card's redemption method. Needs the
    right to spend. With a receipt number the bill is known: it is paid with points once, and never
    beyond its amount. A repeat returns the first transaction. Source: IV3.19, rules 6.

    :raises NothingToPayError: PaymentNotOfferedError: redemption.TooMuchMoneyError:
        AmountTooLargeError: if it cannot be paid so.
    :raises receipts.ReceiptAlreadyUsedError: receipts.ReceiptNeedsStoreError: by the receipt.
    :raises LimitReachedError: if the member had too many today; and the errors of standing.
    """
    standing = lock(deed=deed, membership_id=membership_id, scan_id=scan_id)
    return _pay(standing, Unit.POINTS, bill_minor, money_minor, receipt, note)


@one_transaction
def pay_with_credit(
    *,
    deed: Deed,
    membership_id: int,
    bill_minor: int,
    money_minor: int | None = None,
    receipt: str = "",
    scan_id: int | None = None,
    note: Note | None = None,
) -> Transaction:
    """Pay ``money_minor`` of a bill with credit, one to one, by default as much as there is.

    Otherwise like ``pay_with_points``.
    """
    standing = lock(deed=deed, membership_id=membership_id, scan_id=scan_id)
    return _pay(standing, Unit.CREDIT, bill_minor, money_minor, receipt, note)


def foretell(
    *,
    deed: Deed,
    membership_id: int,
    unit: Unit,
    bill_minor: int,
    money_minor: int | None = None,
    receipt: str = "",
    scan_id: int | None = None,
) -> Paying:
    """Return what a payment would come to now; writes nothing. Raises what the payment raises."""
    standing = look(deed=deed, membership_id=membership_id, scan_id=scan_id)
    check_may_spend(standing)
    check_not_own(standing)
    check_open(standing)
    claim = receipts.named(deed=deed, number=receipt, partner=standing.membership.partner)
    return _decide(standing, unit, bill_minor, money_minor, claim)


def units_offered(standing: Standing) -> list[Unit]:
    """Return what the member could pay a bill with now: points that are worth money, or credit."""
    if standing.terms_id is None:
        return []
    bill = standing.terms.max_amount_minor
    return [unit for unit in Unit if payable(standing, unit, bill)]


def _pay(
    standing: Standing,
    unit: Unit,
    bill_minor: int,
    money_minor: int | None,
    receipt: str,
    note: Note | None,
) -> Transaction:
    check_may_spend(standing)
    check_not_own(standing)

    content = fingerprint(
        "pay",
        membership=standing.membership.pk,
        unit=unit,
        bill=bill_minor,
        money=money_minor,
        receipt=receipt,
    )
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    if standing.redeemed_day >= standing.card.redeems_per_day:
        raise LimitReachedError(limit=standing.card.redeems_per_day, hours=24)
    claim = receipts.named(deed=standing.deed, number=receipt, partner=standing.membership.partner)
    paying = _decide(standing, unit, bill_minor, money_minor, claim)
    move = drafting.spent(standing, paying.cost, unit)

    main = drafting.draft(
        standing,
        Kind.PAYMENT,
        content=content,
        amount_minor=paying.money_minor,
        receipt_number=claim.number if claim else "",
        moves=(move,),
        note=note,
        result={
            "points": move.amount if unit == Unit.POINTS else 0,
            "credit_minor": move.amount if unit == Unit.CREDIT else 0,
            **drafting.balances(standing, [move]),
            "bill_minor": paying.bill_minor,
            "money_minor": paying.money_minor,
            "rest_minor": paying.rest_minor,
            "new_tier": None,
        },
        facts=drafting.earning_facts(standing),
        events=(Fact(type=EventType.POINTS_SPENT, data={"money_minor": paying.money_minor}),),
    )
    return drafting.post(tiering.settle(standing, [main]))


def _decide(
    standing: Standing,
    unit: Unit,
    bill_minor: int,
    money_minor: int | None,
    claim: ReceiptClaim | None,
) -> Paying:
    """Return what the payment comes to. Raises what ``pay_with_points`` raises of it."""
    if bill_minor <= 0 or (money_minor is not None and money_minor <= 0):
        raise NothingToPayError
    if bill_minor > standing.terms.max_amount_minor:
        raise AmountTooLargeError(
            amount_minor=bill_minor, most_minor=standing.terms.max_amount_minor
        )
    before = _paid_before(standing, unit, claim)
    most = min(payable(standing, unit, bill_minor), max(bill_minor - before, 0))
    if not most:
        raise PaymentNotOfferedError
    money = most if money_minor is None else money_minor
    if money > most:
        raise TooMuchMoneyError(money_minor=money, most_minor=most)
    return Paying(
        unit=unit,
        bill_minor=bill_minor,
        paid_before_minor=before,
        most_minor=most,
        money_minor=money,
        cost=_cost(standing, unit, bill_minor, money),
    )


def payable(standing: Standing, unit: Unit, bill_minor: int) -> int:
    """Return how much of a bill what the member has of a unit pays."""
    match unit:
        case Unit.POINTS:
            return redemption.value(
                balance=standing.available,
                bill_minor=bill_minor,
                tier=standing.terms.tier(standing.account.tier_id),
                terms=standing.terms,
            ).money_minor
        case Unit.CREDIT:
            return min(standing.available_credit, bill_minor)
        case unknown:
            assert_never(unknown)


def _cost(standing: Standing, unit: Unit, bill_minor: int, money_minor: int) -> int:
    """Return what the money takes of a unit."""
    match unit:
        case Unit.POINTS:
            return redemption.cost_of(
                money_minor=money_minor,
                balance=standing.available,
                bill_minor=bill_minor,
                tier=standing.terms.tier(standing.account.tier_id),
                terms=standing.terms,
            )
        case Unit.CREDIT:
            return money_minor
        case unknown:
            assert_never(unknown)


def _paid_before(standing: Standing, unit: Unit, claim: ReceiptClaim | None) -> int:
    """Return what was paid of the same receipt so far, with the other unit.

    :raises receipts.ReceiptAlreadyUsedError: if it was paid with this one.
    """
    if claim is None:
        return 0
    partner = standing.membership.partner
    found = Transaction.objects.filter(
        account=standing.account,
        store=claim.store_id,
        receipt_number=claim.number,
        kind=Kind.PAYMENT,
        reversal=None,
    )
    same = [
        one
        for one in found.select_related("store").order_by("pk")
        if one.store and receipts.period_of(one.store, one.occurred_at, partner) == claim.period
    ]
    for one in same:
        if paid(one)[0] == unit:
            raise receipts.ReceiptAlreadyUsedError(number=claim.number, transaction_id=one.pk)
    return sum(one.amount_minor or 0 for one in same)
