"""Which tier a member should have: what is counted, since when, and who may move it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import assert_never

from loyalty.rules.special_days import latest_anniversary
from loyalty.rules.terms import Terms, TierBasis, TierManagement, TierTerms, TierWindow

AWARDED_BASES = frozenset({TierBasis.AWARDED_POINTS, TierBasis.AWARDED_CREDIT})


def reached(value: int, tiers: Sequence[TierTerms]) -> TierTerms | None:
    """Return the highest tier whose threshold is met, or None below all of them."""
    met = [tier for tier in tiers if tier.min_value <= value]
    return max(met, key=lambda tier: tier.min_value, default=None)


def following(value: int, tiers: Sequence[TierTerms]) -> TierTerms | None:
    """Return the next tier to climb to, or None at the top."""
    ahead = [tier for tier in tiers if tier.min_value > value]
    return min(ahead, key=lambda tier: tier.min_value, default=None)


def measure(
    *,
    basis: TierBasis,
    available_points: int,
    awarded_points: int,
    available_credit_minor: int,
    awarded_credit_minor: int,
) -> int:
    """Return what the thresholds are held against, in points or minor units by the basis.

    Available is awarded less redeemed and expired. Source: IV3.7 to IV3.10, rules 7.
    """
    match basis:
        case TierBasis.AVAILABLE_POINTS:
            return available_points
        case TierBasis.AWARDED_POINTS:
            return awarded_points
        case TierBasis.AVAILABLE_CREDIT:
            return available_credit_minor
        case TierBasis.AWARDED_CREDIT:
            return awarded_credit_minor
        case unknown:
            assert_never(unknown)


def window_start(*, window: TierWindow, days: int | None, today: date, joined: date) -> date | None:
    """Return the first day whose awards count, or None if all do.

    ``days`` is the length of a rolling window, today included; without it all awards count. In
    the first year after joining, an anniversary window begins with the joining. Source: rules 7.
    """
    match window:
        case TierWindow.LIFETIME:
            return None
        case TierWindow.ROLLING:
            return None if days is None else today - timedelta(days=days - 1)
        case TierWindow.CALENDAR_YEAR:
            return today.replace(month=1, day=1)
        case TierWindow.ANNIVERSARY:
            return latest_anniversary(today=today, joined=joined)
        case unknown:
            assert_never(unknown)


def is_assessment_due(
    *,
    management: TierManagement,
    tier_days: int | None,
    joined: date,
    today: date,
    last_assessed: date | None,
) -> bool:
    """Return whether the system judges the member's tier today.

    Automatic: always. After X days: on the day of joining plus each multiple of X, or as soon
    after it as anybody asks; without days never. Source: IV3.18, rules 7.
    """
    match management:
        case TierManagement.MANUAL:
            return False
        case TierManagement.AUTOMATIC:
            return True
        case TierManagement.AFTER_DAYS:
            latest = assessment_day(tier_days=tier_days, joined=joined, today=today)
            return latest is not None and (last_assessed is None or last_assessed < latest)
        case unknown:
            assert_never(unknown)


def assessment_day(*, tier_days: int | None, joined: date, today: date) -> date | None:
    """Return the latest day on which tiers after X days are judged, or None before the first.

    The day of joining plus the multiples of ``tier_days``; without those days there is none.
    """
    if not tier_days or today < joined + timedelta(days=tier_days):
        return None
    return today - timedelta(days=(today - joined).days % tier_days)


def is_held(*, is_set_by_hand: bool, held_until: datetime | None, at: datetime) -> bool:
    """Return whether a tier set by hand stays: until its date, or without one for ever (CU34)."""
    return is_set_by_hand and (held_until is None or held_until > at)


def assessed(
    *,
    terms: Terms,
    value: int,
    tier_id: int | None,
    is_set_by_hand: bool,
    held_until: datetime | None,
    at: datetime,
    is_due: bool,
) -> int | None:
    """Return the id of the tier the account should have, given the one it has; None is none.

    ``value`` is what ``measure`` found. Where somebody set the tier by hand it stays as long as it
    is held. Where all that was ever awarded counts, the system never lowers a tier that it gave:
    what undoes a deed puts the former tier back itself. The id, because a tier that is held may be
    archived since. Source: IV3.8, IV3.10, IV3.18, rules 7.
    """
    if (
        terms.tier_management == TierManagement.MANUAL
        or not is_due
        or is_held(is_set_by_hand=is_set_by_hand, held_until=held_until, at=at)
    ):
        return tier_id
    found = reached(value, terms.tiers)
    if not is_set_by_hand and _never_lowers(terms):
        here = terms.tier(tier_id)
        if here is not None and (found is None or found.min_value < here.min_value):
            return here.tier_id
    return found.tier_id if found else None


def _never_lowers(terms: Terms) -> bool:
    return terms.tier_basis in AWARDED_BASES and terms.tier_window == TierWindow.LIFETIME


def ordered(tiers: Sequence[TierTerms]) -> bool:
    """Return whether the thresholds rise from each tier to the next in the owner's order."""
    values = [tier.min_value for tier in tiers]
    return all(lower < higher for lower, higher in pairwise(values))


def worse_rates(tiers: Sequence[TierTerms]) -> list[TierTerms]:
    """Return the tiers whose points are worth less than those of a tier below them (IV6.8)."""
    worse = []
    best = None
    for tier in sorted(tiers, key=lambda tier: tier.min_value):
        if best is not None and tier.rate < best:
            worse.append(tier)
        best = tier.rate if best is None else max(best, tier.rate)
    return worse
