"""How many members stand on each tier, and how many moved up or down in each month."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, DateField, F, QuerySet, Sum
from django.db.models.functions import Cast, TruncMonth

from cards.models import Card, Tier
from clubs.models import Partner
from loyalty.analytics import inserting, reading, tallying
from loyalty.analytics.models import TierCount, TierMove
from loyalty.analytics.reading import Counted, Reader, Scope
from loyalty.analytics.spans import CountDay, Span, Step
from loyalty.members.models import Membership, MembershipStatus

_KEYS = ("from_tier", "to_tier")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTier:
    """How many members stand on a tier of a card; those on none have no tier."""

    card_id: int
    tier_id: int | None
    name: str
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """How many accounts moved to a higher or a lower tier in a month."""

    month: date
    ups: int
    downs: int


def distribution(counted: Counted) -> list[OnTier]:
    """Return the members of each tier, the lowest first, as of ``counted.at``; one statement (R6).

    Only those who take part are counted, each by the account they use.
    """
    rows = (
        TierCount.objects.filter(card__in=counted.card_ids)
        .order_by("card", F("tier__min_value").asc(nulls_first=True), "tier")
        .values_list("card", "tier", "tier__name", "member_count")
    )
    return [
        OnTier(card_id=card_id, tier_id=tier_id, name=name or "", members=members)
        for card_id, tier_id, name, members in rows
    ]


def movement(*, scope: Scope, span: Span) -> list[Moves]:
    """Return the moves of each month of a span, with what is not kept yet. Source: R6.

    Up is where the tier's threshold, as it is now, is higher. What is undone moves back.

    :raises reading.SumsMovedError: if the job would not let it read.
    """
    assert scope.is_whole  # noqa: S101 - accounts belong to cards
    rows = reading.read(scope, lambda reader: _moves(reader, span))
    heights = _heights(scope)
    ups: Counter[date] = Counter()
    downs: Counter[date] = Counter()
    for month, from_tier, to_tier, count in rows:
        before, after = heights.get(from_tier, -1), heights.get(to_tier, -1)
        if after != before:
            (ups if after > before else downs)[month] += int(count)
    return [
        Moves(month=month, ups=ups[month], downs=downs[month]) for month in span.parts(Step.MONTH)
    ]


def counted(card: Card, _day: CountDay) -> list[TierCount]:
    """Return how many members stand on each tier of a card."""
    active = Membership.objects.filter(card=card, status=MembershipStatus.ACTIVE)
    rows = active.order_by().values_list("account__tier").annotate(found=Count("pk"))
    return [
        TierCount(partner_id=card.partner_id, card=card, tier_id=tier_id, member_count=count)
        for tier_id, count in rows
    ]


def make(*, partner: Partner, day: date, spanned: tallying.Day) -> None:
    """Make the tier moves of a day again."""
    TierMove.objects.filter(partner=partner, day=day).delete()
    moved = spanned.deeds().filter(tier_change__isnull=False)
    names = [f"tier_change__{name}_id" for name in _KEYS]
    inserting.insert(
        TierMove,
        ("day", "partner_id", "card_id", *(f"{name}_id" for name in _KEYS), "move_count"),
        inserting.headed(moved, day)
        .values("head_date", "partner_id", "card_id", *names)
        .annotate(found=Count("pk")),
    )


def _moves(reader: Reader, span: Span) -> Iterable[tuple[date, int | None, int | None, int]]:
    if not reader.card_ids:
        return []
    kept = TierMove.objects.filter(reader.kept, day__gte=span.first, day__lt=span.until)
    live = reader.live(span).filter(tier_change__isnull=False)
    live_month = TruncMonth("occurred_at", tzinfo=reader.zone)
    live_names = [f"tier_change__{name}" for name in _KEYS]
    first = (
        kept.order_by()
        .annotate(part=Cast(TruncMonth("day"), DateField()))
        .values_list("part", *_KEYS)
        .annotate(found=Sum("move_count"))
    )
    other: QuerySet[Any, Any] = (
        live.order_by()
        .annotate(part=Cast(live_month, DateField()))
        .values_list("part", *live_names)
        .annotate(found=Count("pk"))
    )
    return list(first.union(other, all=True))


def _heights(scope: Scope) -> Mapping[int | None, int]:
    rows: Sequence[tuple[int, int]] = list(
        Tier.objects.filter(partner=scope.partner).values_list("pk", "min_value")
    )
    return dict(rows)
