"""How many of those who joined in a month are still active in the months after."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, DateField, Sum
from django.db.models.functions import Cast, TruncMonth

from cards.models import Card
from loyalty.analytics import figures, spans
from loyalty.analytics.models import ActiveMonth, CohortMonth
from loyalty.analytics.reading import Counted
from loyalty.analytics.spans import CountDay, Step
from loyalty.members.models import Membership

# Who joined in this month or in one of the eleven before.
MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Who joined in a month, and how many of them were active in it and in each after, so far."""

    joined_month: date
    members: int
    active: Sequence[int]

    def shares(self) -> list[Decimal | None]:
        """Return the share that was active in each month, to four places."""
        return [figures.share(count, self.members) for count in self.active]


def cohorts(counted: Counted) -> list[Cohort]:
    """Return the cohorts of a year, the oldest first, as of ``counted.at``; one statement (R6)."""
    rows = (
        CohortMonth.objects.filter(card__in=counted.card_ids)
        .order_by("joined_month", "month")
        .values_list("joined_month", "month")
        .annotate(members=Sum("member_count"))
    )
    found: dict[date, dict[date | None, int]] = defaultdict(dict)
    for joined, month, members in rows:
        found[joined][month] = int(members)
    return [_cohort(joined, by_month, counted.date) for joined, by_month in found.items()]


def _cohort(joined: date, by_month: Mapping[date | None, int], today: date | None) -> Cohort:
    last = max((month for month in by_month if month), default=joined)
    span = spans.Span(first=joined, until=spans.following(max(last, today or last)))
    months = span.parts(Step.MONTH)[:MONTHS]
    active = [by_month.get(month, 0) for month in months]
    return Cohort(joined_month=joined, members=by_month.get(None, 0), active=active)


def counted(card: Card, day: CountDay) -> list[CohortMonth]:
    """Return the cohorts of a card."""
    first = month_before(day.today, MONTHS - 1)
    joined_since = spans.begins(first, day.zone)
    joined = Membership.objects.filter(card=card, joined_at__gte=joined_since)
    active = ActiveMonth.objects.filter(
        card=card, month__gte=first, membership__joined_at__gte=joined_since
    )
    sizes = joined.annotate(joined_month=_month("joined_at", day)).values_list("joined_month")
    stayed = active.annotate(joined_month=_month("membership__joined_at", day)).values_list(
        "joined_month", "month"
    )
    rows: list[tuple[Any, ...]] = [
        (month, None, count) for month, count in sizes.order_by().annotate(found=Count("pk"))
    ]
    rows += stayed.order_by().annotate(found=Count("pk"))
    return [
        CohortMonth(
            partner_id=card.partner_id,
            card=card,
            joined_month=joined_month,
            month=month,
            member_count=count,
        )
        for joined_month, month, count in rows
        if month is None or month >= joined_month
    ]


def month_before(day: date, count: int) -> date:
    """Return the first day of the month so many months before the one that a day is in."""
    month = day.replace(day=1)
    for _each in range(count):
        month = (month - timedelta(days=1)).replace(day=1)
    return month


def _month(moment: str, day: CountDay) -> Cast:
    return Cast(TruncMonth(moment, tzinfo=day.zone), DateField())
