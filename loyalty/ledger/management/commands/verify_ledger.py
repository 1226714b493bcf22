"""Recompute everything that must hold of the ledger, and name each mismatch."""

from datetime import UTC, date, datetime, time
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from loyalty.ledger import verification
from loyalty.ledger.verification import Mismatch, Scope

# A broken check can name millions of rows; the first ones tell where to look.
MOST_KEYS = 20


class Command(BaseCommand):
    """Exit 1 if anything differs; with ``-v 2`` name each check when it has run, with the time."""

    help = "Recompute balances, lots, tiers, vouchers and counters; name each mismatch with ids."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a partner and a first day."""
        parser.add_argument("--partner", type=int, metavar="ID", help="only this partner's rows")
        parser.add_argument(
            "--since",
            type=date.fromisoformat,
            metavar="DATE",
            help="only accounts with a deed recorded since that day (UTC)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the checks and print what they found."""
        day = options["since"]
        scope = Scope(
            at=timezone.now(),
            partner_id=options["partner"],
            since=datetime.combine(day, time.min, tzinfo=UTC) if day else None,
        )
        is_told, started = options["verbosity"] > 1, monotonic()

        def tell(name: str) -> None:
            if is_told:
                self.stdout.write(f"{monotonic() - started:7.0f} s  {name}")

        found = verification.verify(scope, done=tell)
        for mismatch in found:
            self.stdout.write(_line(mismatch))
        total = len(verification.names())
        if found:
            raise CommandError(f"{len(found)} of {total} checks found a mismatch.", returncode=1)
        self.stdout.write(f"The ledger is sound: {total} checks, no mismatch.")


def _line(mismatch: Mismatch) -> str:
    shown = ", ".join(str(key) for key in mismatch.keys[:MOST_KEYS])
    more = f" and {len(mismatch.keys) - MOST_KEYS} more" if len(mismatch.keys) > MOST_KEYS else ""
    return f"NOT TRUE: {mismatch.check}\n  {mismatch.table}: {shown}{more}"
