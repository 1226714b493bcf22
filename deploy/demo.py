"""Shows the product: installs it, fills a SQLite database once, runs web and worker."""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path  # noqa: TC003 - as everywhere
from typing import IO

from deploy import bootstrap, processes
from deploy.bootstrap import PYTHON, ROOT

FOLDER = ROOT / "var" / "demo"
DATABASE = FOLDER / "loyalty.sqlite3"
FIRST_PORT = 8000
THREADS = 4
WIDTH = 78


class CannotShowError(RuntimeError):
    """The demo cannot start; the message says why."""


def main() -> int:
    """Show the demo until Ctrl-C and answer the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or FIRST_PORT))
    parser.add_argument(
        "--reload", action="store_true", help="Django's development server: sees each change"
    )
    options = parser.parse_args()
    processes.end_on_signals()
    started = time.monotonic()
    try:
        bootstrap.ensure(dev=options.reload)
        with _only_one():
            return _show(options.port, reload=options.reload, started=started)
    except (bootstrap.CannotBuildError, processes.NotReadyError, CannotShowError) as problem:
        print(f"\n{problem}\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
        return 0


def _only_one() -> IO[str]:
    """Hold the demo's folder: two workers on one SQLite database would be in each other's way."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    lock = (FOLDER / "lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise CannotShowError("The demo runs already; end it with Ctrl-C in its window.") from error
    return lock


def _show(first_port: int, *, reload: bool, started: float) -> int:
    port = processes.free_port(first_port)
    if port != first_port:
        print(f"Port {first_port} is busy; taking {port}.")
    address = f"http://localhost:{port}"
    environment = settings(address, reload=reload)
    prepare(environment)
    sign_ins = _manage(environment, "seed_demo", "--show", quiet=True)
    web = processes.web(port=port, threads=THREADS)
    if reload:
        web = [str(PYTHON), "manage.py", "runserver", f"localhost:{port}"]
    logs = FOLDER / "log"
    children: list[processes.Child] = []
    try:
        for name, command in (("web", web), ("worker", processes.worker())):
            log = logs / f"{name}.log"
            child = processes.Child(name=name, command=command, environment=environment, log=log)
            children.append(child)
        processes.wait_until_ready(children, address)
        _announce(address, sign_ins, seconds=time.monotonic() - started)
        processes.watch(children)
    finally:
        processes.ignore_signals()
        print(f"\nEnding web and worker (at most {processes.STOP_SECONDS} s) …", flush=True)
        processes.end(children)


def settings(address: str, *, reload: bool) -> dict[str, str]:
    """Return the environment of the demo: its own folder, its own secret, mail into files."""
    environment = {
        **os.environ,
        "DATA_DIR": str(FOLDER),
        "DATABASE_URL": f"sqlite:///{DATABASE}",
        "CACHE_URL": f"file:{FOLDER / 'cache'}",
        "EMAIL_URL": f"file:{FOLDER / 'mail'}",
        "SITE_URL": address,
        "SECRET_KEY_FILE": str(_secret_key()),
        "ADMIN_NEEDS_SECOND_FACTOR": "no",
        "DEBUG": "yes" if reload else "no",
        "DJANGO_SETTINGS_MODULE": "loyalty.settings",
    }
    environment.pop("SECRET_KEY", None)
    return environment


def _secret_key() -> Path:
    path = FOLDER / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path


def prepare(environment: dict[str, str]) -> None:
    """Bring the database and the static files up to date; fill the database if it is new."""
    (FOLDER / "mail").mkdir(exist_ok=True)
    if DATABASE.exists():
        print("Bringing the database up to date …", flush=True)
        _manage(environment, "migrate", "--noinput", "--verbosity=0")
    else:
        print("Filling a new database; this takes a minute or two, once …", flush=True)
        _fill(environment)
    _collect_static_files(environment)


def _collect_static_files(environment: dict[str, str]) -> None:
    """Collect and compress the static files, unless they are as they were the last time."""
    stamp = FOLDER / "static.stamp"
    state = _state_of_static_files()
    if stamp.exists() and stamp.read_text() == state:
        return
    print("Compressing the static files …", flush=True)
    _manage(environment, "collectstatic", "--noinput", "--verbosity=0")
    stamp.write_text(state)


def _state_of_static_files() -> str:
    # The packages bring static files too; the stamp of the environment stands for those.
    files = [bootstrap.STAMP, *(ROOT / "static").rglob("*"), *ROOT.glob("loyalty/web/*.py")]
    facts = [f"{path} {path.stat().st_mtime_ns}" for path in sorted(files) if path.is_file()]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def _fill(environment: dict[str, str]) -> None:
    """Make the database beside its place, so that an interrupted run leaves none half filled."""
    fresh = DATABASE.with_name("filling.sqlite3")
    for leftover in FOLDER.glob(f"{fresh.name}*"):
        leftover.unlink()
    beside = {**environment, "DATABASE_URL": f"sqlite:///{fresh}"}
    _manage(beside, "migrate", "--noinput", "--verbosity=0")
    _manage(beside, "seed_demo")
    fresh.rename(DATABASE)


def _manage(environment: dict[str, str], *words: str, quiet: bool = False) -> str:
    """Run a management command; return what it printed when it is to be quiet.

    :raises CannotShowError: if it fails.
    """
    done = subprocess.run(
        [str(PYTHON), "manage.py", *words],
        cwd=str(ROOT),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if quiet else None,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotShowError(f"manage.py {' '.join(words)} failed.")
    return done.stdout or ""


def _announce(address: str, sign_ins: str, *, seconds: float) -> None:
    lines = [
        f"The demo is ready after {seconds:.0f} s.",
        "",
        f"Start here   {address}/",
        f"Members      {address}/wallet/",
        f"Staff        {address}/staff/",
        f"Managers     {address}/admin/",
        "",
        *sign_ins.strip().splitlines(),
        "",
        f"Mail         {FOLDER.relative_to(ROOT) / 'mail'}/ (one file each; codes arrive there)",
        f"Logs         {FOLDER.relative_to(ROOT) / 'log'}/",
        "Stop         Ctrl-C; the data stays. To start afresh: rm -r var/demo",
    ]
    print("\n".join(boxed(lines)), flush=True)


def boxed(lines: list[str]) -> list[str]:
    """Return the lines in a frame that is as wide as the longest of them."""
    width = max(WIDTH, *map(len, lines))
    edge = "─" * (width + 2)
    return [f"┌{edge}┐", *(f"│ {line:{width}} │" for line in lines), f"└{edge}┘"]


if __name__ == "__main__":
    sys.exit(main())
