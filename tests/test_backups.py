"""A backup holds everything, is refused when damaged, and comes back whole or not at all."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import DatabaseError, connection

from deploy import backup, restore
from deploy.backup import BackupError
from loyalty.audit.models import AuditEvent
from loyalty.ledger import triggers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place(tmp_path):
    """The database of the tests, with pictures and backups in a folder of their own."""
    return backup.Place(
        database=connection.settings_dict,
        media=tmp_path / "media",
        backups=tmp_path / "backups",
    )


def an_event(action):
    return AuditEvent.objects.create(action=action, kind="tests.thing")


def actions():
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def put_back(folder, place):
    connection.close()
    restore.restore(folder, place)


def write_manifest(folder):
    """Make a planted change look whole."""
    manifest = {"files": backup.hashes(folder)}
    (folder / backup.MANIFEST).write_text(json.dumps(manifest))


def test_a_backup_comes_back_with_its_rows_pictures_and_triggers(place):
    an_event("before")
    (place.media / "rewards").mkdir(parents=True)
    (place.media / "rewards" / "cake.png").write_bytes(b"cake")
    kept = backup.back_up(place, name="kept")
    an_event("after")
    (place.media / "rewards" / "cake.png").write_bytes(b"pie")
    (place.media / "new.png").write_bytes(b"new")

    put_back(kept, place)

    assert actions() == ["before"]
    assert (place.media / "rewards" / "cake.png").read_bytes() == b"cake"
    assert not (place.media / "new.png").exists()
    assert triggers.missing(connection) == []
    with pytest.raises(DatabaseError, match="append-only"):
        AuditEvent.objects.all().delete()


def test_a_row_can_be_added_after_a_restore(place):
    an_event("before")
    put_back(backup.back_up(place, name="kept"), place)

    an_event("after")

    assert actions() == ["before", "after"]


def test_a_backup_is_for_its_owner_alone_and_never_overwritten(place):
    kept = backup.back_up(place, name="kept")

    assert kept.stat().st_mode & 0o077 == 0
    with pytest.raises(BackupError, match="exists already"):
        backup.back_up(place, name="kept")


def test_a_failed_backup_leaves_no_folder(place):
    broken = replace(place, database={**place.database, "NAME": "/nowhere/at-all"})

    with pytest.raises(BackupError):
        backup.back_up(broken, name="kept")

    assert list(place.backups.iterdir()) == []


def test_a_damaged_backup_is_refused_and_changes_nothing(place):
    kept = backup.back_up(place, name="kept")
    an_event("after")
    database = kept / (backup.SQLITE_FILE if place.is_sqlite else backup.POSTGRESQL_FILE)
    database.write_bytes(database.read_bytes()[:-100])

    with pytest.raises(BackupError, match="is damaged"):
        put_back(kept, place)

    assert actions() == ["after"]


def test_a_backup_of_the_other_kind_of_database_is_refused(place):
    kept = backup.back_up(place, name="kept")
    names = [backup.SQLITE_FILE, backup.POSTGRESQL_FILE]
    mine, other = names if place.is_sqlite else reversed(names)
    (kept / mine).rename(kept / other)
    write_manifest(kept)

    with pytest.raises(BackupError, match="of another kind of database"):
        put_back(kept, place)


def test_a_folder_that_is_no_backup_is_refused(place, tmp_path):
    with pytest.raises(BackupError, match="is no backup"):
        put_back(tmp_path, place)


@pytest.mark.postgresql
def test_a_dump_that_ends_too_early_changes_nothing(place):
    an_event("before")
    kept = backup.back_up(place, name="kept")
    an_event("after")
    dump = kept / backup.POSTGRESQL_FILE
    dump.write_bytes(dump.read_bytes()[:-1000])
    write_manifest(kept)

    with pytest.raises(BackupError, match="left as it was"):
        put_back(kept, place)

    assert actions() == ["before", "after"]


def test_a_database_in_use_is_left_as_it_was(place, monkeypatch):
    monkeypatch.setattr(backup, "LOCK_SECONDS", 1)
    an_event("before")
    kept = backup.back_up(place, name="kept")
    connection.set_autocommit(False)
    an_event("meanwhile")  # An open transaction, as a running web server would have.
    try:
        with pytest.raises(BackupError, match="stop web and worker first"):
            restore.restore(kept, place)
    finally:
        connection.rollback()
        connection.set_autocommit(True)

    assert actions() == ["before"]


def test_a_backup_taken_while_somebody_writes_holds_what_was_committed(place):
    an_event("committed")
    connection.set_autocommit(False)
    an_event("meanwhile")
    try:
        kept = backup.back_up(place, name="kept")
    finally:
        connection.rollback()
        connection.set_autocommit(True)

    put_back(kept, place)

    assert actions() == ["committed"]
    assert not list(Path(kept).glob("*-wal"))
