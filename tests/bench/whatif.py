"""Measures what-if runs: how long drafts take over stored purchases, and how much memory.

Each size and each draft is run in a process of its own, so that the peak of its memory is its own.
Without sizes: 10,000 and 100,000 purchases. The rows are made without the operations, which would
take longer than what is measured; what a run reads of them is what the operations store.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.management import call_command

from cards import terms
from cards.models import Card, Plan, PlanLine, ProductGroup, WhatIf
from loyalty.analytics import whatif
from loyalty.jobs import queue
from loyalty.jobs.models import Job, JobState
from loyalty.ledger.models import Transaction
from loyalty.members.models import Account, Member, Membership
from loyalty.operations import drafting
from loyalty.rules.awards import award
from loyalty.rules.baskets import Basket, Facts
from loyalty.rules.plain import as_data
from tests.cast import make_cast, make_tier
from tests.rules.shop import a_bill, bought

SIZES = (10_000, 100_000)
EACH = 50  # Purchases a member; every third has a bill of five lines.
NOW = datetime(2026, 5, 14, 12, 0, tzinfo=UTC)
JOINED = NOW - timedelta(days=365)
DRAFTS = ("other steps", "plans")
WIDTHS = "{:34}{:>12}{:>12}{:>12}{:>12}\n"
BATCH = 2_000


def main(words: Sequence[str]) -> None:
    """Print one line for each size and draft, or do what a process of it is for."""
    match words:
        case ["--fill", size]:
            fill(int(size))
        case ["--run", draft]:
            run(draft)
        case _:
            _measure([int(word) for word in words] or list(SIZES))


def _measure(sizes: Sequence[int]) -> None:
    sys.stdout.write(WIDTHS.format("", "seconds", "CPU s", "a second", "peak MB"))
    sys.stdout.flush()
    _in_a_process("--fill", "0")
    for size in sizes:
        _in_a_process("--fill", str(size))
        for draft in DRAFTS:
            _in_a_process("--run", draft)


def _in_a_process(*words: str) -> None:
    command = [sys.executable, "-m", "tests.bench", "--here", "whatif", *words]
    subprocess.run(command, check=True)


def fill(size: int) -> None:
    """Bring the database to so many purchases; to none: make its tables and the card."""
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


def _members(card: Card, numbers: range) -> list[Membership]:
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
            active_at=JOINED,
        )
        for number, member, account in zip(numbers, people, accounts, strict=True)
    )


def _purchases(holder: Membership, number: int) -> Iterator[Transaction]:
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


def _bill(number: int, turn: int) -> Basket:
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


def _use_plans(card: Card) -> None:
    """Draft five plans of ten lines for the card: groups, counting lines, a limit of a day."""
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
