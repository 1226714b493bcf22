"""At which hours of the week members come: sums by hour, kept by the job, with the rest added."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, Case, Count, Exists, OuterRef, QuerySet, Sum, When
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay

from clubs.models import Partner, Store
from loyalty.analytics import inserting, reading, spans, tallying
from loyalty.analytics.models import DayHour, MonthHour
from loyalty.analytics.reading import Reader, Scope
from loyalty.analytics.spans import Span
from loyalty.ledger.models import Transaction

WEEKDAYS = range(1, 8)
HOURS = range(24)
BY = ("weekday", "hour")
_MONTH_KEYS = ("card_id", *BY)
_DAY_KEYS = ("store_id", "actor_id", *_MONTH_KEYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """How many visits there were by weekday (Monday is 1) and hour; what was undone is left out.

    A visit is a deed by which a member shows to be active, on the clock of its store, or of the
    business where there is no store or it has no clock of its own.
    """

    visits: Mapping[tuple[int, int], int]
    at: datetime

    @property
    def total(self) -> int:
        """Return all of them."""
        return sum(self.visits.values())

    @property
    def most(self) -> int:
        """Return those of the busiest hour."""
        return max(self.visits.values(), default=0)

    def rows(self) -> list[tuple[int, list[int]]]:
        """Return each weekday with the visits of its 24 hours."""
        return [
            (weekday, [self.visits.get((weekday, hour), 0) for hour in HOURS])
            for weekday in WEEKDAYS
        ]


def heat_map(*, scope: Scope, span: Span, at: datetime) -> HeatMap:
    """Return when members came in a span. Source: R6.5.

    :raises reading.SumsMovedError: if the job would not let it read.
    """
    clocks = _clocks(scope.partner)
    visits = reading.read(scope, lambda reader: _visits(reader, span, clocks))
    return HeatMap(visits=visits, at=at)


def make(*, partner: Partner, day: date, spanned: tallying.Day) -> None:
    """Make the sums by hour of a day again, and those of its month."""
    undone = Transaction.objects.filter(reverses=OuterRef("pk"), pk__lte=spanned.until_id)
    stands = tallying.visits(spanned.deeds()).filter(~Exists(undone))
    told = _told(stands, _clocks(partner), of="")
    DayHour.objects.filter(partner=partner, day=day).delete()
    inserting.insert(
        DayHour,
        ("day", "partner_id", *_DAY_KEYS, "visit_count"),
        inserting.headed(told, day)
        .annotate(**tallying.by_whom())
        .values("head_date", "partner_id", "store_id", "worker_id", *_MONTH_KEYS)
        .annotate(found=Count("pk")),
    )
    month = day.replace(day=1)
    MonthHour.objects.filter(partner=partner, month=month).delete()
    days = DayHour.objects.filter(partner=partner, day__gte=month, day__lt=spans.following(month))
    inserting.insert(
        MonthHour,
        ("month", "partner_id", *_MONTH_KEYS, "visit_count"),
        inserting.headed(days, month)
        .values("head_date", "partner_id", *_MONTH_KEYS)
        .annotate(found=Sum("visit_count")),
    )


def _visits(reader: Reader, span: Span, clocks: Mapping[str, Any]) -> dict[tuple[int, int], int]:
    if not reader.card_ids:
        return {}
    first, *others = _branches(reader, span, clocks)
    found: Counter[tuple[int, int]] = Counter()
    for weekday, hour, count in first.union(*others, all=True):
        found[weekday, hour] += int(count)
    return {key: count for key, count in sorted(found.items()) if count}


def _branches(
    reader: Reader, span: Span, clocks: Mapping[str, Any]
) -> Iterator[QuerySet[Any, Any]]:
    """Yield whole months, the days beside them, what is not kept, and what that undoes."""
    months = None if reader.place else span.whole_months()
    kept: list[QuerySet[Any, Any]] = [
        DayHour.objects.filter(reader.kept, day__gte=rest.first, day__lt=rest.until)
        for rest in span.beside(months)
    ]
    if months is not None:
        whole = MonthHour.objects.filter(reader.kept, month__gte=months.first)
        kept.append(whole.filter(month__lt=months.until))
    for rows in kept:
        yield rows.order_by().values_list(*BY).annotate(found=Sum("visit_count"))
    came = _told(tallying.visits(reader.live(span)), clocks, of="")
    yield came.order_by().values_list(*BY).annotate(found=Count("pk"))
    undoing = reader.live(span, of="reverses__").filter(
        reverses__in=tallying.visits(Transaction.objects.filter(card__in=reader.card_ids))
    )
    gone = _told(undoing, clocks, of="reverses__").order_by().values_list(*BY)
    yield gone.annotate(found=Count("pk", output_field=BigIntegerField()) * -1)


def _told(
    deeds: QuerySet[Transaction], clocks: Mapping[str, Any], *, of: str
) -> QuerySet[Transaction]:
    """Return deeds with the weekday and the hour on the clock where they, or what they undo, were.

    ``clocks`` holds the partner's under the empty name.
    """
    moment = f"{of}occurred_at"
    heads = {}
    for name, extract in (("weekday", ExtractIsoWeekDay), ("hour", ExtractHour)):
        others = [
            When(**{f"{of}store__timezone": zone}, then=extract(moment, tzinfo=clock))
            for zone, clock in clocks.items()
            if zone
        ]
        heads[name] = Case(*others, default=extract(moment, tzinfo=clocks[""]))
    return deeds.annotate(**heads)


def _clocks(partner: Partner) -> dict[str, Any]:
    """Return the clocks of the partner's stores that go otherwise than its own, by name."""
    stores = Store.objects.filter(partner=partner).exclude(timezone__in=["", partner.timezone])
    names = stores.order_by("timezone").values_list("timezone", flat=True).distinct()
    return {"": partner.zone()} | {name: ZoneInfo(name) for name in names}
