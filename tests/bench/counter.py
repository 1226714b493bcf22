"""Measures the deeds at the counter: statements, CPU and time of each, ROUNDS times.

Statements are exact and compare between machines. CPU and time compare only with the floor measured
in the same run: one indexed read, and one row inserted in a transaction of its own.
"""

import re
import sys
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from statistics import median

from django.db import connection

from loyalty.audit.models import AuditEvent
from loyalty.operations import purchases, redemptions, rollbacks
from loyalty.users.models import User
from tests.bench import tables
from tests.cast import NOON, deed, make_cast

ROUNDS = 200
WARM_UP = 10
FRAME = re.compile(r"^(BEGIN|COMMIT|SAVEPOINT|RELEASE|ROLLBACK)")
WIDTHS = "{:34}{:>12}{:>12}{:>12}{:>12}\n"


def main(words: Sequence[str]) -> None:
    """Print one line for each deed."""
    rounds = int(words[0]) if words else ROUNDS
    with tables.fresh():
        steps = _Counter().steps()
        samples: dict[str, list[tuple[int, float, float]]] = {name: [] for name, _ in steps}
        for turn in range(WARM_UP + rounds):
            for name, step in steps:
                sample = _sample(step)
                if turn >= WARM_UP:
                    samples[name].append(sample)
    _print_table(samples)


class _Counter:
    """One till: each round scans the card once, awards, hands out a reward and undoes it."""

    def __init__(self) -> None:
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
        User.objects.get(pk=self.cast.sam.pk)

    def insert(self) -> None:
        AuditEvent.objects.create(action="measured", kind="tests.bench")

    def look(self) -> None:
        self.at += timedelta(minutes=1)
        self.scan = self.cast.scan(at=self.at)

    def award(self) -> None:
        purchases.award_purchase(
            deed=deed(self.cast.sam, store=self.cast.old_port, at=self.at),
            membership_id=self.cast.membership.pk,
            bill=purchases.Bill(amount_minor=50_000, currency="EUR"),
            scan_id=self.scan,
        )

    def redeem(self) -> None:
        self.redemption = redemptions.redeem_reward(
            deed=deed(self.cast.sam, store=self.cast.old_port, at=self.at),
            membership_id=self.cast.membership.pk,
            reward_id=self.cast.reward.pk,
            scan_id=self.scan,
        ).pk

    def undo(self) -> None:
        rollbacks.undo_own_latest(
            deed=deed(self.cast.sam, store=self.cast.old_port, at=self.at),
            membership_id=self.cast.membership.pk,
            transaction_id=self.redemption,
        )


def _sample(step: Callable[[], None]) -> tuple[int, float, float]:
    """Run a step once; return its statements, and its CPU and clock time in milliseconds."""
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
    sys.stdout.write(WIDTHS.format("", "statements", "CPU ms", "median ms", "p95 ms"))
    for name, rows in samples.items():
        counts, cpu, clock = (sorted(column) for column in zip(*rows, strict=True))
        slow = clock[int(len(clock) * 0.95)]
        figures = (f"{value:.2f}" for value in (median(cpu), median(clock), slow))
        sys.stdout.write(WIDTHS.format(name, counts[-1], *figures))
