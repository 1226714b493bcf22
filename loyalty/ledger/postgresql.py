"""Posting on PostgreSQL: one statement hands out keys, one statement writes everything."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.utils import timezone

from loyalty.ledger.models import Entry, Firing, Lot, ReceiptUse, Transaction
from loyalty.ledger.rows import ACCOUNT_COLUMNS, Rows
from loyalty.members.models import Account, Claim, RewardCounter, Voucher

# What is null stays as it is, and nothing makes a membership older.
_MEMBERSHIPS = """UPDATE members_membership t SET status = coalesce(x.status, t.status),
    active_at = greatest(t.active_at, x.active_at)
  FROM jsonb_to_recordset(%s::jsonb) AS x(id bigint, status varchar, active_at timestamptz)
  WHERE t.id = x.id"""


def reserve(*, transactions: int, entries: int, lots: int, vouchers: int) -> tuple[list[int], ...]:
    """Return so many new keys of each table, rising."""
    wanted = ((Transaction, transactions), (Entry, entries), (Lot, lots), (Voucher, vouchers))
    parts = ", ".join(
        f"ARRAY(SELECT nextval(pg_get_serial_sequence('{model._meta.db_table}', 'id'))"
        f" FROM generate_series(1, {int(count)}))"
        for model, count in wanted
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {parts}")
        return tuple(sorted(keys) for keys in cursor.fetchone() or ())


def write(rows: Rows) -> None:
    """Write all rows in one statement of as many parts as there are tables concerned."""
    parts: list[str] = []
    values: list[str] = []
    for model, objects in rows.new.items():
        parts.append(_insert_sql(model))
        values.append(_json(_row(model, thing) for thing in objects))
    for sql, records in _changes(rows):
        if records:
            parts.append(sql)
            values.append(_json(records))
    named = ", ".join(f"part{number} AS ({part})" for number, part in enumerate(parts))
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {named} SELECT 1", values)


def _changes(rows: Rows) -> Iterable[tuple[str, Sequence[dict[str, Any]]]]:
    """Return each kind of change with its records."""
    yield (
        _update_sql(Account, ACCOUNT_COLUMNS),
        [
            {"id": account.pk, **{name: getattr(account, name) for name in ACCOUNT_COLUMNS}}
            for account in rows.accounts.values()
        ],
    )
    yield (
        _update_sql(Lot, ("remaining",), add=True),
        [{"id": pk, "remaining": delta} for pk, delta in rows.lots.items() if delta],
    )
    yield (
        _update_sql(RewardCounter, ("issued",), add=True),
        [{"reward_id": pk, "issued": delta} for pk, delta in rows.counters.items() if delta],
    )
    yield (
        _update_sql(Voucher, ("status",)),
        [{"id": pk, "status": status} for pk, status in rows.vouchers.items()],
    )
    yield (
        _update_sql(ReceiptUse, ("released_at",), key="transaction_id"),
        [{"transaction_id": pk, "released_at": at} for pk, at in rows.receipts.items()],
    )
    yield (
        _update_sql(Firing, ("released_at",), key="transaction_id"),
        [{"transaction_id": pk, "released_at": at} for pk, at in rows.firings.items()],
    )
    yield (
        _update_sql(Claim, ("used_at",)),
        [{"id": pk, "used_at": at} for pk, at in rows.claims.items()],
    )
    yield (
        _MEMBERSHIPS,
        [
            {"id": pk, "status": change.status, "active_at": change.active_at}
            for pk, change in rows.memberships.items()
        ],
    )


def _json(records: Iterable[dict[str, Any]]) -> str:
    return json.dumps(list(records), cls=DjangoJSONEncoder)


def _columns(model: type[models.Model], names: Iterable[str]) -> str:
    """Return "name type" pairs for a recordset."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return ", ".join(f'"{name}" {fields[name].db_type(connection)}' for name in names)


def _names(model: type[models.Model]) -> list[str]:
    """Return the columns that an insert fills; an unset key is left to its sequence."""
    has_own_key = model in {Transaction, Entry, Lot, Voucher}
    return [
        field.attname
        for field in model._meta.concrete_fields
        if has_own_key or not isinstance(field, models.AutoField)
    ]


def _row(model: type[models.Model], thing: models.Model) -> dict[str, Any]:
    row = {name: getattr(thing, name) for name in _names(model)}
    if "recorded_at" in row:
        row["recorded_at"] = timezone.now()  # The audit clock, not business time.
    return row


def _insert_sql(model: type[models.Model]) -> str:
    names = _names(model)
    listed = ", ".join(f'"{name}"' for name in names)
    # In order of the sequence, because each entry must follow the one before it.
    order = " ORDER BY id" if "id" in names else ""
    return (
        f'INSERT INTO "{model._meta.db_table}" ({listed})'
        f" SELECT {listed} FROM jsonb_to_recordset(%s::jsonb) AS x({_columns(model, names)}){order}"
    )


def _update_sql(
    model: type[models.Model], names: Sequence[str], *, add: bool = False, key: str = ""
) -> str:
    key = key or str(model._meta.pk.attname)
    changes = ", ".join(f'"{name}" = {f"t.{name} + " if add else ""}x."{name}"' for name in names)
    return (
        f'UPDATE "{model._meta.db_table}" t SET {changes}'
        f" FROM jsonb_to_recordset(%s::jsonb) AS x({_columns(model, (key, *names))})"
        f' WHERE t."{key}" = x."{key}"'
    )
