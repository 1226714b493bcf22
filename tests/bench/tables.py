"""The tables that are measured on: made for it, and gone after it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import setup_databases, teardown_databases


@contextmanager
def fresh() -> Iterator[None]:
    """Keep an empty test database for as long as the block runs."""
    made = setup_databases(verbosity=0, interactive=False, aliases={"default": True})
    try:
        yield
    finally:
        teardown_databases(made, verbosity=0)


def settle() -> None:
    """Do at once what PostgreSQL does by itself after a while, without the limit of a page."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        [usual] = cursor.fetchone()
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute(f"SET statement_timeout = '{usual}'")
