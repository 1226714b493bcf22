"""Measures the booking of what has expired: 100,000 lots, on both databases.

    python -m tests.bench_expiry [LOTS [LOTS_AN_ACCOUNT [CHUNK]]]

The accounts are made by bulk statements while the guards rest, and verified at the end. A chunk's
time bounds how long an account is locked, for its locks live as long as it does.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

from tests import cluster

ROOT = Path(__file__).resolve().parent.parent
LOTS = 100_000
LOTS_AN_ACCOUNT = 1
CHUNK = 0  # That of the product.
PER_COMMIT = 10_000  # Accounts made at once.
EXPIRED = datetime(2026, 3, 1, tzinfo=UTC)
WIDTHS = "{:44}{:>14}\n"


def main(arguments: Sequence[str]) -> int:
    """Measure on every database there is and return the exit code."""
    given = (LOTS, LOTS_AN_ACCOUNT, CHUNK)
    wanted = [*arguments, *(str(number) for number in given[len(arguments) :])]
    with tempfile.TemporaryDirectory(prefix="loyalty-bench-") as data:
        environment = {**os.environ, "DATA_DIR": data, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        environment.pop("DATABASE_URL", None)
        codes = [_measure_in_a_process("SQLite", wanted, environment)]
        try:
            with cluster.running(cluster.find_binaries()) as address:
                environment["DATABASE_URL"] = address
                codes.append(_measure_in_a_process("PostgreSQL", wanted, environment))
        except cluster.NoServerError as problem:
            sys.stdout.write(f"PostgreSQL was not measured: {problem}\n")
    return max(codes)


def _measure_in_a_process(title: str, wanted: Sequence[str], environment: dict[str, str]) -> int:
    sys.stdout.write(f"\n{title}: {wanted[0]} lots, {wanted[1]} on each account\n")
    sys.stdout.flush()
    # Settings are read once in a process, so each database has its own.
    command = [sys.executable, "-m", "tests.bench_expiry", "--here", *wanted]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def measure_here(lots: int, each: int, chunk: int) -> None:
    """Measure on the database of the settings and print the figures."""
    import django  # noqa: PLC0415 - only the measuring process knows its settings

    django.setup()
    from django.test.utils import setup_databases, teardown_databases  # noqa: PLC0415 - as above

    made = setup_databases(verbosity=0, interactive=False, aliases={"default": True})
    try:
        started = time.perf_counter()
        _make(lots // each, each)
        making = time.perf_counter() - started
        chunks, total = _book_side_by_side(chunk)
        _prove()
    finally:
        teardown_databases(made, verbosity=0)
    chunks.sort()
    figures = {
        "making them, s": f"{making:.1f}",
        "booking them, s": f"{total:.1f}",
        "lots a second": f"{lots / total:,.0f}",
        "chunks": f"{len(chunks):,}",
        "median chunk, ms": f"{chunks[len(chunks) // 2] * 1000:.0f}",
        "longest chunk, ms (bounds every lock)": f"{chunks[-1] * 1000:.0f}",
    }
    for name, figure in figures.items():
        sys.stdout.write(WIDTHS.format(name, figure))


def _book_side_by_side(chunk: int) -> tuple[list[float], float]:
    """Book everything due with as many jobs as there are workers; return each chunk's time."""
    from django.conf import settings  # noqa: PLC0415 - models need django.setup
    from django.db import connection  # noqa: PLC0415 - as above

    connection.close()
    started = time.perf_counter()
    with get_context("fork").Pool(settings.WORKERS) as jobs:
        found = jobs.map(_book, [chunk] * settings.WORKERS, chunksize=1)
    return [seconds for chunks in found for seconds in chunks], time.perf_counter() - started


def _book(chunk: int) -> list[float]:
    """Book what is due until nothing is, and return the time of each chunk."""
    from loyalty.operations import expiries  # noqa: PLC0415 - models need django.setup

    chunks: list[float] = []
    while True:
        before = time.perf_counter()
        found = expiries.book_expiry(at=EXPIRED + timedelta(hours=1), chunk=chunk or expiries.CHUNK)
        if not found:
            return chunks
        chunks.append(time.perf_counter() - before)


def _prove() -> None:
    from loyalty.ledger import verification  # noqa: PLC0415 - models need django.setup
    from loyalty.ledger.models import Lot  # noqa: PLC0415 - as above

    assert not Lot.objects.filter(remaining__gt=0).exists()
    assert verification.verify(verification.Scope(at=EXPIRED)) == []


def _make(accounts: int, each: int) -> None:
    """Make accounts with so many lots each, all of one entry."""
    from django.db import transaction  # noqa: PLC0415 - models need django.setup

    from tests.cast import make_cast  # noqa: PLC0415 - as above
    from tests.ledger.corrupting import without_guards  # noqa: PLC0415 - as above

    card = make_cast().card
    for first in range(0, accounts, PER_COMMIT):
        with transaction.atomic(), without_guards("members_account", "ledger_entry", "ledger_lot"):
            _make_some(card, range(first, min(first + PER_COMMIT, accounts)), each)


def _make_some(card, numbers: range, each: int) -> None:
    from loyalty.ledger.models import (  # noqa: PLC0415 - models need django.setup
        Entry,
        Kind,
        Lot,
        Source,
        Transaction,
        Unit,
    )
    from loyalty.members.models import Account  # noqa: PLC0415 - as above

    own = {"partner_id": card.partner_id}
    points = 10 * each
    accounts = Account.objects.bulk_create([Account(card=card, **own) for _ in numbers])
    deeds = Transaction.objects.bulk_create(
        Transaction(
            card=card,
            account=account,
            kind=Kind.ADJUSTMENT,
            source=Source.IMPORT,
            request_id=f"bench-{account.pk}",
            points=points,
            lifetime_points=points,
            occurred_at=EXPIRED - timedelta(days=30),
            **own,
        )
        for account in accounts
    )
    entries = Entry.objects.bulk_create(
        Entry(
            transaction=deed,
            account_id=deed.account_id,
            unit=Unit.POINTS,
            amount=points,
            sequence=1,
            balance_after=points,
            **own,
        )
        for deed in deeds
    )
    Lot.objects.bulk_create(
        Lot(
            entry=entry,
            account_id=entry.account_id,
            unit=Unit.POINTS,
            earned=10,
            remaining=10,
            expires_at=EXPIRED,
            **own,
        )
        for entry in entries
        for _ in range(each)
    )
    Account.objects.filter(pk__in=[account.pk for account in accounts]).update(
        points=points, points_sequence=1, lifetime_points=points
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        measure_here(*(int(word) for word in sys.argv[2:]))
    else:
        sys.exit(main(sys.argv[1:]))
