"""What a workbook is packed in: looked through part by part, and copied without what is not read.

The parser gets a package of our own making. It holds the one sheet, its strings and its styles,
exactly the bytes that were looked at here, so that no two readers of archives can be told two
tales.
"""

import io
import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass
from xml.parsers import expat

from loyalty.sheets import limits, refusals, sheet_xml

OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LOCKED = "EncryptedPackage".encode("utf-16-le")
ARCHIVE = b"PK\x03\x04"
TYPES = "[content_types].xml"
_PROGRAMS = re.compile(r"vbaproject|/macrosheets/|/activex/")
_LINKS = re.compile(r"/externallinks/|/connections\.xml$|/querytables/")
HIDDEN = ("hidden", "veryHidden")

_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TIES = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
_OWN_PARTS = {
    "_rels/.rels": f'{_TIES}<Relationship Id="a" Type="{_RELATIONS}/officeDocument"'
    ' Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'{_TIES}<Relationship Id="a" Type="{_RELATIONS}/worksheet"'
    ' Target="worksheets/sheet1.xml"/></Relationships>',
}
_OWN_WORKBOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    f' xmlns:r="{_RELATIONS}"><workbookPr date1904="{{}}"/>'
    '<sheets><sheet name="a" sheetId="1" r:id="a"/></sheets></workbook>'
)
Element = tuple[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Relation:
    """What a part points at: the last word of the kind, and the name of the other part."""

    kind: str
    target: str


def inspected(data: bytes) -> io.BytesIO:
    """Return a package with the first visible sheet alone, once nothing speaks against it.

    :raises FileRefusedError: for macros, passwords, links, bombs, forbidden XML, formulas, or a
        package that is none.
    """
    if data.startswith(OLD_OFFICE):
        raise refusals.EncryptedError if LOCKED in data else refusals.WrongContentError
    if not data.startswith(ARCHIVE):
        raise refusals.WrongContentError
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _Package(archive).copy()
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, NotImplementedError):
        raise refusals.BrokenFileError from None


class _Package:
    """An archive whose declared sizes are within the limits; parts are known by small letters."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.parts = {_folded(info.filename): info for info in archive.infolist()}
        _check_sizes(archive.infolist())
        if any(_PROGRAMS.search(name) for name in self.parts):
            raise refusals.MacrosError
        if any(_LINKS.search(name) for name in self.parts):
            raise refusals.ExternalLinksError

    def copy(self) -> io.BytesIO:
        """Return the package for the parser."""
        if TYPES not in self.parts:
            raise refusals.WrongContentError
        types = self.read(TYPES, most=limits.MOST_MAP)
        if b"macroenabled" in types.lower():
            raise refusals.MacrosError
        book = next(
            (tie.target for tie in self.relations("").values() if tie.kind == "officeDocument"), ""
        )
        if not book.endswith(".xml") or _folded(book) not in self.parts:
            raise refusals.WrongContentError
        ties = self.relations(book)
        if any(tie.kind == "externalLink" for tie in ties.values()):
            raise refusals.ExternalLinksError
        elements = _elements(self.read(book, most=limits.MOST_MAP))
        parts: dict[str, bytes | str] = dict(_OWN_PARTS)
        parts["xl/workbook.xml"] = _OWN_WORKBOOK.format(int(_counts_from_1904(elements)))
        parts["xl/worksheets/sheet1.xml"] = sheet_xml.only_cells(
            self.read(_first_sheet(elements, ties), most=limits.MOST_UNPACKED)
        )
        for tie in ties.values():
            if tie.kind == "sharedStrings":
                strings = self.read(tie.target, most=limits.MOST_SHARED_STRINGS)
                parts["xl/sharedStrings.xml"] = sheet_xml.uncounted(strings)
            elif tie.kind == "styles":
                parts["xl/styles.xml"] = self.read(tie.target, most=limits.MOST_STYLES)
        return _packed(parts)

    def relations(self, part: str) -> dict[str, Relation]:
        """Return what a part points at, by the identifiers that it uses."""
        folder, base = posixpath.split(part)
        content = self.read(posixpath.join(folder, "_rels", f"{base}.rels"), most=limits.MOST_MAP)
        ties = {}
        for tag, at in _elements(content):
            if tag == "Relationship":
                target = posixpath.normpath(posixpath.join("/", folder, at.get("Target", "")))
                kind = at.get("Type", "").rpartition("/")[2]
                ties[at.get("Id", "")] = Relation(kind, target.lstrip("/"))
        return ties

    def read(self, name: str, *, most: int) -> bytes:
        """Return a part's bytes, which are XML without entities; an archive's lie is found out."""
        info = self.parts.get(_folded(name))
        if info is None:
            raise refusals.WrongContentError
        if info.file_size > most:
            raise refusals.BombError
        return sheet_xml.sound(self.archive.read(info))


def _folded(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _check_sizes(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > limits.MOST_PARTS:
        raise refusals.BombError
    if sum(part.file_size for part in parts) > limits.MOST_UNPACKED:
        raise refusals.BombError
    for part in parts:
        if part.flag_bits & 1:
            raise refusals.EncryptedError
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise refusals.BrokenFileError
        is_large = part.file_size > limits.RATIO_COUNTS_FROM
        if is_large and part.file_size > limits.MOST_RATIO * part.compress_size:
            raise refusals.BombError


def _elements(content: bytes) -> list[Element]:
    """Return each element's name and attributes, both without their namespace."""
    found: list[Element] = []
    parser = expat.ParserCreate(namespace_separator=" ")

    def start(tag: str, attributes: dict[str, str]) -> None:
        plain = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        found.append((tag.rpartition(" ")[2], plain))

    parser.StartElementHandler = start
    parser.Parse(content, True)
    return found


def _counts_from_1904(elements: list[Element]) -> bool:
    said = [attributes.get("date1904", "") for tag, attributes in elements if tag == "workbookPr"]
    return any(word in ("1", "true") for word in said)


def _first_sheet(elements: list[Element], ties: dict[str, Relation]) -> str:
    for tag, attributes in elements:
        if tag == "sheet" and attributes.get("state") not in HIDDEN:
            tie = ties.get(attributes.get("id", ""))
            if tie and tie.kind == "worksheet":
                return tie.target
    raise refusals.EmptyFileError


def _packed(parts: dict[str, bytes | str]) -> io.BytesIO:
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    copy.seek(0)
    return copy
