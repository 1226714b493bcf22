"""Measures what-if runs: how long drafts take over stored purchases, and how much memory.

    python -m tests.bench_whatif [PURCHASES ...]

Each size and each draft is run in a process of its own, so that the peak of its memory is its own.
Without sizes: 10,000 and 100,000 purchases. The rows are made without the operations, which would
take longer than what is measured; what a run reads of them is what the operations store.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import cluster

if TYPE_CHECKING:
    from cards.models import Card
    from loyalty.ledger.models import Transaction
    from loyalty.members.models import Membership

ROOT = Path(__file__).resolve().parent.parent
SIZES = (10_000, 100_000)
EACH = 50  # Purchases a member; every third has a bill of five lines.
NOW = datetime(2026, 5, 14, 12, 0, tzinfo=UTC)
JOINED = NOW - timedelta(days=365)
DRAFTS = ("other steps", "plans")
WIDTHS = "{:34}{:>12}{:>12}{:>12}{:>12}\n"
BATCH = 2_000


def main(sizes: list[int]) -> int:
    """Measure on every database there is and return the exit code."""
    with tempfile.TemporaryDirectory(prefix="loyalty-bench-") as data:
        environment = {**os.environ, "DATA_DIR": data, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        environment.pop("DATABASE_URL", None)
        codes = [_measure("SQLite", sizes, environment)]
        try:
            with cluster.running(cluster.find_binaries()) as address:
                environment["DATABASE_URL"] = address
                codes.append(_measure("PostgreSQL", sizes, environment))
        except cluster.NoServerError as problem:
            sys.stdout.write(f"PostgreSQL was not measured: {problem}\n")
    return max(codes)


def _measure(title: str, sizes: list[int], environment: dict[str, str]) -> int:
    sys.stdout.write(f"\n{title}\n")
    sys.stdout.write(WIDTHS.format("", "seconds", "CPU s", "a second", "peak MB"))
    sys.stdout.flush()
    codes = [_in_a_process(environment, "--fill", "0")]
    for size in sizes:
        codes.append(_in_a_process(environment, "--fill", str(size)))
        codes += [_in_a_process(environment, "--run", draft) for draft in DRAFTS]
    return max(codes)


def _in_a_process(environment: dict[str, str], *words: str) -> int:
    command = [sys.executable, "-m", "tests.bench_whatif", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def fill(size: int) -> None:
    """Bring the database to so many purchases; to none: make its tables and the card."""
    from django.core.management import call_command  # noqa: PLC0415 - models need django.setup

    from cards.models import Card  # noqa: PLC0415 - as above
    from loyalty.ledger.models import Transaction  # noqa: PLC0415 - as above
    from tests.cast import make_cast, make_tier  # noqa: PLC0415 - as above

    if size == 0:
        call_command("migrate", verbosity=0)
        cast = make_cast(name="Bench")
        make_tier(cast.card, "Silver", 500, multiplier=Decimal("1.5"))
        return
    card = Card.objects.select_related("partner").get(name="Bench")
    there = Transaction.objects.filter(card=card, kind="PURCHASE").count()
    for first in range(there // EACH, size // EACH, BATCH // EACH):
        last = min(first + BATCH // EACH, size // EACH)
        members = _members(card, range(first, last))
        Transaction.objects.bulk_create(
            row for number, holder in enumerate(members) for row in _purchases(holder, number)
        )


def _members(card: "Card", numbers: range) -> list["Membership"]:
    from loyalty.members.models import (  # noqa: PLC0415 - models need django.setup
        Account,
        Member,
        Membership,
    )

    partner = card.partner
    people = Member.objects.bulk_create(
        Member(partner=partner, code=f"M{number}", first_name="M", joined_at=JOINED)
        for number in numbers
    )
    accounts = Account.objects.bulk_create(Account(partner=partner, card=card) for _ in numbers)
    return Membership.objects.bulk_create(
        Membership(
            partner=partner,
            member=member,
            card=card,
            account=account,
            number=member.code,
            code=f"{number:012}",
            referral_code=f"{number:010}",
            joined_at=JOINED,
        )
        for number, member, account in zip(numbers, people, accounts, strict=True)
    )


def _purchases(holder: "Membership", number: int) -> Iterator["Transaction"]:
    from cards import terms  # noqa: PLC0415 - models need django.setup
    from loyalty.ledger.models import Transaction  # noqa: PLC0415 - as above
    from loyalty.operations import drafting  # noqa: PLC0415 - as above
    from loyalty.rules.awards import award  # noqa: PLC0415 - as above
    from loyalty.rules.baskets import Facts  # noqa: PLC0415 - as above
    from loyalty.rules.plain import as_data  # noqa: PLC0415 - as above

    version = holder.card.terms_versions.order_by("-number")[0].pk
    tier_id = holder.card.tiers.get().pk if number % 4 == 0 else None
    for turn in range(EACH):
        at = NOW - timedelta(days=turn * 7 % 350, minutes=number % 600)
        facts = Facts(at=at, store="old-port", member=holder.member.code, tier_id=tier_id)
        basket = _bill(number, turn)
        given = award(basket=basket, terms=terms.of_version(version), facts=facts)
        yield Transaction(
            partner_id=holder.partner_id,
            card_id=holder.card_id,
            membership_id=holder.pk,
            account_id=holder.account_id,
            kind="PURCHASE",
            source="SCAN",
            request_id=f"{holder.code}-{turn}",
            fingerprint="",
            amount_minor=basket.amount_minor,
            points=given.points,
            lifetime_points=given.points,
            basket=as_data(basket) if basket.lines else None,
            terms_id=version,
            result={"points": given.points, "credit_minor": 0} | drafting.explained(given),
            facts={"rules": as_data(facts), "tier_id": tier_id, "balance_before": 0},
            occurred_at=at,
        )


def _bill(number: int, turn: int) -> Any:
    from loyalty.rules.baskets import Basket  # noqa: PLC0415 - as the rest of this process
    from tests.rules.shop import a_bill, bought  # noqa: PLC0415 - as above

    if turn % 3:
        return Basket(amount_minor=250 + (number * 37 + turn * 211) % 6000)
    return a_bill(
        bought("8.00", "COF", "DRINK", "2"),
        bought("12.00", "CAKE", "FOOD"),
        bought("10.00", "CIG", "TOB"),
        bought(f"{5 + turn}.00", "TEA", "DRINK"),
        bought("15.00", f"MUG{turn}", "WARE"),
    )


def run(draft: str) -> None:
    """Run one draft over everything that is stored, and print what it took."""
    from cards.models import Card, WhatIf  # noqa: PLC0415 - models need django.setup
    from loyalty.analytics import whatif  # noqa: PLC0415 - as above
    from loyalty.jobs import queue  # noqa: PLC0415 - as above
    from loyalty.jobs.models import Job, JobState  # noqa: PLC0415 - as above

    card = Card.objects.get(name="Bench")
    Card.objects.filter(pk=card.pk).update(points_per_step=2, uses_plans=False)
    if draft == "plans":
        _use_plans(card)
    asked = whatif.ask(card_id=card.pk, days=365, at=NOW, by_id=None)
    job = Job.objects.get(key=f"what-if:{asked.pk}")
    cpu, clock = time.process_time(), time.perf_counter()
    while job.state in {JobState.QUEUED, JobState.RUNNING}:
        queue.run(job.pk)
        job.refresh_from_db()
    seconds, busy = time.perf_counter() - clock, time.process_time() - cpu
    done = WhatIf.objects.get(pk=asked.pk)
    if done.status != "DONE":
        raise SystemExit(f"The run ended as {done.status}: {done.outcome}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    name = f"{done.seen_count:,} purchases, {draft}"
    figures = (f"{seconds:.1f}", f"{busy:.1f}", f"{done.seen_count / seconds:,.0f}", f"{peak:.0f}")
    sys.stdout.write(WIDTHS.format(name, *figures))


def _use_plans(card: "Card") -> None:
    """Draft five plans of ten lines for the card: groups, counting lines, a limit of a day."""
    from cards.models import Card, Plan, PlanLine, ProductGroup  # noqa: PLC0415 - as above

    Card.objects.filter(pk=card.pk).update(uses_plans=True, max_points_day=500)
    if Plan.objects.filter(card=card).exists():
        return
    partner_id = card.partner_id
    names = ("DRINK", "FOOD", "TOB", "WARE", *(f"G{n}" for n in range(3)))
    groups = [
        ProductGroup.objects.create(partner_id=partner_id, code=name, name=name) for name in names
    ]
    for number in range(5):
        plan = Plan.objects.create(
            partner_id=partner_id,
            card=card,
            code=f"P{number}",
            name=f"Plan {number}",
            start_date=NOW.date() - timedelta(days=400),
        )
        facts: list[dict[str, Any]] = [
            {"group": "ITEM_GROUP", "product_group": group, "award_points": number + place + 1}
            for place, group in enumerate(groups)
        ]
        facts += [
            {"award_points": 1},
            {"transaction_criteria": "EVERY", "transaction_count": 5 + number, "award_points": 2},
            {"group": "BILL_VALUE", "least_minor": 2000, "award_points": 3},
        ]
        for line in facts:
            PlanLine.objects.create(plan=plan, value_minor=100, **line)


if __name__ == "__main__":
    if sys.argv[1:2] in (["--fill"], ["--run"]):
        import django

        django.setup()
        _, way, word = sys.argv
        fill(int(word)) if way == "--fill" else run(word)
    else:
        sys.exit(main([int(word) for word in sys.argv[1:]] or list(SIZES)))
