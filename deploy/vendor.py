"""Check the third-party files under static/vendor against their lock, or fetch them again.

``python deploy/vendor.py --check`` compares every file with ``vendor.lock.json``. Without an
option the packages named there are packed by ``npm``, their integrity is verified and the files
are written anew; the hashes in the lock follow only with ``--update``.
"""

import argparse
import base64
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"
LOCK = VENDOR / "vendor.lock.json"

# The lock is our own JSON file: a list of packages with text and nested tables of text.
Package = dict[str, Any]


def read_lock(path: Path = LOCK) -> list[Package]:
    """Return the packages the lock names."""
    packages: list[Package] = json.loads(path.read_text(encoding="utf-8"))
    return packages


def sha256_of(content: bytes) -> str:
    """Return the hash as the lock writes it."""
    return hashlib.sha256(content).hexdigest()


def differences(packages: list[Package], folder: Path = VENDOR) -> list[str]:
    """Return one sentence for each file that is missing, changed or not in the lock."""
    expected = {path: digest for package in packages for path, digest in package["files"].items()}
    found = {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and path.name != LOCK.name
    }
    sentences = [f"{path} is missing" for path in sorted(expected.keys() - found.keys())]
    sentences += [f"{path} is not in the lock" for path in sorted(found.keys() - expected.keys())]
    sentences += [
        f"{path} differs from the lock"
        for path in sorted(expected.keys() & found.keys())
        if sha256_of(found[path].read_bytes()) != expected[path]
    ]
    return sentences


def packed(package: Package, folder: Path) -> Path:
    """Fetch one package with npm and return its archive, verified against the lock.

    :raises SystemExit: if the archive is not the one the lock names.
    """
    wanted = f"{package['name']}@{package['version']}"
    run = subprocess.run(
        ["npm", "pack", "--silent", "--pack-destination", str(folder), wanted],
        check=True,
        capture_output=True,
        text=True,
    )
    archive = folder / run.stdout.strip().splitlines()[-1]
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != package["integrity"]:
        raise SystemExit(f"{wanted} is not the package the lock names")
    return archive


def edited(content: bytes, edits: list[dict[str, str]], path: str) -> bytes:
    """Return the file with the edits the lock lists for it, each of which must hit once.

    :raises SystemExit: if an edit finds nothing or more than one place.
    """
    for edit in edits:
        if edit["file"] != path:
            continue
        text, hits = re.subn(edit["pattern"], edit["becomes"], content.decode("utf-8"))
        if hits != 1:
            raise SystemExit(f"An edit of {path} matched {hits} places, not one")
        content = text.encode("utf-8")
    return content


def refresh(package: Package, folder: Path = VENDOR) -> None:
    """Write the files of one package below the folder and their hashes into the package."""
    with tempfile.TemporaryDirectory() as scratch:
        archive = packed(package, Path(scratch))
        with tarfile.open(archive) as tar:
            for path, source in package["sources"].items():
                member = tar.extractfile(f"package/{source}")
                if member is None:
                    raise SystemExit(f"{source} is not a file in {package['name']}")
                content = edited(member.read(), package.get("edits", []), path)
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
                package["files"][path] = sha256_of(content)


def main() -> int:
    """Run the check or the refresh and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare with the lock")
    parser.add_argument("--update", action="store_true", help="write new hashes into the lock")
    options = parser.parse_args()
    packages = read_lock()
    if not options.check:
        before = json.dumps(packages, indent=2) + "\n"
        for package in packages:
            refresh(package)
        after = json.dumps(packages, indent=2) + "\n"
        if options.update and after != before:
            LOCK.write_text(after, encoding="utf-8")
        packages = read_lock()
    sentences = differences(packages)
    for sentence in sentences:
        print(sentence)
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main())
