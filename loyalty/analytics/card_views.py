"""How often cards are looked at: counted once in half an hour for each viewer, summed by day."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, models, transaction
from django.db.models import Count, DateTimeField, Exists, F, QuerySet, Sum, Value
from django.db.models.functions import TruncDate

from cards.models import Card
from clubs.models import Manager, StaffMember
from loyalty.analytics import inserting, reading, spans
from loyalty.analytics.models import CardView, DayView
from loyalty.analytics.reading import Scope
from loyalty.analytics.spans import Span, Step

AGAIN = timedelta(minutes=30)
# Raw rows stay so long, that is until the day after their own is over wherever that is.
KEPT = timedelta(days=3)
# A page does not wait for a busy SQLite: the view is not counted then.
MOST_WAIT_MS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks: ``key`` tells them from others; a person who is signed in may belong there."""

    key: str
    user_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """How often the cards of a scope were looked at: by day or month, and in the span before."""

    by_part: Mapping[date, int]
    before: int
    at: datetime

    @property
    def total(self) -> int:
        """Return all of the span."""
        return sum(self.by_part.values())


def count(*, card_id: int, viewer: Viewer, at: datetime) -> bool:
    """Count a look at a card, in one statement; return whether it counted.

    It does not count within half an hour of the one that did, nor of somebody who works for the
    business or runs it, nor where the database is busy. Source: R6.2.
    """
    seen = CardView.objects.filter(
        card=card_id, viewer=viewer.key, viewed_at__gt=at - AGAIN, viewed_at__lte=at
    )
    cards = Card.objects.filter(~Exists(seen), pk=card_id)
    if viewer.user_id is not None:
        for model in (StaffMember, Manager):
            own: QuerySet[Any] = model._default_manager.filter(user=viewer.user_id, is_active=True)
            cards = cards.filter(~Exists(own.filter(partner=models.OuterRef("partner"))))
    heads = {
        "viewer": Value(viewer.key, output_field=models.CharField()),
        "viewed_at": Value(at, output_field=DateTimeField()),
        "slot": Value(int(at.timestamp() // AGAIN.total_seconds()), models.BigIntegerField()),
    }
    rows = cards.order_by().annotate(**heads).values("partner_id", "pk", *heads)
    names = ("partner_id", "card_id", *heads)
    try:
        with _without_waiting():
            return inserting.insert(CardView, names, rows, "ON CONFLICT DO NOTHING") > 0
    except OperationalError:
        return False


def views(*, scope: Scope, span: Span, step: Step, at: datetime) -> Views:
    """Return the views of a span by day or month, and of the span before; two statements (R6.2).

    Days are those of the business. A store and a person have none of their own.
    """
    assert scope.is_whole  # noqa: S101 - pages belong to cards
    before = span.before()
    card_ids = reading.own_cards(scope).ids
    days = DayView.objects.filter(card__in=card_ids, day__gte=before.first, day__lt=span.until)
    zone = scope.partner.zone()
    raw = CardView.objects.filter(
        card__in=card_ids,
        viewed_at__gte=spans.begins(before.first, zone),
        viewed_at__lt=spans.begins(span.until, zone),
    ).annotate(day=TruncDate("viewed_at", tzinfo=zone))
    kept = days.order_by().values_list("day").annotate(found=Sum("view_count"))
    live = raw.order_by().values_list("day").annotate(found=Count("pk"))
    parts = dict.fromkeys(span.parts(step), 0)
    past = 0
    for day, found in kept.union(live, all=True):
        if day < span.first:
            past += int(found)
        else:
            parts[day if step == Step.DAY else day.replace(day=1)] += int(found)
    return Views(by_part=parts, before=past, at=at)


def is_due(*, at: datetime) -> bool:
    """Return whether there are raw rows to be summed up."""
    return _old(at).exists()


def sum_up_next(*, at: datetime) -> int:
    """Sum up the oldest day of a card, and let go of its raw rows; return whether there was one.

    Both happen together, so that a page counts each view once.
    """
    oldest = _old(at).order_by("viewed_at", "card").select_related("partner").first()
    if oldest is None:
        return 0
    zone = oldest.partner.zone()
    day = oldest.viewed_at.astimezone(zone).date()
    rows = CardView.objects.filter(
        card=oldest.card_id,
        viewed_at__gte=spans.begins(day, zone),
        viewed_at__lt=spans.begins(day + spans.DAY, zone),
    )
    with transaction.atomic():
        gone, _by_model = rows.delete()
        DayView.objects.get_or_create(
            card_id=oldest.card_id, day=day, defaults={"partner_id": oldest.partner_id}
        )
        DayView.objects.filter(card=oldest.card_id, day=day).update(
            view_count=F("view_count") + gone
        )
    return 1


def _old(at: datetime) -> QuerySet[CardView]:
    return CardView.objects.filter(viewed_at__lt=at - KEPT)


@contextmanager
def _without_waiting() -> Iterator[None]:
    """Give up at once where SQLite is locked; PostgreSQL locks no table for this."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    driver = connection.connection
    (usual,) = driver.execute("PRAGMA busy_timeout").fetchone()
    driver.execute(f"PRAGMA busy_timeout = {MOST_WAIT_MS}")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA busy_timeout = {int(usual)}")
