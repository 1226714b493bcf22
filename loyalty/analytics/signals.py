"""Find what an owner should look at, keep it once, and note who has looked.

A job reads what is new since its mark. A run that is missed, doubled or broken off changes
nothing: what is found again is the same row.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from clubs.models import Partner
from loyalty.analytics import cap_patterns, patterns, scan_patterns
from loyalty.analytics.models import Signal, SignalKind, SignalMark, SignalState
from loyalty.analytics.patterns import Found, Part
from loyalty.analytics.reading import Scope
from loyalty.analytics.spans import SETTLED, Span
from loyalty.audit import record
from loyalty.jobs import queue
from loyalty.jobs.models import Job
from loyalty.ledger.models import Transaction
from loyalty.members.models import Scan
from loyalty.users.models import User

WORK = "find signals"
# So many deeds are searched in one transaction of the job, which then takes a second or so.
PART_DEEDS = 10_000


class SignalNotFoundError(LookupError):
    """There is no such signal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many signals there are about a person, and how many of them nobody has looked at."""

    found: int
    open: int


@queue.work(WORK)
def work(job: Job) -> bool:
    """Search what is new of all partners for a while; return whether more is left."""
    at = datetime.fromisoformat(job.arguments["at"])
    return queue.for_a_while(lambda: _step(at))


def is_due(*, at: datetime) -> bool:
    """Return whether anything is there that was not searched yet."""
    return _next_partner(at) is not None


def rebuild(*, partner: Partner, at: datetime) -> None:
    """Search everything again; signals that somebody has seen stay as they are."""
    with transaction.atomic():
        mark = _locked_mark(partner)
        Signal.objects.filter(partner=partner, state=SignalState.OPEN).delete()
        mark.done_id, mark.scans_until = 0, None
        mark.save()
    while search(partner=partner, at=at):
        pass


@transaction.atomic
def search(*, partner: Partner, at: datetime) -> bool:
    """Search one part of what is new for a partner; return whether there was anything new."""
    mark = _locked_mark(partner)
    until_id, scanned = _last_new(mark, at), at - SETTLED
    has_scans = _new_scans(at).filter(pk=partner.pk).exists()
    if until_id is None and not has_scans:
        return False
    found: list[Found] = []
    if until_id is not None:
        part = Part(partner=partner, after_id=mark.done_id, until_id=until_id)
        found += [*patterns.found_in(part), *cap_patterns.near_caps(part)]
        mark.done_id = until_id
    if has_scans:
        found += scan_patterns.refused_scans(partner, since=mark.scans_until, until=scanned)
        mark.scans_until = scanned
    _keep(partner, found, at)
    mark.save()
    return True


@transaction.atomic
def mark_seen(
    *, signal_id: int, actor: User, note: str, at: datetime, address: str | None = None
) -> Signal:
    """Note that a person has looked at a signal, with words of theirs, and return it.

    What was seen before stays as it was. The audit log gets no words, which may name people.

    :raises SignalNotFoundError: if there is none.
    """
    signal = Signal.objects.select_for_update(no_key=True).filter(pk=signal_id).first()
    if signal is None:
        raise SignalNotFoundError
    if signal.state == SignalState.SEEN:
        return signal
    signal.state, signal.seen_by, signal.seen_at = SignalState.SEEN, actor, at
    signal.note = note
    signal.save(update_fields=["state", "seen_by", "seen_at", "note"])
    record.record(
        action="seen",
        subject=signal,
        partner_id=signal.partner_id,
        actor_id=actor.pk,
        before={"state": SignalState.OPEN},
        after={"state": SignalState.SEEN},
        address=address,
    )
    return signal


def of_scope(*, scope: Scope, span: Span) -> QuerySet[Signal]:
    """Return the signals of the days of a span, of the clubs whose cards the scope is about.

    Signals about scans belong to no club, and so to every scope of the partner.
    """
    clubs = Q(club__in=scope.cards.order_by().values("club")) | Q(club=None)
    found = Signal.objects.filter(
        clubs, partner=scope.partner, day__gte=span.first, day__lt=span.until
    )
    if scope.store_id is not None:
        found = found.filter(store=scope.store_id)
    if scope.actor_id is not None:
        found = found.filter(Q(actor=scope.actor_id) | Q(colleague=scope.actor_id))
    return found


def by_actor(*, scope: Scope, span: Span) -> dict[int, Tally]:
    """Return how many signals there are about each person within a span, in two statements.

    Awards in turns count for both people, unless the scope is about one of them.
    """
    totals: dict[int, Tally] = {}
    for role in ("actor", "colleague"):
        rows = (
            of_scope(scope=scope, span=span)
            .filter(**{f"{role}__isnull": False})
            .order_by()
            .values_list(role)
            .annotate(found=Count("pk"), waiting=Count("pk", filter=Q(state=SignalState.OPEN)))
        )
        for person, found, waiting in rows:
            if scope.actor_id not in {None, person}:
                continue
            before = totals.get(person, Tally(found=0, open=0))
            totals[person] = Tally(found=before.found + found, open=before.open + waiting)
    return totals


def _step(at: datetime) -> int:
    partner = _next_partner(at)
    return int(partner is not None and search(partner=partner, at=at))


def _next_partner(at: datetime) -> Partner | None:
    """Return the first partner with deeds or refused scans that were not searched yet."""
    newer = _settled(at).filter(partner=OuterRef("pk"), pk__gt=OuterRef("done"))
    partners = _marked().filter(Exists(newer)).order_by("pk").first()
    return partners or _new_scans(at).order_by("pk").first()


def _new_scans(at: datetime) -> QuerySet[Partner]:
    """Return the partners whose staff made refused scans since these were searched last."""
    scans = Scan.objects.filter(
        staff__staff_rows__partner=OuterRef("pk"),
        outcome__in=scan_patterns.REFUSED,
        scanned_at__lte=at - SETTLED,
    )
    is_first = Q(signal_mark__scans_until=None)
    newer = scans.filter(scanned_at__gt=OuterRef("signal_mark__scans_until"))
    return Partner.objects.filter(Q(is_first, Exists(scans)) | Q(Exists(newer)), is_practice=False)


def _marked() -> QuerySet[Partner]:
    marks = SignalMark.objects.filter(partner=OuterRef("pk"))
    real = Partner.objects.filter(is_practice=False)
    return real.annotate(done=Coalesce(Subquery(marks.values("done_id")), Value(0)))


def _settled(at: datetime) -> QuerySet[Transaction]:
    return Transaction.objects.filter(recorded_at__lte=at - SETTLED)


def _locked_mark(partner: Partner) -> SignalMark:
    """Return the partner's mark, so that one worker at a time moves it."""
    SignalMark.objects.get_or_create(partner=partner)
    return SignalMark.objects.select_for_update(no_key=True).get(partner=partner)


def _last_new(mark: SignalMark, at: datetime) -> int | None:
    """Return the last key of the next part of the ledger, or None if nothing is new."""
    ahead = _settled(at).filter(partner=mark.partner_id, pk__gt=mark.done_id).order_by("pk")
    keys = list(ahead.values_list("pk", flat=True)[:PART_DEEDS])
    return keys[-1] if keys else None


def _keep(partner: Partner, found: Iterable[Found], at: datetime) -> None:
    """Store what was found; what is there already is opened again if it has grown."""
    by_key = {one.key: one for one in found}
    there = {row.key: row for row in Signal.objects.filter(partner=partner, key__in=by_key)}
    Signal.objects.bulk_create(
        [_row(partner, one, at) for key, one in by_key.items() if key not in there]
    )
    grown = []
    for key, row in there.items():
        one = by_key[key]
        if one.facts["count"] > row.facts["count"]:
            row.facts, row.transaction_ids, row.day = one.facts, one.transaction_ids, one.day
            row.state = SignalState.OPEN
            grown.append(row)
    Signal.objects.bulk_update(grown, ["facts", "transaction_ids", "day", "state"])


def _row(partner: Partner, one: Found, at: datetime) -> Signal:
    return Signal(
        partner=partner,
        club_id=one.club_id,
        store_id=one.store_id,
        actor_id=one.actor_id,
        colleague_id=one.colleague_id,
        membership_id=one.membership_id,
        kind=SignalKind(one.kind),
        key=one.key,
        day=one.day,
        transaction_ids=one.transaction_ids,
        facts=one.facts,
        found_at=at,
    )
