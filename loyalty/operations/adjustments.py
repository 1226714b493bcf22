"""Correct a balance by hand, or give points without a sale."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from cards.models import Card
from clubs.models import DECIMALS
from loyalty.ledger.drafts import Draft, Fact, Move, Note
from loyalty.ledger.models import Kind, Source, Transaction, Unit
from loyalty.operations import drafting, followups
from loyalty.operations.deeds import Deed, fingerprint, one_transaction
from loyalty.operations.standing import (
    NotAllowedError,
    Standing,
    check_may_manage,
    check_may_serve,
    check_not_own,
    check_open,
    first_result,
    lock,
)
from loyalty.outbox.models import EventType

# What one person gives one member without a sale is summed over so long.
GIFT_WINDOW = timedelta(hours=24)


class AdjustmentReason(models.TextChoices):
    """Why points moved without a sale (FA12)."""

    GOODWILL = "GOODWILL", _("goodwill")
    STAMP_CARD = "STAMP_CARD", _("old stamp card")
    PROMOTION = "PROMOTION", _("promotion")
    CORRECTION = "CORRECTION", _("correction")
    OTHER = "OTHER", _("other")


class AboveCapError(ValueError):
    """More points than this person may move: ``given`` were moved already, ``most`` are left."""

    def __init__(self, *, most: int, given: int = 0) -> None:
        super().__init__(f"{most} after {given}")
        self.most = most
        self.given = given


class NothingToAdjustError(ValueError):
    """The adjustment is zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What moves without a sale: ``amount`` of a unit, with the reason and the words for it."""

    unit: Unit
    amount: int
    reason: AdjustmentReason
    note: Note | None
    is_counted: bool = True
    about_id: int | None = None
    asked_by_id: int | None = None

    def fingerprint(self, membership_id: int) -> str:
        """Return the hash of what is asked for on a membership."""
        words = self.note or Note()
        return fingerprint(
            "adjust",
            membership=membership_id,
            unit=self.unit,
            amount=self.amount,
            reason=self.reason,
            words=[words.internal, words.comment],
            counted=self.is_counted,
            about=self.about_id,
            **self._asker("asked_by"),
        )

    def told(self) -> dict[str, Any]:
        """Return what a transaction's result says of it."""
        about = {"reason": self.reason, "about_transaction_id": self.about_id}
        return about | self._asker("asked_by_id")

    def _asker(self, name: str) -> dict[str, int]:
        """Return who asked for it under this name; nothing if the actor did."""
        return {name: self.asked_by_id} if self.asked_by_id else {}


@one_transaction
def give_points(
    *, deed: Deed, membership_id: int, points: int, reason: AdjustmentReason, scan_id: int
) -> Transaction:
    """Give points at the counter without a sale, within the card's cap, and return the transaction.

    The cap is on what one person gives one member within 24 hours. Needs the staff permission. A
    repeat returns the first transaction. Source: FA12, PA2.3.

    :raises NotAllowedError: without the permission.
    :raises NothingToAdjustError: AboveCapError: if the points cannot be given; and the errors of
        standing.
    """
    standing = lock(deed=deed, membership_id=membership_id, scan_id=scan_id, is_earning=True)

    check_may_serve(standing)
    check_not_own(standing)
    if standing.role is None and not (standing.staff or {}).get("may_give_points"):
        raise NotAllowedError

    content = fingerprint("give", membership=membership_id, points=points, reason=reason)
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    if points <= 0:
        raise NothingToAdjustError
    given = _given_lately(standing)
    if given + points > standing.card.gift_cap:
        raise AboveCapError(most=max(0, standing.card.gift_cap - given), given=given)
    move = drafting.earned(standing, points)

    gift = Correction(unit=Unit.POINTS, amount=points, reason=reason, note=None)
    return drafting.post(decided(standing, move, gift, content))


def _given_lately(standing: Standing) -> int:
    """Return the points that this person gave on this membership within the window."""
    deed = standing.deed
    gifts = Transaction.objects.filter(
        membership=standing.membership,
        kind=Kind.ADJUSTMENT,
        source=Source.SCAN,
        actor_id=deed.actor_id,
        occurred_at__gt=deed.occurred_at - GIFT_WINDOW,
        reversal__isnull=True,
    )
    given: int = gifts.aggregate(found=Sum("entries__amount", default=0))["found"]
    return given


@one_transaction
def adjust_points(
    *,
    deed: Deed,
    membership_id: int,
    points: int,
    reason: AdjustmentReason = AdjustmentReason.CORRECTION,
    note: Note | None = None,
    is_counted_for_tier: bool = True,
    about_transaction_id: int | None = None,
    asked_by_id: int | None = None,
) -> Transaction:
    """Add points, or take them with a minus sign, and return the transaction.

    By a manager only. A balance never goes below zero. ``about_transaction_id`` names the purchase
    that is corrected, ``asked_by_id`` who asked for it. A repeat returns the first transaction.
    Source: CU14 to CU20, PA2.3.

    :raises NotEnoughPointsError: naming the most that can be taken.
    :raises NothingToAdjustError: AboveCapError: if the points cannot move; and the errors of
        standing.
    """
    standing = lock(deed=deed, membership_id=membership_id, is_earning=points > 0)
    correction = Correction(
        unit=Unit.POINTS,
        amount=points,
        reason=reason,
        note=note or Note(),
        is_counted=is_counted_for_tier,
        about_id=about_transaction_id,
        asked_by_id=asked_by_id,
    )
    return _adjust(standing, correction)


@one_transaction
def adjust_credit(
    *,
    deed: Deed,
    membership_id: int,
    credit_minor: int,
    reason: AdjustmentReason = AdjustmentReason.CORRECTION,
    note: Note | None = None,
    is_counted_for_tier: bool = True,
    about_transaction_id: int | None = None,
    asked_by_id: int | None = None,
) -> Transaction:
    """Add credit, or take it with a minus sign, in minor units, and return the transaction.

    Like ``adjust_points``; the caps count whole units of the currency here. Source: IV9.7.

    Raises what ``adjust_points`` raises.
    """
    standing = lock(deed=deed, membership_id=membership_id, is_earning=credit_minor > 0)
    correction = Correction(
        unit=Unit.CREDIT,
        amount=credit_minor,
        reason=reason,
        note=note or Note(),
        is_counted=is_counted_for_tier,
        about_id=about_transaction_id,
        asked_by_id=asked_by_id,
    )
    return _adjust(standing, correction)


def _adjust(standing: Standing, correction: Correction) -> Transaction:
    check_may_manage(standing)
    check_not_own(standing)

    content = correction.fingerprint(standing.membership.pk)
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    move = corrected(standing, correction.amount, correction.unit, most=adjust_cap(standing))

    return drafting.post(decided(standing, move, correction, content))


def adjust_cap(standing: Standing) -> int:
    """Return the most that this person may move by one adjustment on this card."""
    most = standing.card.adjust_cap
    return most if standing.adjust_cap is None else min(most, standing.adjust_cap)


def check_amount(amount: int, unit: Unit, card: Card, *, most: int | None) -> None:
    """Refuse an amount of nothing, or above ``most`` points or whole units of the currency.

    :raises NothingToAdjustError: AboveCapError: if it cannot move.
    """
    if amount == 0:
        raise NothingToAdjustError
    if most is None:
        return
    if unit == Unit.CREDIT:
        most *= 10 ** DECIMALS[card.currency]
    if abs(amount) > most:
        raise AboveCapError(most=most)


def corrected(standing: Standing, amount: int, unit: Unit, *, most: int | None) -> Move:
    """Return the entry of an adjustment; ``most`` counts points, or whole units of the currency.

    :raises NotEnoughPointsError: NothingToAdjustError: AboveCapError: if it cannot be.
    """
    check_amount(amount, unit, standing.card, most=most)
    if amount > 0:
        return drafting.earned(standing, amount, unit)
    return drafting.spent(standing, -amount, unit)


def decided(standing: Standing, move: Move, correction: Correction, content: str) -> list[Draft]:
    """Return a correction as drafts, with all that it brings."""
    main = drafted(standing, Kind.ADJUSTMENT, move, correction, content)
    return followups.after_adjustment(standing, main)


def drafted(
    standing: Standing, kind: Kind, move: Move, correction: Correction, content: str
) -> Draft:
    """Return the draft of points or credit that move without a sale."""
    is_points = move.unit == Unit.POINTS
    stem = "points" if is_points else "credit_minor"
    # A correction never takes what was awarded below zero.
    awarded = getattr(standing.account, f"lifetime_{stem}")
    counted = {f"lifetime_{stem}": max(move.amount, -awarded)} if correction.is_counted else {}
    return drafting.draft(
        standing,
        kind,
        content=content,
        moves=(move,),
        **counted,
        note=correction.note,
        result={
            "points": move.amount if is_points else 0,
            **({} if is_points else {"credit_minor": move.amount}),
            **drafting.balances(standing, [move]),
            **correction.told(),
        },
        facts=drafting.earning_facts(standing),
        events=(Fact(type=EventType.POINTS_ADJUSTED),),
    )
