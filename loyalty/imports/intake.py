"""Take in a file: read it whole, and keep its rows until they are checked."""

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.db import transaction

from cards.models import Card
from loyalty.imports import columns, work
from loyalty.imports.models import Upload, UploadKind, UploadPart
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.sheets import reading
from loyalty.users.models import User

# Rows of a part: what is checked and written at once.
PART = 1_000
# Above so many rows a file is booked in chunks, for one transaction would hold too much too long.
MOST_WHOLE = 5_000
Packed = tuple[int, list[str]]


class NoRowsError(ValueError):
    """The file has titles and nothing under them."""


class TooManyForWholeError(ValueError):
    """All or nothing is for smaller files."""


class AlreadyBookedError(ValueError):
    """The very same file was booked on this card already: by whom, and when."""

    def __init__(self, *, upload: Upload) -> None:
        super().__init__(f"as {upload}")
        self.upload = upload


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What somebody chose for all rows of a file; a row's own words go before these."""

    kind: UploadKind
    reason: AdjustmentReason
    internal: str = ""
    comment: str = ""
    is_whole: bool = True
    is_counted: bool = True


def take_in(
    *, path: Path, name: str, card: Card, choices: Choices, by: User, at: datetime
) -> Upload:
    """Read a file whole, keep its rows, queue their check, and return the upload.

    Nothing but the rows is kept of the file.

    :raises FileRefusedError: ColumnError: NoRowsError: if it is no such table.
    :raises TooManyForWholeError: AlreadyBookedError: if it cannot be booked so.
    """
    digest = _digest(path)
    refuse_booked(card_id=card.pk, kind=choices.kind, file_hash=digest)
    count = 0
    parts: list[bytes] = []
    with reading.read(path, name=name) as table:
        layout = columns.layout(table.header, choices.kind)
        packed = ((row.number, layout.of(row.cells)) for row in table.rows)
        for rows in _in_parts(packed):
            count += len(rows)
            parts.append(pack(rows))
    if not count:
        raise NoRowsError
    if choices.is_whole and count > MOST_WHOLE:
        raise TooManyForWholeError
    return _keep(
        Upload(
            partner_id=card.partner_id,
            card=card,
            kind=choices.kind,
            file_name=Path(name).name[-120:],
            file_hash=digest,
            is_whole=choices.is_whole,
            is_counted=choices.is_counted,
            reason=choices.reason,
            internal=choices.internal,
            comment=choices.comment,
            uploaded_by=by,
            uploaded_at=at,
            changed_at=at,
            row_count=count,
        ),
        parts,
    )


@transaction.atomic
def _keep(upload: Upload, parts: Iterable[bytes]) -> Upload:
    upload.save()
    UploadPart.objects.bulk_create(
        UploadPart(upload=upload, number=number, content=content)
        for number, content in enumerate(parts)
    )
    work.enqueue(upload)
    return upload


def refuse_booked(*, card_id: int, kind: str, file_hash: str) -> None:
    """Refuse a file that is booked on the card already.

    :raises AlreadyBookedError: naming the upload that was.
    """
    booked = Upload.objects.filter(
        card=card_id, kind=kind, file_hash=file_hash, confirmed_at__isnull=False
    )
    found = booked.select_related("confirmed_by").order_by("pk").first()
    if found is not None:
        raise AlreadyBookedError(upload=found)


def pack(rows: list[Packed]) -> bytes:
    """Return rows as a part keeps them."""
    return zlib.compress(json.dumps(rows, ensure_ascii=False).encode(), 1)


def unpacked(content: bytes | memoryview) -> list[Packed]:
    """Return the rows of a part: each its number, and texts in the order of ``Cell``."""
    return [(number, cells) for number, cells in json.loads(zlib.decompress(content))]


def _in_parts(rows: Iterator[Packed]) -> Iterator[list[Packed]]:
    while some := list(islice(rows, PART)):
        yield some


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
