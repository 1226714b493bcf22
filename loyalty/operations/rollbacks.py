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
    Source,
    TierChange,
    Transaction,
    Unit,
)
from loyalty.members.models import Account, TierSource, VoucherStatus
from loyalty.operations import drafting, offers, referrals, restoring, tags, tiering
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
from loyalty.rules import tiers
from loyalty.rules.offers import OfferState

# Tiers that the nightly review moved are no deed of anybody's: they neither count nor block.
_BY_THE_CLOCK = Q(kind=Kind.TIER_CHANGE, source=Source.SYSTEM)


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


class RefundedError(ValueError):
    """A refund of the purchase, or of the bill it paid, stands; it must be undone first."""


class ShortfallSettledError(ValueError):
    """What a refund left owed was settled by a later award, which must be undone first."""


class VoucherUsedError(ValueError):
    """The deed gave a voucher that was used or removed since."""


@one_transaction
def undo_own_latest(*, deed: Deed, membership_id: int, transaction_id: int) -> Transaction:
    """Undo the staff member's own latest counter deed within the card's minutes.

    Returns the reversal; a repeat returns the first one. Source: R11, rules 14.

    :raises NotAllowedError: if another person did it.
    :raises UndoTimeOverError: NotTheLatestError: AlreadyUndoneError: NothingToUndoError:
        VoucherUsedError: restoring.PointsAlreadySpentError: restoring.MovedToGroupError: if it
        cannot be undone.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    if standing.staff is None:
        raise MembershipNotFoundError
    check_not_own(standing)

    content = fingerprint("reverse", transaction=transaction_id)
    if repeat := first_result(standing, content):
        return repeat

    original = _latest(standing, transaction_id)
    if original.actor_id != deed.actor_id or original.source != Source.SCAN:
        raise NotAllowedError
    minutes = standing.card.undo_minutes
    if original.occurred_at + timedelta(minutes=minutes) < deed.occurred_at:
        raise UndoTimeOverError(minutes=minutes)

    return _post(standing, original, _drafts(standing, original, content, Note()))


@one_transaction
def roll_back_latest(
    *, deed: Deed, membership_id: int, transaction_id: int, note: Note | None = None
) -> Transaction:
    """Undo the account's most recent transaction, by a manager of the partner.

    ``transaction_id`` is the one that the manager saw. Returns the reversal; a repeat returns the
    first one. Source: R11.1.

    :raises NotTheLatestError: AlreadyUndoneError: NothingToUndoError: VoucherUsedError:
        restoring.PointsAlreadySpentError: restoring.MovedToGroupError:
        restoring.MovedToCustomerError: if it cannot be undone; and the errors of standing.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    check_may_manage(standing)
    check_not_own(standing)

    content = fingerprint("reverse", transaction=transaction_id)
    if repeat := first_result(standing, content):
        return repeat

    original = _latest(standing, transaction_id)

    return _post(standing, original, _drafts(standing, original, content, note or Note()))


@one_transaction
def reverse_transaction(
    *, deed: Deed, membership_id: int, transaction_id: int, note: Note
) -> Transaction:
    """Undo any transaction, by a superuser with a reason; only while what it gave is unused.

    Returns the reversal; a repeat returns the first one. Source: design, Rollback.

    :raises NotAllowedError: for anybody else or without a reason.
    :raises AlreadyUndoneError: NothingToUndoError: VoucherUsedError:
        offers.RewardNotAvailableError: restoring.PointsAlreadySpentError:
        restoring.MovedToGroupError: if it cannot be undone.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    if deed.actor is None or not deed.actor.is_superuser or not note.internal:
        raise NotAllowedError
    check_not_own(standing)

    content = fingerprint("reverse", transaction=transaction_id)
    if repeat := first_result(standing, content):
        return repeat

    original = _reversible(standing, transaction_id)

    return _post(standing, original, _drafts(standing, original, content, note))


def latest_reversible(account_id: int) -> Transaction | None:
    """Return the most recent transaction of an account that can be undone, or None."""
    return (
        Transaction.objects.filter(
            account_id=account_id,
            kind__in=REVERSIBLE_KINDS,
            caused_by=None,
            reversal__isnull=True,
        )
        .exclude(_BY_THE_CLOCK)
        .order_by("-pk")
        .first()
    )


def _reversible(standing: Standing, transaction_id: int) -> Transaction:
    found = Transaction.objects.filter(
        pk=transaction_id, kind__in=REVERSIBLE_KINDS, caused_by=None
    ).exclude(_BY_THE_CLOCK)
    original = found.filter(account=standing.account).first()
    if original is None:
        if found.filter(membership=standing.membership).exists():
            if standing.membership.member.merged_into_id is not None:
                raise restoring.MovedToCustomerError
            raise restoring.MovedToGroupError
        raise NothingToUndoError
    if Transaction.objects.filter(reverses=original).exists():
        raise AlreadyUndoneError
    if Transaction.objects.filter(refunds=original, reversal=None).exists():
        raise RefundedError
    return original


def _latest(standing: Standing, transaction_id: int) -> Transaction:
    original = _reversible(standing, transaction_id)
    latest = latest_reversible(standing.account.pk)
    if latest is not None and latest.pk != original.pk:
        raise NotTheLatestError(latest=latest)
    return original


def _post(standing: Standing, original: Transaction, drafts: list[Draft]) -> Transaction:
    """Write the reversals and return that of the deed itself, which comes last."""
    try:
        done = drafting.post(drafts, main=-1)
    except IntegrityError as error:
        if broke(error, "tier_reward_is_given_once", "account_id", "tier_id"):
            raise VoucherUsedError from error
        raise
    tags.recompute(standing, original)
    return done


def _drafts(standing: Standing, original: Transaction, content: str, note: Note) -> list[Draft]:
    """Return the reversals of everything a transaction caused, the latest first, then its own."""
    caused = list(
        Transaction.objects.filter(caused_by=original)
        .exclude(kind__in=[Kind.REVERSAL])
        .order_by("-pk")
    )
    accounts = _accounts_of(standing, caused)
    for reward_id in sorted({one.reward_id for one in (original, *caused) if one.reward_id}):
        counter = drafting.lock_counter(reward_id)
        stock, is_taken = counter.reward.stock, _counts_back(original).get(reward_id, 0) > 0
        if is_taken and stock is not None and counter.issued >= stock:
            raise offers.RewardNotAvailableError(state=OfferState.SOLD_OUT)
    own = {one.pk for one in (original, *caused)}
    mirror = restoring.Mirror(at=standing.deed.occurred_at, own=own)
    # What came last is undone first, so that each finds its lots as the one before left them.
    parts = [(one, _mirror(accounts[one.account_id], one, mirror)) for one in caused]
    main = drafting.draft(
        standing,
        Kind.REVERSAL,
        content=content,
        note=note,
        events=(Fact(type=EventType.TRANSACTION_REVERSED, data={"reverses_id": original.pk}),),
        **_mirror(standing.account, original, mirror),
    )
    drafts = [
        drafting.companion(
            main,
            Kind.REVERSAL,
            f"undo-{number}",
            account=accounts[one.account_id],
            membership_id=one.membership_id,
            **extra,
        )
        for number, (one, extra) in enumerate(parts)
    ]
    drafts.append(main)
    referrals.judge_others(standing, drafts)
    if _is_out_of_order(original):
        main.tier = _tier_out_of_order(standing, original, drafts)
    moves = [move for one in drafts if one.account is standing.account for move in one.moves]
    main.result = {
        "points": sum(move.amount for move in main.moves if move.unit == Unit.POINTS),
        "credit_minor": sum(move.amount for move in main.moves if move.unit == Unit.CREDIT),
        **drafting.balances(standing, moves),
        "undone": original.kind,
        "reward": original.result.get("reward"),
    }
    due = tiering.due_taken(standing, drafts)
    main.result["balance_after"] += due[Unit.POINTS]
    if "credit_after" in main.result:
        main.result["credit_after"] += due[Unit.CREDIT]
    return drafts


def _accounts_of(standing: Standing, caused: list[Transaction]) -> dict[int, Account]:
    """Lock and return the accounts that the deed's parts are on; the standing's own is locked."""
    own = standing.account
    others = sorted({one.account_id for one in caused} - {own.pk})
    found = {own.pk: own}
    if others:
        rows = Account.objects.select_for_update(no_key=True).filter(pk__in=others)
        found |= {account.pk: account for account in rows.order_by("pk")}
    return found


def _mirror(account: Account, original: Transaction, mirror: restoring.Mirror) -> dict[str, Any]:
    """Return what undoes one transaction on its locked account, as the fields of a draft."""
    if any(
        getattr(original, name) > mirror.left(account, name)
        for name in ("shortfall_points", "shortfall_credit_minor")
    ):
        raise ShortfallSettledError
    entries = Entry.objects.filter(transaction=original).order_by("-pk")
    moves = [mirror.of(entry) for entry in entries]
    return {
        "reverses_id": original.pk,
        "reward_id": original.reward_id,
        "moves": tuple(move for move in moves if move),
        "tier": _tier_back(original, account),
        "released_receipt_of": original.pk if original.receipt_number else None,
        "released_firings_of": original.pk if original.result.get("fired") else None,
        "voucher_steps": _voucher_steps(original),
        "reward_counts": _counts_back(original),
        **mirror.sums_of(account, original),
    }


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
    """Return whether something else counts since, or an earlier deed was undone after this one."""
    later = Transaction.objects.filter(account_id=original.account_id, pk__gt=original.pk).exclude(
        caused_by=original
    )
    # A bonus, a part of another member's deed, a group or the clock may have judged the tier since.
    kinds = (*REVERSIBLE_KINDS, Kind.BONUS, Kind.TRANSFER)
    judged = Q(kind__in=kinds, reversal=None)
    undone = Q(kind=Kind.REVERSAL, reverses__lt=original.pk)
    return later.filter(judged | undone).exists()


def _tier_out_of_order(
    standing: Standing, original: Transaction, drafts: list[Draft]
) -> TierMove | None:
    """Return the tier move when the deeds are not undone from the latest on.

    The former tier is no guide then: a hold that came before is restored, otherwise the awarded
    points that stay decide.
    """
    value = tiering.sums_after(standing, drafts).measured(standing.terms)
    move = TierMove(
        to_tier_id=tiering.judged(standing, value, may_lower=True), source=TierSource.AUTOMATIC
    )
    is_moved = move.to_tier_id != standing.account.tier_id
    stands = {"transaction__reverses": None, "transaction__reversal": None}
    last = TierChange.objects.filter(account=standing.account, **stands).order_by("-pk").first()
    if last is None or last.transaction_id != original.pk or last.to_source != TierSource.MANUAL:
        return move if is_moved else None
    if tiers.is_held(
        is_set_by_hand=last.from_source == TierSource.MANUAL,
        held_until=last.from_hold_until,
        at=standing.deed.occurred_at,
    ):
        return _tier_back(original, standing.account)
    return tiering.automatic(standing, value)


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
