"""Writes the lock files from pyproject.toml and package.json, without the address of any index.

    python3 -m deploy.lock [--upgrade]

It needs uv; npm is used for the JavaScript lock when it is there. Where packages come from is the
business of each machine, so whatever this one has configured stays out of the files.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys

from deploy.bootstrap import ROOT

OLDEST_PYTHON = "3.11"
LOCKS: dict[str, list[str]] = {"requirements.txt": [], "requirements-dev.txt": ["--group", "dev"]}
COMPILE = [
    "--quiet",
    "--universal",
    f"--python-version={OLDEST_PYTHON}",
    "--generate-hashes",
    "--no-header",
    "--no-emit-index-url",
    "--no-emit-find-links",
]


def main() -> int:
    """Write the lock files and answer the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--upgrade", action="store_true", help="take the newest allowed versions")
    options = parser.parse_args()
    uv = shutil.which("uv")
    if uv is None:
        print("uv was not found; it writes the lock files.", file=sys.stderr)
        return 1
    upgrade = ["--upgrade"] if options.upgrade else []
    for name, group in LOCKS.items():
        command = [uv, "pip", "compile", "pyproject.toml", *group, *COMPILE, *upgrade, "-o", name]
        if subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False).returncode:
            return 1
        print(name)
    return _lock_javascript()


def _lock_javascript() -> int:
    npm = shutil.which("npm")
    if npm is None:
        print("npm was not found: package-lock.json stays as it is.", file=sys.stderr)
        return 0
    settings = {**os.environ, "npm_config_omit_lockfile_registry_resolved": "true"}
    words = ["install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"]
    command = [npm, *words, "--loglevel=error"]
    if subprocess.run(command, cwd=ROOT, env=settings, check=False).returncode:
        return 1
    path = ROOT / "package-lock.json"
    path.write_text(without_addresses(path.read_text(encoding="utf-8")), encoding="utf-8")
    print(path.name)
    return 0


def without_addresses(lock: str) -> str:
    """Return a JavaScript lock that keeps each package's hash and drops where it was found."""
    content = json.loads(lock)
    for package in content["packages"].values():
        package.pop("resolved", None)
    return json.dumps(content, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())
