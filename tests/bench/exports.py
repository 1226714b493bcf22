"""Measures exports of customers: how long a file takes, and how much memory.

Each size and each format is written in a process of its own, so that the peak of its memory is its
own. Without sizes: 10,000 and 100,000 customers. The rows are made by statements over sets.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from django.core.management import call_command
from django.db import connection

from cards.models import Card
from loyalty.exports import asking, making
from loyalty.exports.models import Export, FileFormat
from loyalty.jobs import queue
from loyalty.jobs.models import Job, JobState
from loyalty.members.models import Membership
from loyalty.users.models import User
from tests.cast import make_cast

SIZES = (10_000, 100_000)
NOW = datetime(2026, 5, 14, 12, 0, tzinfo=UTC)
WIDTHS = "{:34}{:>12}{:>12}{:>12}{:>12}{:>12}{:>12}\n"
# A customer of each number above the ones that are there; ``n`` is that number.
NUMBERS = (
    "WITH RECURSIVE numbers(n) AS"
    " (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
)


def main(words: Sequence[str]) -> None:
    """Print one line for each size and format, or do what a process of it is for."""
    match words:
        case ["--fill", size]:
            fill(int(size))
        case ["--run", file_format]:
            run(FileFormat(file_format))
        case _:
            _measure([int(word) for word in words] or list(SIZES))


def _measure(sizes: Sequence[int]) -> None:
    sys.stdout.write(WIDTHS.format("", "seconds", "CPU s", "a second", "chunk s", "peak MB", "MB"))
    sys.stdout.flush()
    _in_a_process("--fill", "0")
    for size in sizes:
        _in_a_process("--fill", str(size))
        for file_format in FileFormat:
            _in_a_process("--run", file_format)


def _in_a_process(*words: str) -> None:
    command = [sys.executable, "-m", "tests.bench", "--here", "exports", *words]
    subprocess.run(command, check=True)


def fill(size: int) -> None:
    """Bring the database to so many customers; to none: make its tables and the card."""
    if size == 0:
        call_command("migrate", verbosity=0)
        make_cast(name="Bench")
        return
    card = Card.objects.get(name="Bench")
    there = Membership.objects.filter(card=card).count()
    if size <= there:
        return
    numbers = NUMBERS.format(first=there + 1, last=size)
    model = Membership.objects.filter(card=card).select_related("member", "account")[:1].get()
    for row, changed in (
        (model.member, {"id": "n + 1000", "code": "'M' || n", "user_id": "NULL"}),
        (model.account, {"id": "n + 1000"}),
        (
            model,
            {
                "id": "n + 1000",
                "member_id": "n + 1000",
                "account_id": "n + 1000",
                "number": "'N' || n",
                "code": "'C' || n",
                "referral_code": "'R' || n",
            },
        ),
    ):
        if row is model.member:
            changed |= {
                "first_name": "'Maria ' || n",
                "last_name": "'da Silva'",
                "email": "'maria' || n || '@example.org'",
                "phone": "'+3519' || (10000000 + n)",
                "search_text": "' maria ' || n || ' da silva'",
                "phone_confirmed_at": "NULL",
            }
        table = row._meta.db_table
        names = [field.column for field in row._meta.concrete_fields]
        values = ", ".join(changed.get(name, f"one.{name}") for name in names)
        with connection.cursor() as cursor:
            insert = f"INSERT INTO {table} ({', '.join(names)})"
            source = f"SELECT {values} FROM numbers, {table} one WHERE one.id = {row.pk}"
            parts = [insert, numbers] if connection.vendor == "postgresql" else [numbers, insert]
            cursor.execute(" ".join([*parts, source]))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def run(file_format: FileFormat) -> None:
    """Write a file of everybody, and print what it took."""
    partner = Card.objects.select_related("partner").get(name="Bench").partner
    export = asking.ask(
        partner=partner,
        given={"state": ""},
        file_format=file_format,
        by_id=User.objects.order_by("pk")[0].pk,
        at=NOW,
        address=None,
    )
    job = Job.objects.get(key=asking.key_of(export))
    cpu, clock, longest = time.process_time(), time.perf_counter(), 0.0
    while job.state in {JobState.QUEUED, JobState.RUNNING}:
        begun = time.perf_counter()
        queue.run(job.pk)
        longest = max(longest, time.perf_counter() - begun)
        job.refresh_from_db()
    seconds, busy = time.perf_counter() - clock, time.process_time() - cpu
    done = Export.objects.get(pk=export.pk)
    if done.state != "DONE":
        raise SystemExit(f"The export ended as {done.state}: {done.error}")
    figures = (
        f"{seconds:.1f}",
        f"{busy:.1f}",
        f"{done.row_count / seconds:,.0f}",
        f"{longest:.1f}",
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}",
        f"{making.file_of(done).stat().st_size / 1024**2:.0f}",
    )
    sys.stdout.write(WIDTHS.format(f"{done.row_count:,} customers, {file_format}", *figures))
