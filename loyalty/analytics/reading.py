"""Read sums for spans of days: what jobs have kept, and what the ledger says beyond that."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from django.db.models import CharField, Count, DateField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, TruncDate, TruncMonth

from cards.models import Card
from clubs.models import Partner
from loyalty.analytics import spans, tallying
from loyalty.analytics.models import DayFact, MonthFact, RollupMark
from loyalty.analytics.spans import Span, Step
from loyalty.analytics.tallying import SUMMED
from loyalty.ledger.models import Source, Transaction

# The job may move on while a page is read; so often it is read again before giving up.
MOST_TRIES = 10
# So many deeds beyond the sums a page reads from the ledger; while sums are made again it waits.
MOST_LIVE = 50_000
_Read = TypeVar("_Read")


class SumsMovedError(RuntimeError):
    """The job moved the sums each time they were read: trying again in a moment will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose figures: cards of one partner that the person may see, or there one store or person.

    ``cards`` are restricted by the caller, by the access functions or the wall of the dashboard.
    """

    partner: Partner
    cards: QuerySet[Card]
    store_id: int | None = None
    actor_id: int | None = None

    @property
    def is_whole(self) -> bool:
        """Return whether it is about the cards as such, so that they have balances."""
        return not self.place()

    def place(self) -> dict[str, int]:
        """Return which store or person it is about, as a filter of facts and of transactions."""
        found = {"store": self.store_id, "actor": self.actor_id}
        return {name: pk for name, pk in found.items() if pk is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span to be summed up under a name, told by its parts or (step None) as one.

    A span that begins at ``date.min`` is all that was before its end.
    """

    name: str
    span: Span
    step: Step | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCards:
    """The cards of a scope, and the partner whose cards they all are, if there are no others."""

    ids: Sequence[int]
    all_of: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The cards of a scope, and when the daily round counted on them last (None: never).

    ``all_of`` is the partner whose cards these all are, or None where there are others.
    """

    card_ids: Sequence[int]
    all_of: int | None
    at: datetime | None
    date: "date | None"


class Reader:
    """The sums of one scope as they stood at one mark of the job."""

    def __init__(self, scope: Scope, cards: OwnCards, mark: RollupMark) -> None:
        self.card_ids = cards.ids
        self._own = cards
        self.place = scope.place()
        self.zone = scope.partner.zone()
        # By time the ledger is indexed for partners, stores and persons; of some cards a reader
        # meets all others too.
        self.has_index = bool(self.place) or cards.all_of is not None
        self._cards = Q(partner=scope.partner, card__in=cards.ids)
        own = self._cards & Q(**self.place)
        # Days of another time zone are of no use until the job has made them again.
        is_of_use = mark.timezone == scope.partner.timezone
        self.mark = mark if is_of_use else RollupMark(partner=scope.partner)
        self.kept = own if is_of_use else Q(pk__in=[])

    @property
    def counted(self) -> Counted:
        """Return what to ask for counts of the daily round."""
        return _counted(self._own, self.mark)

    def sums(self, windows: Sequence[Window], *, by: Sequence[str]) -> list[dict[str, Any]]:
        """Return sums of the windows by the columns named, in one statement.

        A row tells its window in ``named`` and the part of that in ``part``.
        """
        if not self.card_ids:
            return []
        first, *others = [each for window in windows for each in self._branches(window, by)]
        names = ("named", "part", *by)
        totals: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in first.union(*others, all=True):
            key, found = row[: len(names)], row[len(names) :]
            kept = totals.setdefault(key, dict.fromkeys(SUMMED, 0))
            for name, value in zip(SUMMED, found, strict=True):
                kept[name] += int(value or 0)
        return [dict(zip(names, key, strict=True)) | sums for key, sums in totals.items()]

    def active(self, named: Mapping[str, Span]) -> dict[str, int]:
        """Return how many members were active in each span, in one statement of the ledger.

        It reads every deed of theirs, so the caller sees to it that there are few, and that there
        is an index for them.
        """
        visits = tallying.visits(self._deeds(spans.around(named.values())))
        counts = {
            name: Count("membership", filter=self._done_in(span), distinct=True)
            for name, span in named.items()
        }
        return visits.aggregate(**counts)

    def _branches(self, window: Window, by: Sequence[str]) -> Iterator[QuerySet[Any, Any]]:
        span = window.span
        told = tallying.summed(SUMMED)
        # Months are not kept by person.
        is_by_month = not self.place and window.step != Step.DAY and "actor_id" not in by
        months = span.whole_months() if is_by_month else None
        if months is not None:
            facts = MonthFact.objects.filter(
                self.kept, month__gte=months.first, month__lt=months.until
            )
            yield _summed(facts, window, F("month"), by, told)
        for rest in span.beside(months):
            days = DayFact.objects.filter(self.kept, day__gte=rest.first, day__lt=rest.until)
            part = TruncMonth("day") if window.step == Step.MONTH else F("day")
            yield _summed(days, window, part, by, told)
        deeds = tallying.sorted_out(self.live(span)).annotate(**tallying.by_whom())
        trunc = TruncMonth if window.step == Step.MONTH else TruncDate
        told = {**tallying.flows(), **tallying.no_baskets()}
        done_on = trunc("occurred_at", tzinfo=self.zone)
        yield _summed(deeds, window, done_on, tallying.columns(by), told)

    def live(self, span: Span, *, of: str = "") -> QuerySet[Transaction]:
        """Return the transactions of a span that the kept sums do not hold.

        With ``of="reverses__"`` those that undo a deed of the span, wherever the undoing was.
        """
        mark = self.mark
        deeds = self._deeds(span, of=of).filter(pk__gt=mark.done_id)
        if mark.next_date is not None:
            next_begins = spans.begins(mark.next_date, self.zone)
            is_ahead = Q(**{f"{of}occurred_at__gte": next_begins})
            deeds = deeds.filter(Q(pk__gt=mark.target_id) | is_ahead)
        return deeds

    def _deeds(self, span: Span, *, of: str = "") -> QuerySet[Transaction]:
        """Return the transactions of a span."""
        place = {f"{of}{name}": pk for name, pk in self.place.items()}
        deeds = Transaction.objects.filter(self._cards, self._done_in(span, of=of), **place)
        if "actor" in self.place:  # In the own wallet nobody works.
            deeds = deeds.exclude(**{f"{of}source": Source.WALLET})
        return deeds

    def _done_in(self, span: Span, *, of: str = "") -> Q:
        found = Q(**{f"{of}occurred_at__lt": spans.begins(span.until, self.zone)})
        if span.first > date.min:
            found &= Q(**{f"{of}occurred_at__gte": spans.begins(span.first, self.zone)})
        return found


def own_cards(scope: Scope) -> OwnCards:
    """Return the cards of a scope that are the partner's, in one statement."""
    is_asked = Exists(scope.cards.filter(pk=OuterRef("pk")))
    cards = Card.objects.filter(partner=scope.partner).annotate(is_asked=is_asked).order_by("pk")
    found = list(cards.values_list("pk", "is_asked"))
    ids = [pk for pk, asked in found if asked]
    return OwnCards(ids=ids, all_of=scope.partner.pk if len(ids) == len(found) else None)


def counted(scope: Scope) -> Counted:
    """Return what to ask for counts of the daily round; two statements.

    They are of cards as such, not of a store or a person in them.
    """
    assert scope.is_whole  # noqa: S101 - members belong to cards
    return _counted(own_cards(scope), _mark(scope.partner))


def read(scope: Scope, ask: Callable[[Reader], _Read]) -> _Read:
    """Return what is asked of the scope's sums, all of it at one mark of the job.

    :raises SumsMovedError: if the job moved on each time, or has most of the ledger before it.
    """
    cards = own_cards(scope)
    mark = _mark(scope.partner)
    if _is_far_behind(scope.partner, mark):
        raise SumsMovedError
    for _try in range(MOST_TRIES):
        found = ask(Reader(scope, cards, mark))
        now = _mark(scope.partner)
        if now.state() == mark.state():
            return found
        mark = now
    raise SumsMovedError


def _counted(cards: OwnCards, mark: RollupMark) -> Counted:
    return Counted(
        card_ids=cards.ids, all_of=cards.all_of, at=mark.counted_at, date=mark.counted_date
    )


def _mark(partner: Partner) -> RollupMark:
    """Return the mark as it is; where nothing is kept yet, one that says so."""
    found = RollupMark.objects.filter(partner=partner).order_by("pk").first()
    return found or RollupMark(partner=partner, timezone=partner.timezone)


def _is_far_behind(partner: Partner, mark: RollupMark) -> bool:
    """Return whether a page would read more of the ledger than a page can, as sums are being made.

    Once they are made the job is never far behind, so nothing is asked then; nor of a business that
    has none yet.
    """
    is_of_use = mark.timezone == partner.timezone
    is_made = is_of_use and mark.done_id and mark.next_date is None
    if is_made or mark.rolled_at is None:
        return False
    ahead = Transaction.objects.filter(partner=partner, pk__gt=mark.done_id if is_of_use else 0)
    return ahead.order_by("pk")[MOST_LIVE : MOST_LIVE + 1].exists()


def _summed(
    rows: QuerySet[Any, Any],
    window: Window,
    part: Any,
    by: Sequence[str],
    told: Mapping[str, Any],
) -> QuerySet[Any, Any]:
    """Return the sums of some rows, in columns that all branches have in common."""
    if window.step is None:
        part = Value(window.span.until, output_field=DateField())
    heads = {
        "named": Value(window.name, output_field=CharField()),
        "part": Cast(part, DateField()),
    }
    found = rows.order_by().annotate(**heads).values_list(*heads, *by)
    summed: QuerySet[Any, Any] = found.annotate(**told)
    return summed
