"""Verifies the ledger of a million members and ten million deeds, check by check."""

import sys
import time
from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from loyalty.ledger import verification
from loyalty.ledger.models import Transaction
from loyalty.ledger.verification import Scope
from tests.bench import loading, tables

MEMBERS = 1_000_000


def main(words: Sequence[str]) -> None:
    """Print when each check was through; the exit code says whether all of it is sound."""
    members = int(words[0]) if words else MEMBERS
    until = timezone.now().replace(microsecond=0) - timedelta(hours=1)
    with tables.fresh():
        started = time.perf_counter()

        def tell(what: str) -> None:
            sys.stdout.write(f"  {time.perf_counter() - started:6.0f} s  {what}\n")
            sys.stdout.flush()

        loading.load(members=members, until=until)
        tell(f"{members:,} members, {Transaction.objects.count():,} transactions")
        tables.settle()
        tell("ready")
        found = verification.verify(Scope(at=until), done=tell)
    sys.stdout.write(f"{found or 'sound'}\n")
    if found:
        sys.exit(1)
