"""Asking for an export, what becomes of it, and when it goes (CU5)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import get_language

from clubs.models import Partner
from loyalty.audit import record
from loyalty.exports import narrowing, places
from loyalty.exports.models import Export, ExportKind, ExportState, FileFormat
from loyalty.jobs import queue
from loyalty.jobs.models import Job, JobState

# Up to so many rows are written while the person waits.
MOST_AT_ONCE = 5_000
KEPT_FOR = timedelta(hours=24)
# Files kept for each person; an older one makes room.
MOST_KEPT = 5
WORK = "export"
OPEN = (ExportState.WAITING, ExportState.RUNNING)
# What is typed into a search can be somebody's name.
PERSONAL = ("q", "phones")


@transaction.atomic
def ask(
    *,
    partner: Partner,
    given: Mapping[str, Any],
    file_format: FileFormat,
    by_id: int,
    at: datetime,
    address: str | None,
) -> Export:
    """Queue the export of the customers that a filter leaves, and return it.

    Asking the same while it is being made returns the one that is there.
    """
    # Whoever asks twice at once waits here, so that the second one finds the first one's.
    Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
    data = narrowing.as_data(given)
    mine = Export.objects.filter(partner=partner, asked_by=by_id)
    for there in mine.filter(state__in=OPEN, expires_at__gt=at).order_by("pk"):
        if (there.filter, there.format) == (data, file_format) and not is_given_up(there):
            return there
    kept = list(mine.order_by("-pk").values_list("pk", flat=True)[: MOST_KEPT - 1])
    _drop(mine.exclude(pk__in=kept))
    made = Export.objects.create(
        partner=partner,
        asked_by_id=by_id,
        kind=ExportKind.CUSTOMERS,
        filter=data,
        format=file_format,
        language=get_language() or "en",
        asked_at=at,
        expires_at=at + KEPT_FOR,
    )
    queue.enqueue(name=WORK, key=key_of(made), arguments={"export": made.pk})
    log(made, action="export asked", actor_id=by_id, address=address, data=data)
    return made


def key_of(export: Export) -> str:
    """Return the key of an export's job."""
    return f"{WORK}:{export.pk}"


def is_given_up(export: Export) -> bool:
    """Return whether the queue gave up on an export that is not done."""
    given_up = Job.objects.filter(key=key_of(export), state=JobState.DEAD)
    return export.state in OPEN and given_up.exists()


def log(
    export: Export,
    *,
    action: str,
    actor_id: int,
    address: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Write into the audit log what was done with an export."""
    facts: dict[str, Any] = {"format": export.format}
    facts |= {"filter": without_words(data)} if data is not None else {"rows": export.row_count}
    record.record(
        action=action,
        subject=export,
        partner_id=export.partner_id,
        actor_id=actor_id,
        after=facts,
        address=address,
    )


def log_at_once(
    *,
    partner: Partner,
    given: Mapping[str, Any],
    file_format: FileFormat,
    rows: int,
    by_id: int,
    address: str | None,
) -> None:
    """Write into the audit log that somebody got a small file while they waited."""
    filters = without_words(narrowing.as_data(given))
    record.record(
        action="export",
        subject=partner,
        partner_id=partner.pk,
        actor_id=by_id,
        after={"format": file_format.value, "filter": filters, "rows": rows},
        address=address,
    )


def without_words(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a filter as the audit log holds it: of words typed only that there were some."""
    kept = {name: value for name, value in data.items() if name not in PERSONAL and value != ""}
    return kept | ({"searched": True} if data.get("q") else {})


def is_due(*, at: datetime) -> bool:
    """Return whether files wait to be removed."""
    return Export.objects.filter(expires_at__lte=at).exists()


def remove_expired(*, at: datetime) -> int:
    """Remove the exports past their time, with their files, and files that belong to none."""
    due = Export.objects.filter(expires_at__lte=at)
    count = _drop(due)
    on_disk = places.all_ids()
    there = set(Export.objects.filter(pk__in=on_disk).values_list("pk", flat=True))
    for stray in set(on_disk) - there:
        places.remove(stray)
    return count


def drop_of_partner(partner_id: int) -> int:
    """Remove every export of a partner, made or being made, with its files; return how many."""
    return _drop(Export.objects.filter(partner=partner_id))


def _drop(exports: QuerySet[Export]) -> int:
    """Remove exports, and their files when that is committed: a file without a row is a stray."""
    ids = list(exports.values_list("pk", flat=True))
    Export.objects.filter(pk__in=ids).delete()
    for pk in ids:
        transaction.on_commit(partial(places.remove, pk))
    return len(ids)
