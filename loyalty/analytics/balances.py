"""Count what is open in a card's lots: by tier, and when earned and ending."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import DateField, DateTimeField, ExpressionWrapper, F, QuerySet, Sum
from django.db.models.functions import Cast, TruncMonth

from cards.models import Card
from loyalty.analytics.models import OpenBalance
from loyalty.analytics.spans import CountDay
from loyalty.ledger.models import Lot

# A lot ends with its last day, at the first moment of the next one.
_MOMENT = timedelta(microseconds=1)


def counted(card: Card, day: CountDay) -> list[OpenBalance]:
    """Return what is open on a card now."""
    found = open_lots(card, day.zone)
    return [OpenBalance(partner_id=card.partner_id, **row) for row in found]


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
