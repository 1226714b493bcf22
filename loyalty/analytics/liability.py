"""What a business still owes its members: how it came about, how old it is, what it is worth."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import (
    BigIntegerField,
    CharField,
    DateField,
    F,
    Field,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Cast

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
AGE, END, HOLDER = "age", "end", "holder"
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
class OpenCard:
    """What is open on one card."""

    name: str
    held: Held
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What the open points of cards of a currency would pay, at the worth that each tier gives."""

    currency: str
    by_tier: Mapping[int | None, int]
    names: Mapping[int | None, str]

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
    cards: Sequence[OpenCard]
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
    counted = _counted(reader.card_ids)
    still = _open(counted)
    return Liability(
        rolls=_rolls(rows, span.parts(step)),
        open=still,
        cards=_cards(counted),
        worth=_worth(counted, rules_in_force(reader.card_ids, at)),
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


@dataclass(frozen=True, slots=True)
class _Counted:
    """What was open when it was last counted: by ``which`` of age, end, or card and tier."""

    which: str
    unit: str
    currency: str
    month: date | None
    card_id: int | None
    card_name: str | None
    tier_id: int | None
    tier_name: str | None
    total: int

    @property
    def held(self) -> Held:
        """Return what was counted."""
        unit = Unit(self.unit)
        return Held(unit=unit, currency=self.currency if unit == Unit.CREDIT else "")


def _counted(card_ids: Sequence[int]) -> list[_Counted]:
    """Return the open balances by age, by end, and by card and tier, in one statement."""
    first, *others = [
        _grouped(card_ids, AGE, month=F("earned_month")),
        _grouped(card_ids, END, month=F("ends_month")),
        _grouped(
            card_ids,
            HOLDER,
            of_card=F("card_id"),
            card_name=F("card__name"),
            of_tier=F("tier_id"),
            tier_name=F("tier__name"),
        ),
    ]
    rows = first.union(*others, all=True)
    order = ("which", "month", "card_name", "of_card", "of_tier", "unit", "card__currency")
    return [_Counted(*(*row[:-1], int(row[-1]))) for row in rows.order_by(*order)]


def _grouped(card_ids: Sequence[int], which: str, **told: F) -> QuerySet[Any, Any]:
    """Return the sums of one grouping, in columns that all of them have in common."""
    fields: dict[str, Field[Any, Any]] = {
        "month": DateField(),
        "of_card": BigIntegerField(),
        "card_name": CharField(),
        "of_tier": BigIntegerField(),
        "tier_name": CharField(),
    }
    nothing = {
        name: Cast(Value(None, output_field=kind), kind)
        for name, kind in fields.items()
        if name not in told
    }
    heads: dict[str, Any] = {"which": Value(which, output_field=CharField()), **told, **nothing}
    found = OpenBalance.objects.filter(card__in=card_ids).order_by().annotate(**heads)
    columns = ("which", "unit", "card__currency", *fields)
    summed: QuerySet[Any, Any] = found.values_list(*columns).annotate(total=Sum("amount"))
    return summed


def _open(counted: Iterable[_Counted]) -> dict[Held, Open]:
    """Return what is open by age and by end, as last counted."""
    ages: dict[Held, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    ends: dict[Held, dict[date | None, int]] = defaultdict(lambda: defaultdict(int))
    for one in counted:
        if one.which == AGE and one.month is not None:
            ages[one.held][one.month] += one.total
        if one.which == END:
            ends[one.held][one.month] += one.total
    return {
        held: Open(by_age=dict(by_age), by_end=dict(ends[held])) for held, by_age in ages.items()
    }


def _cards(counted: Iterable[_Counted]) -> list[OpenCard]:
    """Return what is open on each card."""
    found: dict[tuple[int | None, Held], OpenCard] = {}
    for one in counted:
        if one.which == HOLDER:
            key = one.card_id, one.held
            before = found[key].amount if key in found else 0
            name = one.card_name or ""
            found[key] = OpenCard(name=name, held=one.held, amount=before + one.total)
    return list(found.values())


def _worth(counted: Iterable[_Counted], rules: Mapping[int, Terms]) -> list[Worth]:
    """Return what the open points would pay, by currency and tier; a part minor unit is dropped."""
    found: dict[str, dict[int | None, int]] = defaultdict(dict)
    names: dict[str, dict[int | None, str]] = defaultdict(dict)
    for one in counted:
        terms = rules.get(one.card_id or 0)
        if one.which != HOLDER or one.unit != Unit.POINTS or terms is None:
            continue
        kept = found[one.currency]
        kept[one.tier_id] = kept.get(one.tier_id, 0) + worth_of(one.total, one.tier_id, terms)
        names[one.currency][one.tier_id] = one.tier_name or ""
    return [
        Worth(currency=currency, by_tier=by_tier, names=names[currency])
        for currency, by_tier in sorted(found.items())
    ]


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
