"""Points given or taken just under what the person may move, several times in a week."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Case, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Abs, Coalesce, Least

from clubs.models import DECIMALS, Manager
from loyalty.analytics.models import SignalKind
from loyalty.analytics.patterns import AT_COUNTER, Found, Part, by_week, ids_of, standing_deeds
from loyalty.ledger.models import Kind, Source, Transaction

# From nine tenths of a limit on it looks as if the limit was in mind.
NEARLY = 9
# Under a limit of less there is no "just under": a goodwill of 5 of 5 is a round number.
LEAST_CAP = 10
NEAR_CAP = 3


def near_caps(part: Part) -> Iterator[Found]:
    """Tell who moved points just under their limit on a card, some times in a week.

    The limits are those of today: what they were at the time nobody keeps. Source: FA12, PA2.3.
    """
    near = _near(part.new()).values_list("actor_id", "card_id", "occurred_at")
    keys = {(actor, card, part.week(at)) for actor, card, at in near}
    if not keys:
        return
    rows = _near(standing_deeds()).filter(
        part.in_weeks(key[2] for key in keys), actor__in={actor for actor, _card, _week in keys}
    )
    for actor_id, card_id, week, deeds in by_week(part, rows, "actor_id", "card_id"):
        if (actor_id, card_id, week) in keys and len(deeds) >= NEAR_CAP:
            caps: list[Any] = [getattr(one, "cap", 0) for one in deeds]
            yield Found(
                kind=SignalKind.NEAR_CAP,
                key=f"cap:{actor_id}:{card_id}:{week}",
                day=part.day(deeds[-1].occurred_at),
                club_id=deeds[-1].card.club_id,
                store_id=deeds[-1].store_id,
                actor_id=actor_id,
                transaction_ids=ids_of(deeds),
                facts={"count": len(deeds), "cap": max(caps), "card_id": card_id},
            )


def _near(deeds: QuerySet[Transaction]) -> QuerySet[Transaction]:
    """Return the points given without a sale, and the corrections, just under their limit."""
    own = Manager.objects.filter(user=OuterRef("actor"), partner=OuterRef("partner"))
    whole = F("card__adjust_cap")
    cap = Case(
        When(source__in=AT_COUNTER, then=F("card__gift_cap")),
        default=Least(whole, Coalesce(Subquery(own.values("adjust_cap")[:1]), whole)),
        output_field=IntegerField(),
    )
    by_decimals = {
        places: [code for code, found in DECIMALS.items() if found == places]
        for places in set(DECIMALS.values())
    }
    unit = Case(
        *(
            When(card__currency__in=codes, then=Value(10**places))
            for places, codes in by_decimals.items()
        ),
        default=Value(1),
    )
    return (
        deeds.filter(
            kind=Kind.ADJUSTMENT,
            source__in=[*AT_COUNTER, Source.ADMIN],
            actor__isnull=False,
            caused_by=None,
        )
        .annotate(cap=cap, unit=unit)
        .annotate(moved=Abs("points") * F("unit") + Abs("credit_minor"))
        .filter(cap__gte=LEAST_CAP)
        .filter(
            Q(moved__gte=F("cap") * F("unit") * NEARLY / 10) & Q(moved__lte=F("cap") * F("unit"))
        )
    )
