"""What runs by the clock. Each computes what is due from the rows, so a missed run is harmless."""

from collections.abc import Callable

from django.utils import timezone

from loyalty.operations import expiries

# A chunk is at most 100 accounts; this bounds one run to well below the queue's timeout.
MOST_CHUNKS = 50
# What runs every hour: its name, and the function. `manage.py sync_schedules` tells the queue.
SCHEDULES = {
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


def _in_chunks(book: Callable[..., int]) -> int:
    at, total = timezone.now(), 0
    for _ in range(MOST_CHUNKS):
        found = book(at=at)
        total += found
        if not found:
            break
    return total
