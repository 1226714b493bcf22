"""The settings of this machine for the scripts here: the environment, then the file `.env`."""

from __future__ import annotations

import os
from pathlib import Path

from deploy.bootstrap import ROOT


def machine() -> dict[str, str]:
    """Return the environment, with what `.env` (or the file ENV_FILE names) adds to it."""
    path = Path(os.environ.get("ENV_FILE") or ROOT / ".env")
    added = read(path) if path.exists() else {}
    return {**added, **os.environ}


def read(path: Path) -> dict[str, str]:
    """Return the settings of a file of NAME=value lines, as systemd's EnvironmentFile reads it."""
    settings = {}
    for raw in path.read_text(encoding="utf-8").splitlines():
        line = raw.strip()
        if not line or line.startswith(("#", ";")):
            continue
        name, _, value = line.partition("=")
        word = value.strip()
        if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'":
            word = word[1:-1]
        settings[name.strip()] = word
    return settings
