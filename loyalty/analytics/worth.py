"""What a programme sells and what it costs: whether it is worth it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from loyalty.analytics import figures, liability, reading
from loyalty.analytics.models import OpenBalance
from loyalty.analytics.reading import Reader, Scope, Window
from loyalty.analytics.spans import Span
from loyalty.ledger.models import Unit

BY = ("card_id", "card__currency", "deed", "aspect", "is_undoing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """What the cards of a currency sold and cost in a span, in its minor units.

    ``points`` were redeemed and cost ``points_minor``; those of cards that give points no worth
    are ``unpriced_points`` and cost nothing here. Credit costs what it is.
    """

    currency: str
    sales_minor: int
    points: int
    points_minor: int
    unpriced_points: int
    credit_minor: int

    @property
    def cost_minor(self) -> int:
        """Return what rewards cost in all."""
        return self.points_minor + self.credit_minor

    @property
    def cost_share(self) -> Decimal | None:
        """Return the cost to the sales, to four places, halves up; None without sales."""
        return figures.share(self.cost_minor, self.sales_minor)


@dataclass(slots=True, kw_only=True)
class _OfCard:
    currency: str
    sales_minor: int = 0
    units: Mapping[Unit, figures.Units] = field(
        default_factory=lambda: {unit: figures.Units() for unit in Unit}
    )


def programmes(*, scope: Scope, span: Span, at: datetime) -> Sequence[Programme]:
    """Return what the cards of a scope sold to members and cost in a span, by currency (R6).

    A point redeemed is worth what the open points of its card are worth on average, each at the
    rate of its member's tier; where none are open, what it is worth without a tier. Rounded down
    for each card.

    :raises reading.SumsMovedError: if the job would not let it read.
    """
    return reading.read(scope, lambda reader: _programmes(reader, span, at))


def _programmes(reader: Reader, span: Span, at: datetime) -> list[Programme]:
    cards: dict[int, _OfCard] = {}
    for row in reader.sums([Window(name="now", span=span)], by=BY):
        card = cards.setdefault(row["card_id"], _OfCard(currency=row["card__currency"]))
        card.sales_minor += figures.sales(row)
        for unit, units in card.units.items():
            name = unit.lower()
            figures.add_units(units, row["deed"], row[f"{name}_in"] - row[f"{name}_out"])
    worths = _worths(reader.card_ids, {pk: one.units for pk, one in cards.items()}, at)
    found: dict[str, list[tuple[_OfCard, int]]] = defaultdict(list)
    for pk, card in sorted(cards.items()):
        found[card.currency].append((card, worths[pk]))
    return [_programme(currency, found[currency]) for currency in sorted(found)]


def _programme(currency: str, cards: Sequence[tuple[_OfCard, int]]) -> Programme:
    points = [(card.units[Unit.POINTS].redeemed, worth) for card, worth in cards]
    return Programme(
        currency=currency,
        sales_minor=sum(card.sales_minor for card, _worth in cards),
        points=sum(redeemed for redeemed, _worth in points),
        points_minor=sum(worth for _redeemed, worth in points),
        unpriced_points=sum(redeemed for redeemed, worth in points if not worth),
        credit_minor=sum(card.units[Unit.CREDIT].redeemed for card, _worth in cards),
    )


def _worths(
    card_ids: Sequence[int], units: Mapping[int, Mapping[Unit, figures.Units]], at: datetime
) -> dict[int, int]:
    """Return what the points redeemed on each card are worth, in two statements."""
    rules = liability.rules_in_force(card_ids, at)
    rows: list[tuple[Any, ...]] = list(
        OpenBalance.objects.filter(card__in=card_ids, unit=Unit.POINTS)
        .values_list("card", "tier")
        .annotate(total=Sum("amount"))
        .order_by("card", "tier")
    )
    found = {}
    for card_id, moved in units.items():
        redeemed, terms = moved[Unit.POINTS].redeemed, rules.get(card_id)
        tiers = {tier_id: int(total) for pk, tier_id, total in rows if pk == card_id and total > 0}
        if terms is None or redeemed <= 0:
            found[card_id] = 0
        elif tiers:
            worth = sum(liability.worth_of(total, pk, terms) for pk, total in tiers.items())
            found[card_id] = redeemed * worth // sum(tiers.values())
        else:
            found[card_id] = liability.worth_of(redeemed, None, terms)
    return found
