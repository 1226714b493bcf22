"""Who spent, earned or came most in the last days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, Case, F, OuterRef, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce

from cards.models import Card
from loyalty.analytics import frequency, spans
from loyalty.analytics.models import BestMember, Measure
from loyalty.analytics.reading import Counted
from loyalty.analytics.spans import CountDay, Lately, Span
from loyalty.ledger.models import Kind, Transaction

MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """A member and what they come to: money in minor units of the currency, points, or visits."""

    membership_id: int
    card_id: int
    currency: str
    amount: int


def best(counted: Counted, *, days: Lately, measure: Measure) -> Mapping[str, Sequence[Best]]:
    """Return the best members of the last days, as of ``counted.at``; one statement. Source: R6.

    By currency where it is about money, which is never compared across currencies; else under the
    empty name.
    """
    rows = BestMember.objects.filter(
        card__in=counted.card_ids, day_count=days, measure=measure
    ).order_by("-amount", "membership")
    found: dict[str, list[Best]] = {}
    for row in rows.values_list("membership", "card", "card__currency", "amount"):
        membership_id, card_id, currency, amount = row
        one = Best(
            membership_id=membership_id, card_id=card_id, currency=currency, amount=int(amount)
        )
        listed = found.setdefault(currency if measure == Measure.SPENT else "", [])
        if len(listed) < MOST:
            listed.append(one)
    return found


def counted(card: Card, day: CountDay) -> list[BestMember]:
    """Return the best members of a card, by each measure and for each span."""
    found = []
    for days in Lately:
        span = days.until(day.today)
        deeds = _deeds(card, span, day)
        ranked = {
            Measure.SPENT: _ranked(deeds.filter(kind__in=_MOVING_SALES), Sum(_sales())),
            Measure.EARNED: _ranked(deeds, Sum("lifetime_points")),
            Measure.VISITS: frequency.came(card, span).annotate(amount=F("times")),
        }
        found += [
            BestMember(
                partner_id=card.partner_id,
                card=card,
                membership_id=row["membership_id"],
                day_count=days,
                measure=measure,
                amount=row["amount"],
            )
            for measure, rows in ranked.items()
            for row in rows.order_by("-amount", "membership_id")[:MOST]
        ]
    return found


_MOVING_SALES = (Kind.PURCHASE, Kind.REFUND, Kind.REVERSAL)


def _deeds(card: Card, span: Span, day: CountDay) -> QuerySet[Transaction]:
    # The partner's index of moments is the one to read by.
    return Transaction.objects.filter(
        partner=card.partner_id,
        card=card,
        membership__isnull=False,
        occurred_at__gte=spans.begins(span.first, day.zone),
        occurred_at__lt=spans.begins(span.until, day.zone),
    )


def _ranked(deeds: QuerySet[Transaction], amount: Any) -> QuerySet[Transaction, dict[str, Any]]:
    rows = deeds.order_by().values("membership_id").annotate(amount=amount)
    return rows.filter(amount__gt=0)


def _sales() -> Case:
    """Return what a transaction adds to the sales; what is undone or refunded takes off.

    What a correction is about is looked up for it alone, for most are purchases.
    """
    sales = Transaction.objects.filter(kind=Kind.PURCHASE)
    refunds = Transaction.objects.filter(refunds__kind=Kind.PURCHASE)
    undone = sales.filter(pk=OuterRef("reverses")), refunds.filter(pk=OuterRef("reverses"))
    back = Coalesce(_amount(undone[1]), 0) - Coalesce(_amount(undone[0]), 0)
    return Case(
        When(kind=Kind.PURCHASE, then=Coalesce(F("amount_minor"), 0)),
        When(kind=Kind.REFUND, then=-Coalesce(_amount(refunds.filter(pk=OuterRef("pk"))), 0)),
        default=back,
        output_field=BigIntegerField(),
    )


def _amount(rows: QuerySet[Transaction]) -> Subquery:
    return Subquery(rows.order_by("pk").values("amount_minor")[:1], output_field=BigIntegerField())
