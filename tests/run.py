"""Runs the whole suite: on SQLite, on PostgreSQL, in a browser, in Node, as far as each is here.

    python -m tests.run [--sqlite] [--postgresql] [--browser] [--js] [--cover] [-- pytest words]

What could not run is said at the very end, with its reason; LOYALTY_REQUIRE_ALL=1 makes that a
failure.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Never

from tests import chromium, cluster, javascript

ROOT = Path(__file__).resolve().parent.parent
COVERAGE_FOLDER = ROOT / "build" / "coverage"
# These hold the money: nothing in them may go untried.
WHOLLY_COVERED = ("loyalty/rules/*", "loyalty/ledger/*", "loyalty/operations/*")
NOTHING_COLLECTED = 5  # pytest's exit code
LEGS = ("sqlite", "postgresql", "browser", "js")
BOLD, RED, GREEN, PLAIN = "\033[1m", "\033[31m", "\033[32m", "\033[0m"


@dataclass(frozen=True)
class Outcome:
    """How one leg ended: True passed, False failed, None could not run for the reason given."""

    leg: str
    passed: bool | None
    reason: str = ""
    seconds: float = 0


@dataclass(frozen=True)
class Plan:
    """What the command line asks for."""

    legs: tuple[str, ...]
    cover: bool
    pytest_words: list[str]


def main() -> int:
    """Run the legs asked for and return the exit code."""
    signal.signal(signal.SIGTERM, _stop)
    plan = read_command_line(sys.argv[1:])
    if plan.cover:
        shutil.rmtree(COVERAGE_FOLDER, ignore_errors=True)
        COVERAGE_FOLDER.mkdir(parents=True)
    runners: dict[str, Callable[[Plan], Outcome]] = {
        "sqlite": run_on_sqlite,
        "postgresql": run_on_postgresql,
        "browser": run_in_browser,
        "js": run_in_node,
    }
    try:
        outcomes = [_timed(runners[leg], plan) for leg in plan.legs]
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    if plan.cover:
        outcomes.append(_timed(lambda _plan: judge_coverage(outcomes), plan))
    return report(outcomes)


class _ToldToStop(KeyboardInterrupt):
    """Somebody ended the runner alone; Ctrl-C in a terminal reaches its children by itself."""


def _stop(*_signal: object) -> Never:
    raise _ToldToStop


def read_command_line(words: list[str]) -> Plan:
    """Return the plan that the words of the command line ask for."""
    split = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(prog="make test", description=__doc__.splitlines()[0])
    for leg in LEGS:
        parser.add_argument(f"--{leg}", action="store_true", help=f"only this leg: {leg}")
    parser.add_argument("--cover", action="store_true", help="measure and judge the coverage")
    options = parser.parse_args(words[:split])
    chosen = tuple(leg for leg in LEGS if getattr(options, leg))
    return Plan(legs=chosen or LEGS, cover=options.cover, pytest_words=words[split + 1 :])


def _timed(run: Callable[[Plan], Outcome], plan: Plan) -> Outcome:
    started = time.monotonic()
    outcome = run(plan)
    return Outcome(outcome.leg, outcome.passed, outcome.reason, time.monotonic() - started)


def run_on_sqlite(plan: Plan) -> Outcome:
    """Run everything but the browser tests on a SQLite file."""
    return _pytest(plan, leg="sqlite", marks="not browser and not postgresql", environment={})


def run_on_postgresql(plan: Plan) -> Outcome:
    """Run everything but the browser tests on the server of DATABASE_URL or a throw-away one."""
    given = os.environ.get("DATABASE_URL", "")
    with ExitStack() as stack:
        if given.startswith(("postgres://", "postgresql://")):
            address = given
        else:
            try:
                address = stack.enter_context(cluster.running(cluster.find_binaries()))
            except cluster.NoServerError as problem:
                return Outcome("postgresql", None, str(problem))
        return _pytest(
            plan, leg="postgresql", marks="not browser", environment={"DATABASE_URL": address}
        )


def run_in_browser(plan: Plan) -> Outcome:
    """Run the browser tests, on a SQLite file, in a Chromium that is found or installed."""
    try:
        program = chromium.find_or_install()
    except chromium.NoChromiumError as problem:
        return Outcome("browser", None, str(problem))
    return _pytest(plan, leg="browser", marks="browser", environment={"CHROMIUM": str(program)})


def _pytest(plan: Plan, *, leg: str, marks: str, environment: dict[str, str]) -> Outcome:
    words = list(plan.pytest_words)
    if not any(word.startswith(("-n", "--numprocesses")) for word in words):
        words = ["-n", "2", "--dist", "worksteal", *words]
    with tempfile.TemporaryDirectory(prefix="loyalty-tests-") as data:
        settings = {**os.environ, "DATA_DIR": data, **environment}
        if "DATABASE_URL" not in environment:
            settings.pop("DATABASE_URL", None)
        if plan.cover:
            settings["COVERAGE_FILE"] = str(COVERAGE_FOLDER / f".coverage.{leg}")
            words = ["--cov", "--cov-report=", "--cov-fail-under=0", *words]
        _headline(f"{leg}: pytest -m '{marks}'")
        code = _run([sys.executable, "-m", "pytest", "-m", marks, *words], settings)
    if code == NOTHING_COLLECTED:
        return Outcome(leg, None, "no test was found for this leg")
    return Outcome(leg, code == 0)


def run_in_node(_plan: Plan) -> Outcome:
    """Run the tests of the pure parts of the JavaScript."""
    try:
        command = javascript.test_command(javascript.find_node())
    except javascript.NoNodeError as problem:
        return Outcome("js", None, str(problem))
    _headline("js: node --test")
    return Outcome("js", _run(command, dict(os.environ)) == 0)


def judge_coverage(outcomes: list[Outcome]) -> Outcome:
    """Combine what the legs covered and hold it against the figures of pyproject.toml and ours."""
    _headline("coverage of all legs together")
    settings = {**os.environ, "COVERAGE_FILE": str(COVERAGE_FOLDER / ".coverage")}
    coverage = [sys.executable, "-m", "coverage"]
    if _run([*coverage, "combine", "--keep", "--quiet", str(COVERAGE_FOLDER)], settings):
        return Outcome("coverage", passed=False)
    ran = {outcome.leg for outcome in outcomes if outcome.passed is not None}
    missing = [leg for leg in ("sqlite", "postgresql", "browser") if leg not in ran]
    floor = ["--fail-under=0"] if missing else []
    overall = _run([*coverage, "report", "--skip-covered", "--show-missing", *floor], settings)
    if missing:
        return Outcome("coverage", None, f"cannot be judged without {', '.join(missing)}")
    print("\nThe rules, the ledger and the operations:")
    only = f"--include={','.join(WHOLLY_COVERED)}"
    strict = [*coverage, "report", "--show-missing", "--fail-under=100", "--precision=2", only]
    core = _run(strict, settings)
    return Outcome("coverage", overall == 0 and core == 0)


def _run(command: list[str], environment: dict[str, str]) -> int:
    """Run a child in the foreground and wait for it, also when told to stop meanwhile."""
    child = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        return child.wait()
    except KeyboardInterrupt as stop:
        if isinstance(stop, _ToldToStop):
            child.send_signal(signal.SIGINT)
        try:
            child.wait(timeout=30)
        except subprocess.TimeoutExpired:
            child.kill()
        raise


def _headline(words: str) -> None:
    print(f"\n{BOLD}== {words} =={PLAIN}", flush=True)


def report(outcomes: list[Outcome]) -> int:
    """Print how each leg ended, what did not run last and loudest, and return the exit code."""
    _headline("result")
    for outcome in outcomes:
        word = {True: f"{GREEN}passed{PLAIN}", False: f"{RED}FAILED{PLAIN}", None: "NOT RUN"}
        print(f"  {outcome.leg:12}{word[outcome.passed]}  ({outcome.seconds:.0f} s)")
    not_run = [outcome for outcome in outcomes if outcome.passed is None]
    if not_run:
        print(f"\n{BOLD}{RED}!! NOT EVERYTHING RAN{PLAIN}")
        for outcome in not_run:
            print(f"{BOLD}!! {outcome.leg}:{PLAIN} {outcome.reason}")
    failed = any(outcome.passed is False for outcome in outcomes)
    if not_run and os.environ.get("LOYALTY_REQUIRE_ALL") == "1":
        print("!! LOYALTY_REQUIRE_ALL=1: what did not run counts as failed")
        failed = True
    sys.stdout.flush()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
