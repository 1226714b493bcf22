"""Posting on SQLite: bulk calls, one per table; the write lock of the transaction guards keys."""

from django.db import connection
from django.db.models import F, Model

from loyalty.ledger.models import Entry, Firing, Lot, ReceiptUse, Transaction
from loyalty.ledger.rows import ACCOUNT_COLUMNS, Rows
from loyalty.members.models import Account, Claim, Membership, RewardCounter, Voucher


def reserve(*, transactions: int, entries: int, lots: int, vouchers: int) -> tuple[list[int], ...]:
    """Return so many new keys of each table, rising; nobody else can write meanwhile."""
    wanted = ((Transaction, transactions), (Entry, entries), (Lot, lots), (Voucher, vouchers))
    parts = ", ".join(
        f'(SELECT coalesce(max(id), 0) FROM "{model._meta.db_table}")' for model, _ in wanted
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {parts}")
        last = cursor.fetchone() or ()
    return tuple(
        list(range(top + 1, top + 1 + count)) for top, (_, count) in zip(last, wanted, strict=True)
    )


def write(rows: Rows) -> None:
    """Write all rows, parents first."""
    for model, objects in rows.new.items():
        model._default_manager.bulk_create(objects)
    Account.objects.bulk_update(list(rows.accounts.values()), ACCOUNT_COLUMNS)
    _add(Lot, "remaining", rows.lots)
    _add(RewardCounter, "issued", rows.counters)
    for pk, status in rows.vouchers.items():
        Voucher.objects.filter(pk=pk).update(status=status)
    for pk, at in rows.receipts.items():
        ReceiptUse.objects.filter(transaction_id=pk).update(released_at=at)
    for pk, at in rows.firings.items():
        Firing.objects.filter(transaction_id=pk, released_at=None).update(released_at=at)
    for pk, used_at in rows.claims.items():
        Claim.objects.filter(pk=pk).update(used_at=used_at)
    _change_memberships(rows)


def _change_memberships(rows: Rows) -> None:
    for pk, change in rows.memberships.items():
        own = Membership.objects.filter(pk=pk)
        if change.status:
            own.update(status=change.status)
        if change.active_at:
            own.filter(active_at__lt=change.active_at).update(active_at=change.active_at)


def _add(model: type[Model], name: str, deltas: dict[int, int]) -> None:
    for pk, delta in deltas.items():
        if delta:
            model._default_manager.filter(pk=pk).update(**{name: F(name) + delta})
