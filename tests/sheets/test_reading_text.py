"""CSV files as people's programs write them come out as the same table."""

import io

import pytest

from loyalty.sheets import child, refusals, texts
from loyalty.sheets.reading import read
from loyalty.sheets.tables import Row
from tests.sheets.tables_here import read_here

NAMES = "code;name\n007;José\n008;Müller – Söhne\n"
AS_WRITTEN = [("007", "José"), ("008", "Müller – Söhne")]

ENCODING_TABLE = [
    # bytes
    (NAMES.encode()),
    (NAMES.encode("utf-8-sig")),
    (NAMES.encode("cp1252")),
]


@pytest.mark.req("CU7")
@pytest.mark.parametrize("data", ENCODING_TABLE)
def test_names_are_read_in_every_encoding_that_spreadsheets_write(data):
    header, rows = read_here(data, kind="text")

    assert (header, [cells for _, cells in rows]) == (("code", "name"), AS_WRITTEN)


def test_french_quotes_in_windows_letters_are_not_taken_for_damaged_utf_8():
    text = "nom\n« CAFÉ\u00a0»\nÀ l\u2019été, crème brûlée\n"

    assert texts.decoded(text.encode("cp1252")) == text


SEPARATOR_TABLE = [
    # text, header, the only row
    ("code,points\n1,50\n", ("code", "points"), ("1", "50")),
    ("code;amount\n1;1,50\n", ("code", "amount"), ("1", "1,50")),
    ("code\tnote\n1\ta, b; c\n", ("code", "note"), ("1", "a, b; c")),
    ('"Name, first";code\n"a;b";1\n', ("Name, first", "code"), ("a;b", "1")),
    ("note\nHello, world\n", ("note",), ("Hello, world",)),
    ("code\n1\n", ("code",), ("1",)),
    ("code;note\r1;x\r", ("code", "note"), ("1", "x")),
    ('code,note\r\n1,"two\nlines ""quoted"""\r\n', ("code", "note"), ("1", 'two\nlines "quoted"')),
    ("code,points,,\n1,50,,\n", ("code", "points"), ("1", "50")),
    ("code,points,note\n1\n", ("code", "points", "note"), ("1", "", "")),
    (" code , points \n 1 , 50 \n", ("code", "points"), (" 1 ", " 50 ")),
    ("code,,note\n1,x,y\n", ("code", "", "note"), ("1", "x", "y")),
]


@pytest.mark.req("CU7")
@pytest.mark.parametrize(("text", "header", "row"), SEPARATOR_TABLE)
def test_the_separator_is_found_out(text, header, row):
    assert read_here(text.encode(), kind="text") == (header, [(2, row)])


def test_a_first_line_that_names_the_separator_is_heeded():
    data = b"sep=;\r\ncode;points,bonus\r\n1;2\r\n"

    assert read_here(data, kind="text") == (("code", "points,bonus"), [(3, ("1", "2"))])


def test_rows_have_the_numbers_that_a_spreadsheet_shows():
    data = b'\n ; \ncode;note\n1;"two\nlines"\n\n;\n2;x\n'

    assert read_here(data, kind="text") == (
        ("code", "note"),
        [(4, ("1", "two\nlines")), (7, ("2", "x"))],
    )


BARE_TABLE = [
    # in the file, read
    ("'=1+1", "=1+1"),
    ("'+5511999998888", "+5511999998888"),
    ("''=a", "'=a"),
    ("' -1", " -1"),
    ("'tis", "'tis"),
    ("'", "'"),
    ("=1+1", "=1+1"),
]


@pytest.mark.parametrize(("cell", "text"), BARE_TABLE)
def test_an_apostrophe_that_only_guards_is_taken_away(cell, text):
    assert read_here(f"note;x\n{cell};1\n".encode(), kind="text")[1] == [(2, (text, "1"))]


@pytest.mark.req("CU7")
def test_a_file_is_read_by_the_process_for_it_row_by_row(tmp_path):
    path = tmp_path / "upload"
    path.write_bytes(NAMES.encode("cp1252"))

    with read(path, name="Customers.CSV") as table:
        found = (table.header, list(table.rows))

    assert found == (("code", "name"), [Row(2, AS_WRITTEN[0]), Row(3, AS_WRITTEN[1])])


def test_a_header_alone_is_a_table_without_rows(tmp_path):
    path = tmp_path / "upload"
    path.write_bytes(b"code;points")

    with read(path, name="a.tsv") as table:
        assert (table.header, list(table.rows)) == (("code", "points"), [])


def test_the_answer_is_one_line_for_each_row():
    target = io.StringIO()

    child.answer(io.BytesIO(b"code;note\n1;\xc3\xa9\n"), target, kind="text")

    assert target.getvalue() == '[1, ["code", "note"]]\n[2, ["1", "é"]]\n'


def test_the_reader_does_not_trust_that_the_size_was_looked_at():
    with pytest.raises(refusals.TooLargeError):
        child.answer(io.BytesIO(b"x" * 10_485_761), io.StringIO(), kind="text")
