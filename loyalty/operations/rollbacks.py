"""Undo a deed by a new one that mirrors it and everything it caused."""

from datetime import timedelta
from typing import Any

from django.db import IntegrityError
from django.db.models import Q

from loyalty.ledger.drafts import Draft, Fact, Note, TierMove, VoucherStep
from loyalty.ledger.models import (
    REVERSIBLE_KINDS,
    Entry,
    Kind,
    Lot,
    Source,
    TierChange,
    Transaction,
    Unit,
)
from loyalty.members.models import Account, TierSource, VoucherStatus
from loyalty.operations import drafting, offers, restoring
from loyalty.operations.deeds import Deed, broke, fingerprint, one_transaction
from loyalty.operations.standing import (
    MembershipNotFoundError,
    NotAllowedError,
    Standing,
    check_may_manage,
    check_not_own,
    first_result,
    lock,
)
from loyalty.outbox.models import EventType
from loyalty.rules.offers import OfferState


class NothingToUndoError(ValueError):
    """There is no such transaction on this account, or none that can be undone."""


class AlreadyUndoneError(ValueError):
    """The transaction was undone before."""


class NotTheLatestError(ValueError):
    """A later deed stands on the account; it must be undone first."""

    def __init__(self, *, latest: Transaction) -> None:
        super().__init__(str(latest.pk))
        self.latest = latest


class UndoTimeOverError(ValueError):
    """The minutes in which staff may undo their own deed are over."""

    def __init__(self, *, minutes: int) -> None:
        super().__init__(str(minutes))
        self.minutes = minutes


class VoucherUsedError(ValueError):
    """The deed gave a voucher that was used or removed since."""


@one_transaction
def undo_own_latest(*, deed: Deed, membership_id: int, transaction_id: int) -> Transaction:
    """Undo the staff member's own latest counter deed within the card's minutes.

    Returns the reversal; a repeat returns the first one. Source: R11, rules 14.

    :raises NotAllowedError: if another person did it.
    :raises UndoTimeOverError: NotTheLatestError: AlreadyUndoneError: NothingToUndoError:
        VoucherUsedError: restoring.PointsAlreadySpentError: if it cannot be undone.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    if standing.staff is None:
        raise MembershipNotFoundError
    check_not_own(standing)

    content = fingerprint("reverse", transaction=transaction_id)
    if repeat := first_result(standing, content):
        return repeat

    original = _latest(standing.account, transaction_id)
    if original.actor_id != deed.actor_id or original.source != Source.SCAN:
        raise NotAllowedError
    minutes = standing.card.undo_minutes
    if original.occurred_at + timedelta(minutes=minutes) < deed.occurred_at:
        raise UndoTimeOverError(minutes=minutes)

    return _post(_drafts(standing, original, content, Note()))


@one_transaction
def roll_back_latest(
    *, deed: Deed, membership_id: int, transaction_id: int, note: Note | None = None
) -> Transaction:
    """Undo the account's most recent transaction, by a manager of the partner.

    ``transaction_id`` is the one that the manager saw. Returns the reversal; a repeat returns the
    first one. Source: R11.1.

    :raises NotTheLatestError: AlreadyUndoneError: NothingToUndoError: VoucherUsedError:
        restoring.PointsAlreadySpentError: if it cannot be undone; and the errors of standing.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    check_may_manage(standing)
    check_not_own(standing)

    content = fingerprint("reverse", transaction=transaction_id)
    if repeat := first_result(standing, content):
        return repeat

    original = _latest(standing.account, transaction_id)

    return _post(_drafts(standing, original, content, note or Note()))


@one_transaction
def reverse_transaction(
    *, deed: Deed, membership_id: int, transaction_id: int, note: Note
) -> Transaction:
    """Undo any transaction, by a superuser with a reason; only while what it gave is unused.

    Returns the reversal; a repeat returns the first one. Source: design, Rollback.

    :raises NotAllowedError: for anybody else or without a reason.
    :raises AlreadyUndoneError: NothingToUndoError: VoucherUsedError:
        offers.RewardNotAvailableError: restoring.PointsAlreadySpentError: if it cannot be undone.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    if deed.actor is None or not deed.actor.is_superuser or not note.internal:
        raise NotAllowedError
    check_not_own(standing)

    content = fingerprint("reverse", transaction=transaction_id)
    if repeat := first_result(standing, content):
        return repeat

    original = _reversible(standing.account, transaction_id)

    return _post(_drafts(standing, original, content, note))


def latest_reversible(account_id: int) -> Transaction | None:
    """Return the most recent transaction of an account that can be undone, or None."""
    return (
        Transaction.objects.filter(
            account_id=account_id,
            kind__in=REVERSIBLE_KINDS,
            caused_by=None,
            reversal__isnull=True,
        )
        .order_by("-pk")
        .first()
    )


def _reversible(account: Account, transaction_id: int) -> Transaction:
    original = Transaction.objects.filter(
        pk=transaction_id, account=account, kind__in=REVERSIBLE_KINDS, caused_by=None
    ).first()
    if original is None:
        raise NothingToUndoError
    if Transaction.objects.filter(reverses=original).exists():
        raise AlreadyUndoneError
    return original


def _latest(account: Account, transaction_id: int) -> Transaction:
    original = _reversible(account, transaction_id)
    latest = latest_reversible(account.pk)
    if latest is not None and latest.pk != original.pk:
        raise NotTheLatestError(latest=latest)
    return original


def _post(drafts: list[Draft]) -> Transaction:
    try:
        return drafting.post(drafts)
    except IntegrityError as error:
        if broke(error, "tier_reward_is_given_once", "account_id", "tier_id"):
            raise VoucherUsedError from error
        raise


def _drafts(standing: Standing, original: Transaction, content: str, note: Note) -> list[Draft]:
    """Return the reversal of a transaction, followed by those of everything it caused."""
    caused = list(
        Transaction.objects.filter(caused_by=original)
        .exclude(kind__in=[Kind.REVERSAL])
        .order_by("-pk")
    )
    for reward_id in sorted({one.reward_id for one in (original, *caused) if one.reward_id}):
        counter = drafting.lock_counter(reward_id)
        stock, is_taken = counter.reward.stock, _counts_back(original).get(reward_id, 0) > 0
        if is_taken and stock is not None and counter.issued >= stock:
            raise offers.RewardNotAvailableError(state=OfferState.SOLD_OUT)
    before = standing.available
    main = _mirror(standing, original, content, note=note)
    if _is_out_of_order(original):
        main.tier = _tier_out_of_order(standing, original, main.lifetime_points)
    drafts = [main]
    for number, one in enumerate(caused):
        drafts.append(_mirror(standing, one, content, main=main, name=f"undo-{number}"))
    points = sum(move.amount for one in drafts for move in one.moves)
    main.result = {
        "points": sum(move.amount for move in main.moves),
        "lifetime": main.lifetime_points,
        "balance_before": before,
        "balance_after": before + points + _due_taken(standing, drafts),
        "undone": original.kind,
        "reward": original.result.get("reward"),
    }
    return drafts


def _due_taken(standing: Standing, drafts: list[Draft]) -> int:
    """Return how much the drafts take from lots past their date, which nobody could spend."""
    if not standing.due_points:
        return 0
    taken = {
        take.lot_id: take.amount
        for one in drafts
        for move in one.moves
        for take in move.takes
        if take.amount > 0 and move.unit == Unit.POINTS
    }
    due = Lot.objects.filter(pk__in=taken, expires_at__lte=standing.deed.occurred_at)
    return sum(taken[pk] for pk in due.values_list("pk", flat=True))


def _mirror(
    standing: Standing,
    original: Transaction,
    content: str,
    *,
    main: Draft | None = None,
    name: str = "",
    note: Note | None = None,
) -> Draft:
    """Return the draft that undoes one transaction; with ``main`` it is caused by that one."""
    at = standing.deed.occurred_at
    entries = Entry.objects.filter(transaction=original).order_by("-pk")
    moves = [restoring.mirrored(entry, at) for entry in entries]
    steps = _voucher_steps(original)
    lifetime = int(original.result.get("lifetime", 0))
    extra: dict[str, Any] = {
        "reverses_id": original.pk,
        "reward_id": original.reward_id,
        "moves": tuple(move for move in moves if move),
        "lifetime_points": max(-lifetime, -standing.account.lifetime_points),
        "tier": _tier_back(original, standing.account),
        "released_receipt_of": original.pk if original.receipt_number else None,
        "voucher_steps": steps,
        "reward_counts": _counts_back(original),
    }
    if main is not None:
        return drafting.companion(main, Kind.REVERSAL, name, **extra)
    events = (Fact(type=EventType.TRANSACTION_REVERSED, data={"reverses_id": original.pk}),)
    return drafting.draft(
        standing, Kind.REVERSAL, content=content, note=note, events=events, **extra
    )


def _tier_back(original: Transaction, account: Account) -> TierMove | None:
    change = getattr(original, "tier_change", None)
    if change is None or account.tier_id != change.to_tier_id:
        return None
    return TierMove(
        to_tier_id=change.from_tier_id,
        source=TierSource(change.from_source),
        hold_until=change.from_hold_until,
    )


def _is_out_of_order(original: Transaction) -> bool:
    """Return whether a later deed stands, or an earlier one was undone after this one was done."""
    later = Transaction.objects.filter(account_id=original.account_id, pk__gt=original.pk)
    stands = Q(kind__in=REVERSIBLE_KINDS, caused_by=None, reversal=None)
    return later.filter(stands | Q(kind=Kind.REVERSAL, reverses__lt=original.pk)).exists()


def _tier_out_of_order(
    standing: Standing, original: Transaction, lifetime_points: int
) -> TierMove | None:
    """Return the tier move when the deeds are not undone from the latest on.

    The former tier is no guide then: a hold that came before is restored, otherwise the awarded
    points that stay decide.
    """
    awarded = standing.account.lifetime_points + lifetime_points
    stands = {"transaction__reverses": None, "transaction__reversal": None}
    last = TierChange.objects.filter(account=standing.account, **stands).order_by("-pk").first()
    if last is None or last.transaction_id != original.pk or last.to_source != TierSource.MANUAL:
        return drafting.tier_after(standing, awarded)
    if drafting.is_held(last.from_source, last.from_hold_until, standing.deed.occurred_at):
        return _tier_back(original, standing.account)
    return drafting.automatic_tier(standing, awarded)


def _voucher_steps(original: Transaction) -> tuple[VoucherStep, ...]:
    steps: list[VoucherStep] = []
    moves = original.voucher_moves.select_related("voucher").order_by("pk")
    for move in moves:
        back = move.from_status or VoucherStatus.REMOVED
        if move.voucher.status != move.to_status:
            raise VoucherUsedError
        steps.append(
            VoucherStep(
                voucher_id=move.voucher_id,
                from_status=VoucherStatus(move.to_status),
                to_status=VoucherStatus(back),
            )
        )
    return tuple(steps)


def _counts_back(original: Transaction) -> dict[int, int]:
    """Return how a reward's counter moves when this transaction is undone."""
    if original.reward_id is None:
        return {}
    match original.kind, original.result.get("step"):
        case (Kind.REDEMPTION, _) | (Kind.VOUCHER, VoucherStatus.ISSUED):
            return {original.reward_id: -1}
        case (Kind.VOUCHER, VoucherStatus.REMOVED):
            return {original.reward_id: 1}
        case _:
            return {}
