"""The map from requirements to tests, and the IDs that it takes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import requirements

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", ["R1.2", "R12.4", "FA12", "PA2.3", "PA3.*", "CU10", "IV3.1"])
def test_a_known_form_of_id_is_taken(name):
    assert requirements.KNOWN_FORM.fullmatch(name)


@pytest.mark.parametrize("name", ["", "R1", "R1.2.3", "FA1.2", "CU", "PA3", "IV*", "r1.2", "X1"])
def test_an_unknown_form_of_id_is_refused(name):
    assert not requirements.KNOWN_FORM.fullmatch(name)


def test_the_map_is_in_natural_order():
    tests = [("b", ["R10.1", "R2.1"]), ("a", ["R2.1"]), ("c", ["CU9", "CU10", "PA3.*"])]

    proofs = requirements.proofs_by_requirement(tests)

    assert proofs == {
        "CU9": ["c"],
        "CU10": ["c"],
        "PA3.*": ["c"],
        "R2.1": ["a", "b"],
        "R10.1": ["b"],
    }
    assert list(proofs) == ["CU9", "CU10", "PA3.*", "R2.1", "R10.1"]


def collect(tmp_path, *, marked):
    """Collect one file with one marked test in a pytest of its own."""
    (tmp_path / "test_one.py").write_text(
        f"import pytest\n@pytest.mark.req({marked})\ndef test_that_holds(): pass\n"
    )
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "tests.requirements", "--collect-only", "-q"),
            *(
                "-p",
                "no:cacheprovider",
                "-c",
                str(ROOT / "pyproject.toml"),
                "--rootdir",
                str(tmp_path),
            ),
            *("--requirements-out", str(tmp_path / "map.json"), str(tmp_path)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_pytest_writes_the_map(tmp_path):
    assert collect(tmp_path, marked="'R4.5', 'FA12'").returncode == 0

    assert json.loads((tmp_path / "map.json").read_text()) == {
        "FA12": ["test_one.py::test_that_holds"],
        "R4.5": ["test_one.py::test_that_holds"],
    }


@pytest.mark.slow
def test_pytest_refuses_an_unknown_id(tmp_path):
    run = collect(tmp_path, marked="'R4,5'")

    assert run.returncode != 0
    assert "'R4,5' is no requirement ID" in run.stderr
