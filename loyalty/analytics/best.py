"""Who spent, earned or came most in the last days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import (
    BigIntegerField,
    Case,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
    Window,
)
from django.db.models.functions import Coalesce, RowNumber

from cards.models import Card
from clubs.models import Partner
from loyalty.analytics import frequency, spans
from loyalty.analytics.models import BestMember, Measure
from loyalty.analytics.reading import Counted
from loyalty.analytics.spans import CountDay, Lately
from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import MembershipStatus

MOST = 20
# Who was merged into another, erased or removed is nobody's customer any more.
_IS_THERE = Q(
    ~Q(membership__status=MembershipStatus.REMOVED),
    membership__member__merged_into=None,
    membership__member__erased_at=None,
)
_MOVING_SALES = (Kind.PURCHASE, Kind.REFUND, Kind.REVERSAL)


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
    empty name. Whoever went since is left out.
    """
    rows = BestMember.objects.filter(
        _IS_THERE, card__in=counted.card_ids, day_count=days, measure=measure
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


def by_visits(card: Card, day: CountDay, *, days: Lately) -> list[BestMember]:
    """Return the members of a card who came most in the last days."""
    came = frequency.came(card, days.until(day.today)).filter(_IS_THERE)
    rows = came.order_by("-times", "membership_id")
    return [
        BestMember(
            partner_id=card.partner_id,
            card=card,
            membership_id=row["membership_id"],
            day_count=days,
            measure=Measure.VISITS,
            amount=row["times"],
        )
        for row in rows[:MOST]
    ]


def by_deeds(
    partner: Partner, day: CountDay, *, days: Lately, measure: Measure
) -> list[BestMember]:
    """Return the members of each card of a partner who spent or earned most in the last days."""
    span = days.until(day.today)
    deeds = Transaction.objects.filter(
        _IS_THERE,
        partner=partner,
        membership__isnull=False,
        occurred_at__gte=spans.begins(span.first, day.zone),
        occurred_at__lt=spans.begins(span.until, day.zone),
    )
    if measure == Measure.SPENT:
        deeds = deeds.filter(kind__in=_MOVING_SALES)
    amount = Sum(_sales()) if measure == Measure.SPENT else Sum("lifetime_points")
    place = Window(
        RowNumber(),
        partition_by=F("card_id"),
        order_by=(F("amount").desc(), F("membership_id").asc()),
    )
    rows = deeds.order_by().values("card_id", "membership_id").annotate(amount=amount)
    return [
        BestMember(
            partner=partner,
            card_id=row["card_id"],
            membership_id=row["membership_id"],
            day_count=days,
            measure=measure,
            amount=row["amount"],
        )
        for row in rows.filter(amount__gt=0).annotate(place=place).filter(place__lte=MOST)
    ]


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
