"""Plant what the database refuses: the guards of one table rest meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from loyalty.ledger import triggers


@contextmanager
def without_guards(*tables: str) -> Iterator[None]:
    """Let the guards of these tables rest: triggers, and on PostgreSQL constraint checks."""
    if connection.vendor == "postgresql":
        # As replication does; nothing but foreign keys and triggers rests.
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute("SET session_replication_role = replica")
            yield
            cursor.execute("SET session_replication_role = DEFAULT")
        return
    resting = {
        name: definition
        for name, definition in triggers.expected(connection).items()
        if definition[0] in tables
    }
    with connection.cursor() as cursor:
        for name in resting:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for name, (_, definition) in resting.items():
            cursor.execute(f"CREATE TRIGGER {name} {definition}")
