"""Measures pages at a million members and ten million deeds against a tenth of that, on PostgreSQL.

A page's cost is the buffers its statements read, whatever the clock says. A search that finds more
people among more members is compared by the person found. The exit code says whether every page
kept its statements, stayed off the big tables' ends, and cost at large at most 1.5 times what it
costs at small.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.db import connection
from django.test import Client
from django.test.utils import setup_test_environment
from django.urls import reverse
from django.utils import timezone

from loyalty.analytics import rollups
from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import Member, Membership
from staff.admin.analytics import PAGES
from tests.admin.desk import at_desk
from tests.bench import loading, tables
from tests.bench.loading import Business

MEMBERS = 1_000_000
SMALLER = 10
MOST_GROWTH = 1.5
MOST_STATEMENTS = 12  # of a page of figures
# A page costs at least so many; below them a buffer more or less says nothing.
FLOOR = 200
BIG = frozenset(
    {
        "members_member",
        "members_membership",
        "members_account",
        "ledger_transaction",
        "ledger_entry",
        "ledger_lot",
        "ledger_lotuse",
    }
)
WIDTHS = "{:58}{:>12}{:>12}{:>12}{:>9}  {}\n"
READS = ("SELECT", "(SELECT", "WITH")


@dataclass(slots=True, kw_only=True)
class Cost:
    """What a page's reading statements take."""

    statements: int = 0
    of_members: int = 0
    buffers: int = 0
    scanned: set[str] = field(default_factory=set)
    found: int = 1


def main(words: Sequence[str]) -> None:
    """Print what each page costs at small and at large."""
    members = int(words[0]) if words else MEMBERS
    setup_test_environment()  # so that an answer tells what it lists
    small, large = _measured(members // SMALLER), _measured(members)
    sys.stdout.write(WIDTHS.format("page", "statements", "small", "large", "ratio", ""))
    is_fine = True
    for name, cost in large.items():
        before = small[name]
        ratio = max(cost.buffers, FLOOR) / max(before.buffers, FLOOR) * before.found / cost.found
        scanned = f"reads all of {', '.join(sorted(cost.scanned))}" if cost.scanned else ""
        if cost.found != before.found:
            scanned += f" finds {before.found} and {cost.found}"
        is_short = not name.startswith("figures") or cost.statements <= MOST_STATEMENTS
        is_fine = is_fine and ratio <= MOST_GROWTH and not scanned and is_short
        figures = (cost.statements, before.buffers, cost.buffers, f"{ratio:.2f}")
        sys.stdout.write(WIDTHS.format(name, *figures, scanned))
    if not is_fine:
        sys.exit(1)


def _measured(members: int) -> dict[str, Cost]:
    until = timezone.now().replace(microsecond=0) - timedelta(hours=1)
    with tables.fresh():
        business = loading.load(members=members, until=until)
        deeds = Transaction.objects.count()
        sys.stdout.write(f"{members:,} members, {deeds:,} transactions\n")
        started = time.perf_counter()
        rollups.rebuild(partner=business.partner, at=timezone.now())
        sys.stdout.write(f"  sums made in {time.perf_counter() - started:.0f} s\n")
        tables.settle()
        client = at_desk(business.owner)
        costs = {name: cost_of(client, path) for name, path in pages(business).items()}
        for name, cost in costs.items():
            sys.stdout.write(f"  {name}: {cost.buffers:,} buffers\n")
        sys.stdout.flush()
        return costs


def pages(business: Business) -> dict[str, str]:
    """Return the address of each page that is measured."""
    member = Membership.objects.select_related("member").order_by("-pk")[1001]
    deed = Transaction.objects.filter(membership=member, kind=Kind.PURCHASE).latest("pk")
    deep = business.until - timedelta(days=300)
    customers = reverse("admin:members_membership_changelist")
    person = member.member
    unshared = Member.objects.filter(last_name__contains="-").latest("pk")
    tier = member.account.tier_id
    return {
        "overview": reverse("admin:index"),
        "customers": customers,
        "customers, far down": f"{customers}?after={_place(deep)}",
        "customers by first and last name": f"{customers}?q={_name(unshared)}",
        "customers by a name that many share": f"{customers}?q={_name(person)}",
        "customers by phone": f"{customers}?q={quote(person.phone)}",
        "customers by e-mail": f"{customers}?q={person.email}",
        "customers by card number": f"{customers}?q={member.number}",
        "customers of a tier and card": f"{customers}?tier={tier}&card={member.card_id}",
        "customers not seen for 90 days": f"{customers}?active=-90",
        "account": reverse("admin:members_membership_account", args=[member.pk]),
        "deed": reverse("admin:members_membership_deed", args=[member.pk, deed.pk]),
        "transactions": reverse("admin:ledger_transaction_changelist"),
        "entries": reverse("admin:ledger_entry_changelist"),
        "lots": reverse("admin:ledger_lot_changelist"),
        "audit log": reverse("admin:audit_auditevent_changelist"),
        **_figures(business, store=deed.store_id, person=deed.actor_id),
    }


def _figures(business: Business, **one: int | None) -> dict[str, str]:
    """Return each page of figures about the whole business, and some about a part of it."""
    whole = {"30 days": "all&days=30", "365 days": "all&days=365"}
    parts = {f"30 days of a {kind}": f"{kind}-{pk}&days=30" for kind, pk in one.items()}
    asked = {page.slug: whole for page in PAGES}
    asked["overview"] = {
        **whole,
        **parts,
        "today": "all&days=1",
        "last month": "all&days=last-month",
        "days of one's choice": _own_days(business),
    }
    asked["staff"] = {**whole, **parts}
    return {
        f"figures, {slug}: {words}": f"{reverse(f'admin:figures_{slug}')}?of={of}"
        for slug, found in asked.items()
        for words, of in found.items()
    }


def _own_days(business: Business) -> str:
    last = business.until.date() - timedelta(days=20)
    return f"all&days=own&first={last - timedelta(days=44)}&last={last}"


def _name(member: Member) -> str:
    return quote(f"{member.first_name} {member.last_name}")


def _place(moment: datetime) -> str:
    return quote(f"{moment.isoformat()},1")


def cost_of(client: Client, path: str) -> Cost:
    """Return what the statements of a page cost, once everything that is kept has been kept."""
    client.get(path)
    asked: list[tuple[str, Any]] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, *rest: Any) -> Any:
        if sql.lstrip().startswith(READS):
            asked.append((sql, params))
        return execute(sql, params, *rest)

    with connection.execute_wrapper(note):
        answer = client.get(path)
        b"".join(answer) if answer.streaming else answer.content
    assert answer.status_code == 200, (path, answer.status_code)
    about = [sql for sql, _params in asked if '"members_member' in sql]
    cost = Cost(statements=len(asked), of_members=len(about))
    if "?q=" in path:
        cost.found = len(answer.context["cl"].result_list)
    for sql, params in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
            [plan] = cursor.fetchone()[0]
        cost.buffers += plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
        cost.scanned |= _scanned(plan["Plan"]) & BIG
    return cost


def _scanned(node: dict[str, Any]) -> set[str]:
    """Return the tables that a plan reads from end to end, in what of it was done."""
    if node["Actual Loops"] == 0:
        return set()
    found = {node["Relation Name"]} if node["Node Type"].endswith("Seq Scan") else set()
    for part in node.get("Plans", ()):
        found |= _scanned(part)
    return found
