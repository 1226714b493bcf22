"""The figures of a card, club, store, person or partner, for a span and the one before (R6)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from loyalty.analytics import comebacks, places, reading, tallying
from loyalty.analytics.reading import Reader, Scope, Window
from loyalty.analytics.spans import Lately, Span, Step
from loyalty.ledger.models import Kind, Source
from loyalty.members.models import VoucherStatus
from loyalty.operations.standing import EARNING_KINDS, SPENDING_KINDS

NOW, BEFORE, OPENING = "now", "before", "opening"
BY = ("card__currency", "deed", "aspect", "is_undoing", "source")
ISSUING = frozenset({*EARNING_KINDS, Kind.BONUS})
REDEEMING = frozenset({Kind.REDEMPTION, Kind.PAYMENT, Kind.VOUCHER})
DEEDS = frozenset({*EARNING_KINDS, *SPENDING_KINDS})
# Somebody typed these; other awards came from a till, a feed, a file or the clock (PA4.1).
TYPED = frozenset({Source.SCAN, Source.ADMIN, Source.OFFLINE})
MOST_REWARDS = 10
# Members are told one from another among so many deeds at most while a page is read.
MOST_COUNTED = 10_000
_SHARE = Decimal("0.0001")


@dataclass(slots=True, kw_only=True)
class Units:
    """What was done with one unit. What was undone is taken off on the day of undoing."""

    issued: int = 0
    redeemed: int = 0
    expired: int = 0
    adjusted: int = 0
    refunded: int = 0
    transferred: int = 0
    net: int = 0

    @property
    def redemption_rate(self) -> Decimal | None:
        """Return what was redeemed to what was issued, to four places, halves up."""
        return share(self.redeemed, self.issued)


@dataclass(slots=True, kw_only=True)
class Money:
    """What was done in one currency, in its minor units; credit is a unit of its own.

    Sales are purchases less what was undone or refunded of them. Baskets are purchases that stand.
    """

    sales_minor: int = 0
    basket_count: int = 0
    basket_minor: int = 0
    rewarded_count: int = 0
    rewarded_minor: int = 0
    credit: Units = field(default_factory=Units)

    @property
    def average_rewarded(self) -> int | None:
        """Return the average basket on days on which the member was handed a reward."""
        return average(self.rewarded_minor, self.rewarded_count)

    @property
    def average_plain(self) -> int | None:
        """Return the average basket of all others."""
        return average(
            self.basket_minor - self.rewarded_minor, self.basket_count - self.rewarded_count
        )


@dataclass(slots=True, kw_only=True)
class Figures:
    """What happened in a span, or in a part of one."""

    joins: int = 0
    deeds: int = 0
    rewards: int = 0
    points: Units = field(default_factory=Units)
    money: dict[str, Money] = field(default_factory=lambda: defaultdict(Money))

    def add(self, row: Mapping[str, Any]) -> None:
        """Add the sums of one sort of deed."""
        deed, currency = row["deed"], row["card__currency"]
        count = -row["deed_count"] if row["is_undoing"] else row["deed_count"]
        if deed == Kind.ENROLMENT:
            self.joins += count
        if deed in DEEDS:
            self.deeds += count
        if deed == Kind.REDEMPTION or (deed, row["aspect"]) == (Kind.VOUCHER, VoucherStatus.USED):
            self.rewards += count
        add_units(self.points, deed, row["points_in"] - row["points_out"])
        money = self.money[currency]
        add_units(money.credit, deed, row["credit_in"] - row["credit_out"])
        money.sales_minor += sales(row)
        for name in tallying.BASKETS:
            setattr(money, name, getattr(money, name) + row[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Outstanding:
    """What is open at the end of a span: points, and credit by currency in minor units."""

    points: int
    credit: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The figures of a whole span; a store or a person has nothing outstanding of its own.

    ``active`` is None where it takes too long to tell members apart.
    """

    span: Span
    total: Figures
    active: int | None
    outstanding: Outstanding | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopReward:
    """A reward, and how often it was handed out; what was undone is taken off."""

    reward_id: int
    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Awards:
    """How many awards came in a month by each source, undone or not (PA4.1)."""

    month: date
    by_source: Mapping[str, int]

    @property
    def untyped_share(self) -> Decimal | None:
        """Return the share that nobody typed, to four places, halves up."""
        total = sum(self.by_source.values())
        typed = sum(self.by_source.get(source, 0) for source in TYPED)
        return share(total - typed, total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All figures of one scope. They are as of ``at``, the baskets as of ``baskets_at``.

    Active members are those of ``active_span``, which has as many days as the page but may end
    with the last day that was counted, and those of as many days before.
    """

    now: Period
    before: Period
    step: Step
    parts: Mapping[date, Figures]
    top_rewards: Sequence[TopReward]
    awards: Sequence[Awards]
    at: datetime
    baskets_at: datetime | None
    active_span: Span


def page(*, scope: Scope, span: Span, at: datetime) -> Page:
    """Return the figures of a span, by day or month, and of the span before.

    Money is told by currency and never summed across currencies. Source: R6.1, R6.3, R6.4, PA4.1.

    :raises reading.SumsMovedError: if the job would not let it read.
    """
    return reading.read(scope, lambda reader: _page(reader, scope, span, at))


def _page(reader: Reader, scope: Scope, span: Span, at: datetime) -> Page:
    before = span.before()
    rows = reader.sums(
        [
            Window(name=NOW, span=span, step=span.step()),
            Window(name=BEFORE, span=before),
            Window(name=OPENING, span=Span(first=date.min, until=before.first)),
        ],
        by=BY,
    )
    deeds = sum(row["deed_count"] for row in rows if row["named"] != OPENING)
    active_span, active = _active(reader, scope, span, deeds)
    sums = {name: _total(rows, name) for name in (OPENING, BEFORE, NOW)}
    return Page(
        now=Period(
            span=span,
            total=sums[NOW],
            active=active[NOW],
            outstanding=_outstanding(scope, sums.values()),
        ),
        before=Period(
            span=before,
            total=sums[BEFORE],
            active=active[BEFORE],
            outstanding=_outstanding(scope, (sums[OPENING], sums[BEFORE])),
        ),
        step=span.step(),
        parts=_parts(rows, span),
        top_rewards=_top_rewards(reader, span),
        awards=_awards(rows, span),
        at=at,
        baskets_at=reader.mark.rolled_at,
        active_span=active_span,
    )


def _active(
    reader: Reader, scope: Scope, span: Span, deeds: int
) -> tuple[Span, Mapping[str, int | None]]:
    """Return how many members were active in days as many as a span's, and in those before.

    At most one statement. To count them takes longer the more there are, so the daily round tells
    those of the usual days, up to the day of its count, and those among many deeds where it can.
    """
    counted, is_few = reader.counted, deeds <= MOST_COUNTED
    if counted.date is not None:
        told = span.up_to(counted.date)
        usual = next((days for days in Lately if days.until(counted.date) == told), None)
        if scope.is_whole and (usual or not is_few or not reader.has_index):
            return told, comebacks.active(counted, {NOW: told, BEFORE: told.before()})
        if usual:
            now, before = places.active(counted, usual, **scope.place())
            return told, {NOW: now, BEFORE: before}
    if is_few:
        return span, reader.active({NOW: span, BEFORE: span.before()})
    return span, {NOW: None, BEFORE: None}


def share(part: int, whole: int) -> Decimal | None:
    """Return a share to four places, halves up; None of nothing."""
    if whole <= 0:
        return None
    return (Decimal(part) / Decimal(whole)).quantize(_SHARE, rounding=ROUND_HALF_UP)


def average(total: int, count: int) -> int | None:
    """Return an average to a whole number, halves up; None of nothing."""
    if count <= 0:
        return None
    return int((Decimal(total) / count).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _total(rows: Iterable[Mapping[str, Any]], name: str) -> Figures:
    found = Figures()
    for row in rows:
        if row["named"] == name:
            found.add(row)
    return found


def _parts(rows: Iterable[Mapping[str, Any]], span: Span) -> dict[date, Figures]:
    """Return the figures of each day or month of the span, those without any deed too."""
    found = {part: Figures() for part in span.parts(span.step())}
    for row in rows:
        if row["named"] == NOW:
            found[row["part"]].add(row)
    return found


def _awards(rows: Iterable[Mapping[str, Any]], span: Span) -> list[Awards]:
    counts: dict[date, Counter[str]] = {part: Counter() for part in span.parts(Step.MONTH)}
    for row in rows:
        is_award = row["deed"] in EARNING_KINDS and not row["is_undoing"]
        if row["named"] == NOW and is_award:
            counts[row["part"].replace(day=1)][row["source"]] += row["deed_count"]
    return [Awards(month=month, by_source=dict(found)) for month, found in counts.items()]


def _top_rewards(reader: Reader, span: Span) -> list[TopReward]:
    counts: Counter[tuple[int, str]] = Counter()
    by = ("reward_id", "reward__name", "deed", "aspect", "is_undoing")
    for row in reader.sums([Window(name=NOW, span=span)], by=by):
        figures = Figures()
        figures.add(row | {"card__currency": ""})
        if row["reward_id"] is not None:
            counts[row["reward_id"], row["reward__name"]] += figures.rewards
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [
        TopReward(reward_id=pk, name=name, count=count)
        for (pk, name), count in ordered[:MOST_REWARDS]
        if count > 0
    ]


def _outstanding(scope: Scope, sums: Iterable[Figures]) -> Outstanding | None:
    """Return what all moves up to the end of these spans leave open."""
    if not scope.is_whole:
        return None
    points, credit = 0, Counter[str]()
    for figures in sums:
        points += figures.points.net
        credit.update({name: money.credit.net for name, money in figures.money.items()})
    return Outstanding(points=points, credit=dict(credit))


def add_units(units: Units, deed: str, net: int) -> None:
    """Add what deeds of one sort moved of a unit."""
    units.net += net
    if deed in ISSUING:
        units.issued += net
    elif deed in REDEEMING:
        units.redeemed -= net
    elif deed == Kind.EXPIRY:
        units.expired -= net
    elif deed == Kind.REFUND:
        units.refunded += net
    elif deed == Kind.TRANSFER:
        units.transferred += net
    else:
        units.adjusted += net


def sales(row: Mapping[str, Any]) -> int:
    """Return what deeds of one sort add to the sales; what was undone or refunded takes off."""
    money = -row["money_minor"] if row["is_undoing"] else row["money_minor"]
    if row["deed"] == Kind.PURCHASE:
        return int(money)
    if row["deed"] == Kind.REFUND and row["aspect"] == Kind.PURCHASE:
        return int(-money)
    return 0
