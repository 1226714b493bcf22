"""Award points for a purchase, or points that staff typed on a points-only card."""

from dataclasses import dataclass

from django.db import IntegrityError

from loyalty.ledger.drafts import Draft, ReceiptClaim
from loyalty.ledger.models import Kind, Transaction
from loyalty.operations import drafting, receipts
from loyalty.operations.deeds import Deed, broke, fingerprint, one_transaction
from loyalty.operations.standing import (
    Standing,
    check_earning_limits,
    check_may_serve,
    check_not_own,
    check_open,
    first_result,
    lock,
)
from loyalty.rules import earning, tiers
from loyalty.rules.earning import Earning


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What the member bought: the amount in minor units of its currency."""

    amount_minor: int
    currency: str


class WrongCurrencyError(ValueError):
    """The bill is in another currency than the card."""


class PointsOnlyCardError(ValueError):
    """The card takes points, not amounts."""


class AmountCardError(ValueError):
    """The card takes amounts, not points."""


class NothingToAwardError(ValueError):
    """The amount or the points are zero or less."""


@one_transaction
def award_purchase(
    *, deed: Deed, membership_id: int, bill: Bill, receipt: str = "", scan_id: int | None = None
) -> Transaction:
    """Book a purchase and what it earns by the card's rules, and return its transaction.

    A purchase that earns nothing is booked too. Rounding is the card's, down by default. A repeat
    with the same request key and content returns the first transaction. Source: R4.5, R7, PA2.1.

    :raises WrongCurrencyError: PointsOnlyCardError, NothingToAwardError: if the bill cannot earn.
    :raises earning.AmountTooLargeError: if the amount is above the card's largest.
    :raises receipts.ReceiptAlreadyUsedError: if the store's receipt number is taken.
    :raises LimitReachedError: if the member had too many awards; and the errors of standing.
    """
    standing = lock(deed=deed, membership_id=membership_id, scan_id=scan_id)

    check_may_serve(standing)
    check_not_own(standing)

    content = fingerprint(
        "purchase", membership=membership_id, amount=bill.amount_minor, receipt=receipt
    )
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    check_earning_limits(standing)
    earned = purchase_earning(standing, bill)
    claim = receipts.take(deed=deed, number=receipt, partner=standing.membership.partner)

    return _post(standing, Kind.PURCHASE, earned, content, claim, bill.amount_minor)


def purchase_earning(standing: Standing, bill: Bill) -> Earning:
    """Return what a purchase earns, for the deed and for the page that foretells it.

    :raises WrongCurrencyError: PointsOnlyCardError: NothingToAwardError:
        earning.AmountTooLargeError: if the bill cannot earn.
    """
    if bill.currency != standing.card.currency:
        raise WrongCurrencyError
    if standing.terms.is_points_only:
        raise PointsOnlyCardError
    if bill.amount_minor <= 0:
        raise NothingToAwardError
    tier = standing.terms.tier(standing.account.tier_id)
    return earning.earn_by_amount(amount_minor=bill.amount_minor, terms=standing.terms, tier=tier)


@one_transaction
def award_points(
    *, deed: Deed, membership_id: int, points: int, receipt: str = "", scan_id: int | None = None
) -> Transaction:
    """Book points that staff entered on a points-only card, and return the transaction.

    A repeat returns the first transaction. Source: R9.

    :raises AmountCardError: if the card takes amounts.
    :raises NothingToAwardError: earning.TooManyPointsError: if the points cannot be given.
    :raises receipts.ReceiptAlreadyUsedError: if the store's receipt number is taken.
    :raises LimitReachedError: if the member had too many awards; and the errors of standing.
    """
    standing = lock(deed=deed, membership_id=membership_id, scan_id=scan_id)

    check_may_serve(standing)
    check_not_own(standing)

    content = fingerprint("points", membership=membership_id, points=points, receipt=receipt)
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    check_earning_limits(standing)
    earned = points_earning(standing, points)
    claim = receipts.take(deed=deed, number=receipt, partner=standing.membership.partner)

    return _post(standing, Kind.POINTS, earned, content, claim, None)


def points_earning(standing: Standing, points: int) -> Earning:
    """Return the award of points that staff enter, for the deed and for the page.

    :raises AmountCardError: NothingToAwardError: earning.TooManyPointsError: if they cannot be
        given.
    """
    if not standing.terms.is_points_only:
        raise AmountCardError
    if points <= 0:
        raise NothingToAwardError
    return earning.earn_by_points(points=points, terms=standing.terms)


def _post(
    standing: Standing,
    kind: Kind,
    earned: Earning,
    content: str,
    claim: ReceiptClaim | None,
    amount_minor: int | None,
) -> Transaction:
    account, points = standing.account, earned.points
    awarded = account.lifetime_points + points
    tier = drafting.tier_after(standing, awarded)
    reached = tiers.reached(awarded, standing.terms.tiers) if tier else None
    main = drafting.draft(
        standing,
        kind,
        content=content,
        amount_minor=amount_minor,
        receipt=claim,
        receipt_number=claim.number if claim else "",
        moves=(drafting.earned(standing, points),) if points else (),
        lifetime_points=points,
        tier=tier,
        result={
            "points": points,
            "lifetime": points,
            "balance_before": standing.available,
            "balance_after": standing.available + points,
            "explanation": drafting.explained(earned),
            "missing_minor": earned.missing_minor,
            "new_tier": reached.name if reached else None,
        },
        facts=drafting.earning_facts(standing),
        events=drafting.earning_events(points, tier),
    )
    is_rise = reached is not None and (
        (old := standing.terms.tier(account.tier_id)) is None or old.min_points < reached.min_points
    )
    followers: list[Draft] = drafting.entry_reward(main, standing, reached) if is_rise else []
    try:
        return drafting.post([main, *followers])
    except IntegrityError as error:
        if claim and broke(error, "receipt_is_used_once", "store_id", "number", "period"):
            raise receipts.ReceiptAlreadyUsedError(
                number=claim.number, transaction_id=None
            ) from error
        raise
