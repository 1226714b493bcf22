"""Count, once a day and card by card, what no sum of days can tell."""

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import models, transaction

from cards.models import Card
from loyalty.analytics import balances, best, cohorts, frequency, risks, tier_figures
from loyalty.analytics.models import (
    AtRisk,
    BestMember,
    CohortMonth,
    OpenBalance,
    RiskCount,
    RollupMark,
    TierCount,
    VisitCount,
)
from loyalty.analytics.spans import CountDay

Count = Callable[[Card, CountDay], Sequence[models.Model]]
# What is counted on a card, and how; each is a transaction of its own.
PARTS: tuple[tuple[type[models.Model], Count], ...] = (
    (OpenBalance, balances.counted),
    (TierCount, tier_figures.counted),
    (VisitCount, frequency.counted),
    (CohortMonth, cohorts.counted),
    (RiskCount, risks.counted),
    (AtRisk, risks.found),
    (BestMember, best.counted),
)
CURSOR = ("counted_card_id", "counted_part")


def is_due(mark: RollupMark, *, at: datetime, zone: ZoneInfo) -> bool:
    """Return whether the partner's cards were not counted on this day of theirs."""
    return mark.counted_date != at.astimezone(zone).date()


def count_next(*, mark: RollupMark, at: datetime, zone: ZoneInfo) -> bool:
    """Count the next part of a card in the day's round; return False if it was over before.

    Rows are read before anything is locked, for that is the long part.
    """
    if not is_due(mark, at=at, zone=zone):
        return False
    day = CountDay(today=at.astimezone(zone).date(), zone=zone)
    cards = Card.objects.filter(partner=mark.partner_id, pk__gt=mark.counted_card_id)
    card = cards.order_by("pk").first()
    model, count = PARTS[mark.counted_part]
    rows = count(card, day) if card else ()
    with transaction.atomic():
        now = RollupMark.objects.select_for_update(no_key=True).get(pk=mark.pk)
        if now.cursor() != mark.cursor() or not is_due(now, at=at, zone=zone):
            return True  # Another worker counted it.
        if card is None:
            now.counted_date, now.counted_card_id = day.today, 0
            now.counted_at = at
        else:
            manager = model._default_manager
            manager.filter(card=card).delete()
            manager.bulk_create(rows, batch_size=500)
            _go_on(now, card)
        now.save(update_fields=["counted_date", "counted_at", *CURSOR])
    return True


def _go_on(mark: RollupMark, card: Card) -> None:
    """Move to the next part, or past the card after its last."""
    mark.counted_part += 1
    if mark.counted_part == len(PARTS):
        mark.counted_card_id, mark.counted_part = card.pk, 0
