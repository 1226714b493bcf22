"""Register the ledger, its triggers and its system check."""

import sys
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate  # noqa: TID251 - SQLite drops triggers when a migration rebuilds a table


class LedgerConfig(AppConfig):
    """The ledger installs its triggers after every migrate."""

    name = "loyalty.ledger"

    def ready(self) -> None:
        """Connect the trigger installer and the check."""
        from loyalty.ledger import (  # noqa: PLC0415 - models are ready only now
            belongings,  # noqa: F401 - registers its checks
            invariants,  # noqa: F401 - registers its checks
            triggers,
        )

        def install(**facts: Any) -> None:
            triggers.install(using=facts["using"])

        post_migrate.connect(install, sender=self, weak=False, dispatch_uid="ledger_triggers")
        checks.register(checks.Tags.database)(check_triggers)


def check_triggers(
    *, databases: Sequence[str] | None = None, **_: Any
) -> list[checks.CheckMessage]:
    """Name each trigger that a database lacks; run by `check --database default` and migrate."""
    from django.db import connections  # noqa: PLC0415 - models are ready only now

    from loyalty.ledger import triggers  # noqa: PLC0415 - models are ready only now

    found: list[checks.CheckMessage] = []
    if "migrate" in sys.argv[1:2]:
        return found  # It is about to install them, and would refuse to run.
    for alias in databases or []:
        connection = connections[alias]
        if "ledger_entry" not in connection.introspection.table_names():
            continue
        found += [
            checks.Error(
                f"The trigger {name} is missing.", hint="Run manage.py migrate.", id="ledger.E001"
            )
            for name in triggers.missing(connection)
        ]
    return found
