"""Reading a table from a file that somebody sent: in a process of its own, which may die of it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import IO

from loyalty.sheets import limits, refusals
from loyalty.sheets.tables import Row

ROOT = Path(__file__).resolve().parents[2]
TEXT = (".csv", ".tsv", ".txt")
WORKBOOK = (".xlsx",)
WITH_MACROS = (".xlsm", ".xltm", ".xlam")
# The exit code of a child that says why, and the signals that a limit ends one with. A parser that
# gets no more memory aborts.
REFUSED = 3
SPENT = (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGABRT)


class ReaderFailedError(RuntimeError):
    """The reading process ended in a way that no file explains, such as a package missing."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file's titles, and its rows one after the other; each row is as wide as the header."""

    header: tuple[str, ...]
    rows: Iterator[Row]


@contextmanager
def read(path: Path, *, name: str, seconds: float = limits.WAIT_SECONDS) -> Iterator[Table]:
    """Give the table in a file whose sender called it ``name``, for as long as the block lasts.

    The whole file is read before the block starts, so that every refusal comes first; the rows
    wait on disk and are handed out one at a time. Cells are text: whole numbers without exponent,
    fractions with their decimals, dates as 2026-11-22, and an apostrophe that only keeps a text
    from being a formula is gone. Blank rows are left out; row numbers count them.

    :raises FileRefusedError: one class for each reason; see ``refusals``.
    :raises ReaderFailedError: if the machine, not the file, is at fault.
    """
    kind = _kind(name)
    size = path.stat().st_size
    if not size:
        raise refusals.EmptyFileError
    if size > limits.MOST_BYTES:
        raise refusals.TooLargeError
    with tempfile.TemporaryFile() as answer:
        with path.open("rb") as source:
            code = _run(kind, source=source, answer=answer, seconds=seconds)
        answer.seek(0)
        if code == REFUSED:
            told = json.loads(answer.read())
            raise refusals.BY_CODE[told["code"]](where=told["where"])
        if code in SPENT:
            raise refusals.TooHeavyError
        if code < 0:
            raise refusals.BrokenFileError
        if code:
            raise ReaderFailedError(f"exit code {code}")
        rows = (Row(number, tuple(cells)) for number, cells in map(json.loads, answer))
        yield Table(header=next(rows).cells, rows=rows)


def _kind(name: str) -> str:
    extension = PurePath(name).suffix.lower()
    if extension in WITH_MACROS:
        raise refusals.MacrosError
    if extension in TEXT:
        return "text"
    if extension in WORKBOOK:
        return "workbook"
    raise refusals.WrongExtensionError(where=extension)


def _run(kind: str, *, source: IO[bytes], answer: IO[bytes], seconds: float) -> int:
    """Run the child to its end and return its exit code; it never outlives this call.

    It gets nothing of the environment, because it needs no secret to read a table.
    """
    command = [sys.executable, "-E", "-s", "-m", f"{__package__}.child", kind]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module; the file is its input
        command, cwd=ROOT, env={}, stdin=source, stdout=answer, start_new_session=True
    )
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        raise refusals.TooHeavyError from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
