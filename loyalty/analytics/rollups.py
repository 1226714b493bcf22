"""Keep the sums of days and months: what was recorded since is found, and its days made again.

A day is always made anew from the ledger, up to one and the same transaction for all days, so a
run that is missed, doubled or broken off changes nothing.
"""

from collections import deque
from datetime import date, datetime

from django.db import models, transaction
from django.db.models import Exists, F, Max, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, TruncDate

from clubs.models import Partner
from loyalty.analytics import card_views, counting, hours, inserting, spans, tallying, tier_figures
from loyalty.analytics.models import (
    ActiveMonth,
    Comeback,
    DayFact,
    DayHour,
    MonthFact,
    MonthHour,
    RollupMark,
    TierMove,
)
from loyalty.analytics.spans import DAY, SETTLED
from loyalty.analytics.tallying import SORT, SUMMED
from loyalty.jobs import queue
from loyalty.jobs.models import Job
from loyalty.ledger.models import Transaction

WORK = "roll up figures"
DAY_KEYS = ("card_id", "store_id", "actor_id", "reward_id", *SORT)
MONTH_KEYS = ("card_id", "reward_id", *SORT)


@queue.work(WORK)
def work(job: Job) -> bool:
    """Bring the sums of all partners up to date for a while; return whether more is left."""
    rolling = Rolling(at=datetime.fromisoformat(job.arguments["at"]))
    return queue.for_a_while(rolling.step)


def is_due(*, at: datetime) -> bool:
    """Return whether any sums are behind the ledger."""
    return next_partner(at=at) is not None or card_views.is_due(at=at)


def next_partner(*, at: datetime) -> Partner | None:
    """Return the first partner whose sums are behind, or whose balances wait for today's count."""
    marks = RollupMark.objects.filter(partner=OuterRef("pk"))
    newer = _settled(at).filter(partner=OuterRef("pk"), pk__gt=OuterRef("done"))
    partners = Partner.objects.filter(is_practice=False).order_by("pk")
    behind = (
        partners.annotate(done=Coalesce(Subquery(marks.values("done_id")), Value(0)))
        .filter(Exists(newer))
        .first()
    )
    if behind is not None:
        return behind
    for mark in RollupMark.objects.select_related("partner").order_by("pk"):
        partner = mark.partner
        if mark.timezone != partner.timezone or counting.is_due(mark, at=at, zone=partner.zone()):
            return partner
    return None


def rebuild(*, partner: Partner, at: datetime) -> None:
    """Forget all sums of a partner and make them again; a second time gives the same."""
    with transaction.atomic():
        _forget(_locked_mark(partner), partner)
    rolling = Rolling(at=at)
    while rolling.roll(partner):
        pass


class Rolling:
    """One worker's way through the days that are behind, each in a transaction of its own."""

    def __init__(self, *, at: datetime) -> None:
        self._at = at
        self._partner: Partner | None = None
        self._days: deque[date] = deque()
        self._seen: tuple[object, ...] = ()

    def step(self) -> int:
        """Make one day, or count one card; return how many, so zero means that all is done."""
        if self._partner is not None and self.roll(self._partner):
            return 1
        self._partner = next_partner(at=self._at)
        if self._partner is not None and self.roll(self._partner):
            return 1
        return card_views.sum_up_next(at=self._at)

    def roll(self, partner: Partner) -> bool:
        """Do the same for one partner; return whether there was anything to do."""
        with transaction.atomic():
            mark = _locked_mark(partner)
            if mark.timezone != partner.timezone:
                _forget(mark, partner)
            if mark.done_id != mark.target_id or self._aim(mark):
                self._go_on(mark, partner)
                return True
        return counting.count_next(mark=mark, at=self._at, zone=partner.zone())

    def _aim(self, mark: RollupMark) -> bool:
        """Set out for the newest transaction that is settled; return whether it is a new one."""
        ahead = _settled(self._at).filter(partner=mark.partner_id, pk__gt=mark.done_id)
        newest = ahead.aggregate(newest=Max("pk"))["newest"]
        mark.target_id = newest or mark.target_id
        return newest is not None

    def _go_on(self, mark: RollupMark, partner: Partner) -> None:
        """Make the next day that was touched; after the last, all days are at the target."""
        if self._seen != mark.state():
            self._days = deque(_touched(mark, partner))
        if self._days:
            day = self._days.popleft()
            make_day(partner=partner, day=day, until_id=mark.target_id)
            mark.next_date = day + DAY
        if not self._days:
            mark.done_id, mark.next_date = mark.target_id, None
        mark.rolled_at = self._at - SETTLED
        mark.save()
        self._seen = mark.state()


def make_day(*, partner: Partner, day: date, until_id: int) -> None:
    """Make the sums of a day again from the transactions up to one, and those of its month."""
    zone = partner.zone()
    spanned = tallying.Day(
        partner_id=partner.pk,
        begins=spans.begins(day, zone),
        ends=spans.begins(day + DAY, zone),
        until_id=until_id,
    )
    DayFact.objects.filter(partner=partner, day=day).delete()
    inserting.insert(
        DayFact,
        ("day", "partner_id", *DAY_KEYS, *SUMMED),
        inserting.headed(tallying.sorted_out(spanned.deeds()), day)
        .annotate(**tallying.by_whom())
        .values("head_date", "partner_id", *tallying.columns(DAY_KEYS))
        .annotate(**tallying.flows(), **tallying.baskets(spanned)),
    )
    month = day.replace(day=1)
    MonthFact.objects.filter(partner=partner, month=month).delete()
    days = DayFact.objects.filter(partner=partner, day__gte=month, day__lt=spans.following(month))
    inserting.insert(
        MonthFact,
        ("month", "partner_id", *MONTH_KEYS, *SUMMED),
        inserting.headed(days, month)
        .values("head_date", "partner_id", *MONTH_KEYS)
        .annotate(**tallying.summed(SUMMED)),
    )
    hours.make(partner=partner, day=day, spanned=spanned)
    tier_figures.make(partner=partner, day=day, spanned=spanned)
    _mark_active(tallying.visits(spanned.deeds()), day)


def _mark_active(visits: QuerySet[Transaction], day: date) -> None:
    """Set the bit of a day for whoever was there; once set, it stays."""
    table = ActiveMonth._meta.db_table
    heads = {
        "head_date": Value(day.replace(day=1), output_field=models.DateField()),
        "bit": Value(1 << (day.day - 1), output_field=models.IntegerField()),
        "one": Value(1, output_field=models.IntegerField()),
        "head_ordinal": Value(day.toordinal(), output_field=models.IntegerField()),
        "last_ordinal": Value(day.toordinal(), output_field=models.IntegerField()),
    }
    ends = [
        f'"{name}" = CASE WHEN excluded."{name}" {sign} "{table}"."{name}"'
        f' THEN excluded."{name}" ELSE "{table}"."{name}" END'
        for name, sign in (("first_ordinal", "<"), ("last_ordinal", ">"))
    ]
    inserting.insert(
        ActiveMonth,
        (
            *("partner_id", "card_id", "membership_id", "month"),
            *("days", "day_count", "first_ordinal", "last_ordinal"),
        ),
        visits.order_by()
        .annotate(**heads)
        .values("partner_id", "card_id", "membership_id", *heads)
        .distinct(),
        'ON CONFLICT ("card_id", "month", "membership_id") DO UPDATE'
        f' SET "days" = "{table}"."days" | excluded."days",'
        f' "day_count" = "{table}"."day_count" + 1, {", ".join(ends)}'
        f' WHERE "{table}"."days" & excluded."days" = 0',
    )


def _settled(at: datetime) -> QuerySet[Transaction]:
    return Transaction.objects.filter(recorded_at__lte=at - SETTLED)


def _locked_mark(partner: Partner) -> RollupMark:
    """Return the partner's mark, so that one worker at a time moves it."""
    RollupMark.objects.get_or_create(partner=partner, defaults={"timezone": partner.timezone})
    return RollupMark.objects.select_for_update(no_key=True).get(partner=partner)


def _touched(mark: RollupMark, partner: Partner) -> list[date]:
    """Return the days, from the next one on, that the transactions up to the target touch.

    A purchase that is undone counts as a basket no more, so its day is touched too.
    """
    rows = Transaction.objects.filter(
        partner=partner, pk__gt=mark.done_id, pk__lte=mark.target_id
    ).order_by()
    zone = partner.zone()
    own = rows.annotate(day=TruncDate("occurred_at", tzinfo=zone))
    undone = rows.filter(reverses__isnull=False).annotate(
        day=TruncDate(F("reverses__occurred_at"), tzinfo=zone)
    )
    days = {
        day for found in (own, undone) for day in found.values_list("day", flat=True).distinct()
    }
    return sorted(day for day in days if mark.next_date is None or day >= mark.next_date)


def _forget(mark: RollupMark, partner: Partner) -> None:
    for model in (DayFact, MonthFact, DayHour, MonthHour, TierMove, ActiveMonth, Comeback):
        model._default_manager.filter(partner=partner).delete()
    mark.timezone = partner.timezone
    mark.done_id = mark.target_id = mark.counted_card_id = mark.counted_part = 0
    mark.next_date = mark.counted_date = None
    mark.save()
