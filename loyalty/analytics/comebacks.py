"""How many members were active in any days: by when each of them had been there before.

Whoever came on several days of a span is counted on the first of them, which is the day whose
visit before lies ahead of the span. So a sum of few rows tells any span, however many members.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import DateField, Max, Min, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, TruncMonth

from cards.models import Card
from clubs.models import Partner
from loyalty.analytics import spans
from loyalty.analytics.models import ActiveMonth, Comeback
from loyalty.analytics.reading import Counted
from loyalty.analytics.spans import CountDay, Span


def active(counted: Counted, named: Mapping[str, Span]) -> dict[str, int]:
    """Return how many members were active in each span, as of ``counted.at``; one statement.

    Of the day of the count itself only a part is told. Source: R6.1.
    """
    around = spans.around(named.values())
    whose = (
        Q(card__in=counted.card_ids)
        if counted.all_of is None
        else Q(partner=counted.all_of, card=None)
    )
    rows = Comeback.objects.filter(whose, day__gte=around.first, day__lt=around.until)
    sums = {name: Sum("member_count", filter=_first_in(span)) for name, span in named.items()}
    found = rows.aggregate(**sums)
    return {name: int(found[name] or 0) for name in named}


def counted(card: Card, _day: CountDay) -> list[Comeback]:
    """Return the comebacks of a card from the first month on in which anything is new, by day."""
    months = ActiveMonth.objects.filter(card=card)
    there = months.order_by().values_list("month").annotate(days=Sum("day_count"))
    since = _first_new(dict(there), Comeback.objects.filter(card=card))
    if since is None:
        return []
    found: Counter[tuple[int, int | None]] = Counter()
    for days, first_ordinal, last_ordinal, members in _grouped(months, since):
        begins = first_ordinal - _lowest(days)
        before = last_ordinal
        for bit in range(days.bit_length()):
            if days >> bit & 1:
                found[begins + bit, before] += members
                before = begins + bit
    return [
        Comeback(
            partner_id=card.partner_id,
            card=card,
            day=date.fromordinal(ordinal),
            last_day=None if before is None else date.fromordinal(before),
            member_count=members,
        )
        for (ordinal, before), members in sorted(found.items(), key=lambda item: item[0][0])
    ]


def summed(partner: Partner, _day: CountDay) -> list[Comeback]:
    """Return the comebacks of all cards together, from the first month on with anything new.

    A membership is of one card, so those of several cards add up.
    """
    own = Comeback.objects.filter(partner=partner)
    of_cards = own.exclude(card=None)
    since = _first_new(_days_by_month(of_cards), own.filter(card=None))
    if since is None:
        return []
    rows = of_cards.filter(day__gte=since).order_by("day").values_list("day", "last_day")
    return [
        Comeback(partner=partner, day=day, last_day=last_day, member_count=members)
        for day, last_day, members in rows.annotate(members=Sum("member_count"))
    ]


def replaced(rows: Sequence[Comeback]) -> Mapping[str, Any]:
    """Return which comebacks such rows replace: all from their first month on."""
    return {"day__gte": rows[0].day.replace(day=1)} if rows else {"pk__in": []}


def _first_in(span: Span) -> Q:
    is_first = Q(last_day=None) | Q(last_day__lt=span.first)
    return is_first & Q(day__gte=span.first, day__lt=span.until)


def _first_new(there: Mapping[date, int], told: QuerySet[Comeback]) -> date | None:
    """Return the first month of which other days of members were told than are there.

    Days only come to a month, so an equal sum is of the same days.
    """
    known = _days_by_month(told)
    return min((month for month, days in there.items() if known.get(month) != days), default=None)


def _days_by_month(rows: QuerySet[Comeback]) -> dict[date, int]:
    month = Cast(TruncMonth("day"), DateField())
    by_month = rows.order_by().annotate(month=month).values_list("month")
    return dict(by_month.annotate(days=Sum("member_count")))


def _grouped(months: QuerySet[ActiveMonth], since: date) -> list[tuple[int, int, int | None, int]]:
    """Return how many members were there on which days of a month, from one month on.

    A row tells the bits of the days, the first of them, the last day there before that month, and
    the members. What was before is told by one row for each member, without any days.
    """
    names = ("membership_id", "days", "first_ordinal", "last_ordinal")
    since_then = months.filter(month__gte=since).order_by().values_list(*names)
    before = (
        months.filter(month__lt=since)
        .order_by()
        .values("membership_id")
        .annotate(no_days=Value(0), first=Min("first_ordinal"), last=Max("last_ordinal"))
        .values_list("membership_id", "no_days", "first", "last")
    )
    both = since_then.union(before, all=True)
    sql, values = both.query.get_compiler(connection=connection).as_sql()
    lag = "LAG(last_ordinal) OVER (PARTITION BY membership_id ORDER BY last_ordinal) AS before"
    columns = "days, first_ordinal, before"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns}, COUNT(*) FROM"  # noqa: S608 - made by the ORM
            f" (SELECT days, first_ordinal, {lag} FROM ({sql}) found) told"
            f" WHERE days > 0 GROUP BY {columns}",
            values,
        )
        return list(cursor.fetchall())


def _lowest(bits: int) -> int:
    """Return the number of the lowest bit."""
    return (bits & -bits).bit_length() - 1
