"""Workbooks as people's programs write them come out as the text that they show."""

import pytest

from loyalty.sheets import limits, workbooks
from loyalty.sheets.reading import read
from loyalty.sheets.tables import Row
from tests.sheets.books import ONE_SHEET, TIES, TITLES, book, packed, parts, sheet, text, tie
from tests.sheets.hostile import number, row
from tests.sheets.tables_here import read_here

# 22 November 2026, and noon of it, counted in days.
SINCE_1900 = [TITLES, row(2, number("A2", "46348", ' s="1"'), number("B2", "46348.5", ' s="2"'))]
SINCE_1904 = [TITLES, row(2, number("A2", "44886", ' s="1"'), number("B2", "44886.5", ' s="2"'))]


def cells_of(data):
    _, rows = read_here(data, kind="workbook")
    return [cells for _, cells in rows]


@pytest.mark.req("CU7")
def test_days_of_both_calendars_of_spreadsheets_are_read_rightly():
    noon = [("2026-11-22", "2026-11-22 12:00:00")]

    assert cells_of(book(SINCE_1900)) == noon
    assert cells_of(book(SINCE_1900, properties='<workbookPr date1904="0"/>')) == noon
    for said in ("1", "true"):
        properties = f'<workbookPr date1904="{said}"/>'
        assert cells_of(book(SINCE_1904, properties=properties)) == noon


NUMBER_TABLE = [
    # as the sheet stores it, read
    ("5511999998888", "5511999998888"),
    ("1E+15", "1000000000000000"),
    ("1.2345678901234567E+19", "12345678901234567000"),
    ("5", "5"),
    ("-0", "0"),
    ("19.989999999999998", "19.99"),
    ("0.30000000000000004", "0.3"),
    ("-1.5", "-1.5"),
    ("1E-7", "0.0000001"),
    ("NaN", "nan"),
]


@pytest.mark.req("CU7")
@pytest.mark.parametrize(("stored", "told"), NUMBER_TABLE)
def test_a_number_is_told_by_its_plain_digits(stored, told):
    assert cells_of(book([TITLES, row(2, number("A2", stored))])) == [(told, "")]


def test_codes_and_phones_kept_as_text_keep_their_zeros():
    data = book([TITLES, row(2, text("A2", "007"), text("B2", "+5511999998888"))])

    assert cells_of(data) == [("007", "+5511999998888")]


VALUE_TABLE = [
    # cell, read
    ('<c r="A2" t="b"><v>1</v></c>', "TRUE"),
    ('<c r="A2" t="b"><v>0</v></c>', "FALSE"),
    ('<c r="A2" s="3"><v>0.4375</v></c>', "10:30:00"),
    ('<c r="A2" s="4"><v>1.25</v></c>', "30:00:00"),
    ('<c r="A2" t="d"><v>2026-11-22</v></c>', "2026-11-22"),
    ('<c r="A2" t="s"><v>1</v></c>', "bold and plain"),
    ('<c r="A2" t="inlineStr"><is><t>\'=a</t></is></c>', "'=a"),
]
STRINGS = (
    '<sst count="4000000000" uniqueCount="4000000000"><si><t>first</t></si>'
    '<si><r><rPr><b/></rPr><t>bold</t></r><r><t xml:space="preserve"> and plain</t></r></si></sst>'
)


@pytest.mark.parametrize(("cell", "told"), VALUE_TABLE)
def test_every_sort_of_value_is_told_as_text(cell, told):
    assert cells_of(book([TITLES, (2, cell)], strings=STRINGS)) == [(told, "")]


def test_strings_that_claim_to_be_billions_are_not_believed(tmp_path):
    path = tmp_path / "upload"
    path.write_bytes(book([TITLES, (2, '<c r="A2" t="s"><v>0</v></c>')], strings=STRINGS))

    with read(path, name="a.xlsx") as table:
        assert list(table.rows) == [Row(2, ("first", ""))]


def test_formats_alone_may_reach_down_to_the_last_row():
    styled = row(1_048_576, '<c r="A1048576" s="1"/>', '<c r="XFD1048576" s="1"></c>')

    assert cells_of(book([TITLES, row(2, number("A2")), styled])) == [("1", "")]


def test_a_table_may_begin_anywhere_and_keeps_its_row_numbers():
    data = book([row(3, text("B3", "Code")), row(5, number("B5"))])

    assert read_here(data, kind="workbook") == (("", "Code"), [(5, ("", "1"))])


@pytest.mark.slow
def test_the_largest_table_allowed_is_read_whole_within_the_limits(tmp_path):
    path = tmp_path / "upload"
    rows = (
        row(index, *(number(f"{letter}{index}") for letter in "ABCDEFGHIJ"))
        for index in range(2, limits.MOST_ROWS + 2)
    )
    titles = row(1, *(text(f"{letter}1", letter) for letter in "ABCDEFGHIJ"))
    path.write_bytes(book(sheet(titles, *rows)))

    with read(path, name="a.xlsx", seconds=600) as table:
        last = None
        for count, last in enumerate(table.rows, start=1):  # noqa: B007 - the count is looked at below
            pass

    assert (count, last) == (100_000, Row(100_001, ("1",) * 10))


def test_the_first_sheet_that_shows_is_read_and_the_others_are_left_alone():
    hidden = '<sheet name="a" sheetId="1" state="hidden" r:id="r1"/>'
    two = hidden + '<sheet name="b" sheetId="2" r:id="r2"/>'
    formula = sheet((1, '<c r="A1"><f>1+1</f></c>'))
    data = book(
        formula, sheets=two, **{"xl/worksheets/sheet2.xml": sheet(TITLES, row(2, number("A2")))}
    )

    assert cells_of(data) == [("1", "")]


def test_links_of_addresses_in_a_column_of_mail_are_no_harm():
    linked = tie("a", "hyperlink", "mailto:mia@example.org").replace(
        "/>", ' TargetMode="External"/>'
    )
    content = parts([TITLES, row(2, number("A2"))])
    content["xl/worksheets/_rels/sheet1.xml.rels"] = f"{TIES}{linked}</Relationships>"

    assert cells_of(packed(content)) == [("1", "")]


def test_a_prefix_on_every_element_and_a_byte_order_mark_change_nothing():
    plain = sheet(TITLES, row(2, number("A2")))
    prefixed = "\ufeff" + plain.replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:")

    assert cells_of(book(prefixed.encode())) == [("1", "")]


def test_parts_in_unusual_letters_and_places_are_found():
    content = parts([TITLES, row(2, number("A2"))])
    content["XL\\Worksheets\\Sheet1.xml"] = content.pop("xl/worksheets/sheet1.xml")

    assert cells_of(packed(content)) == [("1", "")]
    assert 'r:id="r1"' in ONE_SHEET


def test_a_number_without_end_is_told_and_left_to_the_caller():
    assert [workbooks.plain(value) for value in (float("inf"), float("-inf"))] == ["inf", "-inf"]
