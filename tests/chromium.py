"""Finds a Chromium for the browser tests, and installs one where that is allowed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL_SECONDS = 600
ASK_PLAYWRIGHT = (
    "from playwright.sync_api import sync_playwright\n"
    "with sync_playwright() as playwright:\n"
    "    print(playwright.chromium.executable_path)\n"
)


class NoChromiumError(RuntimeError):
    """There is no Chromium here and none could be installed; the message says why."""


def find_or_install() -> Path:
    """Return a Chromium that starts, after installing one if need be.

    :raises NoChromiumError: if there is none.
    """
    found = _find()
    if found:
        return found
    print("No Chromium found; trying to install one …", flush=True)
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        attempts.append(["apt-get", "install", "--yes", "--no-install-recommends", "chromium"])
    for command in attempts:
        if _ran(command, seconds=INSTALL_SECONDS):
            found = _find()
            if found:
                return found
    raise NoChromiumError(
        "no Chromium was found (CHROMIUM, chromium, google-chrome, playwright's own) and none "
        "could be installed; on Debian: apt install chromium"
    )


def _find() -> Path | None:
    named = os.environ.get("CHROMIUM")
    if named:
        if not _starts(named):
            raise NoChromiumError(f"CHROMIUM names {named}, which does not start")
        return Path(named)
    for candidate in (*map(shutil.which, NAMES), _playwrights_own()):
        if candidate and _starts(candidate):
            return Path(candidate)
    return None


def _playwrights_own() -> str | None:
    answer = subprocess.run(
        [sys.executable, "-c", ASK_PLAYWRIGHT], capture_output=True, text=True, check=False
    )
    path = answer.stdout.strip()
    return path if answer.returncode == 0 and Path(path).exists() else None


def _starts(program: str) -> bool:
    # Playwright's build may be there while a system library that it needs is not.
    return _ran([program, "--version"], seconds=60)


def _ran(command: list[str], *, seconds: int) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
