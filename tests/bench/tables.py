"""The tables that are measured on: made for it, and gone after it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.test.utils import setup_databases, teardown_databases


@contextmanager
def fresh() -> Iterator[None]:
    """Keep an empty test database for as long as the block runs."""
    made = setup_databases(verbosity=0, interactive=False, aliases={"default": True})
    try:
        yield
    finally:
        teardown_databases(made, verbosity=0)
