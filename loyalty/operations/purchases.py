"""Award points and credit for a purchase or a buy, or points that staff typed."""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError

from loyalty.ledger.drafts import LineMet, ReceiptClaim
from loyalty.ledger.models import Kind, Source, Transaction
from loyalty.operations import drafting, followups, histories, parked_refunds, receipts
from loyalty.operations.deeds import Deed, broke, fingerprint, one_transaction
from loyalty.operations.limits import check_earning_limits
from loyalty.operations.standing import (
    MembershipNotFoundError,
    Standing,
    check_may_serve,
    check_not_own,
    check_open,
    first_result,
    lock,
)
from loyalty.rules import awards
from loyalty.rules.awards import Award
from loyalty.rules.baskets import Basket, BasketLine, Facts, Payment
from loyalty.rules.plain import as_data
from loyalty.rules.terms import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What the member bought: the amount in minor units of its currency, and what is known of it.

    Lines sum to the amount; payments say with which tenders it was paid. Both may be empty.
    """

    amount_minor: int
    currency: str
    lines: tuple[BasketLine, ...] = ()
    payments: tuple[Payment, ...] = ()

    def basket(self, direction: Direction) -> Basket:
        """Return the bill as the rules look at it."""
        return Basket(
            amount_minor=self.amount_minor,
            direction=direction,
            lines=self.lines,
            payments=self.payments,
        )


class WrongCurrencyError(ValueError):
    """The bill is in another currency than the card."""


class PointsOnlyCardError(ValueError):
    """The card takes points, not amounts."""


class AmountCardError(ValueError):
    """The card takes amounts, not points."""


class NothingToAwardError(ValueError):
    """The amount or the points are zero or less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """What a deed earns, and what the rules looked at: enough to compute it again."""

    award: Award
    basket: Basket | None = None
    facts: Facts | None = None


@one_transaction
def award_purchase(
    *, deed: Deed, membership_id: int, bill: Bill, receipt: str = "", scan_id: int | None = None
) -> Transaction:
    """Book a purchase and what it earns by the card's rules, and return its transaction.

    A purchase that earns nothing is booked too. Rounding is the card's, down by default. A repeat
    with the same request key and content returns the first transaction. Source: R4.5, R7, PA2.1.

    :raises WrongCurrencyError: PointsOnlyCardError, NothingToAwardError: if the bill cannot earn.
    :raises awards.AmountTooLargeError: awards.BasketDoesNotSumError: if the bill is impossible.
    :raises receipts.ReceiptAlreadyUsedError: if the store's receipt number is taken.
    :raises LimitReachedError: if the member had too many awards; and the errors of standing.
    """
    standing = lock(deed=deed, membership_id=membership_id, scan_id=scan_id, is_earning=True)

    _check_may_sell(standing)
    check_not_own(standing)

    content = _fingerprint("purchase", membership_id, bill, receipt)
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    check_earning_limits(standing)
    earning = purchase_earning(standing, bill)
    claim = receipts.take(deed=deed, number=receipt, partner=standing.membership.partner)

    return _post(standing, Kind.PURCHASE, earning, content, claim)


@one_transaction
def book_buy(
    *, deed: Deed, membership_id: int, bill: Bill, receipt: str = "", scan_id: int | None = None
) -> Transaction:
    """Book what the shop bought from the member, and what that earns; return its transaction.

    Like a purchase, by the card's rules for buys: without any it earns nothing. Source: FA2.

    Raises what ``award_purchase`` raises.
    """
    standing = lock(deed=deed, membership_id=membership_id, scan_id=scan_id, is_earning=True)

    _check_may_sell(standing)
    check_not_own(standing)

    content = _fingerprint("buy", membership_id, bill, receipt)
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    check_earning_limits(standing)
    earning = purchase_earning(standing, bill, direction=Direction.BUY)
    claim = receipts.take(deed=deed, number=receipt, partner=standing.membership.partner)

    return _post(standing, Kind.BUY, earning, content, claim)


def _fingerprint(name: str, membership_id: int, bill: Bill, receipt: str) -> str:
    more = {"bill": as_data((bill.lines, bill.payments))} if bill.lines or bill.payments else {}
    return fingerprint(
        name, membership=membership_id, amount=bill.amount_minor, receipt=receipt, **more
    )


def _check_may_sell(standing: Standing) -> None:
    """Refuse who may not earn for this member; a till's feed needs no person (FA5).

    It may do nothing but this: neither points without a sale nor rewards (FA10, FA14). It is of a
    store of the card's club, or else the card is none that it knows.
    """
    if standing.deed.source != Source.FEED:
        check_may_serve(standing)
    elif standing.deed.store is None or standing.deed.store.club_id != standing.card.club_id:
        raise MembershipNotFoundError


def purchase_earning(
    standing: Standing, bill: Bill, *, direction: Direction = Direction.SALE
) -> Earning:
    """Return what a bill earns, for the deed and for the page that foretells it.

    :raises WrongCurrencyError: PointsOnlyCardError: NothingToAwardError:
        awards.AmountTooLargeError: awards.BasketDoesNotSumError: if the bill cannot earn.
    """
    if bill.currency != standing.card.currency:
        raise WrongCurrencyError
    if standing.terms.is_points_only:
        raise PointsOnlyCardError
    if bill.amount_minor <= 0:
        raise NothingToAwardError
    basket, facts = bill.basket(direction), histories.facts_for(standing)
    award = awards.award(basket=basket, terms=standing.terms, facts=facts)
    return Earning(award=award, basket=basket, facts=facts)


@one_transaction
def award_points(
    *, deed: Deed, membership_id: int, points: int, receipt: str = "", scan_id: int | None = None
) -> Transaction:
    """Book points that staff entered on a points-only card, and return the transaction.

    A repeat returns the first transaction. Source: R9.

    :raises AmountCardError: if the card takes amounts.
    :raises NothingToAwardError: awards.TooManyPointsError: if the points cannot be given.
    :raises receipts.ReceiptAlreadyUsedError: if the store's receipt number is taken.
    :raises LimitReachedError: if the member had too many awards; and the errors of standing.
    """
    standing = lock(deed=deed, membership_id=membership_id, scan_id=scan_id, is_earning=True)

    check_may_serve(standing)
    check_not_own(standing)

    content = fingerprint("points", membership=membership_id, points=points, receipt=receipt)
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    check_earning_limits(standing)
    earning = points_earning(standing, points)
    claim = receipts.take(deed=deed, number=receipt, partner=standing.membership.partner)

    return _post(standing, Kind.POINTS, earning, content, claim)


def points_earning(standing: Standing, points: int) -> Earning:
    """Return the award of points that staff enter, for the deed and for the page.

    :raises AmountCardError: NothingToAwardError: awards.TooManyPointsError: if they cannot be
        given.
    """
    if not standing.terms.is_points_only:
        raise AmountCardError
    if points <= 0:
        raise NothingToAwardError
    return Earning(award=awards.entered(points=points, terms=standing.terms))


def _post(
    standing: Standing, kind: Kind, earning: Earning, content: str, claim: ReceiptClaim | None
) -> Transaction:
    award, basket = earning.award, earning.basket
    credited = drafting.credited(standing, points=award.points, credit_minor=award.credit_minor)
    main = drafting.draft(
        standing,
        kind,
        content=content,
        amount_minor=basket.amount_minor if basket else None,
        basket=_stored_basket(basket),
        receipt=claim,
        receipt_number=claim.number if claim else "",
        moves=credited.moves,
        lifetime_points=award.points,
        lifetime_credit_minor=award.credit_minor,
        shortfall_points=-credited.settled_points,
        shortfall_credit_minor=-credited.settled_credit_minor,
        lines_met=tuple(
            LineMet(line_key=met.key, basis=met.basis, given=met.points or met.credit_minor)
            for met in award.matches
        ),
        result={
            "points": award.points,
            "credit_minor": award.credit_minor,
            **drafting.balances(standing, credited.moves),
            **drafting.explained(award),
            **_settled(credited),
            "new_tier": None,
        },
        facts={
            **drafting.earning_facts(standing),
            **({"rules": as_data(earning.facts)} if earning.facts else {}),
        },
        events=drafting.earning_events(award.points, award.credit_minor),
    )
    try:
        booked = drafting.post(followups.after_award(standing, main))
    except IntegrityError as error:
        if claim and broke(error, "receipt_is_used_once", "store_id", "number", "period"):
            raise receipts.ReceiptAlreadyUsedError(
                number=claim.number, transaction_id=None
            ) from error
        raise
    if basket:
        parked_refunds.settle(standing, booked, claim)
    return booked


def _stored_basket(basket: Basket | None) -> Any:
    """Return what is known of a bill beyond its amount, as data; nothing for a plain amount."""
    if basket is None or not (basket.lines or basket.payments):
        return None
    return as_data(basket)


def _settled(credited: drafting.Credited) -> dict[str, int]:
    parts = {
        "settled_points": credited.settled_points,
        "settled_credit_minor": credited.settled_credit_minor,
    }
    return {name: amount for name, amount in parts.items() if amount}
