"""Measures the booking of what has expired: 100,000 lots, or as many as are asked for.

The accounts are made by bulk statements while the guards rest, and verified at the end. A chunk's
time bounds how long an account is locked, for its locks live as long as it does.
"""

import gc
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context

from django.conf import settings
from django.db import connection, transaction

from loyalty.ledger import verification
from loyalty.ledger.models import Entry, Kind, Lot, Source, Transaction, Unit
from loyalty.members.models import Account
from loyalty.operations import expiries
from tests.bench import tables
from tests.cast import make_cast
from tests.ledger.corrupting import without_guards

LOTS = 100_000
LOTS_AN_ACCOUNT = 1
PER_COMMIT = 10_000  # Accounts made at once.
EXPIRED = datetime(2026, 3, 1, tzinfo=UTC)
AFTER = EXPIRED + timedelta(hours=1)
WIDTHS = "{:44}{:>14}\n"


def main(words: Sequence[str]) -> None:
    """Print the figures."""
    given = [int(word) for word in words]
    lots, each, chunk = [*given, *(LOTS, LOTS_AN_ACCOUNT, expiries.CHUNK)[len(given) :]]
    sys.stdout.write(f"{lots:,} lots, {each} on each account, in chunks of {chunk}\n")
    with tables.fresh():
        started = time.perf_counter()
        _make(lots // each, each)
        making = time.perf_counter() - started
        chunks, total = _book_side_by_side(chunk)
        _prove()
    chunks.sort()
    figures = {
        "making them, s": f"{making:.1f}",
        "booking them, s": f"{total:.1f}",
        "lots a second": f"{lots / total:,.0f}",
        "chunks": f"{len(chunks):,}",
        "median chunk, ms": f"{chunks[len(chunks) // 2] * 1000:.0f}",
        "99 of 100 chunks within, ms": f"{chunks[len(chunks) * 99 // 100] * 1000:.0f}",
        "longest chunk, ms (bounds every lock)": f"{chunks[-1] * 1000:.0f}",
    }
    for name, figure in figures.items():
        sys.stdout.write(WIDTHS.format(name, figure))


def _book_side_by_side(chunk: int) -> tuple[list[float], float]:
    """Book everything due with as many jobs as there are workers; return each chunk's time."""
    connection.close()
    # What made the rows is not the jobs' to look after.
    gc.collect()
    gc.freeze()
    started = time.perf_counter()
    with get_context("fork").Pool(settings.WORKERS) as jobs:
        found = jobs.map(_book, [chunk] * settings.WORKERS, chunksize=1)
    return [seconds for chunks in found for seconds in chunks], time.perf_counter() - started


def _book(chunk: int) -> list[float]:
    """Book what is due until nothing is, and return the time of each chunk."""
    chunks: list[float] = []
    while True:
        before = time.perf_counter()
        # As the job does: one account first, while the connection makes its plans.
        found = expiries.book_expiry(at=AFTER, chunk=chunk if chunks else 1)
        if not found:
            return chunks
        chunks.append(time.perf_counter() - before)


def _prove() -> None:
    assert not Lot.objects.filter(remaining__gt=0).exists()
    assert verification.verify(verification.Scope(at=EXPIRED)) == []


def _make(accounts: int, each: int) -> None:
    """Make accounts with so many lots each, all of one entry."""
    card = make_cast().card
    for first in range(0, accounts, PER_COMMIT):
        with transaction.atomic(), without_guards("members_account", "ledger_entry", "ledger_lot"):
            _make_some(card, range(first, min(first + PER_COMMIT, accounts)), each)


def _make_some(card, numbers: range, each: int) -> None:
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
