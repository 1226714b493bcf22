"""What a business still owes its members: how it came about, how old it is, what it is worth."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, Sum

from cards import freezing
from cards.models import Card, TermsVersion
from loyalty.analytics import figures, reading
from loyalty.analytics.models import OpenBalance
from loyalty.analytics.reading import Reader, Scope, Window
from loyalty.analytics.spans import Span, Step
from loyalty.ledger.models import Kind, Unit
from loyalty.rules import redemption
from loyalty.rules.terms import RedemptionMethod, Terms

OPENING, MOVES, YEAR = "opening", "moves", "year"
BY = ("card__currency", "deed", "is_undoing")
# A bill that no balance can pay, so that only the points decide.
_BOUNDLESS = 10**24
_LINES = {
    Kind.PURCHASE: "earned",
    Kind.BUY: "earned",
    Kind.POINTS: "earned",
    Kind.BONUS: "earned",
    Kind.REDEMPTION: "redeemed",
    Kind.PAYMENT: "redeemed",
    Kind.VOUCHER: "redeemed",
    Kind.EXPIRY: "expired",
    Kind.REFUND: "refunded",
    Kind.TRANSFER: "transferred",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is counted: points (no currency), or credit in minor units of a currency."""

    unit: Unit
    currency: str = ""


@dataclass(slots=True, kw_only=True)
class Roll:
    """The balance of all accounts through a day or month. Each line is signed, so they sum up.

    ``reversed`` is what was undone of any deed, ``adjusted`` also what was brought along.
    """

    part: date
    opening: int
    earned: int = 0
    redeemed: int = 0
    expired: int = 0
    refunded: int = 0
    adjusted: int = 0
    reversed: int = 0
    transferred: int = 0

    @property
    def closing(self) -> int:
        """Return the balance at the end."""
        moves = (self.earned, self.redeemed, self.expired, self.refunded, self.adjusted)
        return self.opening + sum(moves) + self.reversed + self.transferred


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """What is open in lots: by the month earned, and by the last month it can be used (or None)."""

    by_age: Mapping[date, int]
    by_end: Mapping[date | None, int]

    @property
    def total(self) -> int:
        """Return all of it."""
        return sum(self.by_age.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What the open points of cards of a currency would pay, at the worth that each tier gives."""

    currency: str
    by_tier: Mapping[int | None, int]

    @property
    def total_minor(self) -> int:
        """Return all of it, in minor units."""
        return sum(self.by_tier.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakage:
    """The share that expired of what ended in twelve months, and what it foretells."""

    share: Decimal | None
    expected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Liability:
    """All of it for one scope; ``open`` and what follows from it are as of ``counted_at``."""

    rolls: Mapping[Held, Sequence[Roll]]
    open: Mapping[Held, Open]
    worth: Sequence[Worth]
    breakage: Mapping[Held, Breakage]
    at: datetime
    counted_at: datetime | None


def liability(*, scope: Scope, span: Span, step: Step, at: datetime) -> Liability:
    """Return how the balance moved through a span, and what is open now.

    It is about cards, not about a store or a person in it. Source: R6.5, design.

    :raises reading.SumsMovedError: if the job would not let it read.
    """
    assert scope.is_whole  # noqa: S101 - a store and a person have no balance
    return reading.read(scope, lambda reader: _liability(reader, scope, span, step, at))


def _liability(reader: Reader, scope: Scope, span: Span, step: Step, at: datetime) -> Liability:
    today = at.astimezone(scope.partner.zone()).date()
    rows = reader.sums(
        [
            Window(name=OPENING, span=Span(first=date.min, until=span.first)),
            Window(name=MOVES, span=span, step=step),
            Window(name=YEAR, span=Span(first=_year_before(today), until=today)),
        ],
        by=BY,
    )
    still = _open(reader.card_ids)
    return Liability(
        rolls=_rolls(rows, span.parts(step)),
        open=still,
        worth=_worth(reader.card_ids, at),
        breakage=_breakage(rows, still),
        at=at,
        counted_at=reader.mark.counted_at,
    )


def _year_before(day: date) -> date:
    """Return the same day of the year before; 28 February for the 29th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _nets(row: Mapping[str, Any]) -> dict[Held, int]:
    """Return what a row moved of each unit."""
    credit = Held(unit=Unit.CREDIT, currency=row["card__currency"])
    return {
        Held(unit=Unit.POINTS): row["points_in"] - row["points_out"],
        credit: row["credit_in"] - row["credit_out"],
    }


def _line(row: Mapping[str, Any]) -> str:
    return "reversed" if row["is_undoing"] else _LINES.get(row["deed"], "adjusted")


def _rolls(rows: Iterable[Mapping[str, Any]], parts: Sequence[date]) -> dict[Held, list[Roll]]:
    """Return each part with the closing balance of the one before as its opening."""
    opening: dict[Held, int] = defaultdict(int)
    moves: dict[tuple[Held, date], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        for held, net in _nets(row).items():
            if row["named"] == OPENING:
                opening[held] += net
            if row["named"] == MOVES:
                opening[held] += 0
                moves[held, row["part"]][_line(row)] += net
    found: dict[Held, list[Roll]] = {}
    for held, balance in opening.items():
        rolls: list[Roll] = []
        for part in parts:
            before = rolls[-1].closing if rolls else balance
            rolls.append(Roll(part=part, opening=before, **moves[held, part]))
        found[held] = rolls
    return found


def _open(card_ids: Sequence[int]) -> dict[Held, Open]:
    """Return what is open by age and by end, as last counted."""
    ages, ends = (_open_by(card_ids, name) for name in ("earned_month", "ends_month"))
    return {
        held: Open(
            by_age={month: amount for month, amount in by_age.items() if month is not None},
            by_end=ends[held],
        )
        for held, by_age in ages.items()
    }


def _open_by(card_ids: Sequence[int], name: str) -> dict[Held, dict[date | None, int]]:
    found: dict[Held, dict[date | None, int]] = defaultdict(dict)
    rows = (
        OpenBalance.objects.filter(card__in=card_ids)
        .values_list("unit", "card__currency", name)
        .annotate(total=Sum("amount"))
        .order_by(name, "unit", "card__currency")
    )
    for unit, currency, month, total in rows:
        held = Held(unit=Unit(unit), currency=currency if unit == Unit.CREDIT else "")
        found[held][month] = found[held].get(month, 0) + int(total)
    return found


def _worth(card_ids: Sequence[int], at: datetime) -> list[Worth]:
    """Return what the open points would pay, by currency and tier; a part minor unit is dropped."""
    rows = (
        OpenBalance.objects.filter(card__in=card_ids, unit=Unit.POINTS)
        .values_list("card", "card__currency", "tier")
        .annotate(total=Sum("amount"))
        .order_by("card__currency", "card", "tier")
    )
    rules = rules_in_force(card_ids, at)
    found: dict[str, dict[int | None, int]] = defaultdict(dict)
    for card_id, currency, tier_id, total in rows:
        terms = rules.get(card_id)
        if terms is not None:
            kept = found[currency]
            kept[tier_id] = kept.get(tier_id, 0) + worth_of(int(total), tier_id, terms)
    return [Worth(currency=currency, by_tier=by_tier) for currency, by_tier in found.items()]


def worth_of(points: int, tier_id: int | None, terms: Terms) -> int:
    """Return the money that points of members of a tier would pay, in minor units, rounded down.

    All at the worth of that tier, as for members who may use all of them: where parts of a balance
    are worth less, it is the most that it can come to.
    """
    tier = next((one for one in terms.tiers if one.tier_id == tier_id), None)
    flat = replace(terms, redemption_method=RedemptionMethod.CURRENT_TIER)
    return redemption.value(
        balance=points, bill_minor=_BOUNDLESS, tier=tier, terms=flat
    ).money_minor


def rules_in_force(card_ids: Sequence[int], at: datetime) -> dict[int, Terms]:
    """Return the rules of each card that has been published, in one statement."""
    published = TermsVersion.objects.filter(card=OuterRef("pk"), published_at__lte=at)
    cards = Card.objects.filter(pk__in=card_ids).annotate(
        rules=Subquery(published.order_by("-number").values("terms")[:1])
    )
    found: QuerySet[Any, Any] = cards.filter(rules__isnull=False).values_list("pk", "rules")
    return {card_id: freezing.thawed(rules) for card_id, rules in found}


def _breakage(
    rows: Iterable[Mapping[str, Any]], still: Mapping[Held, Open]
) -> dict[Held, Breakage]:
    """Return what is expected to expire of what is open; rounded down.

    What was undone of redemptions and expiries is taken off them.
    """
    ended: dict[Held, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        line = _LINES.get(row["deed"], "adjusted")
        if row["named"] == YEAR:
            for held, net in _nets(row).items():
                ended[held][line] -= net
    found: dict[Held, Breakage] = {}
    for held, is_open in still.items():
        expired, redeemed = ended[held]["expired"], ended[held]["redeemed"]
        part = figures.share(expired, expired + redeemed)
        expected = is_open.total * expired // (expired + redeemed) if part is not None else 0
        found[held] = Breakage(share=part, expected=expected)
    return found
