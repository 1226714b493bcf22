"""Builds the virtual environment from the hash-locked requirement files.

Nothing but the standard library is imported, and the syntax stays old enough that Python 3.7 can
still read the file and say which Python is needed.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
STAMP = ENVIRONMENT / "stamp.json"
RUNTIME_LOCK = "requirements.txt"
DEV_LOCK = "requirements-dev.txt"
OLDEST_PYTHON = (3, 11)


class CannotBuildError(RuntimeError):
    """The environment cannot be built on this machine; the message says what to do about it."""


def ensure(*, dev: bool) -> None:
    """Bring ``.venv`` to the state of the lock files, or do nothing when it is there already.

    :raises CannotBuildError: if this Python cannot build an environment or an install fails.
    """
    check_python()
    with _building_alone():
        stamp = _read_stamp()
        lock = DEV_LOCK if dev or DEV_LOCK in stamp.get("locks", {}) else RUNTIME_LOCK
        if not _is_current(stamp, lock):
            _rebuild(lock)


def check_python() -> None:
    """Refuse a Python that is too old or cannot make environments, in words one can act on."""
    version = "{}.{}".format(*sys.version_info[:2])
    if sys.version_info < OLDEST_PYTHON:
        oldest = "{}.{}".format(*OLDEST_PYTHON)
        raise CannotBuildError(
            f"Python {oldest} or newer is needed, and {sys.executable} is {version}. "
            f"With a newer one beside it: make demo PYTHON=python{oldest}"
        )
    for module in ("venv",) if _find_uv() else ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise CannotBuildError(
                f"This Python cannot make virtual environments: its module {module} is missing. "
                f"On Debian and Ubuntu: apt install python{version}-venv (or python3-venv)"
            )


class _building_alone:  # noqa: N801 - reads as a phrase where it is used
    """Let one build at a time into the folder; a second waits for the first."""

    def __enter__(self) -> None:
        (ROOT / "var").mkdir(exist_ok=True)
        self.file = (ROOT / "var" / "bootstrap.lock").open("w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *exception: object) -> None:
        self.file.close()


def _fingerprint(lock: str) -> str:
    return hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()


def _read_stamp() -> dict[str, Any]:
    try:
        return dict(json.loads(STAMP.read_text()))
    except (OSError, TypeError, ValueError):
        return {}


def _stamp_for(lock: str) -> dict[str, Any]:
    # The development lock holds everything the other one does, at the same versions.
    locks = [RUNTIME_LOCK, DEV_LOCK] if lock == DEV_LOCK else [RUNTIME_LOCK]
    return {
        "python": list(sys.version_info[:2]),
        "path": str(ENVIRONMENT),  # An environment cannot be moved.
        "locks": {name: _fingerprint(name) for name in locks},
    }


def _is_current(stamp: dict[str, Any], lock: str) -> bool:
    return PYTHON.exists() and stamp == _stamp_for(lock)


def _rebuild(lock: str) -> None:
    """Build the environment beside the old one, then swap: an interrupted build breaks nothing."""
    started = time.monotonic()
    fresh = ENVIRONMENT.with_name(".venv.new")
    former = ENVIRONMENT.with_name(".venv.old")
    print(f"Installing {lock} into .venv …", flush=True)
    for leftover in (fresh, former):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        _fill(fresh, lock)
        _rewrite_own_path(fresh)
        (fresh / STAMP.name).write_text(json.dumps(_stamp_for(lock), indent=2) + "\n")
        if ENVIRONMENT.exists():
            ENVIRONMENT.rename(former)
        fresh.rename(ENVIRONMENT)
    finally:
        for leftover in (fresh, former):
            shutil.rmtree(leftover, ignore_errors=True)
    print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)


def _fill(folder: Path, lock: str) -> None:
    requirements = ["--require-hashes", "--no-deps", "-r", str(ROOT / lock)]
    uv = _find_uv()
    if uv:
        _run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
        python = str(folder / "bin" / "python")
        try:
            _run([uv, "pip", "install", "--quiet", "--python", python, *requirements])
        except CannotBuildError:
            # uv does not read pip's configuration; pip may reach an index that uv does not know.
            if importlib.util.find_spec("ensurepip") is None:
                raise
            print("uv could not install the packages; trying pip.", flush=True)
            shutil.rmtree(folder)
        else:
            return
    _run([sys.executable, "-m", "venv", str(folder)])
    python = str(folder / "bin" / "python")
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check"]
    _run([python, "-m", "pip", "install", *quiet, *requirements])


def _find_uv() -> str | None:
    found = shutil.which("uv")
    if found is None:
        return None
    # A shim may be on the path without the program behind it.
    answer = subprocess.run([found, "--version"], capture_output=True, check=False)
    return found if answer.returncode == 0 else None


def _run(command: list[str]) -> None:
    environment = {**os.environ, "UV_NO_PROGRESS": "1"}
    # An active environment of the caller must not be the one that is filled.
    environment.pop("VIRTUAL_ENV", None)
    done = subprocess.run(command, cwd=str(ROOT), env=environment, check=False)
    if done.returncode:
        raise CannotBuildError(f"This command failed: {' '.join(command)}")


def _rewrite_own_path(folder: Path) -> None:
    """Write the final path into the scripts, which name their interpreter by its full path."""
    old, new = os.fsencode(folder), os.fsencode(ENVIRONMENT)
    for path in [folder / "pyvenv.cfg", *sorted((folder / "bin").iterdir())]:
        if path.is_symlink() or not path.is_file():
            continue
        content = path.read_bytes()
        if old in content and b"\0" not in content:
            path.write_bytes(content.replace(old, new))


def main() -> int:
    """Build the environment as the command line asks and answer the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dev", action="store_true", help="with the tools for tests and checks")
    options = parser.parse_args()
    try:
        ensure(dev=options.dev)
    except CannotBuildError as problem:
        print(f"\n{problem}\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the environment is as it was.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
