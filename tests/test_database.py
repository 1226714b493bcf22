"""Transactional tests leave nothing behind, and the triggers of the ledger stay on meanwhile."""

import threading

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection, transaction
from django.test import TransactionTestCase

from loyalty.audit.models import AuditEvent
from loyalty.ledger import triggers
from tests import database

# audit_auditevent is append-only and stands alone, so one row needs nothing else.


def an_event():
    return AuditEvent.objects.create(action="added", kind="tests.thing")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second", "third"])
def test_a_row_that_cannot_be_deleted_is_gone_in_the_next_transactional_test(turn):
    assert AuditEvent.objects.count() == 0

    an_event()

    assert AuditEvent.objects.count() == 1
    with pytest.raises(DatabaseError, match="append-only"):
        AuditEvent.objects.all().delete()


@pytest.mark.django_db
@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_plain_test_is_rolled_back(turn):
    assert AuditEvent.objects.count() == 0

    an_event()


@pytest.mark.django_db(transaction=True)
def test_threads_see_one_database():
    seen = []

    def look():
        try:
            an_event()
            seen.append(AuditEvent.objects.filter(action="added").exists())
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen == [True] * 4
    assert AuditEvent.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_restoring_brings_back_what_the_migrations_made():
    before = set(ContentType.objects.values_list("app_label", "model"))
    ContentType.objects.create(app_label="tests", model="thing")
    an_event()

    database.restore(connection)

    assert set(ContentType.objects.values_list("app_label", "model")) == before
    assert AuditEvent.objects.count() == 0
    assert triggers.missing(connection) == []


@pytest.mark.django_db(transaction=True)
def test_restoring_waits_for_no_reader_and_shows_it_the_new_content():
    an_event()
    ready, restored, counts = threading.Event(), threading.Event(), []

    def read():
        try:
            counts.append(AuditEvent.objects.count())
            ready.set()
            restored.wait(timeout=20)
            counts.append(AuditEvent.objects.count())
        finally:
            connection.close()

    reader = threading.Thread(target=read)
    reader.start()
    ready.wait(timeout=20)
    database.restore(connection)
    restored.set()
    reader.join()

    assert counts == [1, 0]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_truncate_is_refused_during_a_transactional_test():
    an_event()

    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute("TRUNCATE audit_auditevent CASCADE")


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_only_the_triggers_against_truncate_rest():
    an_event()

    with database.truncate_triggers_resting(connection):
        resting = set(triggers.missing(connection))
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            AuditEvent.objects.all().delete()

    assert resting == {name for name in triggers.expected(connection) if "truncate" in name}
    assert triggers.missing(connection) == []


class TestOfTheUnittestKind(TransactionTestCase):
    def test_one_of_two_leaves_a_row(self):
        assert AuditEvent.objects.count() == 0
        an_event()

    def test_two_of_two_leaves_a_row(self):
        assert AuditEvent.objects.count() == 0
        an_event()
