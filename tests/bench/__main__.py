"""Measures the product, or one part of it, on every database there is; a large business if named.

    python -m tests.bench [counter [ROUNDS] | rules [SECONDS]
        | expiry [LOTS [LOTS_AN_ACCOUNT [CHUNK]]] | whatif [PURCHASES ...]
        | exports [CUSTOMERS ...] | imports [ROWS [csv|xlsx]] | large [MEMBERS]
        | verifier [MEMBERS]]

Settings are read once in a process, so each database has its own.
"""

import importlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import django

from tests import cluster

ROOT = Path(__file__).resolve().parent.parent.parent
PARTS = ("counter", "rules", "expiry", "whatif", "exports", "imports", "large", "verifier")
WITHOUT_DATABASE = {"rules"}
# Take most of an hour each.
WHEN_NAMED = {"large", "verifier"}
USUAL = [part for part in PARTS if part not in WHEN_NAMED]
# Made by statements that only PostgreSQL knows.
WITHOUT_SQLITE = {"large", "verifier"}


def main(words: Sequence[str]) -> int:
    """Measure the named part, or all of them, and return the exit code."""
    named, options = list(words[:1]), list(words[1:])
    if set(named) - set(PARTS):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    return max([_measure(part, options) for part in named or USUAL])


def _measure(part: str, words: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="loyalty-bench-") as data:
        environment = {**os.environ, "DATA_DIR": data, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        environment.pop("DATABASE_URL", None)
        if part in WITHOUT_DATABASE:
            return _in_a_process(part, words, environment)
        codes = [0]
        if part not in WITHOUT_SQLITE:
            sys.stdout.write(f"\n{part}, SQLite\n")
            codes.append(_in_a_process(part, words, environment))
        try:
            with cluster.running(cluster.find_binaries()) as address:
                environment["DATABASE_URL"] = address
                sys.stdout.write(f"\n{part}, PostgreSQL\n")
                codes.append(_in_a_process(part, words, environment))
        except cluster.NoServerError as problem:
            sys.stdout.write(f"PostgreSQL was not measured: {problem}\n")
    return max(codes)


def _in_a_process(part: str, words: Sequence[str], environment: dict[str, str]) -> int:
    sys.stdout.flush()
    command = [sys.executable, "-m", "tests.bench", "--here", part, *words]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def measure_here(part: str, words: Sequence[str]) -> None:
    """Measure a part on the database of the settings."""
    django.setup()
    importlib.import_module(f"tests.bench.{part}").main(words)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        measure_here(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(main(sys.argv[1:]))
