"""Which plans and lines hold for a deed, and why others do not."""

from collections.abc import Iterable, Sequence
from datetime import date, time
from enum import StrEnum
from typing import assert_never

from loyalty.rules import special_days
from loyalty.rules.baskets import Facts
from loyalty.rules.terms import (
    AwardCriteria,
    CustomerType,
    Direction,
    Hours,
    Line,
    Plan,
    PlanType,
    SpecialDay,
    Terms,
)

MIDNIGHT = time.min


class Outcome(StrEnum):
    """Why a plan or a line took part in an award, or why it did not."""

    TOOK_PART = "TOOK_PART"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    PAID_WITH_LOYALTY = "PAID_WITH_LOYALTY"
    OTHER_DIRECTION = "OTHER_DIRECTION"
    NOT_NOW = "NOT_NOW"
    INACTIVE_DAY = "INACTIVE_DAY"
    WRONG_STORE = "WRONG_STORE"
    WRONG_HOURS = "WRONG_HOURS"
    OTHER_TIER = "OTHER_TIER"
    OTHER_CUSTOMER = "OTHER_CUSTOMER"
    NO_MATCH = "NO_MATCH"
    EXEMPT = "EXEMPT"
    CLAIMED_BY_MORE_SPECIFIC = "CLAIMED_BY_MORE_SPECIFIC"
    BELOW_CRITERIA = "BELOW_CRITERIA"
    NO_TENDER = "NO_TENDER"
    NOT_THIS_TIME = "NOT_THIS_TIME"


def plan_outcome(plan: Plan, *, terms: Terms, direction: Direction, facts: Facts) -> Outcome:
    """Return whether a plan holds for this deed, or why not (IV7.5 to IV7.11)."""
    if plan.direction != direction:
        return Outcome.OTHER_DIRECTION
    if (plan.start is not None and facts.at < plan.start) or (
        plan.until is not None and facts.at >= plan.until
    ):
        return Outcome.NOT_NOW
    is_cumulative = terms.award_criteria == AwardCriteria.CUMULATIVE
    if not _is_its_day(plan, terms, facts):
        return Outcome.INACTIVE_DAY
    return _hours_outcome(plan.hours, facts, is_cumulative=is_cumulative)


def _is_its_day(plan: Plan, terms: Terms, facts: Facts) -> bool:
    match plan.type:
        case PlanType.NORMAL:
            return True
        case PlanType.SPECIAL_DAYS:
            return is_special(facts.at.date(), terms.special_days)
        case PlanType.CUSTOMER_DAYS:
            return facts.is_customer_day
        case unknown:
            assert_never(unknown)


def _hours_outcome(hours: Sequence[Hours], facts: Facts, *, is_cumulative: bool) -> Outcome:
    if not hours:
        return Outcome.TOOK_PART
    here = [row for row in hours if row.store in {"", facts.store}]
    if not here:
        return Outcome.WRONG_STORE
    # Purchases that count together have no hour of their own, so only the store remains (IV7.11).
    is_open = is_cumulative or any(_is_open(row, facts) for row in here)
    return Outcome.TOOK_PART if is_open else Outcome.WRONG_HOURS


def is_special(on: date, days: Iterable[SpecialDay]) -> bool:
    """Return whether a date is one of the programme's days (IV6.3)."""
    return any(
        (special_days.occurrence(day=on, occasion=day.day) if day.is_yearly else day.day) == on
        for day in days
    )


def _is_open(row: Hours, facts: Facts) -> bool:
    """Return whether a row covers this moment; past midnight it belongs to the day before."""
    now, today = facts.at.time(), facts.at.weekday()
    is_today = row.weekday is None or row.weekday == today
    if row.start == row.until == MIDNIGHT:
        return is_today
    if row.start <= row.until:
        return is_today and row.start <= now < row.until
    is_yesterday = row.weekday is None or row.weekday == (today - 1) % 7
    return (is_today and row.start <= now) or (is_yesterday and now < row.until)


def is_for_tier(line: Line, tier_id: int | None) -> bool:
    """Return whether a line is for members of this tier (IV8.6)."""
    return line.tier_id is None or line.tier_id == tier_id


def is_for_customer(line: Line, facts: Facts) -> bool:
    """Return whether a line is for this member (IV8.4, IV8.5)."""
    match line.customer_type:
        case CustomerType.ALL:
            return True
        case CustomerType.CODE:
            return facts.member != "" and line.customer_code == facts.member
        case CustomerType.GROUP:
            return line.customer_code in facts.customer_groups
        case unknown:
            assert_never(unknown)
