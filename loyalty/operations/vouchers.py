"""Issue a voucher for points, hand out what it stands for, or take it away."""

from loyalty.ledger.drafts import Fact, Move, Note, VoucherGrant, VoucherStep
from loyalty.ledger.models import Entry, Kind, Transaction, Unit, VoucherMove
from loyalty.members.models import Voucher, VoucherOrigin, VoucherStatus, pooled
from loyalty.operations import drafting, offers, restoring, tiering
from loyalty.operations.deeds import Deed, fingerprint, one_transaction
from loyalty.operations.standing import (
    Standing,
    check_may_manage,
    check_may_spend,
    check_not_own,
    check_open,
    first_result,
    lock,
)
from loyalty.outbox.models import EventType


class VoucherNotFoundError(LookupError):
    """There is no such voucher on this account."""


class VoucherNotReadyError(ValueError):
    """The voucher was used, removed or has expired."""

    def __init__(self, *, status: str) -> None:
        super().__init__(status)
        self.status = status


@one_transaction
def issue_voucher(
    *, deed: Deed, membership_id: int, reward_id: int, note: Note | None = None
) -> Transaction:
    """Spend a member's balance on a reward that is kept for later, and return the transaction.

    By a manager. A repeat returns the first transaction. Source: CU21 to CU25.

    :raises drafting.NotEnoughPointsError: offers.RewardNotAvailableError: if it cannot be had; and
        the errors of standing.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    check_may_manage(standing)
    check_not_own(standing)

    content = fingerprint("issue", membership=membership_id, reward=reward_id)
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    drafting.lock_counter(reward_id)
    reward = offers.check(
        reward_id=reward_id,
        account=standing.account,
        available=standing.available,
        at=deed.occurred_at,
    )
    move = drafting.spent(standing, reward.cost)

    grant = VoucherGrant(
        reward_id=reward.pk,
        origin=VoucherOrigin.SPENT,
        cost=reward.cost,
        tier_id=None,
        expires_at=drafting.voucher_expiry(standing, reward.voucher_days),
    )
    main = drafting.draft(
        standing,
        Kind.VOUCHER,
        content=content,
        reward_id=reward.pk,
        moves=(move,),
        vouchers=(grant,),
        reward_counts={reward.pk: 1},
        note=note,
        result={
            "step": VoucherStatus.ISSUED,
            "points": -reward.cost,
            "balance_before": standing.available,
            "balance_after": standing.available - reward.cost,
            "reward": reward.name,
        },
        facts=drafting.earning_facts(standing),
        events=(Fact(type=EventType.REWARD_CLAIMED, data={"reward_id": reward.pk}),),
    )
    return drafting.post(tiering.settle(standing, [main]))


def _lock_ready(standing: Standing, voucher_id: int) -> Voucher:
    voucher = (
        Voucher.objects.select_for_update(no_key=True, of=("self",))
        .select_related("reward")
        .filter(pooled(standing.account.pk), pk=voucher_id)
        .first()
    )
    if voucher is None:
        raise VoucherNotFoundError
    if voucher.status != VoucherStatus.ISSUED:
        raise VoucherNotReadyError(status=voucher.status)
    return voucher


@one_transaction
def use_voucher(*, deed: Deed, membership_id: int, voucher_id: int, scan_id: int) -> Transaction:
    """Hand out what a voucher stands for, once, and return the transaction.

    Needs the right to spend. A repeat returns the first transaction. Source: IV1.19.

    :raises VoucherNotFoundError: VoucherNotReadyError: if it is no good; and the errors of
        standing.
    """
    standing = lock(deed=deed, membership_id=membership_id, scan_id=scan_id)

    check_may_spend(standing)
    check_not_own(standing)

    content = fingerprint("use", voucher=voucher_id)
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    voucher = _lock_ready(standing, voucher_id)
    if voucher.expires_at is not None and voucher.expires_at <= deed.occurred_at:
        raise VoucherNotReadyError(status=VoucherStatus.EXPIRED)

    step = VoucherStep(
        voucher_id=voucher.pk,
        from_status=VoucherStatus.ISSUED,
        to_status=VoucherStatus.USED,
    )
    main = drafting.draft(
        standing,
        Kind.VOUCHER,
        content=content,
        reward_id=voucher.reward_id,
        voucher_steps=(step,),
        result={
            "step": VoucherStatus.USED,
            "points": 0,
            "balance_before": standing.available,
            "balance_after": standing.available,
            "reward": voucher.reward.name,
        },
        events=(Fact(type=EventType.REWARD_REDEEMED, data={"reward_id": voucher.reward_id}),),
    )
    return drafting.post([main])


@one_transaction
def remove_voucher(
    *,
    deed: Deed,
    membership_id: int,
    voucher_id: int,
    are_points_returned: bool,
    note: Note | None = None,
) -> Transaction:
    """Take an unused voucher away, with or without its points back, and return the transaction.

    Points return to the very lots they came from; what has expired since comes back for seven
    days. By a manager. A repeat returns the first transaction. Source: CU13.

    :raises VoucherNotFoundError: VoucherNotReadyError: if it is no good; and the errors of
        standing.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    check_may_manage(standing)
    check_not_own(standing)

    content = fingerprint("remove", voucher=voucher_id, returned=are_points_returned)
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    drafting.lock_counter(_reward_of(voucher_id))
    voucher = _lock_ready(standing, voucher_id)
    moves = _points_back(voucher, standing) if are_points_returned else ()

    step = VoucherStep(
        voucher_id=voucher.pk,
        from_status=VoucherStatus.ISSUED,
        to_status=VoucherStatus.REMOVED,
    )
    points = sum(move.amount for move in moves)
    main = drafting.draft(
        standing,
        Kind.VOUCHER,
        content=content,
        reward_id=voucher.reward_id,
        moves=moves,
        voucher_steps=(step,),
        reward_counts={voucher.reward_id: -1},
        note=note,
        result={
            "step": VoucherStatus.REMOVED,
            "points": points,
            "balance_before": standing.available,
            "balance_after": standing.available + points,
            "reward": voucher.reward.name,
        },
        events=(Fact(type=EventType.REWARD_CANCELLED, data={"reward_id": voucher.reward_id}),),
    )
    return drafting.post(tiering.settle(standing, [main]))


def _reward_of(voucher_id: int) -> int:
    found = Voucher.objects.filter(pk=voucher_id).values_list("reward_id", flat=True).first()
    if found is None:
        raise VoucherNotFoundError
    return found


def _points_back(voucher: Voucher, standing: Standing) -> tuple[Move, ...]:
    """Return the entry that gives a voucher's points back, mirrored from its issue.

    They come back to the account that holds the voucher's rights now.
    """
    issue = VoucherMove.objects.filter(voucher=voucher, from_status="").values("transaction")
    entry = Entry.objects.filter(transaction__in=issue, unit=Unit.POINTS).order_by("pk").first()
    if entry is None:
        return ()
    mirror = restoring.Mirror(at=standing.deed.occurred_at)
    is_here = entry.account_id == standing.account.pk
    return (mirror.given_back(entry) if is_here else mirror.given_anew(entry),)
