"""Count, once a day and card by card, what no sum of days can tell."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models, transaction

from cards.models import Card
from loyalty.analytics import (
    balances,
    best,
    cohorts,
    comebacks,
    frequency,
    places,
    risks,
    tier_figures,
)
from loyalty.analytics.models import (
    AtRisk,
    BestMember,
    CohortMonth,
    Comeback,
    Measure,
    OpenBalance,
    PlaceCount,
    RiskCount,
    RollupMark,
    TierCount,
    VisitCount,
)
from loyalty.analytics.spans import SETTLED, CountDay, Lately


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows that are counted together, in a transaction of their own.

    They replace the card's or partner's rows that are the ``same`` in some columns; with ``since``,
    which says from the rows where they begin, only the later ones.
    """

    model: type[models.Model]
    count: Callable[[Any, CountDay], Sequence[models.Model]]
    same: Mapping[str, Any] = field(default_factory=dict)
    since: Callable[[Sequence[Any]], Mapping[str, Any]] | None = None

    def write(self, rows: Sequence[models.Model], **of: Any) -> None:
        """Put rows in the place of those of the same card or partner."""
        later = self.since(rows) if self.since else {}
        manager = self.model._default_manager
        manager.filter(**of, **self.same, **later).delete()
        manager.bulk_create(rows, batch_size=500)


# What is counted on each card. Long spans are parts of their own, so that each part is short.
CARD_PARTS = (
    Part(model=OpenBalance, count=balances.counted),
    Part(model=TierCount, count=tier_figures.counted),
    Part(model=CohortMonth, count=cohorts.counted),
    Part(model=RiskCount, count=risks.counted),
    Part(model=AtRisk, count=risks.found),
    Part(model=Comeback, count=comebacks.counted, since=comebacks.replaced),
    *(
        Part(
            model=VisitCount,
            count=partial(frequency.counted, days=days),
            same={"day_count": days},
        )
        for days in Lately
    ),
    *(
        Part(
            model=BestMember,
            count=partial(best.by_visits, days=days),
            same={"day_count": days, "measure": Measure.VISITS},
        )
        for days in Lately
    ),
)
# What is counted on all cards at once, after them: sums of theirs, and what is read in the ledger
# by partner and time.
PARTNER_PARTS = (
    Part(model=Comeback, count=comebacks.summed, same={"card": None}, since=comebacks.replaced),
    *(
        Part(
            model=BestMember,
            count=partial(best.by_deeds, days=days, measure=measure),
            same={"day_count": days, "measure": measure},
        )
        for days in Lately
        for measure in (Measure.SPENT, Measure.EARNED)
    ),
    *(
        Part(
            model=PlaceCount,
            count=partial(places.counted, days=days),
            same={"day_count": days},
        )
        for days in Lately
    ),
)
PAST_ALL = 2**63 - 1
CURSOR = ("counted_card_id", "counted_part")


def is_due(mark: RollupMark, *, at: datetime, zone: ZoneInfo) -> bool:
    """Return whether the partner's cards were not counted on this day of theirs.

    A day begins when all of the one before can be read.
    """
    return mark.counted_date != _today(at, zone)


def _today(at: datetime, zone: ZoneInfo) -> date:
    return (at - SETTLED).astimezone(zone).date()


def count_next(*, mark: RollupMark, at: datetime, zone: ZoneInfo) -> bool:
    """Count the next part of a card in the day's round; return False if it was over before.

    Rows are read before anything is locked, for that is the long part.
    """
    if not is_due(mark, at=at, zone=zone):
        return False
    day = CountDay(today=_today(at, zone), zone=zone)
    cards = Card.objects.filter(partner=mark.partner_id, pk__gt=mark.counted_card_id)
    card = cards.order_by("pk").first()
    parts = CARD_PARTS if card else PARTNER_PARTS
    part = parts[mark.counted_part]
    rows = part.count(card or mark.partner, day)
    of = {"card": card} if card else {"partner": mark.partner_id}
    with transaction.atomic():
        now = RollupMark.objects.select_for_update(no_key=True).get(pk=mark.pk)
        is_same = (now.cursor(), now.timezone) == (mark.cursor(), mark.timezone)
        if not is_same or not is_due(now, at=at, zone=zone):
            return True  # Another worker counted it, or all days are made again.
        part.write(rows, **of)
        now.counted_part += 1
        if card is None:
            now.counted_card_id = PAST_ALL  # A card made meanwhile has its turn on the next day.
        if now.counted_part == len(parts):
            _go_on(now, card, at=at, day=day)
        now.save(update_fields=["counted_date", "counted_at", *CURSOR])
    return True


def _go_on(mark: RollupMark, card: Card | None, *, at: datetime, day: CountDay) -> None:
    """Move past a card; past the partner's own parts the round of the day is over."""
    mark.counted_part = 0
    mark.counted_card_id = card.pk if card else 0
    if card is None:
        mark.counted_date, mark.counted_at = day.today, at
