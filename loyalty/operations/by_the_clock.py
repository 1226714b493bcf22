"""Work that the queue does: what has expired, and tiers that time has moved.

Each job names the moment for which it runs, so that its chunks agree on what is due.
"""

from datetime import datetime

from loyalty.jobs import queue
from loyalty.jobs.models import Job
from loyalty.operations import expiries, tier_reviews

POINTS, VOUCHERS, TIERS = "book due points", "book due vouchers", "review tiers"


def arguments(at: datetime) -> dict[str, str]:
    """Return what such a job must be told."""
    return {"at": at.isoformat()}


def _moment(job: Job) -> datetime:
    return datetime.fromisoformat(job.arguments["at"])


@queue.work(POINTS)
def book_points(job: Job) -> bool:
    """Book points and credit past their date for a while; return whether more are left (PA2.5)."""
    at = _moment(job)
    # A connection makes its plans at its first booking, so only one account waits for that.
    if not expiries.book_expiry(at=at, chunk=1):
        return False
    return queue.for_a_while(lambda: expiries.book_expiry(at=at))


@queue.work(VOUCHERS)
def book_vouchers(job: Job) -> bool:
    """Book vouchers past their date for a while; return whether more are left."""
    at = _moment(job)
    return queue.for_a_while(lambda: expiries.book_voucher_expiry(at=at))


@queue.work(TIERS)
def review_tiers(job: Job) -> bool:
    """Judge tiers for a while; return whether more are left (IV3.18)."""
    at = _moment(job)
    return queue.for_a_while(lambda: tier_reviews.review_tiers(at=at))
