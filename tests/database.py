"""How a transactional test leaves the database clean although the ledger refuses to be emptied.

Django empties every table after such a test. On SQLite that is DELETE, which the ledger's triggers
refuse, so the migrated database is copied once and the copy is put back. On PostgreSQL it is
TRUNCATE, so the triggers against TRUNCATE, and only those, rest while the tables are emptied.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

from deploy.backup import copy_sqlite

TRUNCATE_TRIGGERS = """
    SELECT trigger.tgrelid::regclass::text, quote_ident(trigger.tgname)
    FROM pg_trigger trigger
    JOIN pg_class ON pg_class.oid = trigger.tgrelid
    WHERE NOT trigger.tgisinternal
        AND trigger.tgtype & 32 <> 0
        AND pg_class.relnamespace = current_schema()::regnamespace
"""


def install() -> None:
    """Make every transactional test end by `restore` in place of Django's flush."""
    TransactionTestCase._fixture_teardown = _restore_databases  # type: ignore[attr-defined] # noqa: SLF001 - Django's one hook, not in its stubs


def _restore_databases(test: Any) -> None:  # a TransactionTestCase; its attributes are untyped
    for alias in test._databases_names(include_mirrors=False):  # noqa: SLF001 - as Django does
        restore(connections[alias])


def keep_template(connection: BaseDatabaseWrapper) -> None:
    """Copy the freshly migrated SQLite database beside itself, to be put back after tests.

    :raises RuntimeError: if the database is in memory: its threads would not share it.
    """
    if connection.vendor != "sqlite":
        return
    if connection.is_in_memory_db():  # type: ignore[attr-defined] # SQLite's wrapper alone has it
        raise RuntimeError("Tests on SQLite need a file: set TEST NAME in tests/settings.py.")
    with _opened(_database(connection)) as source, _opened(_template(connection)) as target:
        copy_sqlite(source, target)


def drop_template(connection: BaseDatabaseWrapper) -> None:
    """Remove the copy that `keep_template` made."""
    if connection.vendor == "sqlite":
        _template(connection).unlink(missing_ok=True)


def restore(connection: BaseDatabaseWrapper) -> None:
    """Bring the database back to what it was right after its migrations."""
    if connection.vendor == "sqlite":
        connection.close()
        # Some thread may still hold a connection, so the files themselves are not touched.
        with _opened(_template(connection)) as source, _opened(_database(connection)) as target:
            copy_sqlite(source, target)
    else:
        with truncate_triggers_resting(connection):
            call_command(
                "flush",
                verbosity=0,
                interactive=False,
                database=connection.alias,
                reset_sequences=False,
            )


@contextmanager
def truncate_triggers_resting(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Switch off the triggers against TRUNCATE on PostgreSQL, and on again afterwards."""
    with connection.cursor() as cursor:
        # A connection left open in a transaction must fail the test, not hang the suite.
        cursor.execute("SET lock_timeout = '10s'")
        cursor.execute(TRUNCATE_TRIGGERS)
        triggers = cursor.fetchall()
        for table, trigger in triggers:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for table, trigger in triggers:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")
        connection.close()  # The next test starts with the product's own lock_timeout.


def _database(connection: BaseDatabaseWrapper) -> Path:
    return Path(connection.settings_dict["NAME"])


def _template(connection: BaseDatabaseWrapper) -> Path:
    path = _database(connection)
    return path.with_name(f"{path.name}.template")


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=1)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        yield connection
    finally:
        connection.close()
