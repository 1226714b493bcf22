"""Members who should have come by now: their rhythm of the last year says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import F, Max, Min, Q, QuerySet, Sum

from cards.models import Card
from loyalty.analytics import cohorts
from loyalty.analytics.models import ActiveMonth, AtRisk, RiskCount
from loyalty.analytics.reading import Counted
from loyalty.analytics.spans import CountDay
from loyalty.members.models import MembershipStatus

# A rhythm shows in three visits; an absence of more than two gaps, and of a month, breaks it.
LEAST_VISITS = 3
MOST_DAYS_AWAY = 30
MOST_GAPS_AWAY = 2
# Those of a card who came most often are listed, the others only counted.
MOST_LISTED = 1000
PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A member who came every ``gap_days`` on average, and last came ``away_days`` ago."""

    membership_id: int
    card_id: int
    visits: int
    gap_days: int
    last_date: date
    away_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedPage:
    """Some members at risk, who came most often first, and how many there are.

    ``after`` asks for those that follow; None if these are the last that are listed.
    """

    members: Sequence[Missed]
    count: int
    after: tuple[int, int] | None


def at_risk(
    counted: Counted, *, today: date, after: tuple[int, int] | None = None, size: int = PAGE
) -> MissedPage:
    """Return a page of members at risk, as of ``counted.at``; two statements. Source: R6.

    ``after`` is that of the page before.
    """
    rows = AtRisk.objects.filter(card__in=counted.card_ids)
    if after is not None:
        visits, membership_id = after
        rows = rows.filter(
            Q(visit_count__lt=visits) | Q(visit_count=visits, membership__gt=membership_id)
        )
    listed = list(rows.order_by("-visit_count", "membership")[: size + 1])
    total = RiskCount.objects.filter(card__in=counted.card_ids).aggregate(all=Sum("member_count"))
    members = [
        Missed(
            membership_id=row.membership_id,
            card_id=row.card_id,
            visits=row.visit_count,
            gap_days=row.gap_days,
            last_date=row.last_date,
            away_days=(today - row.last_date).days,
        )
        for row in listed[:size]
    ]
    last = (members[-1].visits, members[-1].membership_id) if len(listed) > size else None
    return MissedPage(members=members, count=int(total["all"] or 0), after=last)


def counted(card: Card, day: CountDay) -> list[RiskCount]:
    """Return how many members of a card are at risk."""
    count = _missed(card, day.today).count()
    return [RiskCount(partner_id=card.partner_id, card=card, member_count=count)]


def found(card: Card, day: CountDay) -> list[AtRisk]:
    """Return those of them who came most often."""
    rows = _missed(card, day.today).order_by("-visits", "membership_id")
    return [
        AtRisk(
            partner_id=card.partner_id,
            card=card,
            membership_id=row["membership_id"],
            visit_count=row["visits"],
            gap_days=_gap(row),
            last_date=date.fromordinal(row["last"]),
        )
        for row in rows[:MOST_LISTED]
    ]


def _missed(card: Card, today: date) -> QuerySet[ActiveMonth, dict[str, Any]]:
    """Return the members at risk with their visits, and the ordinals of the first and the last.

    A visit is a day. The rhythm is that of this month and the twelve before.
    """
    now = today.toordinal()
    months = ActiveMonth.objects.filter(
        card=card,
        membership__status=MembershipStatus.ACTIVE,
        month__gte=cohorts.month_before(today, 12),
    )
    rhythms = (
        months.order_by()
        .values("membership_id")
        .annotate(visits=Sum("day_count"), first=Min("first_ordinal"), last=Max("last_ordinal"))
    )
    away = (now - F("last")) * (F("visits") - 1)
    late = rhythms.annotate(late=away - (F("last") - F("first")) * MOST_GAPS_AWAY)
    return late.filter(visits__gte=LEAST_VISITS, last__lt=now - MOST_DAYS_AWAY, late__gt=0)


def _gap(row: dict[str, Any]) -> int:
    """Return the average days between visits, halves up."""
    days = Decimal(row["last"] - row["first"]) / (row["visits"] - 1)
    return int(days.quantize(Decimal(1), rounding=ROUND_HALF_UP))
