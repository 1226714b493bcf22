"""Files that somebody sends to do harm, or without knowing that they would."""

import struct
import zipfile
from functools import cache
from hashlib import sha256

from loyalty.sheets import limits
from tests.sheets.books import OLE, TIES, TITLES, TYPES, book, packed, parts, sheet, text, tie

DTD = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def number(cell, digits="1", style=""):
    return f'<c r="{cell}"{style}><v>{digits}</v></c>'


def row(index, *cells):
    return index, "".join(cells)


def shared(index):
    return f'<c r="A{index}" t="s"><v>0</v></c>'


def with_part(name, content="<x/>"):
    return packed({**parts(), name: content})


def lying_about_size():
    """Return a workbook whose directory says that a sheet of megabytes is one of a few bytes."""
    honest = packed(parts([TITLES, row(2, text("A2", "x" * 40), " " * 5_000_000)]))
    place = honest.index(b"PK\x01\x02")
    while honest[place + 46 :].find(b"xl/worksheets/sheet1.xml") != 0:
        place = honest.index(b"PK\x01\x02", place + 1)
    return honest[: place + 24] + struct.pack("<I", 400) + honest[place + 28 :]


def locked_member():
    """Return a workbook with the mark of a password on its parts."""
    plain = packed(parts())
    marked = bytearray(plain)
    place = plain.index(b"PK\x01\x02")
    marked[place + 8] |= 1
    return bytes(marked)


def long_table(rows):
    return book(sheet(*(row(index, number(f"A{index}")) for index in range(1, rows + 1))))


def many_elements():
    return f"<x>{''.join(f'<a{n}/>' for n in range(1_200_000))}</x>"


def pictures():
    """Return 60 MB that pack to a fiftieth, less than what a bomb is known by."""
    return b"".join(sha256(b"%d" % n).digest() * 60 for n in range(31_250))


def far_away():
    evading = '<c z=">" r="XFD1048576"><v>1</v></c>'
    return book(sheet(row(1, number("A1")), row(1_048_576, evading)))


LINKED = TIES + tie("r9", "externalLink", "links/1.xml") + "</Relationships>"


@cache
def hostile_files():
    """Return each file with its name, the code of its refusal, and the place that it tells."""
    return [
        # --- Not what they say ---
        ("table.pdf", b"code;points\n", "wrong_extension", ".pdf"),
        ("table", b"code;points\n", "wrong_extension", ""),
        ("table.xls", OLE, "wrong_extension", ".xls"),
        ("table.csv", book(), "wrong_content", ""),
        ("table.xlsx", b"code;points\n", "wrong_content", ""),
        ("table.xlsx", OLE + b"\0" * 600 + "Workbook".encode("utf-16-le"), "wrong_content", ""),
        ("table.xlsx", packed({"readme.txt": "hello"}), "wrong_content", ""),
        ("table.xlsx", with_part("_rels/.rels", f"{TIES}</Relationships>"), "wrong_content", ""),
        (
            "table.xlsx",
            with_part(
                "_rels/.rels",
                TIES + tie("a", "officeDocument", "xl/workbook.bin") + "</Relationships>",
            ),
            "wrong_content",
            "",
        ),
        ("table.xlsx", book(**{"xl/worksheets/sheet1.xml": None}), "wrong_content", ""),
        ("table.xlsx", packed(parts(), method=zipfile.ZIP_BZIP2), "broken", ""),
        ("table.xlsx", book()[:700], "broken", ""),
        ("table.xlsx", b"PK\x03\x04" + b"\0" * 900, "broken", ""),
        ("table.xlsx", with_part("xl/workbook.xml", "<workbook><sheets>"), "broken", ""),
        ("table.xlsx", book("<worksheet><sheetData><row>"), "broken", ""),
        ("table.xlsx", book([row(1, shared(1))]), "broken", ""),
        # --- Programs, passwords, links ---
        ("table.xlsm", b"x", "macros", ""),
        ("table.xlsx", with_part("xl/vbaProject.bin"), "macros", ""),
        (
            "table.xlsx",
            with_part(
                "[Content_Types].xml", TYPES.replace("application/xml", "x.macroEnabled.main+xml")
            ),
            "macros",
            "",
        ),
        ("table.xlsx", OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "encrypted", ""),
        ("table.xlsx", locked_member(), "encrypted", ""),
        ("table.xlsx", with_part("xl/externalLinks/externalLink1.xml"), "external_links", ""),
        ("table.xlsx", with_part("xl/_rels/workbook.xml.rels", LINKED), "external_links", ""),
        ("table.xlsx", with_part("xl/connections.xml"), "external_links", ""),
        # --- Cells that are no values ---
        (
            "table.xlsx",
            book([TITLES, row(2, text("A2", "x"), '<c r="B2"><f>1+1</f><v>2</v></c>')]),
            "formula",
            "B2",
        ),
        (
            "table.xlsx",
            book(
                '<x:worksheet><x:sheetData><x:row r="7"><x:c r="C7"><x:f t="shared" si="0"/>'
                "<x:v>2</x:v></x:c></x:row></x:sheetData></x:worksheet>"
            ),
            "formula",
            "C7",
        ),
        (
            "table.xlsx",
            book([TITLES, row(2, '<c r="A2" t="e"><v>#N/A</v></c>')]),
            "error_value",
            "A2",
        ),
        # --- What grows ---
        ("table.csv", b"x" * (limits.MOST_BYTES + 1), "too_large", ""),
        ("table.xlsx", book("<worksheet>" + " " * 5_000_000 + "</worksheet>"), "bomb", ""),
        ("table.xlsx", with_part("xl/media/a.png", pictures()), "bomb", ""),
        (
            "table.xlsx",
            packed({**parts(), **{f"xl/media/{index}": "" for index in range(1_000)}}),
            "bomb",
            "",
        ),
        ("table.xlsx", with_part("xl/styles.xml", many_elements()), "bomb", ""),
        ("table.xlsx", lying_about_size(), "broken", ""),
        (
            "table.xlsx",
            book(
                [row(1, shared(1))],
                strings=f"<sst>{''.join(f'<si><t>{n}</t></si>' for n in range(1_000_000))}</sst>",
            ),
            "bomb",
            "",
        ),
        (
            "table.xlsx",
            book(
                [row(index, shared(index)) for index in range(1, 60_001)],
                strings=f"<sst><si><t>{'x' * 30_000}</t></si></sst>",
            ),
            "too_heavy",
            "",
        ),
        (
            "table.xlsx",
            book(
                [row(index, shared(index)) for index in range(1, 60_001)],
                strings=f"<sst><si><t>{'x' * 1_000}</t></si></sst>",
            ),
            "bomb",
            "",
        ),
        ("table.xlsx", far_away(), "too_heavy", ""),
        # --- XML that only an attacker writes ---
        ("table.xlsx", book(DTD + sheet(TITLES)), "forbidden_xml", ""),
        (
            "table.xlsx",
            book([TITLES], strings=f"{DTD}<sst><si><t>&b;</t></si></sst>"),
            "forbidden_xml",
            "",
        ),
        ("table.xlsx", with_part("xl/workbook.xml", f"{DTD}<workbook/>"), "forbidden_xml", ""),
        (
            "table.xlsx",
            book(f'<?xml version="1.0" encoding="UTF-16"?>{sheet(TITLES)}'.encode("utf-16")),
            "forbidden_xml",
            "",
        ),
        (
            "table.xlsx",
            book(f'<?xml version="1.0" encoding="cp037"?>{sheet(TITLES)}'),
            "forbidden_xml",
            "",
        ),
        # --- Too much, or nothing ---
        ("table.csv", b"", "empty", ""),
        ("table.csv", b"\xef\xbb\xbf\r\n ;\r\n", "empty", ""),
        ("table.xlsx", book("<worksheet><sheetData/></worksheet>"), "empty", ""),
        ("table.xlsx", book(sheet(row(1, '<c r="A1" s="1"/>'))), "empty", ""),
        (
            "table.xlsx",
            book(sheets='<sheet name="a" sheetId="1" state="hidden" r:id="r1"/>'),
            "empty",
            "",
        ),
        ("table.csv", b"code\n" * (limits.MOST_ROWS + 2), "too_many_rows", "100002"),
        ("table.csv", b"code\n" + b"\n" * 10_000_000, "too_many_rows", "1048577"),
        ("table.xlsx", long_table(limits.MOST_ROWS + 2), "too_many_rows", "100002"),
        ("table.xlsx", book([row(1_048_576, number("A1048576"))]), "too_many_rows", "1048576"),
        (
            "table.xlsx",
            book([(1, number("A1")), (100_002, "<c><v>1</v></c>")]),
            "too_many_rows",
            "100002",
        ),
        ("table.csv", b";".join(b"c%d" % index for index in range(51)), "too_many_columns", "AY1"),
        ("table.csv", b"," * 9_000_000 + b"x", "too_many_columns", "AY1"),
        ("table.xlsx", book([row(1, number("A1"), number("XFD1"))]), "too_many_columns", "XFD1"),
        ("table.xlsx", book([row(1, "<c><v>1</v></c>" * 51)]), "too_many_columns", "AY1"),
        ("table.csv", b"code\n" + b"x" * 32_768, "cell_too_long", "A2"),
        ("table.csv", b'code\n"' + b"x" * 200_000 + b'"', "cell_too_long", "2"),
        # --- Text that cannot be told ---
        ("table.csv", "code;points\n".encode("utf-16"), "undecodable", ""),
        ("table.csv", b"code;na\x81me\n", "undecodable", ""),
        ("table.csv", "code;né né né\n".encode() + b"\xe9", "undecodable", ""),
        ("table.csv", b"\xef\xbb\xbfcode;caf\xe9\n", "undecodable", ""),
        ("table.csv", b"code\0points\n", "undecodable", ""),
        ("table.csv", b'code;name\n1;"Mia\n2;Noor\n', "broken", "2"),
        # --- Tables that cannot be told ---
        ("table.csv", b"code;name; NAME \n1;2;3\n", "duplicate_header", "NAME"),
        ("table.csv", b"code,points\n1,2\n1,50,0\n", "wider_row", "C3"),
        ("table.xlsx", book([TITLES, row(2, number("C2"))]), "wider_row", "C2"),
    ]
