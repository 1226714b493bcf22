"""Milestones: visits, check-ins, birthdays and anniversaries, each once."""

from datetime import UTC, datetime, timedelta

import pytest

from loyalty.rules import milestones
from loyalty.rules.milestones import Milestone
from loyalty.rules.terms import MilestoneKind, MilestoneRule

VISITS, CHECK_IN = MilestoneKind.VISITS, MilestoneKind.CHECK_IN
BIRTHDAY, ANNIVERSARY = MilestoneKind.BIRTHDAY, MilestoneKind.ANNIVERSARY
NOON = datetime(2026, 5, 14, 12, tzinfo=UTC)


def fired_by(rule, occurrences):
    """Let the occurrences happen in their order and return those for which the rule fired."""
    fired = set()
    for occurrence in occurrences:
        found = milestones.due(rules=[rule], kind=rule.kind, occurrence=occurrence, fired=fired)
        for milestone in found:
            assert (milestone.rule_key, milestone.occurrence) not in fired
            fired.add((milestone.rule_key, milestone.occurrence))
    return sorted(number for _, number in fired)


COUNT_TABLE = [
    # count, is repeated, numbers of the visits that fire among the first ten, each seen twice
    (5, False, [5]),
    (5, True, [5, 10]),
    (3, True, [3, 6, 9]),
    (1, True, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    (None, False, [1]),
    (11, True, []),
]


@pytest.mark.req("PA2.2", "PA2.6")
@pytest.mark.parametrize("kind", [VISITS, CHECK_IN])
@pytest.mark.parametrize(("count", "is_repeated", "numbers"), COUNT_TABLE)
def test_a_visit_that_counts_fires_once(kind, count, is_repeated, numbers):
    rule = MilestoneRule(key=1, kind=kind, count=count, is_repeated=is_repeated)
    twice = [number for visit in range(1, 11) for number in (visit, visit)]

    assert fired_by(rule, twice) == numbers


YEAR_TABLE = [
    # is repeated, years that fire
    (False, [2026]),
    (True, [2026, 2027, 2028]),
]


@pytest.mark.req("PA2.6")
@pytest.mark.parametrize("kind", [BIRTHDAY, ANNIVERSARY])
@pytest.mark.parametrize(("is_repeated", "years"), YEAR_TABLE)
def test_a_special_day_fires_once_a_year_whoever_reports_it(kind, is_repeated, years):
    rule = MilestoneRule(key=1, kind=kind, is_repeated=is_repeated)

    assert fired_by(rule, [2026, 2026, 2027, 2028, 2027]) == years


@pytest.mark.req("PA2.6")
def test_a_milestone_gives_what_its_rule_names_and_others_stay_silent():
    rules = [
        MilestoneRule(key=1, kind=VISITS, count=10, points=50, credit_minor=200, reward_id=7),
        MilestoneRule(key=2, kind=VISITS, count=5, is_repeated=True, points=5),
        MilestoneRule(key=3, kind=VISITS, count=9, points=1),
        MilestoneRule(key=4, kind=CHECK_IN, count=10, points=1),
    ]

    found = milestones.due(rules=rules, kind=VISITS, occurrence=10, fired={(3, 10), (2, 5)})

    assert found == (
        Milestone(rule_key=1, occurrence=10, points=50, credit_minor=200, reward_id=7),
        Milestone(rule_key=2, occurrence=10, points=5, credit_minor=0, reward_id=None),
    )


CHECK_IN_TABLE = [
    # time since the last check-in, hours between, may check in
    (None, 4, True),
    (timedelta(0), 4, False),
    (timedelta(hours=4, seconds=-1), 4, False),
    (timedelta(hours=4), 4, True),
    (timedelta(0), 0, True),
]


@pytest.mark.req("PA2.2")
@pytest.mark.parametrize(("since", "hours", "expected"), CHECK_IN_TABLE)
def test_a_member_checks_in_once_in_so_many_hours(since, hours, expected):
    last_at = None if since is None else NOON - since

    assert milestones.may_check_in(last_at=last_at, at=NOON, hours=hours) == expected
