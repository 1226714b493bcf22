"""Count, once a day and card by card, what is open in lots: by tier, and when earned and ending."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import DateField, DateTimeField, ExpressionWrapper, F, QuerySet, Sum
from django.db.models.functions import Cast, TruncMonth

from cards.models import Card
from loyalty.analytics.models import OpenBalance, RollupMark
from loyalty.ledger.models import Lot

# A lot ends with its last day, at the first moment of the next one.
_MOMENT = timedelta(microseconds=1)


def is_due(mark: RollupMark, *, at: datetime, zone: ZoneInfo) -> bool:
    """Return whether the partner's balances were not counted on this day of theirs."""
    return mark.counted_date != at.astimezone(zone).date()


def count_next(*, mark: RollupMark, at: datetime, zone: ZoneInfo) -> bool:
    """Count the next card of the day's round; return False if the round was over before.

    The lots are read before anything is locked, for that is the long part.
    """
    if not is_due(mark, at=at, zone=zone):
        return False
    cards = Card.objects.filter(partner=mark.partner_id, pk__gt=mark.counted_card_id)
    card = cards.order_by("pk").first()
    found = open_lots(card, zone) if card else ()
    rows = [OpenBalance(partner_id=mark.partner_id, **row) for row in found]
    with transaction.atomic():
        now = RollupMark.objects.select_for_update(no_key=True).get(pk=mark.pk)
        if now.counted_card_id != mark.counted_card_id or not is_due(now, at=at, zone=zone):
            return True  # Another worker counted it.
        if card is None:
            now.counted_date, now.counted_card_id = at.astimezone(zone).date(), 0
            now.counted_at = at
        else:
            OpenBalance.objects.filter(card=card).delete()
            OpenBalance.objects.bulk_create(rows, batch_size=500)
            now.counted_card_id = card.pk
        now.save(update_fields=["counted_date", "counted_card_id", "counted_at"])
    return True


def open_lots(card: Card, zone: ZoneInfo) -> QuerySet[Lot, dict[str, Any]]:
    """Return what is left in a card's lots, by tier, unit, and months earned and ending."""
    last = ExpressionWrapper(F("expires_at") - _MOMENT, output_field=DateTimeField())
    found = Lot.objects.filter(remaining__gt=0, account__card=card).annotate(
        card_id=F("account__card"),
        tier_id=F("account__tier"),
        earned_month=_month(F("entry__transaction__occurred_at"), zone),
        ends_month=_month(last, zone),
    )
    return (
        found.order_by()
        .values("card_id", "tier_id", "unit", "earned_month", "ends_month")
        .annotate(amount=Sum("remaining"))
    )


def _month(moment: Any, zone: ZoneInfo) -> Cast:
    return Cast(TruncMonth(moment, tzinfo=zone), DateField())
