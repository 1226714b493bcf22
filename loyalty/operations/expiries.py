"""Book points and vouchers whose date has passed: in chunks, and safe to run twice."""

from datetime import datetime

from django.db.models import QuerySet

from loyalty.ledger import expiring, posting
from loyalty.ledger.drafts import Draft, Fact, VoucherStep
from loyalty.ledger.models import Kind, Lot, Source
from loyalty.members.models import Account, Voucher, VoucherStatus
from loyalty.operations import drafting, expired_tiers
from loyalty.operations.deeds import fingerprint, one_transaction
from loyalty.outbox.models import EventType

DueLot = tuple[int, datetime | None, int]

# So many accounts are booked at once, with so many lots. Each is locked until all are written, and
# the counter waits so long. One account's moments are never more than this. So many lots are looked
# at for accounts that no other worker has.
CHUNK = 200
MOST_LOTS = 300
MOST_SEEN = 400


@one_transaction
def book_expiry(*, at: datetime, chunk: int = CHUNK) -> int:
    """Book what has expired on up to ``chunk`` accounts, and return how many it were.

    Zero means that nothing is left to do. There is one EXPIRY for each account and moment at which
    lots of it ended, in points and credit, and it carries that moment: so the ledger is the same
    whether this runs daily, twice or days late. What is due is read under the lock; accounts at
    work elsewhere just now are left to a later run. Tiers by what is available are judged after it.
    Source: PA2.5, IV4, rules 7 and 13.
    """
    due = Lot.objects.filter(remaining__gt=0, expires_at__lte=at)
    cards, lots = _lock_some(due, chunk)
    if not lots:
        return 0

    booked = expiring.book(lot_ids=[pk for _account, _moment, pk in lots], account_ids=list(cards))
    if falls := expired_tiers.falls(booked, card_ids=set(cards.values()), at=at):
        posting.post(falls)
    return len({account_id for account_id, _moment, _pk in lots})


def are_lots_due(*, at: datetime) -> bool:
    """Return whether points or credit wait to be booked as expired."""
    return Lot.objects.filter(remaining__gt=0, expires_at__lte=at).exists()


def are_vouchers_due(*, at: datetime) -> bool:
    """Return whether vouchers wait to be booked as expired."""
    return Voucher.objects.filter(status=VoucherStatus.ISSUED, expires_at__lte=at).exists()


def _lock_some(due: QuerySet[Lot], chunk: int) -> tuple[dict[int, int], list[DueLot]]:
    """Lock some of the accounts with lots due, the earliest; return their cards, and those lots.

    Empty only if all that is due is at work elsewhere. What another worker booked between the look
    and the lock does not end the search.
    """
    free = Account.objects.select_for_update(no_key=True, skip_locked=True)
    passed: set[int] = set()
    while True:
        waiting = due.exclude(account__in=passed) if passed else due
        earliest = waiting.order_by("expires_at", "account_id").values_list("account_id", flat=True)
        account_ids = set(earliest[:MOST_SEEN])
        if not account_ids:
            return {}, []
        some = free.filter(pk__in=account_ids).order_by("pk").values_list("pk", "card_id")
        if cards := dict(some[:chunk]):
            found = due.filter(account__in=cards).order_by("account_id", "expires_at", "pk")
            lots = list(found.values_list("account_id", "expires_at", "pk")[:MOST_LOTS])
            if lots:
                return cards, _whole_moments(lots)
        passed |= account_ids


def _whole_moments(lots: list[DueLot]) -> list[DueLot]:
    """Return the lots without the last moment's, where the limit may have cut it in two."""
    if len(lots) < MOST_LOTS or lots[0][:2] == lots[-1][:2]:
        return lots
    return [lot for lot in lots if lot[:2] != lots[-1][:2]]


@one_transaction
def book_voucher_expiry(*, at: datetime, chunk: int = CHUNK) -> int:
    """Book up to ``chunk`` vouchers past their date as expired; return how many.

    Each is booked with the moment of its end. The piece goes back into stock; points do not come
    back. A voucher past its date is refused at the counter even before this ran. Zero means that
    nothing is left to do. Source: CU12.
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

    drafts = [_voucher_draft(accounts[voucher.account_id], voucher) for voucher in vouchers]
    # Every account that is due may be at work at a counter just now.
    return len(posting.post(drafts)) if drafts else 0


def _voucher_draft(account: Account, voucher: Voucher) -> Draft:
    assert voucher.expires_at  # noqa: S101 - what is due has a date
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
        occurred_at=voucher.expires_at,
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
