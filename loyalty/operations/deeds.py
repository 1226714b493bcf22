"""What every deed begins with: who, through which door, where, when, under which key."""

import functools
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, OperationalError, connection, transaction

from clubs.models import Store
from loyalty.ledger.models import Source
from loyalty.users.models import User

P = ParamSpec("P")
R = TypeVar("R")
MOST_TRIES = 3
_TRY_AGAIN = {"40001", "40P01"}  # Serialisation failure, deadlock.
_BUSY = {"55P03", "57014"}  # Lock timeout, statement timeout.


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """The facts common to all deeds. ``request_id`` is made before the first try."""

    actor: User | None
    source: Source
    store: Store | None
    request_id: str
    occurred_at: datetime

    @property
    def actor_id(self) -> int | None:
        """Return the person's key."""
        return self.actor.pk if self.actor else None

    @property
    def store_id(self) -> int | None:
        """Return the store's key."""
        return self.store.pk if self.store else None


class BusyError(Exception):
    """The database had no time for the deed. Nothing was written; trying again is safe."""


class RepeatDiffersError(ValueError):
    """The same request key came with other content."""


def fingerprint(name: str, **content: Any) -> str:
    """Return a hash of what a deed asks for; clock, keys and codes are left out by the caller."""
    text = json.dumps([name, content], sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()


def key_of_part(request_id: str, part: str) -> str:
    """Return the request key of a transaction that another one causes.

    Hashed, because a key is at most 64 long and two long ones may begin alike; ``part`` tells the
    parts of one deed apart.
    """
    return f"{hashlib.sha256(request_id.encode()).hexdigest()[:40]}:{part}"


def one_transaction(operation: Callable[P, R]) -> Callable[P, R]:
    """Run the operation in one database transaction, again after a deadlock, at most three times.

    :raises BusyError: if the database still had no time.
    """

    @functools.wraps(operation)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        left = 1 if connection.in_atomic_block else MOST_TRIES
        while True:
            left -= 1
            try:
                with transaction.atomic():
                    return operation(*args, **kwargs)
            except OperationalError as error:
                if not is_lack_of_time(error):
                    raise
                if not left or _state(error) not in _TRY_AGAIN:
                    raise BusyError from error

    return run


def _state(error: Exception) -> str:
    return str(getattr(error.__cause__, "sqlstate", "") or "")


def is_lack_of_time(error: OperationalError) -> bool:
    """Return whether the database had no time: a lock, a deadlock, or SQLite's one writer."""
    return _state(error) in _TRY_AGAIN | _BUSY or "locked" in str(error)


def broke(error: IntegrityError, constraint: str, *columns: str) -> bool:
    """Return whether the error names this constraint; SQLite names the columns instead."""
    message = str(error)
    return constraint in message or (
        bool(columns) and all(f".{column}" in message for column in columns)
    )
