"""Puts a backup back in the place of what is there: the database and the uploaded pictures.

    python3 -m deploy.restore var/backups/20261121T090000Z

Stop web and worker first. What is there is backed up before it is replaced; a PostgreSQL database
is replaced in one transaction, so that a failure leaves it as it was.
"""

import argparse
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from deploy import backup
from deploy.backup import BackupError, Place
from deploy.bootstrap import PYTHON, ROOT
from loyalty import env

# Everything of ours lives in this one schema; dropping it takes triggers and functions along.
EMPTY_SCHEMA = "DROP SCHEMA public CASCADE; CREATE SCHEMA public;"


def restore(folder: Path, place: Place) -> None:
    """Replace database and pictures by those of a backup.

    :raises BackupError: if the backup is damaged or of the other kind of database, or the database
        is in use.
    """
    _check(folder, place)
    if place.is_sqlite:
        _restore_sqlite(folder / backup.SQLITE_FILE, Path(place.database["NAME"]))
    else:
        _restore_postgresql(folder / backup.POSTGRESQL_FILE, place.database)
    _restore_media(folder / backup.MEDIA, place.media)


def _check(folder: Path, place: Place) -> None:
    try:
        manifest = json.loads((folder / backup.MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BackupError(f"{folder} is no backup: its {backup.MANIFEST} cannot be read") from error
    if manifest["files"] != backup.hashes(folder):
        raise BackupError(f"{folder} is damaged: its files are not those of its manifest")
    needed = backup.SQLITE_FILE if place.is_sqlite else backup.POSTGRESQL_FILE
    if not (folder / needed).exists():
        raise BackupError(f"{folder} is of another kind of database: it has no {needed}")


def _restore_sqlite(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        closing(sqlite3.connect(source)) as kept,
        closing(sqlite3.connect(target, timeout=1)) as live,
    ):
        backup.copy_sqlite(kept, live)
        live.execute("PRAGMA journal_mode = WAL")


def _restore_postgresql(source: Path, database: Mapping[str, Any]) -> None:
    words = backup.postgresql_environment(database)
    words["PGOPTIONS"] = f"-c lock_timeout={backup.LOCK_SECONDS}s -c client_min_messages=warning"
    unpack = [backup.postgresql_program("pg_restore"), "--file=-", str(source)]
    load = [backup.postgresql_program("psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1"]
    with (
        subprocess.Popen(unpack, env=words, stdout=subprocess.PIPE) as reader,
        subprocess.Popen(
            [*load, "--output", os.devnull, "--file=-"],
            env=words,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as writer,
    ):
        said = _load_whole(reader, writer)
    if reader.returncode or writer.returncode:
        raise BackupError(
            f"The database was left as it was (stop web and worker first, if they run): {said}"
        )


def _load_whole(reader: subprocess.Popen[bytes], writer: subprocess.Popen[bytes]) -> str:
    """Load what the reader unpacks in one transaction; return what the loader complained about."""
    assert reader.stdout  # noqa: S101 - both were opened with these pipes
    assert writer.stdin  # noqa: S101 - the same
    with contextlib.suppress(BrokenPipeError):  # The loader stopped at its first error.
        writer.stdin.write(f"BEGIN; {EMPTY_SCHEMA}\n".encode())
        shutil.copyfileobj(reader.stdout, writer.stdin)
        # Only a dump that was read to its end is committed; otherwise the connection just closes.
        if reader.wait() == 0:
            writer.stdin.write(b"\nCOMMIT;\n")
    reader.stdout.close()
    return writer.communicate()[1].decode(errors="replace").strip()


def _restore_media(source: Path, target: Path) -> None:
    former = target.with_name(f"{target.name}.old")
    shutil.rmtree(former, ignore_errors=True)
    if target.exists():
        target.rename(former)
    if source.is_dir():
        shutil.copytree(source, target)
    shutil.rmtree(former, ignore_errors=True)


def main() -> int:
    """Restore as the command line asks, check the result and answer the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="a folder below var/backups")
    options = parser.parse_args()
    try:
        place = backup.this_machine()
        _keep_what_is_there(place)
        restore(options.folder, place)
    except (BackupError, env.SettingError) as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"Restored {options.folder}; now checking it …", flush=True)
    for words in (("migrate", "--noinput"), ("verify_ledger",)):
        if subprocess.run([str(PYTHON), "manage.py", *words], cwd=ROOT, check=False).returncode:
            print(f"manage.py {words[0]} failed.", file=sys.stderr)
            return 1
    print("Done. Start web and worker again.")
    return 0


def _keep_what_is_there(place: Place) -> None:
    if place.is_new:
        return
    kept = backup.back_up(place, name=f"{backup.name_of_now()}-before-restore")
    print(f"What was there is kept in {kept}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
