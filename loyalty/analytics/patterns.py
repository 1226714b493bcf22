"""Patterns in deeds that are worth a look: each query finds candidates, and plain code tells them.

Only what is newer than a mark is searched for candidates; the deeds around each are read by an
index. A number that is told is of what stood when it was found. Nothing here is a verdict.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import (
    CharField,
    Count,
    ExpressionWrapper,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce

from clubs.models import Partner, StaffMember
from loyalty.analytics import spans
from loyalty.analytics.models import SignalKind
from loyalty.analytics.spans import DAY
from loyalty.ledger.models import Kind, Source, Transaction
from loyalty.members.models import Membership, VoucherStatus
from loyalty.operations.standing import EARNING_KINDS, SPENDING_KINDS

# Three awards by one person on one card within an hour: as many as a card allows as it comes.
MANY_AWARDS = 3
AWARD_WINDOW = timedelta(hours=1)
# One way may be a friend who drops in; both ways twice in a week is a habit.
TURNS = 2
# A wrong reward is picked now and then; whoever undoes two in a week may have handed both out.
UNDONE_REWARDS = 2
# FA15: the till's feed and the counter tell the same sale within a day.
SALE_WINDOW = timedelta(hours=24)
# Nobody reads more deeds than these on the page of one signal.
MOST_TOLD = 50
AT_COUNTER = (Source.SCAN, Source.OFFLINE)
BY_HAND = (*AT_COUNTER, Source.ADMIN)
IS_AWARD = Q(kind__in=EARNING_KINDS) | Q(kind=Kind.ADJUSTMENT, points__gt=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A pattern that was found; ``key`` is the same whenever it is found again."""

    kind: SignalKind
    key: str
    day: date
    facts: dict[str, Any]
    club_id: int | None = None
    store_id: int | None = None
    actor_id: int | None = None
    colleague_id: int | None = None
    membership_id: int | None = None
    transaction_ids: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The part of a partner's ledger that is searched: keys after one and up to another."""

    partner: Partner
    after_id: int
    until_id: int

    def new(self) -> QuerySet[Transaction]:
        """Return the deeds that are searched for candidates: those not undone."""
        keys = {"pk__gt": self.after_id, "pk__lte": self.until_id}
        return standing_deeds().filter(partner=self.partner, **keys)

    def day(self, at: datetime) -> date:
        """Return the partner's day of a moment."""
        return at.astimezone(self.partner.zone()).date()

    def week(self, at: datetime) -> date:
        """Return the first day of the partner's week of a moment."""
        day = self.day(at)
        return day - (day.weekday() - self.partner.week_start) % 7 * DAY

    def in_weeks(self, weeks: Iterable[date]) -> Q:
        """Return a filter for what was done from the first to the last of some weeks."""
        found, zone = sorted(weeks), self.partner.zone()
        return Q(
            occurred_at__gte=spans.begins(found[0], zone),
            occurred_at__lt=spans.begins(found[-1] + 7 * DAY, zone),
        )


def standing_deeds() -> QuerySet[Transaction]:
    """Return the deeds that are not undone, of all partners.

    Whoever asks names cards or people, by whose indexes they are read: those of a partner would
    read all that was done at the time.
    """
    return Transaction.objects.filter(reversal__isnull=True).order_by()


def found_in(part: Part) -> Iterator[Found]:
    """Return all patterns that the part's new deeds complete, except those of limits and scans."""
    yield from many_awards(part)
    yield from own_cards(part)
    yield from in_turns(part)
    yield from undone_rewards(part)
    yield from two_sources(part)


def many_awards(part: Part) -> Iterator[Found]:
    """Tell who booked many awards on one card within an hour; one signal for each day."""
    counter = Q(IS_AWARD, source__in=AT_COUNTER, caused_by=None)
    near = (
        standing_deeds()
        .filter(
            counter,
            membership=OuterRef("membership"),
            actor=OuterRef("actor"),
            occurred_at__gt=OuterRef("occurred_at") - AWARD_WINDOW,
            occurred_at__lt=OuterRef("occurred_at") + AWARD_WINDOW,
        )
        .values("membership")
        .annotate(found=Count("pk"))
        .values("found")
    )
    new = part.new().filter(counter, actor__isnull=False, membership__isnull=False)
    crowded = new.annotate(near=Coalesce(Subquery(near, output_field=IntegerField()), 0)).filter(
        near__gte=MANY_AWARDS
    )
    rows = list(crowded.values_list("membership_id", "actor_id", "occurred_at"))
    if not rows:
        return
    pairs = {row[:2] for row in rows}
    moments = [row[2] for row in rows]
    awards = standing_deeds().filter(
        counter,
        membership__in={membership for membership, _actor in pairs},
        actor__in={actor for _membership, actor in pairs},
        occurred_at__gte=min(moments) - DAY - AWARD_WINDOW,
        occurred_at__lt=max(moments) + DAY,
    )
    days = {(*row[:2], part.day(row[2])) for row in rows}
    for key, group in _grouped(awards, "membership_id", "actor_id").items():
        if key in pairs:
            yield from _crowds(part, group, days)


def _crowds(part: Part, awards: list[Transaction], days: set[tuple[Any, ...]]) -> Iterator[Found]:
    """Tell the fullest hour of each day on which the awards of one person on one card crowd."""
    best: dict[date, list[Transaction]] = {}
    told: dict[date, dict[int, Transaction]] = defaultdict(dict)
    first = 0
    for last, award in enumerate(awards):
        while awards[first].occurred_at <= award.occurred_at - AWARD_WINDOW:
            first += 1
        hour = awards[first : last + 1]
        if len(hour) < MANY_AWARDS:
            continue
        day = part.day(award.occurred_at)
        told[day] |= {one.pk: one for one in hour}
        if len(hour) > len(best.get(day, ())):
            best[day] = hour
    for day, hour in best.items():
        newest = hour[-1]
        if (newest.membership_id, newest.actor_id, day) not in days:
            continue
        spanned = newest.occurred_at - hour[0].occurred_at
        yield Found(
            kind=SignalKind.MANY_AWARDS,
            key=f"many:{newest.membership_id}:{newest.actor_id}:{day}",
            day=day,
            club_id=newest.card.club_id,
            store_id=newest.store_id,
            actor_id=newest.actor_id,
            membership_id=newest.membership_id,
            transaction_ids=ids_of(told[day].values()),
            facts={
                "count": len(hour),
                "minutes": max(1, -(-spanned // timedelta(minutes=1))),
                "points": sum(one.points for one in hour),
            },
        )


def own_cards(part: Part) -> Iterator[Found]:
    """Tell who booked on a card that is theirs by sign-in or by e-mail; a signal for each week.

    The operations refuse the own card, so it was linked later, or bears only the same e-mail.
    """
    is_theirs = Q(membership__member__user=F("actor")) | (
        Q(membership__member__email__iexact=F("actor__email")) & ~Q(membership__member__email="")
    )
    kinds = Q(IS_AWARD) | Q(kind__in=SPENDING_KINDS)
    theirs = Q(kinds, is_theirs, source__in=BY_HAND, caused_by=None)
    new = part.new().filter(theirs).values_list("actor_id", "membership_id", "occurred_at")
    keys = {(actor, membership, part.week(at)) for actor, membership, at in new}
    if not keys:
        return
    booked = standing_deeds().filter(
        theirs,
        part.in_weeks(key[2] for key in keys),
        membership__in={membership for _actor, membership, _week in keys},
    )
    for actor_id, membership_id, week, deeds in by_week(part, booked, "actor_id", "membership_id"):
        if (actor_id, membership_id, week) in keys:
            yield Found(
                kind=SignalKind.OWN_CARD,
                key=f"own:{actor_id}:{membership_id}:{week}",
                day=part.day(deeds[-1].occurred_at),
                club_id=deeds[-1].card.club_id,
                store_id=deeds[-1].store_id,
                actor_id=actor_id,
                membership_id=membership_id,
                transaction_ids=ids_of(deeds),
                facts={"count": len(deeds), "points": sum(one.points for one in deeds)},
            )


def in_turns(part: Part) -> Iterator[Found]:
    """Tell which two of the staff award each other's cards, both ways; a signal for each week."""
    staff = StaffMember.objects.filter(partner=part.partner).values("user")
    given = Q(IS_AWARD, source__in=BY_HAND, caused_by=None, membership__member__user__in=staff)
    by_somebody = part.new().filter(given, actor__isnull=False)
    new = by_somebody.exclude(membership__member__user=F("actor"))
    rows = new.values_list("actor_id", "membership__member__user_id", "occurred_at")
    keys = {(min(pair), max(pair), part.week(at)) for *pair, at in rows}
    if not keys:
        return
    people = {person for first, second, _week in keys for person in (first, second)}
    awards = (
        standing_deeds()
        .filter(given, part.in_weeks({week for _first, _second, week in keys}), actor__in=people)
        .filter(membership__member__user__in=people, membership__partner=part.partner)
        .annotate(taker_id=F("membership__member__user"))
    )
    ways: dict[tuple[Any, ...], dict[int, list[Transaction]]] = defaultdict(dict)
    for giver, taker, week, deeds in by_week(part, awards, "actor_id", "taker_id"):
        ways[min(giver, taker), max(giver, taker), week][giver] = deeds
    for key, both in ways.items():
        counts = {giver: len(deeds) for giver, deeds in both.items()}
        if key not in keys or len(both) < 2 or min(counts.values()) < TURNS:  # noqa: PLR2004 - two ways
            continue
        first, second, week = key
        deeds = sorted((one for way in both.values() for one in way), key=lambda one: one.pk)
        yield Found(
            kind=SignalKind.IN_TURNS,
            key=f"turns:{first}:{second}:{week}",
            day=part.day(max(one.occurred_at for one in deeds)),
            club_id=deeds[-1].card.club_id,
            store_id=deeds[-1].store_id,
            actor_id=first,
            colleague_id=second,
            transaction_ids=ids_of(deeds),
            facts={
                "count": len(deeds),
                "given": counts[first],
                "taken": counts[second],
                "points": sum(one.points for one in deeds),
            },
        )


def undone_rewards(part: Part) -> Iterator[Found]:
    """Tell who undid rewards that had been handed out, some in a week."""
    handed_out = Q(reverses__kind=Kind.REDEMPTION) | Q(
        reverses__voucher_moves__to_status=VoucherStatus.USED
    )
    undone = Q(handed_out, kind=Kind.REVERSAL, source__in=BY_HAND, actor__isnull=False)
    new = part.new().filter(undone).values_list("actor_id", "card__club_id", "occurred_at")
    keys = {(actor, club, part.week(at)) for actor, club, at in new}
    if not keys:
        return
    rows = (
        standing_deeds()
        .filter(undone, part.in_weeks(key[2] for key in keys))
        .filter(actor__in={actor for actor, _club, _week in keys})
        .annotate(club_id=F("card__club"))
        .distinct()
    )
    for actor_id, club_id, week, deeds in by_week(part, rows, "actor_id", "club_id"):
        if (actor_id, club_id, week) in keys and len(deeds) >= UNDONE_REWARDS:
            yield Found(
                kind=SignalKind.UNDONE_REWARDS,
                key=f"undone:{actor_id}:{club_id}:{week}",
                day=part.day(deeds[-1].occurred_at),
                club_id=club_id,
                store_id=deeds[-1].store_id,
                actor_id=actor_id,
                transaction_ids=ids_of(deeds),
                facts={
                    "count": len(deeds),
                    "points": sum(one.points for one in deeds),
                    "week": str(week),
                },
            )


def two_sources(part: Part) -> Iterator[Found]:
    """Tell which two bookings may be one sale: one member and club, one amount, two sources.

    Both are booked, as the source says; with two receipt numbers they are two sales. FA15.
    """
    sold = Q(kind__in=EARNING_KINDS, amount_minor__gt=0)
    own_receipt = ExpressionWrapper(OuterRef("receipt_number"), output_field=CharField())
    cards = Membership.objects.filter(
        member=OuterRef(OuterRef("membership__member")),
        card__club=OuterRef(OuterRef("card__club")),
        card__currency=OuterRef(OuterRef("card__currency")),
    )
    same = (
        standing_deeds()
        .filter(
            sold,
            membership__in=cards.values("pk"),
            amount_minor=OuterRef("amount_minor"),
            kind=OuterRef("kind"),
            occurred_at__gte=OuterRef("occurred_at") - SALE_WINDOW,
            occurred_at__lte=OuterRef("occurred_at") + SALE_WINDOW,
        )
        .exclude(source=OuterRef("source"))
        .annotate(own_receipt=own_receipt)
        .filter(Q(receipt_number="") | Q(own_receipt=""))
        .values("amount_minor")
        .annotate(first=Min("pk"))
        .values("first")
    )
    twins = part.new().filter(sold).annotate(twin_id=Subquery(same)).values_list("pk", "twin_id")
    pairs = {(min(pk, twin), max(pk, twin)) for pk, twin in twins if twin is not None}
    ids = {pk for pair in pairs for pk in pair}
    deeds = Transaction.objects.filter(pk__in=ids).select_related("card").in_bulk()
    for first, second in sorted(pairs):
        one, other = deeds[first], deeds[second]
        yield Found(
            kind=SignalKind.TWO_SOURCES,
            key=f"twice:{first}:{second}",
            day=part.day(other.occurred_at),
            club_id=other.card.club_id,
            store_id=other.store_id or one.store_id,
            actor_id=one.actor_id or other.actor_id,
            membership_id=other.membership_id,
            transaction_ids=[first, second],
            facts={
                "count": 2,
                "amount_minor": other.amount_minor,
                "currency": other.card.currency,
                "sources": [one.source, other.source],
                "points": one.points + other.points,
            },
        )


def by_week(
    part: Part, deeds: QuerySet[Transaction], first: str, second: str
) -> Iterator[tuple[Any, Any, date, list[Transaction]]]:
    """Return deeds by two of their columns and by the partner's week, in the order done."""
    for key, group in _grouped(deeds, first, second).items():
        weeks: dict[date, list[Transaction]] = defaultdict(list)
        for deed in group:
            weeks[part.week(deed.occurred_at)].append(deed)
        for week, found in weeks.items():
            yield *key, week, found


def _grouped(deeds: QuerySet[Transaction], *names: str) -> dict[tuple[Any, ...], list[Transaction]]:
    """Return deeds by some of their columns, in the order in which they were done."""
    groups: dict[tuple[Any, ...], list[Transaction]] = defaultdict(list)
    told = deeds.select_related("card").defer("basket", "facts", "result")
    for deed in told.order_by("occurred_at", "pk"):
        groups[tuple(getattr(deed, name) for name in names)].append(deed)
    return groups


def ids_of(deeds: Iterable[Transaction]) -> list[int]:
    """Return the keys of the newest deeds, in their order."""
    return sorted(one.pk for one in deeds)[-MOST_TOLD:]
