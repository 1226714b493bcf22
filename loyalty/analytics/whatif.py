"""What draft rules would have done: tried on the purchases of some days, member by member.

It only reads the ledger; what it finds is kept on the ``WhatIf`` row. Each chunk goes on where the
one before stopped, so a job that is run twice, or dies, comes to the same figures.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from time import monotonic

from django.db import transaction
from django.db.models import Count, Exists, Max, OuterRef, QuerySet

from cards import freezing
from cards.models import Card, WhatIf, WhatIfStatus
from loyalty.analytics.tallies import Seen, Tally
from loyalty.analytics.tier_moves import Assessment, active
from loyalty.analytics.trials import DraftRules, Trial, pasts
from loyalty.jobs import queue
from loyalty.jobs.models import Job, JobState
from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import Membership

DAYS = (7, 30, 90, 365)
WORK = "what-if"
KINDS = (Kind.PURCHASE, Kind.BUY)
OPEN = (WhatIfStatus.WAITING, WhatIfStatus.RUNNING)
# A chunk of work is at most 20 seconds; the last account of one may take its own time.
CHUNK_SECONDS = 10.0
# Accounts tried at a time, their purchases, and the rows held of these: what bounds the memory.
BATCH = 100
BATCH_PURCHASES = 5_000
ROWS_HELD = 500
# Earlier runs kept for each card.
MOST_KEPT = 10
REPLACED = "REPLACED"
READ = (
    "kind",
    "membership_id",
    "account_id",
    "amount_minor",
    "basket",
    "facts",
    "terms_id",
    "lifetime_points",
    "lifetime_credit_minor",
    "occurred_at",
)

logger = logging.getLogger(__name__)


class DaysNotOfferedError(ValueError):
    """A what-if runs over one of a few numbers of days."""


@transaction.atomic
def ask(*, card_id: int, days: int, at: datetime, by_id: int | None) -> WhatIf:
    """Queue a run of the card's draft rules over its last days, and return it.

    Asking the same while it runs returns the run that is there; other rules or days take its
    place. Of earlier runs the newest ten are kept.

    :raises DaysNotOfferedError: if the number of days is none of ``DAYS``.
    """
    if days not in DAYS:
        raise DaysNotOfferedError
    card = Card.objects.select_for_update(no_key=True).get(pk=card_id)
    rules = freezing.frozen(card)
    runs = WhatIf.objects.filter(card=card)
    for run in runs.filter(status__in=OPEN).order_by("pk"):
        if (run.days, run.terms) == (days, rules) and not is_given_up(run):
            return run
    runs.filter(status__in=OPEN).update(status=WhatIfStatus.FAILED, outcome={"error": REPLACED})
    kept = runs.order_by("-pk").values_list("pk", flat=True)[: MOST_KEPT - 1]
    runs.exclude(pk__in=list(kept)).delete()
    made = WhatIf.objects.create(
        partner_id=card.partner_id,
        card=card,
        terms=rules,
        days=days,
        asked_by_id=by_id,
        asked_at=at,
    )
    queue.enqueue(name=WORK, key=_key(made), arguments={"what_if": made.pk})
    return made


def _key(run: WhatIf) -> str:
    return f"{WORK}:{run.pk}"


def is_given_up(run: WhatIf) -> bool:
    """Return whether the queue gave up on a run that is not done."""
    given_up = Job.objects.filter(key=_key(run), state=JobState.DEAD)
    return run.status in OPEN and given_up.exists()


@queue.work(WORK)
def work(job: Job) -> bool:
    """Do a chunk of a run; return whether anything is left.

    Rules or rows that the engine cannot compute fail the run, for trying again would change
    nothing; what the database refuses is left to the queue, which tries again.
    """
    run = (
        WhatIf.objects.filter(pk=job.arguments["what_if"], status__in=OPEN)
        .select_related("card__partner")
        .first()
    )
    if run is None:
        return False
    try:
        return Run(run).step()
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        logger.exception("What-if %s failed", run.pk)
        WhatIf.objects.filter(pk=run.pk, status__in=OPEN).update(
            status=WhatIfStatus.FAILED, outcome={"error": type(error).__name__}
        )
        return False


class Run:
    """One chunk of a run: what it has seen so far, and how it goes on."""

    def __init__(self, run: WhatIf) -> None:
        self._run = run
        partner = run.card.partner
        self._rules = DraftRules(
            terms=freezing.thawed(run.terms), zone=partner.zone(), week_start=partner.week_start
        )
        self._since = first_moment(run)
        self._tally = Tally()

    def step(self) -> bool:
        """Go on for some seconds; return whether anything is left."""
        self._begin()
        until = monotonic() + CHUNK_SECONDS
        while groups := self._next_accounts():
            before = self._tally.cursor
            self._try(groups)
            self._tally.cursor = groups[-1][0].account_id
            # Nothing is written while a statement is still read: SQLite would refuse it.
            if not self._save(before):
                return False  # Another worker is at the same run, and further.
            if monotonic() >= until:
                return True
        self._finish()
        return False

    def _begin(self) -> None:
        run = self._run
        if run.status == WhatIfStatus.WAITING:
            last = Transaction.objects.filter(card=run.card_id).aggregate(last=Max("pk"))["last"]
            self._tally = Tally(until_id=last or 0, weight=self._weight())
            total = self._purchases().filter(card=run.card_id).count()
            WhatIf.objects.filter(pk=run.pk, status=WhatIfStatus.WAITING).update(
                status=WhatIfStatus.RUNNING, total_count=total, outcome=self._tally.as_data()
            )
        else:
            self._tally = Tally.from_data(run.outcome)

    def _weight(self) -> str:
        """Return what a point weighs against a minor unit of credit, to tell the largest change."""
        rate = self._rules.terms.base_rate
        return str(rate if rate > 0 else 1)

    def _purchases(self) -> QuerySet[Transaction]:
        undone = Transaction.objects.filter(reverses=OuterRef("pk"))
        return Transaction.objects.filter(
            ~Exists(undone),
            kind__in=KINDS,
            occurred_at__gte=self._since,
            occurred_at__lte=self._run.asked_at,
            pk__lte=self._tally.until_id,
        )

    def _next_accounts(self) -> list[list[Membership]]:
        """Return the memberships of the next accounts, with as many purchases as a batch takes.

        One account at least, however many purchases it has.
        """
        held = Membership.objects.filter(card=self._run.card_id)
        ahead = held.filter(account__gt=self._tally.cursor).order_by("account_id")
        account_ids = ahead.values_list("account_id", flat=True).distinct()[:BATCH]
        holders = list(
            held.filter(account__in=list(account_ids))
            .select_related("account", "member", "group__head")
            .order_by("account_id", "pk")
        )
        counts = dict(
            self._purchases()
            .filter(membership__in=[one.pk for one in holders])
            .order_by()
            .values_list("membership_id")
            .annotate(found=Count("pk"))
        )
        groups: list[list[Membership]] = []
        total = 0
        for _, each in groupby(holders, key=lambda one: one.account_id):
            group = list(each)
            total += sum(counts.get(one.pk, 0) for one in group)
            if groups and total > BATCH_PURCHASES:
                break
            groups.append(group)
        return groups

    def _try(self, groups: Sequence[list[Membership]]) -> None:
        """Try the draft on the purchases of these accounts' members, and judge their tiers."""
        holders = {one.pk: one for group in groups for one in group}
        found = pasts(self._rules, list(holders), self._since)
        assessment = Assessment(
            terms=self._rules.terms, accounts=groups, at=self._run.asked_at, zone=self._rules.zone
        )
        rows = (
            self._purchases()
            .filter(membership__in=list(holders))
            .order_by("membership_id", "occurred_at", "pk")
            .only(*READ)
            .iterator(chunk_size=ROWS_HELD)
        )
        changes = {group[0].account_id: (0, 0) for group in groups}
        for membership_id, deeds in groupby(rows, key=lambda row: row.membership_id):
            holder = holders[membership_id or 0]
            trial = Trial(self._rules, holder.member, found.get(holder.pk))
            start = assessment.start(holder.account_id)
            points, credit = self._try_member(holder, trial, deeds, start)
            sums = changes[holder.account_id]
            changes[holder.account_id] = (sums[0] + points, sums[1] + credit)
        for group in groups:
            account = group[0].account
            step = assessment.step(account, *changes[account.pk])
            if step is not None:
                self._tally.move(step, active(group))

    def _try_member(
        self, holder: Membership, trial: Trial, deeds: Iterable[Transaction], start: date | None
    ) -> tuple[int, int]:
        """Try the draft on one member's purchases; return what changes for the account's tier.

        What was earned on an account that the member has left counts for no tier.
        """
        seen = Seen()
        points = credit = 0
        for row in deeds:
            change = self._tally.see(row, seen, trial)
            if row.account_id != holder.account_id:
                continue
            if start is None or self._rules.day(row.occurred_at) >= start:
                points += change[0]
                credit += change[1]
        self._tally.judge(seen)
        return points, credit

    def _save(self, before: int) -> bool:
        """Keep the progress, unless another worker was there first; return whether it was kept."""
        mine = WhatIf.objects.filter(
            pk=self._run.pk, status=WhatIfStatus.RUNNING, outcome__cursor=before
        )
        kept = mine.update(outcome=self._tally.as_data(), seen_count=self._tally.purchases)
        return kept == 1

    def _finish(self) -> None:
        """Keep the outcome, with why the most changed purchases gave what they gave."""
        tally = self._tally
        WhatIf.objects.filter(
            pk=self._run.pk, status=WhatIfStatus.RUNNING, outcome__cursor=tally.cursor
        ).update(
            status=WhatIfStatus.DONE,
            outcome=tally.as_data() | {"changed": tally.explained()},
            seen_count=tally.purchases,
            total_count=tally.purchases,
        )


def first_moment(run: WhatIf) -> datetime:
    """Return from when on purchases are tried: whole days of the partner, today included."""
    zone = run.card.partner.zone()
    first: date = run.asked_at.astimezone(zone).date() - timedelta(days=run.days - 1)
    return datetime.combine(first, time.min, tzinfo=zone)
