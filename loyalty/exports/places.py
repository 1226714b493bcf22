"""Where the files of exports lie: below the data, one folder for each, readable by us alone."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

KEYS = "keys"
PART = "part"
FILE = "file"


def folder(export_id: int) -> Path:
    """Return where the files of an export are, or will be."""
    return Path(settings.EXPORTS_ROOT) / str(export_id)


def opened(export_id: int) -> Path:
    """Return the folder of an export, made if it is not there."""
    found = folder(export_id)
    found.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    found.mkdir(mode=0o700, exist_ok=True)
    return found


@contextmanager
def held(export_id: int) -> Iterator[bool]:
    """Keep other workers from the files of an export; yields whether nobody else was at them."""
    with (opened(export_id) / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def remove(export_id: int) -> None:
    """Remove the files of an export, if there are any."""
    shutil.rmtree(folder(export_id), ignore_errors=True)


def all_ids() -> list[int]:
    """Return the exports that have files."""
    root = Path(settings.EXPORTS_ROOT)
    if not root.is_dir():
        return []
    return sorted(int(one.name) for one in root.iterdir() if one.name.isdecimal())
