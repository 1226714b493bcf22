"""Writes docs/coverage.md: how far each requirement is met, and which tests prove it.

    python -m tests.coverage_page

What a requirement asks and its state stand in tests/requirements.toml; the tests are those that
carry its `req` mark, found by reading the test files, without importing them.
"""

import ast
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "requirements.toml"
PAGE = ROOT / "docs" / "coverage.md"
STATES = ("met", "partly", "open")
INTRODUCTION = """\
# What is met

Written by `make coverage-page` from the tests that carry a requirement's ID and from
`tests/requirements.toml`; do not edit. *Met*: all of it holds, and a test says so. *Partly*: the
tests say what holds, the words beside it what does not. *Open*: nothing proves it yet. The number
behind a file is how many of its tests carry the ID. `python -m tests.switch_off` tries whether such
tests fail once the rule is switched off.
"""


class CoverageError(ValueError):
    """States and marks do not fit together; the message names each misfit on a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What a requirement asks, how far that is met, and what is missing."""

    name: str
    what: str
    state: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Requirements of one subject, in their order."""

    name: str
    title: str
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True, order=True)
class Proof:
    """A test function: its file below the root, and its name."""

    file: str
    test: str


Proofs = Mapping[str, Sequence[Proof]]


def read_sections(text: str) -> list[Section]:
    """Return the sections of the data file.

    :raises CoverageError: if a row lacks something, says too much or stands twice.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:  # An ID twice in one section is one, too.
        raise CoverageError(str(error)) from error
    sections = []
    for name, table in tables.items():
        title = table.pop("title")
        rows = tuple(_requirement(key, row) for key, row in table.items())
        sections.append(Section(name=name, title=title, requirements=rows))
    counts = Counter(row.name for section in sections for row in section.requirements)
    twice = [f"{name}: stands in {count} sections" for name, count in counts.items() if count > 1]
    if twice:
        raise CoverageError("\n".join(twice))
    return sections


def _requirement(name: str, row: Mapping[str, str]) -> Requirement:
    if not {"what", "state"} <= row.keys() <= {"what", "state", "note"}:
        raise CoverageError(f"{name}: a row has `what`, `state` and perhaps `note`")
    if row["state"] not in STATES:
        raise CoverageError(f"{name}: {row['state']!r} is none of {', '.join(STATES)}")
    return Requirement(name=name, **row)


def read_marks(root: Path = ROOT) -> dict[str, list[Proof]]:
    """Return the tests that carry each ID, by reading every test file below ``root``."""
    found: dict[str, set[Proof]] = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        file = path.relative_to(root).as_posix()
        for test, name in marks_in(path.read_text(encoding="utf-8"), file):
            found.setdefault(name, set()).add(Proof(file, test))
    return {name: sorted(proofs) for name, proofs in found.items()}


def marks_in(source: str, file: str) -> Iterator[tuple[str, str]]:
    """Yield (test, ID) for each mark of a test file: on a test, on one of its cases, or on all.

    :raises CoverageError: for a mark elsewhere, of which it cannot be said who carries it.
    """
    tree = ast.parse(source)
    tests = list(_tests_in(tree))
    carried = [(test.decorator_list, [name]) for name, test in tests]
    carried += [
        ([node.value], [name for name, _ in tests])
        for node in tree.body
        if isinstance(node, ast.Assign) and _assigns(node, "pytestmark")
    ]
    read = 0
    for places, carriers in carried:
        for call in _mark_calls(*places):
            read += 1
            for name in _names_in(call, file):
                yield from ((test, name) for test in carriers)
    if read != len(list(_mark_calls(tree))):
        raise CoverageError(f"{file}: a req mark stands where no test is seen to carry it")


def _tests_in(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield each test with its name as pytest says it; a few live in a class of their own."""
    for node in tree.body:
        if _is_test(node):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}::{one.name}", one) for one in node.body if _is_test(one))


def _is_test(node: ast.stmt) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(
        "test_"
    )


def _assigns(statement: ast.Assign, name: str) -> bool:
    return any(isinstance(to, ast.Name) and to.id == name for to in statement.targets)


def _mark_calls(*nodes: ast.AST) -> Iterator[ast.Call]:
    for node in nodes:
        for part in ast.walk(node):
            if isinstance(part, ast.Call) and ast.unparse(part.func) == "pytest.mark.req":
                yield part


def _names_in(call: ast.Call, file: str) -> Iterator[str]:
    for argument in call.args:
        if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
            raise CoverageError(f"{file}:{call.lineno}: a mark names its IDs as plain texts")
        yield argument.value


def check(sections: Sequence[Section], proofs: Proofs) -> None:
    """Refuse states that the marks do not bear out.

    :raises CoverageError: naming each of them.
    """
    rows = [row for section in sections for row in section.requirements]
    unknown = proofs.keys() - {row.name for row in rows}
    wrong = [
        f"{name}: no requirement, but marked in {_files(proofs[name])}" for name in sorted(unknown)
    ]
    for row in rows:
        found = proofs.get(row.name, ())
        if row.state == "open" and found:
            wrong.append(f"{row.name}: open, but marked in {_files(found)}: met or partly?")
        if row.state != "open" and not found:
            wrong.append(f"{row.name}: {row.state}, but no test carries its mark")
        if row.state == "partly" and not row.note:
            wrong.append(f"{row.name}: partly, without a note that says what is missing")
        if row.state == "met" and row.note:
            wrong.append(f"{row.name}: met, with a note that says what is missing")
    if wrong:
        raise CoverageError("\n".join(wrong))


def _files(proofs: Sequence[Proof]) -> str:
    return ", ".join(dict.fromkeys(proof.file for proof in proofs))


def page(sections: Sequence[Section], proofs: Proofs) -> str:
    """Return the page: how much is met by section, then every requirement with its tests."""
    parts = [INTRODUCTION, _summary(sections)]
    for section in sections:
        lines = [_line(row, proofs.get(row.name, ())) for row in section.requirements]
        head = [f"## {section.name}: {section.title}", "", "| ID | what | state | tests |"]
        parts.append("\n".join([*head, "|---|---|---|---|", *lines, ""]))
    return "\n".join(parts)


def _summary(sections: Sequence[Section]) -> str:
    lines = ["| section | met | partly | open | all |", "|---|---:|---:|---:|---:|"]
    everything: Counter[str] = Counter()
    for section in sections:
        counts = Counter(row.state for row in section.requirements)
        everything += counts
        lines.append(_counted(f"{section.name}: {section.title}", counts))
    return "\n".join([*lines, _counted("**all**", everything), ""])


def _counted(label: str, counts: Counter[str]) -> str:
    cells = [label, *(str(counts[state]) for state in STATES), str(counts.total())]
    return f"| {' | '.join(cells)} |"


def _line(row: Requirement, proofs: Sequence[Proof]) -> str:
    state = f"{row.state}: {row.note}" if row.note else row.state
    tests = Counter(proof.file.removeprefix("tests/") for proof in proofs)
    links = ", ".join(f"[{file}](../tests/{file}) {count}" for file, count in tests.items())
    return f"| {row.name} | {row.what} | {state} | {links} |".replace("PA3.*", r"PA3.\*")


def current_page() -> str:
    """Return the page as states and marks stand now.

    :raises CoverageError: if they do not fit together.
    """
    sections, proofs = read_sections(DATA.read_text(encoding="utf-8")), read_marks()
    check(sections, proofs)
    return page(sections, proofs)


def main() -> int:
    """Write the page and return the exit code."""
    try:
        text = current_page()
    except CoverageError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
