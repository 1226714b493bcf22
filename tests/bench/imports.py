"""Measures a file of adjustments: taken in, checked and booked, and the memory of each process.

One row for each member; every third takes points, the others add some, and each member has a lot
already. Without words: 100,000 rows, as CSV. Each step is a process of its own, as the web server
and the queue's worker are.
"""

import csv
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management import call_command
from django.db import connection, transaction

from cards.models import Card
from loyalty.imports import booking, intake
from loyalty.imports.intake import Choices
from loyalty.imports.models import Upload, UploadKind, UploadState
from loyalty.jobs import queue
from loyalty.jobs.models import Job, JobState
from loyalty.ledger import verification
from loyalty.ledger.models import Entry, Kind, Lot, Source, Transaction, Unit
from loyalty.members.models import Account, Member, Membership
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.sheets import writing
from loyalty.sheets.writing import Column
from loyalty.users.models import User
from tests.cast import make_cast, make_tier
from tests.ledger.corrupting import without_guards

ROWS = 100_000
PER_COMMIT = 10_000
NOW = datetime(2026, 5, 14, 12, 0, tzinfo=UTC)
JOINED = NOW - timedelta(days=100)
WIDTHS = "{:34}{:>12}{:>12}{:>12}\n"


def main(words: Sequence[str]) -> None:
    """Print one line for each step, or do one of them."""
    match words:
        case ["--fill", size]:
            fill(int(size))
        case ["--take-in", path]:
            _measured("taking it in", lambda: take_in(Path(path)))
        case ["--check"]:
            _measured("checking it", lambda: _work(UploadState.CHECKED))
        case ["--book"]:
            _measured("booking it", lambda: _work(UploadState.DONE))
        case ["--prove"]:
            prove()
        case _:
            _measure(int(words[0]) if words else ROWS, words[1] if words[1:] else "csv")


def _measure(size: int, form: str) -> None:
    sys.stdout.write(f"{size:,} rows, as {form}\n")
    sys.stdout.write(WIDTHS.format("", "seconds", "CPU s", "peak MB"))
    sys.stdout.flush()
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"points.{form}"
        _write(path, size)
        for words in (
            ("--fill", str(size)),
            ("--take-in", str(path)),
            ("--check",),
            ("--book",),
            ("--prove",),
        ):
            command = [sys.executable, "-m", "tests.bench", "--here", "imports", *words]
            subprocess.run(command, check=True)


def _write(path: Path, size: int) -> None:
    rows = ((f"N{number}", -3 if number % 3 == 0 else 5) for number in range(size))
    if path.suffix == ".xlsx":
        columns = [Column("member"), Column("points", writing.Kind.NUMBER)]
        with path.open("wb") as target:
            writing.write_xlsx(target, columns, rows, title="Points")
        return
    with path.open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(["member", "points"])
        writer.writerows(rows)


def fill(size: int) -> None:
    """Make the tables and so many members with a lot each, while the guards rest."""
    call_command("migrate", verbosity=0)
    card = make_cast(name="Bench").card
    make_tier(card, "Silver", 500)
    guarded = ("members_account", "ledger_entry", "ledger_lot")
    for first in range(0, size, PER_COMMIT):
        with transaction.atomic(), without_guards(*guarded):
            _members(card, range(first, min(first + PER_COMMIT, size)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # A server does so by itself, a little later.


def _members(card: Card, numbers: range) -> None:
    own = {"partner_id": card.partner_id}
    people = Member.objects.bulk_create(
        Member(code=f"M{number}", first_name="M", joined_at=JOINED, **own) for number in numbers
    )
    accounts = Account.objects.bulk_create(Account(card=card, **own) for _ in numbers)
    held = Membership.objects.bulk_create(
        Membership(
            member=member,
            card=card,
            account=account,
            number=f"N{number}",
            code=f"{number:012}",
            referral_code=f"{number:010}",
            joined_at=JOINED,
            active_at=JOINED,
            **own,
        )
        for number, member, account in zip(numbers, people, accounts, strict=True)
    )
    deeds = Transaction.objects.bulk_create(
        Transaction(
            card=card,
            account_id=one.account_id,
            membership=one,
            kind=Kind.ADJUSTMENT,
            source=Source.ADMIN,
            request_id=f"bench-{one.pk}",
            points=100,
            lifetime_points=100,
            occurred_at=JOINED,
            **own,
        )
        for one in held
    )
    moved = {"account_id": 0, "unit": Unit.POINTS, **own}
    entries = Entry.objects.bulk_create(
        Entry(
            **(moved | {"account_id": deed.account_id}),
            transaction=deed,
            amount=100,
            sequence=1,
            balance_after=100,
        )
        for deed in deeds
    )
    Lot.objects.bulk_create(
        Lot(**(moved | {"account_id": one.account_id}), entry=one, earned=100, remaining=100)
        for one in entries
    )
    Account.objects.filter(pk__in=[account.pk for account in accounts]).update(
        points=100, points_sequence=1, lifetime_points=100
    )


def take_in(path: Path) -> None:
    """Read the file and keep its rows, as the page of the upload does."""
    intake.take_in(
        path=path,
        name=path.name,
        card=Card.objects.select_related("partner").get(name="Bench"),
        choices=Choices(
            kind=UploadKind.ADJUSTMENT, reason=AdjustmentReason.PROMOTION, is_whole=False
        ),
        by=User.objects.get(email="petra@example.org"),
        at=NOW,
    )


def _work(state: UploadState) -> None:
    """Let the queue work until the upload is where it should be."""
    upload = Upload.objects.get()
    if state == UploadState.DONE:
        booking.confirm(upload_id=upload.pk, by=upload.uploaded_by, at=NOW)
    job = Job.objects.order_by("-pk")[0]
    while job.state in {JobState.QUEUED, JobState.RUNNING}:
        queue.run(job.pk)
        job.refresh_from_db()
    upload.refresh_from_db()
    if (upload.state, upload.error_count) != (state, 0):
        raise SystemExit(f"It ended as {upload.state} with {upload.error_count} errors.")


def _measured(name: str, step: Callable[[], None]) -> None:
    cpu, clock = time.process_time(), time.perf_counter()
    step()
    seconds, busy = time.perf_counter() - clock, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(WIDTHS.format(name, f"{seconds:.1f}", f"{busy:.1f}", f"{peak:.0f}"))
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    if name == "taking it in":
        sys.stdout.write(
            WIDTHS.format("the process that reads the file", "", "", f"{children:.0f}")
        )


def prove() -> None:
    """Make sure that the ledger holds together."""
    assert verification.verify(verification.Scope(at=NOW)) == []
