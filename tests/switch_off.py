"""Switches rules off, one at a time, and asks whether the tests of their requirement notice.

    python -m tests.switch_off [--draws 10] [--seed 2026] [--id R8.2 ...]

Draws from tests/switch_off.toml by the seed, or takes the rules of the named IDs. Each is broken in
a scratch copy of the tree, never in the tree itself, and the tests that carry the ID must fail
there; they must pass there before anything is broken. Tests that need a browser stay out.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree as ET

from tests import coverage_page
from tests.coverage_page import ROOT, Proofs

TABLE = ROOT / "tests" / "switch_off.toml"
# What a copy needs none of: histories, environments, caches, data.
LEFT_OUT = (
    ".git",
    ".venv*",
    ".*_cache",
    ".hypothesis",
    "__pycache__",
    "node_modules",
    "var",
    "build",
)
NOT_HERE = "not browser and not postgresql"
NOTHING_COLLECTED = 5  # pytest's exit code
MOST_WORDS = 2000  # of what pytest said last


class SwitchError(ValueError):
    """A rule cannot be switched off, so nothing can be learnt from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of the product: where its text stands, and what breaks it."""

    requirement: str
    file: str
    text: str
    replacement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """How the tests of a requirement ended: which failed, and how many ran."""

    failed: tuple[str, ...]
    ran: int


def read_rules(text: str) -> list[Rule]:
    """Return the rules of the table."""
    return [Rule(**row) for row in tomllib.loads(text)["rule"]]


def draw(rules: Sequence[Rule], *, draws: int, seed: int) -> list[Rule]:
    """Return so many rules, the same for the same seed and table; each requirement once first."""

    def lot(rule: Rule) -> str:
        return sha256(f"{seed}\n{rule.requirement}\n{rule.file}\n{rule.text}".encode()).hexdigest()

    first: list[Rule] = []
    again: list[Rule] = []
    for rule in sorted(rules, key=lot):
        is_new = rule.requirement not in {drawn.requirement for drawn in first}
        (first if is_new else again).append(rule)
    return [*first, *again][:draws]


def broken(rule: Rule, source: str) -> str:
    """Return the source of the rule's file with the rule switched off.

    :raises SwitchError: if the text does not stand there once, or what is left is no Python.
    """
    count = source.count(rule.text)
    if count != 1:
        raise SwitchError(f"{rule.requirement}: the text stands {count} times in {rule.file}")
    changed = source.replace(rule.text, rule.replacement)
    if changed == source:
        raise SwitchError(f"{rule.requirement}: the replacement is the text itself")
    if rule.file.endswith(".py"):
        try:
            ast.parse(changed)
        except SyntaxError as error:
            raise SwitchError(f"{rule.requirement}: {rule.file} is no Python any more") from error
    return changed


def tests_of(requirements: Iterable[str], proofs: Proofs) -> list[str]:
    """Return what pytest calls the tests of these requirements."""
    found = {proof for name in requirements for proof in proofs.get(name, ())}
    return [f"{proof.file}::{proof.test}" for proof in sorted(found)]


def run(tests: Sequence[str], *, copy: Path) -> Noticed:
    """Run the tests in the copy and return how they ended.

    :raises SwitchError: if pytest did not get as far as running them.
    """
    report = copy.parent / "report.xml"
    report.unlink(missing_ok=True)
    words = ["-q", "-n", "0", "-p", "no:cacheprovider", "-m", NOT_HERE, f"--junitxml={report}"]
    # A pytest that runs this one has told its own settings.
    others = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
    settings = {key: value for key, value in os.environ.items() if key not in others}
    settings |= {
        "DATA_DIR": str(copy.parent / "data"),
        # Two changes within a second may leave a file of the same size, and an old cache with it.
        "PYTHONDONTWRITEBYTECODE": "1",
        "HYPOTHESIS_PROFILE": "ci",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, *tests],
        cwd=copy,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, 1} or not report.exists():
        said = f"{done.stdout}\n{done.stderr}".strip()[-MOST_WORDS:]
        raise SwitchError(
            "No test of it runs here." if done.returncode == NOTHING_COLLECTED else said
        )
    return read_report(report.read_text(encoding="utf-8"))


def read_report(text: str) -> Noticed:
    """Return how the tests of a JUnit report ended; a fixture that broke is no test that failed.

    :raises SwitchError: if a test could not even be set up.
    """
    cases = list(ET.fromstring(text).iter("testcase"))  # noqa: S314 - pytest wrote it just now
    errors = [case for case in cases if case.find("error") is not None]
    failed = [case for case in cases if case.find("failure") is not None]
    if errors and not failed:
        raise SwitchError(f"{errors[0].get('name')} could not be set up")
    return Noticed(
        failed=tuple(sorted(str(case.get("name")) for case in failed)),
        ran=sum(case.find("skipped") is None for case in cases),
    )


def try_out(rules: Sequence[Rule], *, proofs: Proofs, copy: Path) -> bool:
    """Switch each rule off in the copy, say what its tests did, and return whether all noticed."""
    whole = run(tests_of([rule.requirement for rule in rules], proofs), copy=copy)
    _say(f"before: {whole.ran} tests ran, {len(whole.failed)} failed")
    if whole.failed:
        raise SwitchError("\n".join(["These fail with every rule on:", *whole.failed]))
    all_noticed = True
    for rule in rules:
        path = copy / rule.file
        source = path.read_text(encoding="utf-8")
        path.write_text(broken(rule, source), encoding="utf-8")
        try:
            noticed = run(tests_of([rule.requirement], proofs), copy=copy)
        finally:
            path.write_text(source, encoding="utf-8")
        all_noticed = all_noticed and bool(noticed.failed)
        verdict = "noticed" if noticed.failed else "NOT NOTICED"
        count = f"{len(noticed.failed)} of {noticed.ran} tests failed"
        _say(f"\n{rule.requirement} off in {rule.file}: {verdict}, {count}")
        for name in noticed.failed:
            _say(f"  {name}")
    return all_noticed


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def chosen(words: Sequence[str], rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules that the command line asks for."""
    parser = argparse.ArgumentParser(prog="tests.switch_off", description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=10, help="how many rules (10)")
    parser.add_argument("--seed", type=int, default=2026, help="which ones (2026)")
    parser.add_argument("--id", nargs="+", default=[], help="the rules of these requirements")
    options = parser.parse_args(words)
    if options.id:
        return [rule for rule in rules if rule.requirement in options.id]
    return draw(rules, draws=options.draws, seed=options.seed)


def main() -> int:
    """Try the chosen rules out and return the exit code."""
    rules = chosen(sys.argv[1:], read_rules(TABLE.read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory(prefix="loyalty-switched-off-") as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
        try:
            proofs = coverage_page.read_marks(copy)
            return int(not try_out(rules, proofs=proofs, copy=copy))
        except SwitchError as error:
            sys.stderr.write(f"{error}\n")
            return 1


if __name__ == "__main__":
    sys.exit(main())
