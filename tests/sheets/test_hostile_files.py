"""What nobody should send is refused for a reason of its own, and costs little."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from loyalty.sheets import limits, reading, refusals
from loyalty.sheets.reading import read
from tests.sheets.hostile import far_away, hostile_files
from tests.sheets.tables_here import read_here

ROOT = Path(__file__).resolve().parents[2]
MOST_SECONDS = 5
# Reads each file in turn, and says what became of it and what the children cost.
READ_EACH = """
import json, resource, sys
from pathlib import Path
from loyalty.sheets import reading, refusals
for place, name in json.load(sys.stdin):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        with reading.read(Path(place), name=name) as table:
            answer = ["read", str(len(list(table.rows)))]
    except refusals.FileRefusedError as refusal:
        answer = [refusal.code, refusal.where]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps([answer, seconds, after.ru_maxrss]))
"""


def read_apart(files, folder):
    """Return for each file what became of it, its seconds of processor, and the most memory yet."""
    listed = []
    for index, (name, content) in enumerate(files):
        place = folder / str(index)
        place.write_bytes(content)
        listed.append([str(place), name])
    answer = subprocess.run(
        [sys.executable, "-c", READ_EACH],
        input=json.dumps(listed),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return [json.loads(line) for line in answer.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.req("CU7")
def test_each_hostile_file_is_refused_for_its_reason_within_five_seconds_and_512_mb(tmp_path):
    files = hostile_files()

    told = read_apart([(name, content) for name, content, _, _ in files], tmp_path)

    assert [answer for answer, _, _ in told] == [[code, where] for _, _, code, where in files]
    assert [seconds for _, seconds, _ in told if seconds > MOST_SECONDS] == []
    assert told[-1][2] * 1024 < limits.MEMORY


PARSED_APART = ("too_heavy", "too_large", "wrong_extension")


@pytest.mark.slow
def test_each_reason_is_the_files_own_and_not_that_of_the_process():
    files = [
        (name, content, code, where)
        for name, content, code, where in hostile_files()
        if content and code not in PARSED_APART and not name.endswith("m")
    ]

    told = []
    for name, content, _, _ in files:
        with pytest.raises(refusals.FileRefusedError) as caught:
            read_here(content, kind="text" if name.endswith("csv") else "workbook")
        told.append((caught.value.code, caught.value.where))

    assert told == [(code, where) for _, _, code, where in files]


UNOPENED_TABLE = [
    # name, content, why
    ("a.pdf", b"x", "wrong_extension .pdf"),
    ("a.XLSM", b"x", "macros"),
    ("a.csv", b"", "empty"),
    ("a.csv", b"x" * (limits.MOST_BYTES + 1), "too_large"),
]


@pytest.mark.req("CU7")
@pytest.mark.parametrize(("name", "content", "why"), UNOPENED_TABLE)
def test_some_files_are_refused_unopened(tmp_path, name, content, why):
    path = tmp_path / "upload"
    path.write_bytes(content)

    # A process that was started would have no time and be another refusal.
    with (
        pytest.raises(refusals.FileRefusedError, match=f"^{why}$"),
        read(path, name=name, seconds=0),
    ):
        pass


def test_every_refusal_has_a_file_that_meets_it():
    assert {code for _, _, code, _ in hostile_files()} == {*refusals.BY_CODE}


def children():
    return [
        line
        for task in Path("/proc/self/task").iterdir()
        if (line := (task / "children").read_text())
    ]


@pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="looks for processes as Linux does"
)
def test_a_reading_that_takes_too_long_is_ended_and_leaves_no_process(tmp_path):
    path = tmp_path / "table"
    path.write_bytes(b"code\n1\n")

    before = children()
    with pytest.raises(refusals.TooHeavyError), read(path, name="a.csv", seconds=0):
        pass

    assert children() == before


def test_a_file_that_takes_all_memory_ends_the_reader_and_not_the_product(tmp_path):
    path = tmp_path / "table"
    path.write_bytes(far_away())

    with pytest.raises(refusals.TooHeavyError), read(path, name="a.xlsx"):
        pass


def test_a_reader_that_cannot_start_is_not_blamed_on_the_file(tmp_path, monkeypatch):
    path = tmp_path / "table"
    path.write_bytes(b"code\n1\n")
    monkeypatch.setattr(sys, "executable", "/bin/false")

    with pytest.raises(reading.ReaderFailedError), read(path, name="a.csv"):
        pass


@pytest.mark.slow
def test_the_product_itself_never_loads_the_parser():
    ask = (
        "import sys; from loyalty.sheets import reading, writing;"
        "print([name for name in sys.modules if 'calamine' in name])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert answer.stdout == "[]\n"
