"""Measures the deeds at the counter: statements, CPU and time of each, on both databases.

    python -m tests.bench [ROUNDS]

Statements are exact and compare between machines. CPU and time compare only with the floor measured
in the same run: one indexed read, and one row inserted in a transaction of its own.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median

from tests import cluster

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 200
WARM_UP = 10
FRAME = re.compile(r"^(BEGIN|COMMIT|SAVEPOINT|RELEASE|ROLLBACK)")
WIDTHS = "{:34}{:>12}{:>12}{:>12}{:>12}"


def main() -> int:
    """Measure on every database there is and return the exit code."""
    rounds = sys.argv[1] if len(sys.argv) > 1 else str(ROUNDS)
    with tempfile.TemporaryDirectory(prefix="loyalty-bench-") as data:
        environment = {**os.environ, "DATA_DIR": data, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        environment.pop("DATABASE_URL", None)
        codes = [_measure_in_a_process("SQLite", rounds, environment)]
        try:
            with cluster.running(cluster.find_binaries()) as address:
                environment["DATABASE_URL"] = address
                codes.append(_measure_in_a_process("PostgreSQL", rounds, environment))
        except cluster.NoServerError as problem:
            print(f"PostgreSQL was not measured: {problem}")
    return max(codes)


def _measure_in_a_process(title: str, rounds: str, environment: dict[str, str]) -> int:
    print(f"\n{title}, {rounds} rounds", flush=True)
    # Settings are read once in a process, so each database has its own.
    command = [sys.executable, "-m", "tests.bench", "--here", rounds]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def measure_here(rounds: int) -> None:
    """Measure on the database of the settings and print one line for each deed."""
    import django  # noqa: PLC0415 - only the measuring process knows its settings

    django.setup()
    from django.test.utils import setup_databases, teardown_databases  # noqa: PLC0415 - as above

    made = setup_databases(verbosity=0, interactive=False, aliases={"default": True})
    try:
        steps = _Counter().steps()
        samples: dict[str, list[tuple[int, float, float]]] = {name: [] for name, _ in steps}
        for turn in range(WARM_UP + rounds):
            for name, step in steps:
                sample = _sample(step)
                if turn >= WARM_UP:
                    samples[name].append(sample)
    finally:
        teardown_databases(made, verbosity=0)
    _print_table(samples)


class _Counter:
    """One till: each round scans the card once, awards, hands out a reward and undoes it."""

    def __init__(self) -> None:
        from tests.cast import NOON, make_cast  # noqa: PLC0415 - models need django.setup

        self.at = NOON
        limits = dict.fromkeys(("earns_per_hour", "earns_per_day", "redeems_per_day"), 30_000)
        self.cast = make_cast(**limits)
        self.scan = 0
        self.redemption = 0

    def steps(self) -> list[tuple[str, Callable[[], None]]]:
        """Return the measured steps in the order in which a round takes them."""
        return [
            ("floor: one indexed read", self.read),
            ("floor: one row inserted", self.insert),
            ("scan the rotating code", self.look),
            ("award a purchase", self.award),
            ("hand out a reward", self.redeem),
            ("undo it", self.undo),
        ]

    def read(self) -> None:
        from loyalty.users.models import User  # noqa: PLC0415 - models need django.setup

        User.objects.get(pk=self.cast.sam.pk)

    def insert(self) -> None:
        from loyalty.audit.models import AuditEvent  # noqa: PLC0415 - models need django.setup

        AuditEvent.objects.create(action="measured", kind="tests.bench")

    def look(self) -> None:
        self.at += timedelta(minutes=1)
        self.scan = self.cast.scan(at=self.at)

    def award(self) -> None:
        from loyalty.operations import purchases  # noqa: PLC0415 - models need django.setup
        from tests.cast import deed  # noqa: PLC0415 - as above

        purchases.award_purchase(
            deed=deed(self.cast.sam, store=self.cast.old_port, at=self.at),
            membership_id=self.cast.membership.pk,
            bill=purchases.Bill(amount_minor=50_000, currency="EUR"),
            scan_id=self.scan,
        )

    def redeem(self) -> None:
        from loyalty.operations import redemptions  # noqa: PLC0415 - models need django.setup
        from tests.cast import deed  # noqa: PLC0415 - as above

        self.redemption = redemptions.redeem_reward(
            deed=deed(self.cast.sam, store=self.cast.old_port, at=self.at),
            membership_id=self.cast.membership.pk,
            reward_id=self.cast.reward.pk,
            scan_id=self.scan,
        ).pk

    def undo(self) -> None:
        from loyalty.operations import rollbacks  # noqa: PLC0415 - models need django.setup
        from tests.cast import deed  # noqa: PLC0415 - as above

        rollbacks.undo_own_latest(
            deed=deed(self.cast.sam, store=self.cast.old_port, at=self.at),
            membership_id=self.cast.membership.pk,
            transaction_id=self.redemption,
        )


def _sample(step: Callable[[], None]) -> tuple[int, float, float]:
    """Run a step once; return its statements, and its CPU and clock time in milliseconds."""
    from django.db import connection  # noqa: PLC0415 - needs the settings

    statements: list[str] = []

    def note(execute, sql, params, many, context):
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        cpu, clock = time.process_time(), time.perf_counter()
        step()
        spent = time.process_time() - cpu, time.perf_counter() - clock
    count = sum(not FRAME.match(sql) for sql in statements)
    return count, spent[0] * 1000, spent[1] * 1000


def _print_table(samples: dict[str, list[tuple[int, float, float]]]) -> None:
    print(WIDTHS.format("", "statements", "CPU ms", "median ms", "p95 ms"))
    for name, rows in samples.items():
        counts, cpu, clock = (sorted(column) for column in zip(*rows, strict=True))
        slow = clock[int(len(clock) * 0.95)]
        figures = (f"{value:.2f}" for value in (median(cpu), median(clock), slow))
        print(WIDTHS.format(name, counts[-1], *figures))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        measure_here(int(sys.argv[2]))
    else:
        sys.exit(main())
