"""How often members came in the last days."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from operator import add
from typing import Any

from django.db.models import Case, Count, F, Q, QuerySet, SmallIntegerField, Sum, When

from cards.models import Card
from loyalty.analytics import comebacks, spans
from loyalty.analytics.models import ActiveMonth, VisitCount
from loyalty.analytics.reading import Counted
from loyalty.analytics.spans import CountDay, Lately, Span

# Once, twice, 3 to 5 times, 6 to 10 times, more often.
TIMES = (1, 2, 3, 6, 11)
_RANGES: tuple[tuple[int, int | None], ...] = tuple(zip(TIMES, (*TIMES[1:], None), strict=True))
_BITS = range(31)
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Often:
    """Members who came from ``least`` to ``most`` times (None: any more), on days of their own."""

    least: int
    most: int | None
    members: int
    visits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency:
    """How often active members came in a span that ended with the day before the count.

    ``members_before`` came in the span of as many days before.
    """

    days: Lately
    span: Span | None
    often: Sequence[Often]
    members_before: int

    @property
    def members(self) -> int:
        """Return how many came at all."""
        return sum(one.members for one in self.often)

    @property
    def visits(self) -> int:
        """Return on how many days they came, together."""
        return sum(one.visits for one in self.often)

    @property
    def average_visits(self) -> Decimal | None:
        """Return visits for each of them, to one place, halves up."""
        if not self.members:
            return None
        return (Decimal(self.visits) / self.members).quantize(_TENTH, rounding=ROUND_HALF_UP)


def frequency(counted: Counted, days: Lately) -> Frequency:
    """Return how often members came in the last days, as of ``counted.at``; two statements (R6)."""
    rows = (
        VisitCount.objects.filter(card__in=counted.card_ids, day_count=days)
        .order_by("times")
        .values_list("times")
        .annotate(members=Sum("member_count"), visits=Sum("visit_count"))
    )
    found = {times: (int(members), int(visits)) for times, members, visits in rows}
    often = [
        Often(
            least=least,
            most=following - 1 if following else None,
            members=found.get(least, (0, 0))[0],
            visits=found.get(least, (0, 0))[1],
        )
        for least, following in _RANGES
    ]
    span = days.until(counted.date) if counted.date else None
    past = comebacks.active(counted, {"past": span.before()})["past"] if span else 0
    return Frequency(days=days, span=span, often=often, members_before=past)


def counted(card: Card, day: CountDay, *, days: Lately) -> list[VisitCount]:
    """Return how often the members of a card came in the last days."""
    return [
        VisitCount(
            partner_id=card.partner_id,
            card=card,
            day_count=days,
            times=least,
            member_count=members,
            visit_count=visits,
        )
        for least, (members, visits) in _counted(card, days.until(day.today)).items()
    ]


def _counted(card: Card, span: Span) -> dict[int, tuple[int, int]]:
    """Return members and visits by how often they came, those of nobody left out."""
    sums: dict[str, Any] = {}
    for least, following in _RANGES:
        often = Q(times__gte=least) & (Q(times__lt=following) if following else Q())
        sums[f"members{least}"] = Count("times", filter=often)
        sums[f"visits{least}"] = Sum("times", filter=often)
    told = came(card, span).aggregate(**sums)
    return {
        least: (told[f"members{least}"], told[f"visits{least}"])
        for least, _following in _RANGES
        if told[f"members{least}"]
    }


def came(card: Card, span: Span) -> QuerySet[ActiveMonth, dict[str, Any]]:
    """Return the members of a card who came in a span, with on how many days: ``times``."""
    parts = [
        When(month=month, then=_bits_of(mask))
        for month, mask in spans.bits(span.beside(span.whole_months()))
    ]
    days = Case(*parts, default=F("day_count"), output_field=SmallIntegerField())
    months = ActiveMonth.objects.filter(
        card=card, month__gte=span.first.replace(day=1), month__lt=span.until
    )
    return months.order_by().values("membership_id").annotate(times=Sum(days)).filter(times__gt=0)


def _bits_of(mask: int) -> Any:
    """Return how many of the days that a mask names a member was there."""
    bits = [F("days").bitrightshift(bit).bitand(1) for bit in _BITS if mask >> bit & 1]
    return reduce(add, bits)
