"""Book points and vouchers whose date has passed: in chunks, and safe to run twice."""

from collections import defaultdict
from datetime import datetime

from loyalty.ledger import posting
from loyalty.ledger.drafts import Draft, Fact, LotTake, Move, VoucherStep
from loyalty.ledger.models import Kind, Lot, Source, Unit
from loyalty.members.models import Account, Voucher, VoucherStatus
from loyalty.operations import drafting
from loyalty.operations.deeds import fingerprint, one_transaction
from loyalty.outbox.models import EventType

# Keeps a job's transaction short: the counter waits for the write lock on SQLite.
CHUNK_ACCOUNTS = 100


@one_transaction
def book_expiry(*, at: datetime, chunk: int = CHUNK_ACCOUNTS) -> int:
    """Book one EXPIRY for each of up to ``chunk`` accounts with lots due; return how many.

    Zero means that nothing is left to do. Running it twice, or days late, gives the same balances,
    because what is due is read under the lock. Source: PA2.5, IV4.2.
    """
    due = Lot.objects.filter(remaining__gt=0, expires_at__lte=at)
    account_ids = list(
        due.order_by("account_id").values_list("account_id", flat=True).distinct()[:chunk]
    )
    if not account_ids:
        return 0
    accounts = {
        account.pk: account
        for account in Account.objects.select_for_update(no_key=True, skip_locked=True)
        .filter(pk__in=account_ids)
        .order_by("pk")
    }

    lots: dict[int, list[Lot]] = defaultdict(list)
    for lot in due.filter(account__in=accounts).order_by("account_id", "expires_at", "pk"):
        lots[lot.account_id].append(lot)

    drafts = [_draft(accounts[pk], found, at) for pk, found in lots.items()]
    # Every account that is due may be at work at a counter just now.
    return len(posting.post(drafts)) if drafts else 0


def _draft(account: Account, due: list[Lot], at: datetime) -> Draft:
    moves = []
    for unit in Unit:
        takes = tuple(
            LotTake(lot_id=lot.pk, amount=lot.remaining) for lot in due if lot.unit == unit
        )
        if takes:
            total = sum(take.amount for take in takes)
            moves.append(Move(amount=-total, unit=unit, takes=takes))
    points = sum(move.amount for move in moves if move.unit == Unit.POINTS)
    return Draft(
        kind=Kind.EXPIRY,
        source=Source.SYSTEM,
        partner_id=account.partner_id,
        card_id=account.card_id,
        membership_id=None,
        account=account,
        actor_id=None,
        store_id=None,
        # A lot expires once, so its key names the deed for ever.
        request_id=f"expiry:{account.pk}:{due[0].pk}:{account.points_sequence}",
        fingerprint=fingerprint("expiry", lots=[lot.pk for lot in due]),
        occurred_at=at,
        moves=tuple(moves),
        result={
            "points": points,
            "balance_before": account.points,
            "balance_after": account.points + points,
        },
        events=(Fact(type=EventType.POINTS_EXPIRED),),
    )


@one_transaction
def book_voucher_expiry(*, at: datetime, chunk: int = CHUNK_ACCOUNTS) -> int:
    """Book up to ``chunk`` vouchers past their date as expired; return how many.

    The piece goes back into stock; points do not come back. A voucher past its date is refused at
    the counter even before this ran. Zero means that nothing is left to do. Source: CU12.
    """
    due = Voucher.objects.filter(status=VoucherStatus.ISSUED, expires_at__lte=at)
    account_ids = list(
        due.order_by("account_id").values_list("account_id", flat=True).distinct()[:chunk]
    )
    if not account_ids:
        return 0
    accounts = {
        account.pk: account
        for account in Account.objects.select_for_update(no_key=True, skip_locked=True)
        .filter(pk__in=account_ids)
        .order_by("pk")
    }
    wanted = due.filter(account__in=accounts)
    reward_ids = wanted.order_by("reward_id").values_list("reward_id", flat=True).distinct()
    for reward_id in list(reward_ids):
        drafting.lock_counter(reward_id)
    vouchers = list(
        wanted.select_for_update(no_key=True, of=("self",))
        .select_related("reward")
        .order_by("pk")[: posting.MOST_DRAFTS]
    )

    drafts = [_voucher_draft(accounts[voucher.account_id], voucher, at) for voucher in vouchers]
    # Every account that is due may be at work at a counter just now.
    return len(posting.post(drafts)) if drafts else 0


def _voucher_draft(account: Account, voucher: Voucher, at: datetime) -> Draft:
    return Draft(
        kind=Kind.EXPIRY,  # Like all expiry, it neither counts as the latest deed nor blocks one.
        source=Source.SYSTEM,
        partner_id=account.partner_id,
        card_id=account.card_id,
        membership_id=voucher.membership_id,
        account=account,
        actor_id=None,
        store_id=None,
        request_id=f"voucher-expiry:{voucher.pk}",
        fingerprint=fingerprint("voucher expiry", voucher=voucher.pk),
        occurred_at=at,
        reward_id=voucher.reward_id,
        voucher_steps=(
            VoucherStep(
                voucher_id=voucher.pk,
                from_status=VoucherStatus.ISSUED,
                to_status=VoucherStatus.EXPIRED,
            ),
        ),
        reward_counts={voucher.reward_id: -1},
        result={
            "step": VoucherStatus.EXPIRED,
            "points": 0,
            "balance_before": account.points,
            "balance_after": account.points,
            "reward": voucher.reward.name,
        },
        events=(Fact(type=EventType.REWARD_CANCELLED, data={"reward_id": voucher.reward_id}),),
    )
