"""The same races through a real HTTP server: each request on its own connection and thread."""

from collections import Counter
from collections.abc import Callable
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loyalty.ledger import verification
from loyalty.ledger.models import Transaction
from loyalty.ledger.verification import Scope
from loyalty.members import codes
from tests.cast import make_cast
from tests.operations.counter import adjust, balance
from tests.races.crowd import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
SECRET = "s" * 32


@pytest.fixture
def desk(live_server):
    """Sam, signed in, with a fresh scan of Mia's code; return the cast and a way to send forms."""
    cast = make_cast()
    client = Client()
    client.force_login(cast.sam)
    client.post(reverse("staff:store"), {"request_id": uuid4().hex, "store": cast.old_port.pk})
    key = settings.SESSION_COOKIE_NAME
    cookies = f"{key}={client.cookies[key].value}; {settings.CSRF_COOKIE_NAME}={SECRET}"
    scanned = client.get(f"/C/{cast.membership.code}/{_digits(cast)}")
    scan = int(scanned["Location"].rstrip("/").rsplit("/", 1)[1])
    address = urlsplit(live_server.url)

    def ready(name: str, **data: object) -> Callable[[], tuple[int, str]]:
        """Connect now, because the test server's door is narrow, and send when called."""
        connection = HTTPConnection(address.hostname, address.port, timeout=60)
        connection.connect()
        body = urlencode({"csrfmiddlewaretoken": SECRET, **data})
        headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}

        def send() -> tuple[int, str]:
            connection.request("POST", reverse(f"staff:{name}", args=[scan]), body, headers)
            answer = connection.getresponse()
            answer.read()
            connection.close()
            return answer.status, answer.headers.get("Location", "")

        return send

    return cast, ready


def _digits(cast) -> str:
    return codes.rotating_code(cast.membership.totp_key, codes.step_at(timezone.now()))


@pytest.mark.req("R4.6")
def test_of_32_requests_for_a_reward_exactly_the_covered_ones_succeed_and_none_fails(desk):
    cast, ready = desk
    adjust(cast, 1000, at=timezone.now())

    answers = together(
        *[ready("redeem", request_id=uuid4().hex, reward=cast.reward.pk) for _ in range(32)]
    )

    assert Counter(status for status, _ in answers) == {302: 5, 409: 27}
    assert balance(cast) == 0
    assert verification.verify(Scope(at=timezone.now())) == []


@pytest.mark.req("R4.5")
def test_one_form_sent_20_times_at_once_books_once_and_leads_to_one_result(desk):
    cast, ready = desk
    key = uuid4().hex

    answers = together(
        *[ready("award", request_id=key, amount="12.40", receipt="77") for _ in range(20)]
    )

    booked = Transaction.objects.get(kind="PURCHASE")
    assert set(answers) == {(302, reverse("staff:result", args=[booked.pk]))}
    assert balance(cast) == 12
