"""The `req` marker: which tests prove which requirement, as a map that can be written to a file."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

KNOWN_FORM = re.compile(r"R\d+\.\d+|FA\d+|PA\d+\.(\d+|\*)|CU\d+|IV\d+\.\d+")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--requirements-out",
        metavar="FILE",
        help="write the map from requirement to tests as JSON (with --collect-only: run nothing)",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse an unknown form of ID, and write the map where it was asked for."""
    proofs = proofs_by_requirement((item.nodeid, named_requirements(item)) for item in items)
    path = config.getoption("--requirements-out")
    # Under xdist every worker collects the same tests, and one of them writes.
    worker = getattr(config, "workerinput", {}).get("workerid", "gw0")
    if path and worker == "gw0":
        Path(path).write_text(json.dumps(proofs, indent=2) + "\n", encoding="utf-8")


def named_requirements(item: pytest.Item) -> list[str]:
    """Return the IDs that a test's markers name.

    :raises pytest.UsageError: if one of them has no known form.
    """
    ids = [name for marker in item.iter_markers("req") for name in marker.args]
    for name in ids:
        if not KNOWN_FORM.fullmatch(name):
            raise pytest.UsageError(
                f"{item.nodeid}: {name!r} is no requirement ID such as R4.5, FA12, PA2.3, PA3.*, "
                "CU10 or IV3.1"
            )
    return ids


def proofs_by_requirement(tests: Iterable[tuple[str, Iterable[str]]]) -> dict[str, list[str]]:
    """Return the tests of each requirement, both in their natural order."""
    proofs = defaultdict(set)
    for test, ids in tests:
        for name in ids:
            proofs[name].add(test)
    return {name: sorted(proofs[name]) for name in sorted(proofs, key=_natural)}


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part or 0), "") if part.isdigit() else (-1, part) for part in _parts(name)]


def _parts(name: str) -> list[str]:
    return re.findall(r"\d+|\D+", name)
