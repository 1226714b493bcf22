"""A counter at noon: the clock stands where a test puts it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loyalty.ledger.models import Transaction
from loyalty.members import codes
from loyalty.members.models import Membership
from loyalty.users.models import User
from tests.cast import NOON, Cast, make_cast


@dataclass
class Clock:
    """The time that the product sees."""

    now: datetime = NOON

    def forward(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    found = Clock()
    monkeypatch.setattr(timezone, "now", lambda: found.now)
    cache.clear()
    return found


@pytest.fixture
def cast(db) -> Cast:
    return make_cast()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@dataclass
class Counter:
    """Sam's browser at a store of Harbour."""

    cast: Cast
    client: Client

    def scan(self, membership: Membership | None = None, digits: str | None = None) -> int:
        """Scan the code on the member's phone, or one with these digits; return the scan."""
        held = membership or self.cast.membership
        digits = digits or codes.rotating_code(held.totp_key, codes.step_at(timezone.now()))
        answer = self.client.get(f"/C/{held.code}/{digits}")
        return int(answer["Location"].rstrip("/").rsplit("/", 1)[1])

    def show(self, name: str, *args, **data):
        return self.client.get(reverse(f"staff:{name}", args=args), data)

    def post(self, name: str, *args, key: str = "key-of-this-form", **data):
        """Send a form of the page, with its key."""
        return self.client.post(reverse(f"staff:{name}", args=args), {"request_id": key, **data})

    def award(self, scan_id: int, amount: str = "12.40", **data):
        return self.post("award", scan_id, amount=amount, **data)


@pytest.fixture
def counter(cast) -> Counter:
    found = Counter(cast=cast, client=signed_in(cast.sam))
    found.post("store", store=cast.old_port.pk)
    return found


@pytest.fixture
def booked() -> Callable[[], list[tuple[str, int]]]:
    """Return what stands in the ledger, without the cast's own enrolments."""

    def read() -> list[tuple[str, int]]:
        rows = Transaction.objects.exclude(kind="ENROLMENT").order_by("pk")
        return list(rows.values_list("kind", "points"))

    return read
