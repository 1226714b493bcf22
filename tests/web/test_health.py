"""What the health addresses say."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from loyalty.ledger import triggers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forget():
    cache.clear()


def test_a_living_process_says_so_without_a_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = Client().get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"alive")


def test_a_ready_site_names_what_it_looked_at():
    answer = Client().get("/readyz")

    assert (answer.status_code, answer.json()) == (
        200,
        {
            "ready": True,
            "database": True,
            "migrations": True,
            "triggers": True,
            "mail": True,
            "queue": False,  # No worker runs here; that only degrades.
        },
    )


def test_a_missing_trigger_makes_a_site_unready():
    table = " ON ledger_entry" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER ledger_entry_follows{table}")

    answer = Client().get("/readyz")

    assert (answer.status_code, answer.json()["triggers"]) == (503, False)
    triggers.install()


def test_a_mail_server_that_does_not_answer_is_said(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9

    answer = Client().get("/readyz")

    assert (answer.status_code, answer.json()["mail"]) == (200, False)
