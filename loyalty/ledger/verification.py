"""Prove the ledger: named checks that recompute what must hold and return the rows that differ.

Each check is one statement that touches whole tables. Upper layers register more of them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What to look at: all of it, one partner, or accounts that moved since a moment.

    ``at`` is now, for checks that know of time.
    """

    at: datetime
    partner_id: int | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A check that found rows which differ: the keys of its table, rising."""

    check: str
    table: str
    keys: tuple[int | str, ...]


Find = Callable[[Scope], Iterable[int | str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A statement about the ledger, the table whose keys it names, and how it is tried."""

    name: str
    table: str
    find: Find


_checks: dict[str, Check] = {}


def check(name: str, *, table: str) -> Callable[[Find], Find]:
    """Register a function that returns the keys of ``table`` for which ``name`` is not true."""

    def register(find: Find) -> Find:
        _checks[name] = Check(name=name, table=table, find=find)
        return find

    return register


def names() -> list[str]:
    """Return the names of all checks, in the order of their registration."""
    return list(_checks)


def verify(scope: Scope, *, done: Callable[[str], None] = lambda _name: None) -> list[Mismatch]:
    """Run every check and return those that found something; ``done`` hears each check's name."""
    found: list[Mismatch] = []
    for one in _checks.values():
        keys = tuple(one.find(scope))
        done(one.name)
        if keys:
            found.append(Mismatch(check=one.name, table=one.table, keys=keys))
    return found


def offending(scope: Scope, sql: str, **values: Any) -> list[int]:
    """Return the ``id`` column of a statement, narrowed to the scope, rising.

    The statement yields ``id, partner_id, account_id``; a row without account is of its whole
    partner.
    """
    narrowed = f"SELECT DISTINCT found.id FROM ({sql}) found WHERE 1 = 1"
    if scope.partner_id is not None:
        narrowed += " AND found.partner_id = %(partner_id)s"
        values["partner_id"] = scope.partner_id
    if scope.since is not None:
        narrowed += (
            " AND (found.account_id IS NULL OR found.account_id IN"
            " (SELECT account_id FROM ledger_transaction WHERE recorded_at >= %(since)s))"
        )
        values["since"] = scope.since
    adapted = {
        name: connection.ops.adapt_datetimefield_value(value)
        if isinstance(value, datetime)
        else value
        for name, value in values.items()
    }
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A check of a large ledger takes longer than a statement of a page may.
            cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(f"{narrowed} ORDER BY found.id", adapted)
        return [row[0] for row in cursor.fetchall()]
