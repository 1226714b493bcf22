"""Birthdays and anniversaries: what they give, on the day or up to a week late (PA2.6)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from cards import access, terms
from cards.models import Card, TermsVersion
from loyalty.ledger.models import Firing, FiringKind, Source, Transaction
from loyalty.members.models import Member, Membership, MembershipStatus
from loyalty.operations import drafting, followups, histories, milestones
from loyalty.operations.bonuses import BonusReason
from loyalty.operations.deeds import Deed, fingerprint, one_transaction
from loyalty.operations.standing import check_open, first_result, lock
from loyalty.rules import milestones as rules
from loyalty.rules import special_days
from loyalty.rules.terms import MilestoneKind

# A run that was missed, or a member who was busy at a counter, is made good for so long.
LATE_DAYS = 7
# So many members are read at a time; each is given theirs in a transaction of its own.
CHUNK_MEMBERS = 200
KINDS = (MilestoneKind.BIRTHDAY, MilestoneKind.ANNIVERSARY)


class NothingDueError(ValueError):
    """The member has had what the day gives, or it is not their day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """A member's day that something is due for; ``year`` tells it from last year's."""

    membership_id: int
    kind: MilestoneKind
    year: int


def due_at(at: datetime) -> Iterator[Occasion]:
    """Return what is due on all open cards at this moment, in the order of cards and members.

    Days are those of each business's time zone. What was given already is not among it, so running
    twice, or late by up to a week, changes nothing.
    """
    versions = TermsVersion.objects.filter(card=OuterRef("pk"), published_at__lte=at)
    version = Subquery(versions.order_by("-number").values("pk")[:1])
    cards: Any = access.open_at(at).annotate(version_id=version).exclude(version_id=None)
    for card in cards.order_by("pk"):
        rules_ = terms.of_version(card.version_id).milestone_rules
        for kind in KINDS:
            of_kind = [rule for rule in rules_ if rule.kind == kind]
            if of_kind:
                yield from _due_on_card(card, kind, of_kind, at)


def _due_on_card(
    card: Card, kind: MilestoneKind, of_kind: Sequence[Any], at: datetime
) -> Iterator[Occasion]:
    zone = card.partner.zone()
    today = at.astimezone(zone).date()
    after = 0
    while True:
        rows = list(_candidates(card, kind, today, at).filter(pk__gt=after)[:CHUNK_MEMBERS])
        had = _had(rows, [rule.key for rule in of_kind])
        for row in rows:
            year = occurred(row.member, kind, today=today, joined=row.joined_at.astimezone(zone))
            if year is not None and rules.due(
                rules=of_kind, kind=kind, occurrence=year, fired=had.get(row.pk, set())
            ):
                yield Occasion(membership_id=row.pk, kind=kind, year=year)
        if len(rows) < CHUNK_MEMBERS:
            return
        after = rows[-1].pk


def _candidates(card: Card, kind: MilestoneKind, today: date, at: datetime) -> QuerySet[Membership]:
    """Return active memberships whose day may have been within the last week."""
    days = [today - timedelta(days=late) for late in range(LATE_DAYS + 1)]
    # In common years 28 February is the day of those born on the 29th.
    pairs = {(day.month, day.day) for day in days}
    if (2, 28) in pairs:
        pairs.add((2, 29))
    wanted = Q()
    for month, day in pairs:
        if kind == MilestoneKind.ANNIVERSARY:
            wanted |= Q(member__anniversary__month=month, member__anniversary__day=day)
        else:
            wanted |= Q(member__birth_month=month, member__birth_day=day)
            wanted |= Q(member__former_birthday__month=month, member__former_birthday__day=day)
    return (
        Membership.objects.filter(
            wanted,
            card=card,
            status=MembershipStatus.ACTIVE,
            joined_at__lte=at,
            member__merged_into=None,
            member__erased_at=None,
        )
        .select_related("member")
        .order_by("pk")
    )


def _had(rows: Sequence[Membership], keys: Sequence[int]) -> dict[int, set[tuple[int, int]]]:
    found: dict[int, set[tuple[int, int]]] = {}
    firings = Firing.objects.filter(
        membership__in=[row.pk for row in rows],
        kind=FiringKind.MILESTONE,
        rule_key__in=keys,
        released_at=None,
    )
    for membership_id, key, year in firings.values_list("membership", "rule_key", "occurrence"):
        found.setdefault(membership_id, set()).add((key, int(year)))
    return found


def occurred(member: Member, kind: MilestoneKind, *, today: date, joined: datetime) -> int | None:
    """Return the year of the member's day if it was today or within a week before, or None.

    A day before they joined gives nothing, and an anniversary none in its own year. A birthday
    that was changed counts after 30 days. Source: rules 12.
    """
    if kind == MilestoneKind.BIRTHDAY:
        day = histories.birthday_in_effect(member, today)
    else:
        day = member.anniversary
    if day is None:
        return None
    found = special_days.occurred(day=today, occasion=day, late_days=LATE_DAYS)
    if found is None or found < joined.date():
        return None
    return found.year if found.year > day.year else None


@one_transaction
def give(*, occasion: Occasion, at: datetime) -> Transaction:
    """Give a member what their day gives, once, and return the transaction.

    Everything is judged again under the lock. A repeat returns the first transaction. By the
    system. Source: PA2.6, rules 12.

    :raises NothingDueError: if there is nothing to give; and the errors of standing.
    """
    name = f"{occasion.kind}:{occasion.membership_id}:{occasion.year}"
    deed = Deed(
        actor=None, source=Source.SYSTEM, store=None, request_id=f"day:{name}", occurred_at=at
    )
    standing = lock(deed=deed, membership_id=occasion.membership_id, is_earning=True)

    content = fingerprint("occasion", occasion=name)
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    membership = standing.membership
    zone = membership.partner.zone()
    year = occurred(
        membership.member,
        occasion.kind,
        today=at.astimezone(zone).date(),
        joined=membership.joined_at.astimezone(zone),
    )
    if year != occasion.year:
        raise NothingDueError
    due = [
        milestone
        for milestone in milestones.due(standing, occasion.kind, year)
        if milestones.can_be_given(standing, milestone)
    ]
    if not due:
        raise NothingDueError

    drafts = milestones.as_deed(
        standing, due, reason=BonusReason(occasion.kind), number=year, content=content
    )
    return drafting.post(followups.after_bonus(standing, drafts))
