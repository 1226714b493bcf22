"""What is written opens as the same table, and nothing in it runs."""

import io
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.sheets import limits, writing
from loyalty.sheets.reading import read
from loyalty.sheets.tables import Row
from loyalty.sheets.writing import Column, Kind, csv_chunks, write_xlsx
from tests.sheets.tables_here import read_here

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = [
    Column("Code"),
    Column("Phone", Kind.PHONE),
    Column("Points", Kind.NUMBER),
    Column("Joined", Kind.DATE),
]
MIA = ["007", "+5511999998888", -5, date(2026, 11, 22)]
AS_TEXT = ("007", "+5511999998888", "-5", "2026-11-22")


def csv_of(columns, rows, **options):
    return b"".join(csv_chunks(columns, rows, **options))


def xlsx_of(columns, rows):
    target = io.BytesIO()
    write_xlsx(target, columns, rows, title="Customers")
    return target.getvalue()


@pytest.mark.req("CU5")
def test_a_csv_file_is_exactly_these_bytes():
    assert csv_of(COLUMNS, [MIA], separator=";") == (
        b'\xef\xbb\xbf"Code";"Phone";"Points";"Joined"\r\n007;+5511999998888;-5;2026-11-22\r\n'
    )
    assert csv_of([Column("é")], [["a;b"], ["a,b"]], mark=False) == (
        '"é"\r\na;b\r\n"a,b"\r\n'.encode()
    )


def test_a_long_table_comes_in_pieces():
    pieces = list(csv_chunks([Column("x")], ([n] for n in range(1_001)), mark=False))

    lines = ['"x"', *map(str, range(1_001)), ""]
    assert (len(pieces), b"".join(pieces).decode().split("\r\n")) == (3, lines)


RISKY_TABLE = [
    # text, in a CSV file
    ("=1+1", "'=1+1"),
    ("+1", "'+1"),
    ("-1", "'-1"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", "'\t=1"),
    ("\r=1", '"\'\r=1"'),
    ("\nx", '"\'\nx"'),
    ("  =1", "'  =1"),
    ("＝1+1", "'＝1+1"),
    ("'=1", "''=1"),
    ("+5511999998888", "'+5511999998888"),
    ("a=1", "a=1"),
    ("'tis", "'tis"),
]


@pytest.mark.req("CU5")
@pytest.mark.parametrize(("text", "written"), RISKY_TABLE)
def test_a_text_that_a_spreadsheet_would_compute_is_guarded(text, written):
    data = csv_of([Column("x")], [[text]], mark=False)

    assert data.decode() == f'"x"\r\n{written}\r\n'


PHONE_TABLE = [
    # in a column of phones, in a CSV file
    ("+5511999998888", "+5511999998888"),
    ("+5511999998888,1", '"\'+5511999998888,1"'),
    ("+1+cmd|'/c calc'!A1", "'+1+cmd|'/c calc'!A1"),
    ("+٥٥١١٩٩٩٩٩٨٨٨٨", "'+٥٥١١٩٩٩٩٩٨٨٨٨"),
]


@pytest.mark.req("CU5")
@pytest.mark.parametrize(("text", "written"), PHONE_TABLE)
def test_only_a_phone_as_we_write_it_goes_unguarded(text, written):
    data = csv_of([Column("x", Kind.PHONE)], [[text]], mark=False)

    assert data.decode() == f'"x"\r\n{written}\r\n'


def test_a_title_is_guarded_as_well():
    assert csv_of([Column("=1", Kind.NUMBER)], [], mark=False) == b'"\'=1"\r\n'


def test_marks_that_turn_the_direction_and_control_characters_are_left_out():
    data = csv_of([Column("x")], [["a\u202eb\x00c\u2066d\ud800e\ufffff"]], mark=False)

    assert data == b'"x"\r\nabcdef\r\n'


def xml_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.req("CU5")
def test_a_workbook_holds_texts_as_texts_and_numbers_as_numbers():
    rows = [["=1+1", "+5511999998888", 12, None], ["http://x.org", "", Decimal("1.5"), None]]

    sheet = xml_of(xlsx_of(COLUMNS, rows))

    assert ("<f" in sheet, "hyperlink" in sheet) == (False, False)
    body = sheet[sheet.index('<row r="2"') : sheet.index("</sheetData>")]
    assert body == (
        '<row r="2"><c r="A2" s="2" t="inlineStr"><is><t>=1+1</t></is></c>'
        '<c r="B2" s="2" t="inlineStr"><is><t>+5511999998888</t></is></c>'
        '<c r="C2"><v>12</v></c></row>'
        '<row r="3"><c r="A3" s="3" t="inlineStr"><is><t>http://x.org</t></is></c>'
        '<c r="C3"><v>1.5</v></c></row>'
    )


@pytest.mark.req("CU5")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_can_be_sent_back(tmp_path, kind):
    path = tmp_path / "export"
    path.write_bytes({"csv": csv_of, "xlsx": xlsx_of}[kind](COLUMNS, [MIA]))

    with read(path, name=f"export.{kind}") as table:
        found = (table.header, list(table.rows))

    assert found == (("Code", "Phone", "Points", "Joined"), [Row(2, AS_TEXT)])


# --- Any table at all ---------------------------------------------------------------------------

_SPEAKABLE = st.characters(
    exclude_categories=["Cs"],
    exclude_characters=[
        *map(chr, (*range(9), 11, 12, *range(14, 32), 127)),
        *map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFFFE, 0xFFFF)),
    ],
)
_RISKS = st.sampled_from(["=", "'=", "''+", " -", "\t", "\r\n", "@", '"', ";", ",", "'", "_x0041_"])
TEXTS = st.builds("".join, st.lists(_RISKS | st.text(_SPEAKABLE, max_size=5), max_size=4))
TITLES = st.lists(TEXTS.map(str.strip).filter(bool), min_size=1, max_size=5, unique_by=str.casefold)
DIGITS = 10**15 - 1
VALUES = st.one_of(
    TEXTS,
    st.integers(-DIGITS, DIGITS),
    st.integers(),
    st.builds(
        lambda units, places: Decimal(units).scaleb(-places),
        st.integers(-DIGITS, DIGITS),
        st.integers(0, 6),
    ).map(lambda value: +value.normalize()),
    st.dates(),
    st.none(),
)


@st.composite
def tables(draw):
    titles = draw(TITLES)
    row = st.lists(VALUES, min_size=len(titles), max_size=len(titles))
    filled = row.filter(lambda cells: any(words(cell).strip() for cell in cells))
    return [Column(title) for title in titles], draw(st.lists(filled, max_size=6))


def words(cell):
    """Return the text that stands for a value."""
    if isinstance(cell, Decimal):
        return "0" if not cell else format(cell, "f")
    return "" if cell is None else str(cell)


def as_read(columns, rows):
    return (
        tuple(column.title for column in columns),
        [(number, tuple(map(words, row))) for number, row in enumerate(rows, start=2)],
    )


@pytest.mark.req("CU5", "CU7")
@given(table=tables(), separator=st.sampled_from(",;\t"), mark=st.booleans())
def test_any_table_written_as_csv_is_read_back(table, separator, mark):
    data = csv_of(*table, separator=separator, mark=mark)

    assert read_here(data, kind="text") == as_read(*table)


@pytest.mark.req("CU5", "CU7")
@given(table=tables())
def test_any_table_written_as_a_workbook_is_read_back(table):
    assert read_here(xlsx_of(*table), kind="workbook") == as_read(*table)


# --- Limits -------------------------------------------------------------------------------------


def test_what_does_not_fit_a_sheet_is_refused_and_not_cut(monkeypatch):
    monkeypatch.setattr(limits, "MOST_SHEET_ROWS", 3)

    assert len(read_here(xlsx_of([Column("x")], [["a"]] * 2), kind="workbook")[1]) == 2
    with pytest.raises(writing.SheetFullError):
        xlsx_of([Column("x")], [["a"]] * 3)
    with pytest.raises(ValueError, match="32768 characters"):
        xlsx_of([Column("x")], [["a" * 32_768]])


@pytest.mark.parametrize("value", [True, datetime(2026, 11, 22, tzinfo=UTC)])
def test_a_value_without_one_form_is_the_callers_to_write(value):
    with pytest.raises(TypeError):
        csv_of([Column("x")], [[value]])


def test_a_row_that_does_not_fit_the_columns_is_a_fault_of_ours():
    with pytest.raises(ValueError, match="zip"):
        csv_of([Column("x")], [["a", "b"]])
    with pytest.raises(ValueError, match="zip"):
        xlsx_of([Column("x")], [["a", "b"]])


MEASURE = """
import resource, sys
from loyalty.sheets.writing import Column, csv_chunks, write_xlsx
columns = [Column("Code"), Column("Name"), Column("Points")]
rows = ([f"C{n}", "=Müller; Söhne", n] for n in range(int(sys.argv[2])))
with open("/dev/null", "wb") as target:
    if sys.argv[1] == "csv":
        for chunk in csv_chunks(columns, rows):
            target.write(chunk)
    else:
        import io, tempfile
        with tempfile.TemporaryFile() as book:
            write_xlsx(book, columns, rows, title="Customers")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def memory_of(kind, rows):
    """Return the most memory, in kB, of a process that writes so many rows."""
    command = [sys.executable, "-c", MEASURE, kind, str(rows)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return int(answer.stdout)


@pytest.mark.slow
@pytest.mark.req("CU5")
def test_a_million_rows_of_csv_take_no_more_memory_than_a_thousand():
    assert memory_of("csv", 1_000_000) - memory_of("csv", 1_000) < 4_096


@pytest.mark.slow
@pytest.mark.req("CU5")
def test_a_hundred_thousand_rows_of_a_workbook_take_little_more_memory_than_a_thousand():
    assert memory_of("xlsx", 100_000) - memory_of("xlsx", 1_000) < 8_192
