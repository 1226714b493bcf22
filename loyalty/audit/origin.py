"""Where the deed at hand comes from: set once at the edge, read when something is recorded."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_address: ContextVar[str | None] = ContextVar("audit_address", default=None)


@contextmanager
def coming_from(address: str | None) -> Iterator[None]:
    """Let everything that is recorded meanwhile name this network address."""
    token = _address.set(address)
    try:
        yield
    finally:
        _address.reset(token)


def current() -> str | None:
    """Return the network address of the deed at hand; None in jobs and commands."""
    return _address.get()
