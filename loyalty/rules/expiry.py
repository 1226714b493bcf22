"""Until when points and credit can be used."""

from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from loyalty.rules.special_days import occurrence
from loyalty.rules.terms import (
    CustomerType,
    ExpiryMethod,
    ExpiryOverride,
    ExpiryRule,
    Terms,
    Unit,
)

_CLOSENESS = {CustomerType.ALL: 0, CustomerType.GROUP: 1, CustomerType.CODE: 2}


def sliding(*, awarded_at: datetime, days: int | None, zone: ZoneInfo) -> datetime | None:
    """Return the instant after which points are gone, or None for points that last for ever.

    The last usable day is the day of the award plus ``days``; it ends at 24:00 in the partner's
    time zone. Source: IV4.2, rules 13.
    """
    if days is None:
        return None
    return end_of(awarded_at.astimezone(zone).date() + timedelta(days=days), zone)


def date_of(
    *,
    terms: Terms,
    unit: Unit,
    awarded_at: datetime,
    zone: ZoneInfo,
    member: str,
    customer_groups: AbstractSet[str],
    tier_id: int | None,
) -> datetime | None:
    """Return the instant after which an award cannot be used, or None if it lasts for ever.

    The closest row decides: customer code before group before all, then one for the tier before
    one for every tier, then the newest. Where none holds, the card's days do. A fixed date that
    has passed at the award and does not return each year says nothing about it: that row is
    skipped, as is one without its days or its date.

    Where dates may be moved, the grace days are included; an automatic extension as well, one by
    hand not. Days end at 24:00 in ``zone``. Source: IV3.21 to IV3.23, IV4, rules 13.
    """
    awarded_on = awarded_at.astimezone(zone).date()
    last_day = _ruled_day(terms, unit, awarded_on, member, customer_groups, tier_id)
    if last_day is None:
        return None
    return end_of(last_day + timedelta(days=_more_days(terms)), zone)


def most_extended(*, expires_at: datetime, terms: Terms, zone: ZoneInfo) -> datetime:
    """Return the latest instant to which a person may move a lot's date.

    ``expires_at`` is the date given at the award: an earlier extension must not be counted twice.
    It stays as it is unless the card lets people move dates. Source: IV3.21, IV3.22, rules 13.
    """
    if terms.expiry_override != ExpiryOverride.BY_HAND:
        return expires_at
    # The instant is the midnight that ends the last day, so its own date is the day after.
    first_day_without = expires_at.astimezone(zone).date()
    return end_of(first_day_without + timedelta(days=terms.expiry_override_days - 1), zone)


def _ruled_day(
    terms: Terms,
    unit: Unit,
    awarded_on: date,
    member: str,
    groups: AbstractSet[str],
    tier_id: int | None,
) -> date | None:
    """Return the last usable day without any extension."""
    found = [
        (_CLOSENESS[rule.customer_type], rule.tier_id is not None, index, day)
        for index, rule in enumerate(terms.expiry_rules)
        if _holds(rule, unit, member, groups, tier_id)
        and (day := _last_day(rule, awarded_on)) is not None
    ]
    if found:
        return max(found)[-1]
    days = terms.expiry_days
    return None if days is None else awarded_on + timedelta(days=days)


def _holds(
    rule: ExpiryRule, unit: Unit, member: str, groups: AbstractSet[str], tier_id: int | None
) -> bool:
    if rule.unit not in {None, unit} or rule.tier_id not in {None, tier_id}:
        return False
    match rule.customer_type:
        case CustomerType.ALL:
            return True
        case CustomerType.CODE:
            return rule.customer_code == member
        case CustomerType.GROUP:
            return rule.customer_code in groups
        case unknown:
            assert_never(unknown)


def _last_day(rule: ExpiryRule, awarded_on: date) -> date | None:
    """Return the last usable day by a row, or None if it says nothing about this award."""
    match rule.method:
        case ExpiryMethod.SLIDING:
            return None if rule.days is None else awarded_on + timedelta(days=rule.days)
        case ExpiryMethod.FIXED:
            day = rule.day
            if day is None or day >= awarded_on:
                return day
            return _next_return(day, awarded_on) if rule.is_yearly else None
        case unknown:
            assert_never(unknown)


def _next_return(day: date, awarded_on: date) -> date:
    here = occurrence(day=awarded_on, occasion=day)
    if here >= awarded_on:
        return here
    return occurrence(day=awarded_on.replace(year=awarded_on.year + 1, day=1), occasion=day)


def _more_days(terms: Terms) -> int:
    match terms.expiry_override:
        case ExpiryOverride.OFF:
            return 0
        case ExpiryOverride.AUTOMATIC:
            return terms.expiry_override_days + terms.expiry_grace_days
        case ExpiryOverride.BY_HAND:
            return terms.expiry_grace_days
        case unknown:
            assert_never(unknown)


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a day ends in ``zone``."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)
