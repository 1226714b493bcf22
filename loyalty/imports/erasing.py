"""Erase what rows of files say about people: after some weeks, and whenever a person asks."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from clubs.models import Partner
from loyalty.imports import intake, matching, work
from loyalty.imports.columns import Cell
from loyalty.imports.models import Upload, UploadPart, UploadRow, UploadState
from loyalty.operations import erasing
from loyalty.operations.deeds import one_transaction
from loyalty.operations.erasing import Traces

# Rows are kept so long after the last thing that was done with their file.
KEPT = timedelta(days=30)
# Rows erased in one transaction.
PER_COMMIT = 10_000
_ERASED = {"key": "", "typed": "", "internal": "", "comment": ""}
_PLACES = {cell: place for place, cell in enumerate(Cell)}


def erase_old(*, at: datetime) -> int:
    """Close the next file that is due, or erase rows of a closed one, and return how many it were.

    Zero when nothing is left to do. What was not booked by then never is: nobody can book a file
    any more from before its first row goes.
    """
    return _close_next(at) or _erase_some()


@one_transaction
def _close_next(at: datetime) -> int:
    upload = _due(at).select_for_update(no_key=True).order_by("pk").first()
    if upload is None:
        return 0
    upload.close(at)
    upload.save()
    upload.parts.all().delete()
    return 1


def _erase_some() -> int:
    """Erase the next rows of a closed file, some thousand at most, and return how many it were."""
    is_left = Exists(UploadRow.objects.filter(upload=OuterRef("pk")))
    closed = Upload.objects.filter(is_left, rows_erased_at__isnull=False)
    upload = closed.order_by("pk").first()
    if upload is None:
        return 0
    some = upload.rows.order_by("number").values_list("number", flat=True)[:PER_COMMIT]
    numbers = list(some)
    upload.rows.filter(number__lte=max(numbers, default=0)).delete()
    return len(numbers)


def _due(at: datetime) -> QuerySet[Upload]:
    """Return the uploads whose rows were kept long enough; one that is being booked waits.

    What the queue gave up is not being booked, whatever its state says.
    """
    old = Upload.objects.filter(changed_at__lt=at - KEPT, rows_erased_at__isnull=True)
    return old.filter(~Q(state=UploadState.BOOKING) | Q(work.given_up()))


@erasing.also
def forget(traces: Traces) -> None:
    """Erase a customer from the rows, in the transaction of their erasure."""
    erase_person(
        partner_id=traces.partner_id,
        member_ids=traces.member_ids,
        words=traces.words | traces.numbers,
    )


@transaction.atomic
def erase_person(*, partner_id: int, member_ids: Collection[int], words: Iterable[str]) -> int:
    """Erase what the rows of a partner's files say about a person; return how many rows it were.

    ``member_ids`` are their records; ``words`` are the e-mails, phones, codes and card numbers by
    which a file may name them, in any writing, also where nobody was found. What a row would do is
    left: it names a membership by its key alone.
    """
    country = Partner.objects.values_list("country", flat=True).get(pk=partner_id)
    plain = partial(matching.words_of, country=country)
    folded = {plain(word) for word in words if word}
    theirs = UploadRow.objects.filter(upload__partner=partner_id)
    found = theirs.filter(membership__member__in=member_ids).update(**_ERASED)
    unmatched = theirs.filter(membership=None).exclude(key="")
    pks = [pk for pk, key in unmatched.values_list("pk", "key").iterator() if plain(key) in folded]
    found += theirs.filter(pk__in=pks).update(**_ERASED)
    return found + _from_parts(partner_id, folded, plain)


def _from_parts(partner_id: int, folded: Collection[str], plain: Callable[[str], str]) -> int:
    """Erase a person from rows that wait for their check."""
    found = 0
    parts = UploadPart.objects.filter(upload__partner=partner_id).order_by("pk")
    # One at a time: all parts of some long files are more than a process should hold.
    for part in parts.iterator(chunk_size=1):
        rows = intake.unpacked(part.content)
        theirs = [cells for _, cells in rows if plain(cells[_PLACES[Cell.MEMBER]]) in folded]
        for cells in theirs:
            for cell in (Cell.MEMBER, Cell.INTERNAL, Cell.COMMENT):
                cells[_PLACES[cell]] = ""
        if theirs:
            UploadPart.objects.filter(pk=part.pk).update(content=intake.pack(rows))
            found += len(theirs)
    return found
