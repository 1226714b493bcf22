"""The page of requirements: how marks are read, what is refused, and that it is not stale."""

from collections import Counter

import pytest

from tests import coverage_page, requirements
from tests.coverage_page import CoverageError, Proof, Requirement, Section


def a_row(state="met", name="R1.1", note=""):
    return Requirement(name=name, what="A thing", state=state, note=note)


def a_section(*rows):
    return Section(name="R", title="Things", requirements=rows)


PROOF = Proof("tests/test_a.py", "test_it")


def test_the_page_is_not_stale():
    written = coverage_page.PAGE.read_text(encoding="utf-8")

    assert coverage_page.current_page() == written, "Run: make coverage-page"


def test_every_requirement_stands_on_the_page_once():
    sections = coverage_page.read_sections(coverage_page.DATA.read_text(encoding="utf-8"))
    names = [row.name for section in sections for row in section.requirements]

    kinds = Counter(name.rstrip("0123456789.*") for name in names)
    assert kinds == {"R": 44, "FA": 19, "PA": 42, "CU": 34, "IV": 132}
    assert [name for name in names if not requirements.KNOWN_FORM.fullmatch(name)] == []


def test_marks_are_read_as_pytest_reads_them(request):
    proofs = coverage_page.read_marks()
    read = {(proof.file, proof.test, name) for name, found in proofs.items() for proof in found}

    # What was asked for on the command line may be a part of the suite.
    collected = {
        (item.nodeid.partition("::")[0], item.originalname, name)
        for item in request.session.items
        if isinstance(item, pytest.Function)
        for name in requirements.named_requirements(item)
    }
    files = {item.nodeid.partition("::")[0] for item in request.session.items}
    tests = {(file, test) for file, test, _name in collected}

    assert collected <= read
    assert {one for one in read if one[:2] in tests and one[0] in files} == collected


MARKS_TABLE = [
    # source, what is read
    ('@pytest.mark.req("R1.1", "CU2")\ndef test_a(): ...', [("test_a", "R1.1"), ("test_a", "CU2")]),
    ('@pytest.mark.slow\n@pytest.mark.req("R1.1")\nasync def test_a(): ...', [("test_a", "R1.1")]),
    (
        'pytestmark = [pytest.mark.req("R1.1")]\ndef test_a(): ...\ndef test_b(): ...',
        [("test_a", "R1.1"), ("test_b", "R1.1")],
    ),
    (
        '@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.req("R1.1"))])\n'
        "def test_a(x): ...",
        [("test_a", "R1.1")],
    ),
    ("def test_a(): ...", []),
]


@pytest.mark.parametrize(("source", "read"), MARKS_TABLE)
def test_a_mark_is_read_where_it_stands(source, read):
    assert list(coverage_page.marks_in(source, "tests/test_a.py")) == read


@pytest.mark.parametrize(
    "source",
    [
        'CASES = [pytest.param(1, marks=pytest.mark.req("R1.1"))]\ndef test_a(): ...',
        '@pytest.mark.req("R1.1")\ndef make(): ...',
        "@pytest.mark.req(NAME)\ndef test_a(): ...",
    ],
)
def test_a_mark_that_cannot_be_told_is_refused(source):
    with pytest.raises(CoverageError):
        list(coverage_page.marks_in(source, "tests/test_a.py"))


REFUSED_TABLE = [
    # row, proofs, what is said
    (a_row("met"), {}, "R1.1: met, but no test carries its mark"),
    (a_row("partly", note="No."), {}, "R1.1: partly, but no test carries its mark"),
    (
        a_row("partly"),
        {"R1.1": [PROOF]},
        "R1.1: partly, without a note that says what is missing",
    ),
    (
        a_row("met", note="No."),
        {"R1.1": [PROOF]},
        "R1.1: met, with a note that says what is missing",
    ),
    (
        a_row("open"),
        {"R1.1": [PROOF]},
        "R1.1: open, but marked in tests/test_a.py: met or partly?",
    ),
    (a_row("open"), {"R9.9": [PROOF]}, "R9.9: no requirement, but marked in tests/test_a.py"),
]


@pytest.mark.parametrize(("row", "proofs", "words"), REFUSED_TABLE)
def test_a_state_that_no_mark_bears_out_is_refused(row, proofs, words):
    with pytest.raises(CoverageError) as refused:
        coverage_page.check([a_section(row)], proofs)

    assert str(refused.value) == words


def test_states_that_fit_their_marks_pass():
    rows = a_row("met"), a_row("partly", "R1.2", "No."), a_row("open", "R2.1", "Not yet.")

    coverage_page.check([a_section(*rows)], {"R1.1": [PROOF], "R1.2": [PROOF]})


@pytest.mark.parametrize(
    "row",
    [
        '"R1.1" = { state = "done", what = "A thing" }',
        '"R1.1" = { state = "met" }',
        '"R1.1" = { state = "met", what = "A thing", notes = "No." }',
        '"R1.1" = { state = "open", what = "A" }\n"R1.1" = { state = "met", what = "A" }',
        '"R1.1" = { state = "open", what = "A" }\n'
        '[X]\ntitle = "More"\n"R1.1" = { state = "open", what = "A" }',
    ],
)
def test_a_row_that_is_none_is_refused(row):
    with pytest.raises(CoverageError):
        coverage_page.read_sections(f'[R]\ntitle = "Things"\n{row}\n')


def test_the_page_counts_by_section_and_links_the_tests():
    rows = a_row("met"), a_row("open", "PA3.*", "Not yet.")
    again = Proof("tests/test_a.py", "test_more")

    page = coverage_page.page([a_section(*rows)], {"R1.1": [PROOF, again]})

    assert page.removeprefix(coverage_page.INTRODUCTION) == (
        "\n| section | met | partly | open | all |\n|---|---:|---:|---:|---:|\n"
        "| R: Things | 1 | 0 | 1 | 2 |\n| **all** | 1 | 0 | 1 | 2 |\n\n"
        "## R: Things\n\n| ID | what | state | tests |\n|---|---|---|---|\n"
        "| R1.1 | A thing | met | [test_a.py](../tests/test_a.py) 2 |\n"
        "| PA3.\\* | A thing | open: Not yet. |  |\n"
    )
