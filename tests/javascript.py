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
TOOLS = ROOT / "node_modules"
COMPILER = TOOLS / "typescript" / "bin" / "tsc"
AXE = TOOLS / "axe-core" / "axe.min.js"


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


def install_tools() -> None:
    """Install the checking tools at their locked versions, unless they are there.

    :raises NoNodeError: if npm is missing or cannot install them.
    """
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    wanted = {ROOT / path: tool["version"] for path, tool in lock["packages"].items() if path}
    if all(_installed(folder) == version for folder, version in wanted.items()):
        return
    npm = shutil.which("npm")
    if npm is None:
        raise NoNodeError("npm was not found; on Debian and Ubuntu: apt install npm")
    words = ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    if subprocess.run([npm, *words], cwd=ROOT, check=False).returncode:
        raise NoNodeError("npm could not install the tools of package-lock.json")


def _installed(folder: Path) -> str | None:
    package = folder / "package.json"
    if not package.exists():
        return None
    return str(json.loads(package.read_text(encoding="utf-8"))["version"])


def main() -> int:
    """Check the JavaScript and return the exit code."""
    try:
        node = find_node()
        install_tools()
    except NoNodeError as problem:
        print(f"!! The JavaScript was NOT CHECKED: {problem}", file=sys.stderr)
        return int(os.environ.get("LOYALTY_REQUIRE_ALL") == "1")
    for command in (
        [node, str(COMPILER), "--project", "tests/js/tsconfig.json"],
        test_command(node),
    ):
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
