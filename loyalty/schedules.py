"""What runs by the clock. Each computes what is due from the rows, so a missed run is harmless."""

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice

from django.utils import timezone

from loyalty.operations import expiries, occasions
from loyalty.operations.deeds import BusyError
from loyalty.operations.occasions import Occasion
from loyalty.operations.standing import CardNotOpenError, MembershipNotActiveError

# A chunk is at most 100 accounts; this bounds one run to well below the queue's timeout.
MOST_CHUNKS = 50
# Each is a transaction of its own; what is beyond these waits for the next hour.
MOST_OCCASIONS = 500
# What runs every hour: its name, and the function. `manage.py sync_schedules` tells the queue.
SCHEDULES = {
    "give birthdays": "loyalty.schedules.give_birthdays",
    "book due points": "loyalty.schedules.book_due_points",
    "book due vouchers": "loyalty.schedules.book_due_vouchers",
}


def book_due_points() -> int:
    """Book points whose date has passed, chunk by chunk; return the number of accounts.

    Hourly rather than nightly, because partners live in many time zones. Source: PA2.5.
    """
    return _in_chunks(expiries.book_expiry)


def book_due_vouchers() -> int:
    """Book vouchers whose date has passed, chunk by chunk; return their number."""
    return _in_chunks(expiries.book_voucher_expiry)


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


def _in_chunks(book: Callable[..., int]) -> int:
    at, total = timezone.now(), 0
    for _ in range(MOST_CHUNKS):
        found = book(at=at)
        total += found
        if not found:
            break
    return total
