"""Everything that the site keeps, as text: each column of each table, and each file."""

import gzip
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django_q.models import OrmQ, Task

from loyalty.imports import intake
from loyalty.imports.models import UploadPart

# What is packed in its column is read as the product reads it.
UNPACKED = {
    "django_session": lambda: [row.get_decoded() for row in Session.objects.all()],
    "django_q_ormq": lambda: [row.task for row in OrmQ.objects.all()],
    "imports_uploadpart": lambda: [
        intake.unpacked(row.content) for row in UploadPart.objects.all()
    ],
    "django_q_task": lambda: [(row.args, row.kwargs, row.result) for row in Task.objects.all()],
}


def tables() -> Iterator[tuple[str, str]]:
    """Yield each table of the database with all that is in it."""
    for name in sorted(connection.introspection.table_names()):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")
            rows = cursor.fetchall()
        packed = UNPACKED[name]() if name in UNPACKED else []
        yield name, "\n".join(_text(value) for row in (*rows, *packed) for value in _values(row))


def _values(row: Any) -> Iterable[Any]:
    return row if isinstance(row, tuple) else (row,)


def _text(value: Any) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)


def files(folder: Path | None = None) -> Iterator[tuple[str, str]]:
    """Yield each file of the data directory, unpacked; the database itself was read above."""
    folder = folder or Path(settings.DATA_DIR)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".sqlite3" not in path.name:
            yield str(path.relative_to(folder)), "\n".join(_unpacked(path))


def _unpacked(path: Path) -> Iterator[str]:
    yield path.name
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield archive.read(name).decode("latin-1")
        return
    content = path.read_bytes()
    yield (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode("latin-1")


def found(words: Iterable[str]) -> dict[str, list[str]]:
    """Return which of the words stand where, whatever their case."""
    wanted = sorted(words)
    hits = {}
    for place, text in (*tables(), *files()):
        folded = text.casefold()
        if here := [word for word in wanted if word.casefold() in folded]:
            hits[place] = here
    return hits
