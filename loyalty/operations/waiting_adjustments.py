"""Adjustments that need a second person: asked for, then approved, declined or withdrawn."""

from dataclasses import replace
from datetime import timedelta

from clubs.models import DECIMALS, Manager, Role
from loyalty.audit import record
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Answer, Transaction, Unit, WaitingAdjustment
from loyalty.operations import adjustments
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.operations.deeds import (
    Deed,
    RepeatDiffersError,
    fingerprint,
    key_of_part,
    one_transaction,
)
from loyalty.operations.standing import (
    NotAllowedError,
    Standing,
    check_may_manage,
    check_not_own,
    check_open,
    lock,
)

WAITS = timedelta(days=14)
# Who answers what others ask for.
ANSWERING = (Role.OWNER, Role.MANAGER)


class WaitingNotFoundError(LookupError):
    """There is no such waiting adjustment, or this person has nothing to do with it."""


class WaitingAnsweredError(ValueError):
    """The adjustment was approved, declined or withdrawn before."""


class WaitingExpiredError(ValueError):
    """Nobody answered in time."""


class OwnRequestError(PermissionError):
    """Nobody answers what they asked for themselves."""


class NobodyMayApproveError(ValueError):
    """The adjustment is above everybody's limit."""


@one_transaction
def ask(
    *,
    deed: Deed,
    membership_id: int,
    unit: Unit,
    amount: int,
    reason: AdjustmentReason = AdjustmentReason.CORRECTION,
    note: Note | None = None,
    is_counted_for_tier: bool = True,
    about_transaction_id: int | None = None,
) -> WaitingAdjustment:
    """Ask a colleague for an adjustment above the own limit, and return what waits; audited.

    By a manager of any role, within the card's limit and the balance as they are now. Nothing is
    booked. A repeat returns the first row. Source: CU3, a second person approves.

    :raises NobodyMayApproveError: if no colleague's limit reaches it.
    :raises NotEnoughPointsError: NothingToAdjustError: AboveCapError: if nobody could book it; and
        the errors of standing.
    """
    words = note or Note()
    standing = lock(deed=deed, membership_id=membership_id)

    check_may_manage(standing)
    check_not_own(standing)

    content = fingerprint(
        "ask",
        membership=membership_id,
        unit=unit,
        amount=amount,
        reason=reason,
        words=[words.internal, words.comment],
        counted=is_counted_for_tier,
        about=about_transaction_id,
    )
    partner_id = standing.membership.partner_id
    asked = WaitingAdjustment.objects.filter(partner=partner_id, request_id=deed.request_id)
    if (first := asked.order_by("pk").first()) is not None:
        if first.fingerprint != content:
            raise RepeatDiffersError
        return first

    check_open(standing)
    adjustments.corrected(standing, amount, unit, most=standing.card.adjust_cap)
    if not _reaches(standing, amount, unit):
        raise NobodyMayApproveError

    found = WaitingAdjustment.objects.create(
        partner_id=partner_id,
        membership_id=membership_id,
        unit=unit,
        amount=amount,
        reason=reason,
        is_counted=is_counted_for_tier,
        about_id=about_transaction_id,
        internal=words.internal,
        comment=words.comment,
        request_id=deed.request_id,
        fingerprint=content,
        asked_by_id=deed.actor_id or 0,  # A manager, as was checked above.
        asked_at=deed.occurred_at,
        expires_at=deed.occurred_at + WAITS,
    )
    _audit(deed, found, "ask for adjustment")
    return found


def _reaches(standing: Standing, amount: int, unit: Unit) -> bool:
    """Return whether the limit of some other owner or manager is as large."""
    one = 1 if unit == Unit.POINTS else 10 ** DECIMALS[standing.card.currency]
    managers = Manager.objects.filter(
        partner=standing.membership.partner_id,
        role__in=ANSWERING,
        is_active=True,
        user__is_active=True,
    ).exclude(user=standing.deed.actor_id)
    caps = managers.values_list("adjust_cap", flat=True)
    return any(cap is None or abs(amount) <= cap * one for cap in caps)


@one_transaction
def approve(*, deed: Deed, waiting_id: int) -> WaitingAdjustment:
    """Book what a colleague asked for, as an adjustment of the person who approves; audited.

    By an owner or manager whose own limit reaches it, never by who asked, nor on the own
    membership. Who asked stands in the transaction's result. A repeat returns the same row. Source:
    CU3, a second person approves.

    :raises WaitingNotFoundError: for a stranger. :raises NotAllowedError: for a smaller role.
    :raises OwnRequestError: WaitingAnsweredError: WaitingExpiredError: if it is not theirs to book.
    """
    found = _locked(deed, waiting_id)
    if _is_repeat(found, deed, Answer.APPROVED):
        return found
    _check_may_answer(deed, found)
    _check_open(deed, found)

    found.booked = _book(replace(deed, request_id=key_of_part(found.request_id, "approved")), found)

    return _answer(deed, found, Answer.APPROVED, "approve adjustment")


def _book(deed: Deed, found: WaitingAdjustment) -> Transaction:
    note = Note(internal=found.internal, comment=found.comment)
    reason = AdjustmentReason(found.reason)
    if found.unit == Unit.CREDIT:
        return adjustments.adjust_credit(
            deed=deed,
            membership_id=found.membership_id,
            credit_minor=found.amount,
            reason=reason,
            note=note,
            is_counted_for_tier=found.is_counted,
            about_transaction_id=found.about_id,
            asked_by_id=found.asked_by_id,
        )
    return adjustments.adjust_points(
        deed=deed,
        membership_id=found.membership_id,
        points=found.amount,
        reason=reason,
        note=note,
        is_counted_for_tier=found.is_counted,
        about_transaction_id=found.about_id,
        asked_by_id=found.asked_by_id,
    )


@one_transaction
def decline(*, deed: Deed, waiting_id: int, words: str) -> WaitingAdjustment:
    """Decline what a colleague asked for, with words for them; nothing is booked; audited.

    :raises WaitingNotFoundError: NotAllowedError: OwnRequestError: WaitingAnsweredError:
        WaitingExpiredError: as ``approve`` does.
    """
    found = _locked(deed, waiting_id)
    if _is_repeat(found, deed, Answer.DECLINED):
        return found
    _check_may_answer(deed, found)
    _check_open(deed, found)

    found.answer_note = words
    return _answer(deed, found, Answer.DECLINED, "decline adjustment")


@one_transaction
def withdraw(*, deed: Deed, waiting_id: int) -> WaitingAdjustment:
    """Take back what one asked for, by who asked; audited.

    :raises WaitingNotFoundError: for a stranger. :raises NotAllowedError: for a colleague.
    :raises WaitingAnsweredError: WaitingExpiredError: if it does not wait any more.
    """
    found = _locked(deed, waiting_id)
    if _is_repeat(found, deed, Answer.WITHDRAWN):
        return found
    if found.asked_by_id != deed.actor_id:
        raise NotAllowedError
    _check_open(deed, found)

    return _answer(deed, found, Answer.WITHDRAWN, "withdraw adjustment")


def _locked(deed: Deed, waiting_id: int) -> WaitingAdjustment:
    """Lock the membership, what booking locks, then the row: as whoever erases a customer does."""
    seen = WaitingAdjustment.objects.filter(pk=waiting_id).first()
    if seen is None or _role(deed, seen) is None:
        raise WaitingNotFoundError
    lock(deed=deed, membership_id=seen.membership_id, is_earning=seen.amount > 0)
    return WaitingAdjustment.objects.select_for_update(no_key=True).get(pk=waiting_id)


def _role(deed: Deed, found: WaitingAdjustment) -> str | None:
    if deed.actor and deed.actor.is_superuser:
        return Role.OWNER
    rows = Manager.objects.filter(
        user=deed.actor_id, user__is_active=True, is_active=True, partner=found.partner_id
    )
    return rows.values_list("role", flat=True).first()


def _is_repeat(found: WaitingAdjustment, deed: Deed, answer: Answer) -> bool:
    return found.answer == answer and found.answer_request_id == deed.request_id


def _check_may_answer(deed: Deed, found: WaitingAdjustment) -> None:
    if _role(deed, found) not in ANSWERING:
        raise NotAllowedError
    if found.asked_by_id == deed.actor_id:
        raise OwnRequestError


def _check_open(deed: Deed, found: WaitingAdjustment) -> None:
    if found.answer:
        raise WaitingAnsweredError
    if not found.is_open(deed.occurred_at):
        raise WaitingExpiredError


def _answer(deed: Deed, found: WaitingAdjustment, answer: Answer, action: str) -> WaitingAdjustment:
    found.answer = answer
    found.answered_by = deed.actor
    found.answered_at = deed.occurred_at
    found.answer_request_id = deed.request_id
    found.save()
    _audit(deed, found, action)
    return found


def _audit(deed: Deed, found: WaitingAdjustment, action: str) -> None:
    facts = {"unit": found.unit, "amount": found.amount, "membership": found.membership_id}
    record.record(
        action=action,
        subject=found,
        partner_id=found.partner_id,
        actor_id=deed.actor_id,
        after={**facts, **({"answer": found.answer} if found.answer else {})},
    )
