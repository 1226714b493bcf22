"""What runs by the clock. Each computes what is due from the rows, so a missed run is harmless."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import islice

from django.conf import settings
from django.utils import timezone

from loyalty.analytics import rollups, signals
from loyalty.exports import asking
from loyalty.imports import erasing
from loyalty.jobs import queue
from loyalty.operations import by_the_clock, expiries, occasions, tier_reviews
from loyalty.operations.deeds import BusyError
from loyalty.operations.occasions import Occasion
from loyalty.operations.standing import CardNotOpenError, MembershipNotActiveError

# Each is a transaction of its own; what is beyond these waits for the next hour.
MOST_OCCASIONS = 500
MOST_ERASED = 200_000
# What runs every hour: its name, and the function. `manage.py sync_schedules` tells the queue.
SCHEDULES = {
    "give birthdays": "loyalty.schedules.give_birthdays",
    "book due points": "loyalty.schedules.book_due_points",
    "book due vouchers": "loyalty.schedules.book_due_vouchers",
    "review tiers": "loyalty.schedules.review_tiers",
    rollups.WORK: "loyalty.schedules.roll_up_figures",
    "erase imported rows": "loyalty.schedules.erase_imported_rows",
    "remove exports": "loyalty.schedules.remove_exports",
    signals.WORK: "loyalty.schedules.find_signals",
}


def book_due_points() -> int:
    """Queue the booking of points and credit past their date; return whether any are.

    Hourly rather than nightly, because partners live in many time zones. Every worker there is
    gets a job: each passes over the accounts that another is at. Source: PA2.5.
    """
    return _queued(by_the_clock.POINTS, expiries.are_lots_due, jobs=settings.WORKERS)


def book_due_vouchers() -> int:
    """Queue the booking of vouchers past their date; return whether any are."""
    return _queued(by_the_clock.VOUCHERS, expiries.are_vouchers_due)


def review_tiers() -> int:
    """Queue the judging of tiers that time has moved; return whether any wait (IV3.18)."""
    return _queued(by_the_clock.TIERS, tier_reviews.is_review_due)


def roll_up_figures() -> int:
    """Queue the bringing up to date of the sums behind analytics; return whether any wait (R6)."""
    return _queued(rollups.WORK, rollups.is_due)


def erase_imported_rows() -> int:
    """Erase the rows of files that were kept long enough; return how many were erased (CU7)."""
    at = timezone.now()
    erased = 0
    while some := erasing.erase_old(at=at):
        erased += some
        if erased >= MOST_ERASED:
            break
    return erased


def remove_exports() -> int:
    """Remove exports past their time with their files; return how many went (CU5)."""
    return asking.remove_expired(at=timezone.now())


def find_signals() -> int:
    """Queue the search for what an owner should look at; return whether anything is new (FA15)."""
    return _queued(signals.WORK, signals.is_due)


def give_birthdays() -> int:
    """Give what birthdays and anniversaries give; return how many members got something.

    Hourly, so that it is soon after midnight wherever the business is. Source: PA2.6.
    """
    at = timezone.now()
    return give(occasions.due_at(at), at=at)


def give(due: Iterable[Occasion], *, at: datetime) -> int:
    """Give the first of what is due, each in its own transaction; return how many were given.

    Whoever is at a counter just now, or was blocked meanwhile, is passed over; the next run looks
    again.
    """
    given = 0
    for occasion in islice(due, MOST_OCCASIONS):
        try:
            occasions.give(occasion=occasion, at=at)
        except (
            BusyError,
            CardNotOpenError,
            MembershipNotActiveError,
            occasions.NothingDueError,
        ):
            continue
        given += 1
    return given


def _queued(name: str, is_due: Callable[..., bool], *, jobs: int = 1) -> int:
    """Queue jobs of this hour where something is due; the hour's second run finds them queued."""
    at = timezone.now()
    if not is_due(at=at):
        return 0
    hour = f"{name} {at.astimezone(UTC):%Y-%m-%dT%H}"
    for number in range(1, jobs + 1):
        key = hour if number == 1 else f"{hour} {number}"
        queue.enqueue(name=name, key=key, arguments=by_the_clock.arguments(at))
    return 1
