"""Forget a person who signs in, and the traces they left in sessions and in the queue.

A sign-in spans partners, so it goes only where no record, shift or role of anybody's needs it.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import models
from django.utils.crypto import salted_hmac
from django_q.models import OrmQ, Task

from clubs.models import Manager, StaffMember
from loyalty.jobs import queue
from loyalty.jobs.models import Job
from loyalty.members.models import Member
from loyalty.users.models import User

WORK = "forget a person"
CHUNK = 500
# What an e-mail address or a phone number looks like inside other words.
_LOOKS_PERSONAL = re.compile(r"[^\s\"'()<>\[\]{},;:=]+@[^\s\"'()<>\[\]{},;:=]+|\+\d{6,15}")


def forget_person(*, user_id: int | None, words: Iterable[str]) -> None:
    """Close the sign-in if nothing else needs it, and queue the search for traces of the person.

    ``words`` are their e-mail addresses and phone. They are queued as keyed hashes: what is
    searched for must not itself be kept.
    """
    is_closed = user_id is not None and _close(user_id)
    kept = User.objects.filter(pk=user_id or 0).values_list("email", flat=True).first()
    marks = sorted(_mark(word) for word in words if word != kept)
    if not marks and not is_closed:
        return
    key = hashlib.sha256("/".join([str(user_id), *marks]).encode()).hexdigest()[:40]
    # The same person may come back and be forgotten again.
    number = Job.objects.filter(key__startswith=f"{WORK} {key}").count()
    queue.enqueue(
        name=WORK,
        key=f"{WORK} {key} {number}",
        arguments={"user": user_id if is_closed else None, "marks": marks, "after": ""},
    )


def _close(user_id: int) -> bool:
    """Take everything about a person from their sign-in; return False where it is still needed.

    The row stays, because deeds name who did them; nobody can sign in by it.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=user_id)
    is_needed = (
        user.is_superuser
        or Member.objects.filter(user=user).exists()
        or StaffMember.objects.filter(user=user).exists()
        or Manager.objects.filter(user=user).exists()
    )
    if is_needed:
        return False
    for relation in User._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ForeignObjectRel) and relation.on_delete is models.CASCADE:
            rows: Any = relation.related_model
            rows._default_manager.filter(**{relation.field.name: user}).delete()
    user.email = f"erased-{user.pk}@erased.invalid"
    user.name = user.language = ""
    user.last_login = None
    user.is_active = False
    user.set_unusable_password()
    user.save()
    return True


@queue.work(WORK)
def search(job: Job) -> bool:
    """Delete sessions and finished tasks that name the person; return whether more are left."""
    marks = frozenset(job.arguments["marks"])
    if not job.arguments["after"]:
        _search_queue(marks)
    is_more = queue.for_a_while(lambda: _search_sessions(job, marks))
    if not is_more:
        job.arguments = {}
        job.save(update_fields=["arguments"])
    return is_more


def _search_queue(marks: frozenset[str]) -> None:
    """Delete tasks whose arguments or error name the person, and such errors of jobs."""
    for task in Task.objects.order_by("pk").iterator():
        if _names(marks, (task.args, task.kwargs, task.result)):
            task.delete()
    for waiting in OrmQ.objects.order_by("pk").iterator():
        if _names(marks, waiting.task):
            waiting.delete()
    for failed in Job.objects.exclude(error="").order_by("pk").iterator():
        if _names(marks, failed.error):
            failed.error = ""
            failed.save(update_fields=["error"])


def _search_sessions(job: Job, marks: frozenset[str]) -> int:
    """Look at the next sessions and return how many they were."""
    after, user = job.arguments["after"], job.arguments["user"]
    rows = Session.objects.filter(session_key__gt=after).order_by("session_key")[:CHUNK]
    found = list(rows)
    gone = [row.pk for row in found if _is_theirs(row.get_decoded(), user, marks)]
    Session.objects.filter(pk__in=gone).delete()
    if found:
        job.arguments["after"] = found[-1].pk
        job.save(update_fields=["arguments"])
    return len(found)


def _is_theirs(data: dict[str, Any], user_id: int | None, marks: frozenset[str]) -> bool:
    is_signed_in = user_id is not None and data.get(SESSION_KEY) == str(user_id)
    return is_signed_in or _names(marks, data)


def _names(marks: frozenset[str], told: Any) -> bool:
    """Return whether any text in the data is, or holds, what one of the marks was made of."""
    return any(
        _mark(word.strip(".").lower()) in marks
        for text in _texts(told)
        for word in _LOOKS_PERSONAL.findall(text)
    )


def _texts(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        for key, value in told.items():
            yield from _texts(key)
            yield from _texts(value)
    elif isinstance(told, list | tuple | set):
        for value in told:
            yield from _texts(value)
    elif told is not None:
        yield str(told)


def _mark(word: str) -> str:
    return salted_hmac("forget", word).hexdigest()
