"""What visits, check-ins, birthdays and anniversaries give, each once."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from loyalty.rules.terms import MilestoneKind, MilestoneRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """What one rule gives for one occurrence: points, credit in minor units, a reward."""

    rule_key: int
    occurrence: int
    points: int
    credit_minor: int
    reward_id: int | None


def due(
    *,
    rules: Iterable[MilestoneRule],
    kind: MilestoneKind,
    occurrence: int,
    fired: AbstractSet[tuple[int, int]],
) -> tuple[Milestone, ...]:
    """Return what a milestone gives now, in the order of the rules.

    ``occurrence`` is the number of the visit or check-in, and the year of a birthday or an
    anniversary. A rule for visits holds for its count, which is 1 where it names none, and repeated
    for each multiple; a special day has no count and comes back each year where it is repeated.
    ``fired`` are the (rule key, occurrence) pairs that this member has had: a repeat
    gives nothing, and a rule that is not repeated fires once in all. Source: PA2.2, PA2.6.
    """
    return tuple(
        Milestone(
            rule_key=rule.key,
            occurrence=occurrence,
            points=rule.points,
            credit_minor=rule.credit_minor,
            reward_id=rule.reward_id,
        )
        for rule in rules
        if rule.kind == kind and _counts(rule, occurrence) and not _has_had(rule, occurrence, fired)
    )


def may_check_in(*, last_at: datetime | None, at: datetime, hours: int) -> bool:
    """Return whether a member may check in: first time, or so many hours after the last (PA2.2)."""
    return last_at is None or at - last_at >= timedelta(hours=hours)


def _counts(rule: MilestoneRule, occurrence: int) -> bool:
    match rule.kind:
        case MilestoneKind.VISITS | MilestoneKind.CHECK_IN:
            count = rule.count or 1
            return occurrence % count == 0 if rule.is_repeated else occurrence == count
        case MilestoneKind.BIRTHDAY | MilestoneKind.ANNIVERSARY:
            return True
        case unknown:
            assert_never(unknown)


def _has_had(rule: MilestoneRule, occurrence: int, fired: AbstractSet[tuple[int, int]]) -> bool:
    if rule.is_repeated:
        return (rule.key, occurrence) in fired
    return any(key == rule.key for key, _ in fired)
