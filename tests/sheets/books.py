"""Workbooks made by hand, so that a test can put anything into any part of them."""

import io
import zipfile
from xml.sax.saxutils import escape

KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TIES = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
BOOK = (
    '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    f' xmlns:r="{KIND}">{{properties}}<sheets>{{sheets}}</sheets></workbook>'
)
ONE_SHEET = '<sheet name="Customers" sheetId="1" r:id="r1"/>'
STYLES = (
    "<styleSheet><cellXfs>"
    '<xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="20"/>'
    '<xf numFmtId="46"/></cellXfs></styleSheet>'
)


def tie(name, kind, target):
    return f'<Relationship Id="{name}" Type="{KIND}/{kind}" Target="{target}"/>'


def text(cell, words):
    return f'<c r="{cell}" t="inlineStr"><is><t xml:space="preserve">{escape(words)}</t></is></c>'


def sheet(*rows):
    """Return the XML of a sheet; each row is its cells, as XML, one after the other."""
    body = "".join(f'<row r="{number}">{cells}</row>' for number, cells in rows)
    return f"<worksheet><sheetData>{body}</sheetData></worksheet>"


TITLES = (1, text("A1", "Code") + text("B1", "Points"))


def parts(rows=(TITLES,), *, properties="", sheets=ONE_SHEET, strings=None, **others):
    """Return the parts of a workbook by name; others replace or join them, None leaves one out."""
    found = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": f"{TIES}{tie('r1', 'officeDocument', 'xl/workbook.xml')}</Relationships>",
        "xl/workbook.xml": BOOK.format(properties=properties, sheets=sheets),
        "xl/_rels/workbook.xml.rels": TIES
        + tie("r1", "worksheet", "worksheets/sheet1.xml")
        + tie("r2", "worksheet", "worksheets/sheet2.xml")
        + tie("r3", "styles", "styles.xml")
        + (tie("r4", "sharedStrings", "/xl/sharedStrings.xml") if strings else "")
        + "</Relationships>",
        "xl/styles.xml": STYLES,
        "xl/worksheets/sheet1.xml": rows if isinstance(rows, str | bytes) else sheet(*rows),
        "xl/sharedStrings.xml": strings,
    }
    found.update(others)
    return {name: content for name, content in found.items() if content is not None}


def packed(content, *, method=zipfile.ZIP_DEFLATED):
    """Return an archive of these parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    return target.getvalue()


def book(*arguments, **others):
    """Return a workbook of these parts."""
    return packed(parts(*arguments, **others))
