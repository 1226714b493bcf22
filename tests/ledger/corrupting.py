"""Plant what the database refuses: the guards of some tables rest meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.db import connection
from django.db.models import CheckConstraint

from loyalty.ledger import triggers


@contextmanager
def without_guards(*tables: str, bounds: bool = False) -> Iterator[None]:
    """Let the triggers of these tables rest, and with ``bounds`` their check constraints too.

    Constraints come back on PostgreSQL by rolling the caller's transaction back.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Foreign keys that are due are asked now; after that, as in replication, nothing is.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            for sql in _dropped_bounds(tables) if bounds else ():
                cursor.execute(sql)
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
        cursor.execute(f"PRAGMA ignore_check_constraints = {int(bounds)}")
        yield
        cursor.execute("PRAGMA ignore_check_constraints = 0")
        for name, (_, definition) in resting.items():
            cursor.execute(f"CREATE TRIGGER {name} {definition}")


def _dropped_bounds(tables: tuple[str, ...]) -> Iterator[str]:
    for model in apps.get_models():
        if model._meta.db_table in tables:
            for constraint in model._meta.constraints:
                if isinstance(constraint, CheckConstraint):
                    yield f"ALTER TABLE {model._meta.db_table} DROP CONSTRAINT {constraint.name}"
