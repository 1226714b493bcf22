"""What runs by the clock. Each computes what is due from the rows, so a missed run is harmless."""

from django.utils import timezone

from loyalty.operations import expiries

# A chunk is at most 100 accounts; this bounds one run to well below the queue's timeout.
MOST_CHUNKS = 50
NIGHTLY = {"book_due_points": ("loyalty.schedules.book_due_points", "30 * * * *")}


def book_due_points() -> int:
    """Book points whose date has passed, chunk by chunk; return the number of accounts.

    Hourly rather than nightly, because partners live in many time zones. Source: PA2.5.
    """
    at, total = timezone.now(), 0
    for _ in range(MOST_CHUNKS):
        found = expiries.book_expiry(at=at)
        total += found
        if not found:
            break
    return total
