"""Making an export chunk by chunk: first who, then their rows part by part, at last the file.

Who is in it is settled once, as keys on disk, so that a customer who is active meanwhile is neither
left out nor there twice. Progress is committed after each part; what a worker who died wrote beyond
it is cut off by the next.
"""

import shutil
from array import array
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from loyalty.exports import asking, customers, narrowing, places
from loyalty.exports.models import Export, ExportState, FileFormat
from loyalty.jobs import queue
from loyalty.jobs.models import Job
from loyalty.sheets import growing, limits
from loyalty.sheets.growing import Grown

PART_ROWS = 2_000
KEYS_READ = 10_000
KEY = "q"  # A signed number of eight bytes.
TOO_MANY = "TOO_MANY"


@queue.work(asking.WORK)
def work(job: Job) -> bool:
    """Do a chunk of an export; return whether anything is left."""
    export = (
        Export.objects.filter(pk=job.arguments["export"], state__in=asking.OPEN)
        .select_related("partner")
        .first()
    )
    if export is None:
        return False
    with translation.override(export.language), places.held(export.pk) as is_mine:
        return Making(export).go_on() if is_mine else True


class Making:
    """One chunk of an export, by the one worker that holds its files."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._folder = places.opened(export.pk)
        self._columns = customers.columns()
        self._grown = Grown(**export.grown)

    def go_on(self) -> bool:
        """Go on for some seconds; return whether anything is left."""
        if self._export.state == ExportState.WAITING:
            return self._begin()
        if queue.for_a_while(self._add):
            return True
        self._finish()
        return False

    def _begin(self) -> bool:
        """Settle who is in the file; a sheet that cannot hold them is none."""
        export = self._export
        total = self._write_keys()
        if export.format == FileFormat.XLSX and total >= limits.MOST_SHEET_ROWS:
            return not self._save(state=ExportState.FAILED, error=TOO_MANY, total_count=total)
        return self._save(state=ExportState.RUNNING, total_count=total)

    def _write_keys(self) -> int:
        export, total = self._export, 0
        given = narrowing.from_data(export.filter)
        found = customers.wanted(export.partner, given, at=export.asked_at)
        with (self._folder / places.KEYS).open("wb") as file:
            for some in _by_the(KEYS_READ, found.iterator(chunk_size=KEYS_READ)):
                some.tofile(file)
                total += len(some)
        return total

    def _add(self) -> int:
        """Write the next part and commit it; return how many keys it took."""
        taken = self._export.row_count
        with (self._folder / places.KEYS).open("rb") as file:
            keys = array(KEY)
            file.seek(taken * keys.itemsize)
            keys.frombytes(file.read(PART_ROWS * keys.itemsize))
        if not keys:
            return 0
        rows = list(customers.rows_of(keys, partner=self._export.partner, at=self._export.asked_at))
        add = growing.add_csv if self._export.format == FileFormat.CSV else growing.add_sheet
        self._grown = add(self._folder / places.PART, self._grown, self._columns, rows)
        is_there = self._save(row_count=taken + len(keys), grown=asdict(self._grown))
        return len(keys) if is_there else 0

    def _finish(self) -> None:
        part, target = self._folder / places.PART, self._folder / places.FILE
        if self._export.format == FileFormat.XLSX:
            with target.open("wb") as file:
                growing.finish_workbook(
                    part, self._grown, self._columns, title=_("Customers"), target=file
                )
        else:
            if self._grown.size == 0:
                growing.add_csv(part, self._grown, self._columns, [])
            shutil.copyfile(part, target)
        with transaction.atomic():
            is_wanted = self._save(state=ExportState.DONE, row_count=self._grown.rows)
            if is_wanted:
                actor_id = self._export.asked_by_id
                asking.log(self._export, action="export", actor_id=actor_id)
        if not is_wanted:
            places.remove(self._export.pk)
        for name in (places.KEYS, places.PART):
            (self._folder / name).unlink(missing_ok=True)

    def _save(self, **facts: object) -> bool:
        """Keep the progress; return whether the export is still wanted."""
        for name, value in facts.items():
            setattr(self._export, name, value)
        return Export.objects.filter(pk=self._export.pk).update(**facts) == 1


def _by_the(size: int, keys: Iterator[int]) -> "Iterator[array[int]]":
    some = array(KEY)
    for key in keys:
        some.append(key)
        if len(some) == size:
            yield some
            some = array(KEY)
    yield some


def file_of(export: Export) -> Path:
    """Return where the finished file of an export is."""
    return places.folder(export.pk) / places.FILE
