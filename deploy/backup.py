"""Backs up the database and the uploaded pictures into a new folder, while the product runs.

    python3 -m deploy.backup [FOLDER]

It needs no installed package, so that it also works before or after a failed upgrade; on PostgreSQL
it needs pg_dump.
"""

import argparse
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy import environment
from deploy.bootstrap import ROOT
from loyalty import env

SQLITE_FILE = "database.sqlite3"
POSTGRESQL_FILE = "database.dump"
MEDIA = "media"
MANIFEST = "manifest.json"
LOCK_SECONDS = 10
WAITING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class BackupError(RuntimeError):
    """The backup could not be made; the message says why."""


@dataclass(frozen=True)
class Place:
    """Where the product keeps its data on this machine."""

    database: Mapping[str, Any]  # as Django's DATABASES describes it
    media: Path
    backups: Path

    @property
    def is_sqlite(self) -> bool:
        """Say whether the database is a SQLite file."""
        return bool(self.database["ENGINE"].endswith("sqlite3"))

    @property
    def is_new(self) -> bool:
        """Say whether there is no database to back up yet; on PostgreSQL somebody made one."""
        return self.is_sqlite and not Path(self.database["NAME"]).exists()


def this_machine() -> Place:
    """Return the place that the environment and `.env` name, with the defaults of the settings."""
    os.environ.update(environment.machine())
    data = Path(env.text("DATA_DIR", str(ROOT / "var")))
    default = f"sqlite:///{data}/loyalty.sqlite3"
    database = env.database("DATABASE_URL", default, pgbouncer=False, pool=False)
    return Place(database=database, media=data / "media", backups=data / "backups")


def back_up(place: Place, *, name: str) -> Path:
    """Write a backup into a new folder below the backups and return the folder.

    It appears under its name only when it is whole; its manifest holds a hash of each file.

    :raises BackupError: if the database cannot be copied, or the name is taken.
    """
    final = place.backups / name
    if final.exists():
        raise BackupError(f"{final} exists already.")
    place.backups.mkdir(parents=True, exist_ok=True)
    partial = place.backups / f".{name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)  # It holds what people entrusted to the shop.
    try:
        if place.is_sqlite:
            _copy_sqlite(Path(place.database["NAME"]), partial / SQLITE_FILE)
        else:
            _dump_postgresql(place.database, partial / POSTGRESQL_FILE)
        if place.media.is_dir():
            shutil.copytree(place.media, partial / MEDIA)
        manifest = {"files": hashes(partial)}
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        partial.rename(final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return final


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file below a backup's folder, the manifest left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != folder / MANIFEST:
            with path.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            found[str(path.relative_to(folder))] = digest
    return found


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.exists():
        raise BackupError(f"There is no database at {source}.")
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        copy_sqlite(live, copy)
        verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
        # A copy that waits for a -wal file beside it would not be one file.
        copy.execute("PRAGMA journal_mode = DELETE")
    if verdict != "ok":
        raise BackupError(f"The copy of {source} is damaged: {verdict}")


def copy_sqlite(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """Copy a whole database through SQLite's own locks, also while others use either of them.

    A connection that reads meanwhile sees the old or the new content; copied files would not do.

    :raises BackupError: if somebody holds the lock for too long.
    """
    deadline = time.monotonic() + LOCK_SECONDS

    def give_up(status: int, _remaining: int, _total: int) -> None:
        # SQLite's own copying would wait for ever.
        if status in WAITING and time.monotonic() > deadline:
            raise BackupError("the database is in use; stop web and worker first")

    source.backup(target, progress=give_up)


def _dump_postgresql(database: Mapping[str, Any], target: Path) -> None:
    command = [postgresql_program("pg_dump"), "--format=custom", f"--file={target}"]
    done = subprocess.run(
        command, env=postgresql_environment(database), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupError(f"pg_dump failed: {done.stderr.strip()}")


def postgresql_program(name: str) -> str:
    """Return the path of one of PostgreSQL's client programs, the newest there is.

    :raises BackupError: if there is none.
    """
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    newest = sorted(folders, key=lambda folder: int(folder.parent.name), reverse=True)
    for folder in newest:
        if (folder / name).exists():
            return str(folder / name)
    found = shutil.which(name)
    if found is None:
        raise BackupError(f"{name} was not found; on Debian: apt install postgresql-client")
    return found


def postgresql_environment(database: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment that lets PostgreSQL's programs reach a database."""
    names = {
        "PGHOST": "HOST",
        "PGPORT": "PORT",
        "PGUSER": "USER",
        "PGPASSWORD": "PASSWORD",
        "PGDATABASE": "NAME",
    }
    words = {name: str(database.get(key) or "") for name, key in names.items()}
    options = database.get("OPTIONS", {})
    if "sslmode" in options:
        words["PGSSLMODE"] = str(options["sslmode"])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, **{name: value for name, value in words.items() if value}}


def name_of_now() -> str:
    """Return a name for a backup made now: the time, in UTC."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


def main() -> int:
    """Make a backup as the command line asks and answer the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", help="its name below var/backups (default: the time)")
    options = parser.parse_args()
    try:
        folder = back_up(this_machine(), name=options.name or name_of_now())
    except (BackupError, env.SettingError) as problem:
        print(problem, file=sys.stderr)
        return 1
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
