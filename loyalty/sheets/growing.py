"""Tables that are written part by part, each by whoever comes next, whatever became of the last.

A part is added behind what a ``Grown`` tells of; whatever somebody who died wrote beyond it is cut
off first. Memory holds one part.
"""

import io
import re
import shutil
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from loyalty.sheets.writing import Cell, Column, csv_chunks, write_xlsx

SHEET = "xl/worksheets/sheet1.xml"
# The size of a sheet is not known before its end, and readers do without.
_DIMENSION = re.compile(rb"<dimension[^>]*/>")
_END = b"</sheetData>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """How far a file is: its rows and bytes; of a sheet also what its archive says about it."""

    rows: int = 0
    size: int = 0
    unpacked: int = 0
    checksum: int = 0


def add_csv(
    path: Path, grown: Grown, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]
) -> Grown:
    """Add rows to a CSV file; the first ones after the titles."""
    is_first = grown.size == 0
    data = b"".join(csv_chunks(columns, rows, mark=is_first, head=is_first))
    _append(path, grown.size, data)
    return Grown(rows=grown.rows + len(rows), size=grown.size + len(data))


def add_sheet(
    path: Path, grown: Grown, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]
) -> Grown:
    """Add rows to the packed sheet of a workbook, which ``finish_workbook`` makes of it.

    :raises SheetFullError: if there are more rows than a sheet takes.
    """
    part = _sheet(columns, rows, first=grown.rows + 1)
    start = part.index(b"</row>") + len(b"</row>")  # After the titles, which every part has.
    if grown.size == 0:
        start = 0
    return _packed(path, grown, part[start : part.rindex(_END)], rows=len(rows))


def finish_workbook(
    path: Path, grown: Grown, columns: Sequence[Column], *, title: str, target: IO[bytes]
) -> None:
    """Write the workbook whose packed sheet is at ``path``."""
    if grown.size == 0:
        grown = add_sheet(path, grown, columns, [])
    frame = io.BytesIO()
    write_xlsx(frame, columns, [], title=title)
    with ZipFile(frame) as empty, ZipFile(target, "w", ZIP_DEFLATED) as book:
        sheet = empty.read(SHEET)
        for name in empty.namelist():
            if name != SHEET:
                book.writestr(name, empty.read(name))
        ended = _packed(path, grown, sheet[sheet.rindex(_END) :], rows=0, is_last=True)
        _add_packed(book, path, ended)


def _sheet(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], *, first: int) -> bytes:
    """Return the text of a sheet with its titles and these rows."""
    book = io.BytesIO()
    write_xlsx(book, columns, rows, title="-", first=first)
    with ZipFile(book) as archive:
        return _DIMENSION.sub(b"", archive.read(SHEET), count=1)


def _packed(path: Path, grown: Grown, text: bytes, *, rows: int, is_last: bool = False) -> Grown:
    """Pack a text behind what is there; each piece stands by itself, so any process may go on."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    data = packer.compress(text)
    data += packer.flush(zlib.Z_FINISH if is_last else zlib.Z_FULL_FLUSH)
    _append(path, grown.size, data)
    return Grown(
        rows=grown.rows + rows,
        size=grown.size + len(data),
        unpacked=grown.unpacked + len(text),
        checksum=zlib.crc32(text, grown.checksum),
    )


def _append(path: Path, size: int, data: bytes) -> None:
    with path.open("r+b" if size else "wb") as file:
        file.seek(size)
        file.write(data)
        file.truncate()


def _add_packed(book: ZipFile, path: Path, grown: Grown) -> None:
    """Add a file that is packed already, which the archive's own way would do again."""
    info = ZipInfo(SHEET)
    info.compress_type = ZIP_DEFLATED
    info.CRC, info.compress_size, info.file_size = grown.checksum, grown.size, grown.unpacked
    file = book.fp
    assert file is not None  # noqa: S101 - it is open for writing
    file.seek(book.start_dir)
    info.header_offset = book.start_dir
    file.write(info.FileHeader())
    with path.open("rb") as packed:
        shutil.copyfileobj(packed, file)
    book.filelist.append(info)
    book.NameToInfo[info.filename] = info
    book.start_dir = file.tell()
