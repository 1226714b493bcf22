"""Checks the JavaScript in Node: the types by TypeScript's compiler, the pure parts by their tests.

    python -m tests.javascript

Without Node nothing is checked, and that is said; LOYALTY_REQUIRE_ALL=1 makes it a failure.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_NODE = 18
NODE_WITH_WEB_CRYPTO = 20  # Before, the browser's crypto had to be asked for.
COMPILER = ROOT / "node_modules" / "typescript" / "package.json"


class NoNodeError(RuntimeError):
    """There is no Node that can check the JavaScript; the message says why."""


def find_node() -> str:
    """Return the path of Node.

    :raises NoNodeError: if there is none, or it is too old.
    """
    node = shutil.which("node")
    if node is None:
        raise NoNodeError("node was not found; on Debian and Ubuntu: apt install nodejs npm")
    version = _major(node)
    if version < OLDEST_NODE:
        raise NoNodeError(f"node {version} was found, and {OLDEST_NODE} or newer is needed")
    return node


def _major(node: str) -> int:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return int(said.strip().lstrip("v").split(".")[0] or 0)


def test_command(node: str) -> list[str]:
    """Return the command that runs every test file, named one by one for every version of Node."""
    files = sorted(str(path) for path in (ROOT / "tests" / "js").rglob("*.test.mjs"))
    older = ["--experimental-global-webcrypto"] if _major(node) < NODE_WITH_WEB_CRYPTO else []
    return [node, *older, "--test", "--test-reporter=spec", *files]


def install_compiler() -> None:
    """Install TypeScript's compiler at the locked version, unless it is there.

    :raises NoNodeError: if npm is missing or cannot install it.
    """
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    wanted = lock["packages"]["node_modules/typescript"]["version"]
    if COMPILER.exists() and json.loads(COMPILER.read_text())["version"] == wanted:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise NoNodeError("npm was not found; on Debian and Ubuntu: apt install npm")
    words = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    if subprocess.run([npm, *words], cwd=ROOT, check=False).returncode:
        raise NoNodeError(f"npm could not install TypeScript {wanted}")


def main() -> int:
    """Check the JavaScript and return the exit code."""
    try:
        node = find_node()
        install_compiler()
    except NoNodeError as problem:
        print(f"!! The JavaScript was NOT CHECKED: {problem}", file=sys.stderr)
        return int(os.environ.get("LOYALTY_REQUIRE_ALL") == "1")
    compiler = str(COMPILER.with_name("bin") / "tsc")
    for command in ([node, compiler, "--project", "tests/js/tsconfig.json"], test_command(node)):
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
