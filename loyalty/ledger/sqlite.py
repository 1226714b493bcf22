"""Posting on SQLite: bulk calls, one per table; the write lock of the transaction guards keys."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

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
    _change_accounts(rows)
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


def _change_accounts(rows: Rows) -> None:
    fields = {field.attname: field for field in Account._meta.concrete_fields}
    columns = [fields[name] for name in ACCOUNT_COLUMNS]
    changes = ", ".join(f'"{column.column}" = %s' for column in columns)
    records = [
        [
            *(
                column.get_db_prep_save(getattr(account, column.attname), connection)
                for column in columns
            ),
            account.pk,
        ]
        for account in rows.accounts.values()
    ]
    _execute(f'UPDATE "{Account._meta.db_table}" SET {changes} WHERE id = %s', records)


def _change_memberships(rows: Rows) -> None:
    table = Membership._meta.db_table
    seen_at = Membership._meta.get_field("active_at")
    changes = rows.memberships.items()
    statuses = [(change.status, pk) for pk, change in changes if change.status]
    _execute(f'UPDATE "{table}" SET status = %s WHERE id = %s', statuses)
    moments = [
        (at := seen_at.get_db_prep_save(change.active_at, connection), pk, at)
        for pk, change in changes
        if change.active_at
    ]
    _execute(f'UPDATE "{table}" SET active_at = %s WHERE id = %s AND active_at < %s', moments)


def _add(model: type[Model], name: str, deltas: dict[int, int]) -> None:
    key = model._meta.pk.column
    records = [(delta, pk) for pk, delta in deltas.items() if delta]
    _execute(
        f'UPDATE "{model._meta.db_table}" SET "{name}" = "{name}" + %s WHERE "{key}" = %s', records
    )


def _execute(sql: str, records: Sequence[Sequence[Any]]) -> None:
    """Change each of these rows by the same statement, which is read only once."""
    if records:
        with connection.cursor() as cursor:
            cursor.executemany(sql, records)
