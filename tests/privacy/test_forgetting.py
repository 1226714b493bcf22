"""Traces of a person in the queue and in sessions are searched for, part by part."""

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from loyalty.jobs import queue
from loyalty.jobs.models import Job
from loyalty.ledger.models import Source
from loyalty.operations import erasing, forgetting
from tests.cast import deed, make_cast, make_manager, make_user

pytestmark = pytest.mark.django_db
EMAIL = "gone@example.org"


def test_waiting_tasks_that_name_the_person_go_and_all_others_stay():
    for key, words in (("a", f"mail to {EMAIL}"), ("b", "mail to kept@example.org")):
        OrmQ.objects.create(key=key, payload=_packed(words), lock=timezone.now())
        Job.objects.create(key=key, name="mail", error=words)

    forgetting.forget_person(user_id=None, words=[EMAIL])
    queue.run(Job.objects.get(name=forgetting.WORK).pk)

    assert list(OrmQ.objects.filter(key__in="ab").values_list("key", flat=True)) == ["b"]
    errors = Job.objects.filter(name="mail").order_by("key").values_list("error", flat=True)
    assert list(errors) == ["", "mail to kept@example.org"]


def test_many_sessions_are_searched_in_more_than_one_go(monkeypatch):
    monkeypatch.setattr(forgetting, "CHUNK", 2)
    monkeypatch.setattr(queue, "CHUNK_SECONDS", 0.0)
    for number in range(5):
        session = SessionStore()
        session["told"] = EMAIL if number % 2 else "nobody"
        session.save()

    forgetting.forget_person(user_id=None, words=[EMAIL])
    job = Job.objects.get(name=forgetting.WORK)
    queue.run(job.pk)
    after_one_go = Session.objects.count()
    while Job.objects.get(pk=job.pk).state != "DONE":
        queue.run(job.pk)

    assert after_one_go > 3 or Session.objects.count() == 3
    assert [row.get_decoded() for row in Session.objects.all()] == [{"told": "nobody"}] * 3


def test_an_erasure_sent_again_by_a_colleague_is_the_one_that_was_done():
    cast = make_cast()
    paul = make_user("paul")
    make_manager(paul, cast.partner)
    first, again = (
        erasing.erase_member(
            deed=deed(who, Source.ADMIN, key="once"), membership_id=cast.membership.pk
        )
        for who in (cast.petra, paul)
    )

    assert again == first


def _packed(words):
    return SignedPackage.dumps({"id": "1", "name": "mail", "func": "f", "args": (words,)})
