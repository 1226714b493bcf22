"""A throw-away PostgreSQL cluster: in a temporary folder, on a free port, removed at the end."""

import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INSTALLED = Path("/usr/lib/postgresql")  # where Debian puts each version
OLDEST_MAJOR = 15
# The tests prove what the product does, not what the disk does: no waiting for the disk.
SERVER_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "timezone": "UTC",
}
ATTEMPTS = 5
# It waits until its input is closed, which happens even when its parent is killed.
GUARD = 'read -r _; "$@" >/dev/null 2>&1; rm -rf -- "$FOLDER"'


class NoServerError(RuntimeError):
    """No PostgreSQL server can be started here; the message says why."""


def find_binaries() -> Path:
    """Return the folder of the newest server programs on this machine.

    :raises NoServerError: if there are none, or only ones that are too old.
    """
    found = {}
    for folder in _candidate_folders():
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            found[_major(folder)] = folder
    if not found:
        raise NoServerError(
            "no PostgreSQL server programs (initdb, pg_ctl) were found; "
            "on Debian and Ubuntu: apt install postgresql. Or set DATABASE_URL to a server"
        )
    newest = max(found)
    if newest < OLDEST_MAJOR:
        raise NoServerError(f"PostgreSQL {newest} was found, and {OLDEST_MAJOR} or newer is needed")
    return found[newest]


def _candidate_folders() -> Iterator[Path]:
    on_path = shutil.which("pg_ctl")
    if on_path:
        yield Path(on_path).resolve().parent
    config = shutil.which("pg_config")
    if config:
        answer = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())
    yield from INSTALLED.glob("*/bin")


def _major(folder: Path) -> int:
    answer = subprocess.run(
        [folder / "pg_ctl", "--version"], capture_output=True, text=True, check=False
    )
    version = re.search(r"\d+", answer.stdout)
    return int(version[0]) if version else 0


@contextmanager
def running(binaries: Path) -> Iterator[str]:
    """Start a cluster and yield its DATABASE_URL; stop and remove it whatever happens.

    :raises NoServerError: if it cannot be made or does not start.
    """
    account = _unprivileged_account()
    folder = _traversable_folder(account)
    cluster = _Cluster(folder=folder, binaries=binaries, account=account)
    with cluster.guarded():
        cluster.create()
        port = cluster.start()
        yield f"postgresql://loyalty:{cluster.password}@127.0.0.1:{port}/postgres"


def _unprivileged_account() -> pwd.struct_passwd | None:
    """Return whom the server runs as: PostgreSQL refuses root, anybody else stays who they are."""
    if os.geteuid() != 0:
        return None
    if not shutil.which("setpriv"):
        raise NoServerError("root cannot run a PostgreSQL server without setpriv (util-linux)")
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoServerError("root cannot run a PostgreSQL server: no user postgres or nobody")


def _traversable_folder(account: pwd.struct_passwd | None) -> Path:
    """Make a folder that the server's account can reach, with a path short enough for a socket."""
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 - mkdtemp inside
        folder = Path(tempfile.mkdtemp(prefix="loyalty-pg-", dir=parent))
        if account is None:
            return folder
        os.chown(folder, account.pw_uid, account.pw_gid)
        reach = _as_account(account, ["test", "-w", str(folder)])
        if subprocess.run(reach, check=False).returncode == 0:
            return folder
        folder.rmdir()
    raise NoServerError(
        f"no temporary folder that the user {account and account.pw_name} can reach"
    )


def _as_account(account: pwd.struct_passwd | None, command: list[str]) -> list[str]:
    if account is None:
        return command
    ids = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return ["setpriv", *ids, *command]


class _Cluster:
    """One data folder and the server that runs on it."""

    def __init__(self, *, folder: Path, binaries: Path, account: pwd.struct_passwd | None) -> None:
        self.folder = folder
        self.binaries = binaries
        self.account = account
        self.password = secrets.token_hex(16)

    def create(self) -> None:
        """Make the data folder: UTF-8, checksums, one superuser with a password of its own."""
        words = self.folder / "password"
        words.write_text(self.password)
        if self.account:
            os.chown(words, self.account.pw_uid, self.account.pw_gid)
        options = [
            "--encoding=UTF8",
            "--data-checksums",
            "--username=loyalty",
            "--auth=scram-sha-256",
            f"--pwfile={words}",
            "--no-sync",
        ]
        problem = self._run("initdb", *options, "--locale=C.UTF-8")
        if problem:  # Not every system has C.UTF-8; C keeps UTF-8 text, it only sorts by byte.
            shutil.rmtree(self.folder / "data", ignore_errors=True)
            problem = self._run("initdb", *options, "--locale=C")
        words.unlink()
        if problem:
            raise NoServerError(f"initdb failed: {problem}")

    def start(self) -> int:
        """Start the server and return its port."""
        settings = {
            **SERVER_SETTINGS,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
        }
        log = self.folder / "server.log"
        for _attempt in range(ATTEMPTS):
            port = _free_port()
            words = [f"-c {name}={value}" for name, value in settings.items()]
            options = " ".join([*words, f"-p {port}"])
            if not self._run("pg_ctl", "start", "-w", "-t", "60", "-l", str(log), "-o", options):
                return port
            # Another program may have taken the port in between; then the next one will do.
        said = log.read_text(errors="replace") if log.exists() else ""
        raise NoServerError(f"the server did not start: {said[-800:]}")

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Have the server stopped and the folder removed at the end, however this process ends."""
        stop = ["-D", str(self.folder / "data"), "stop", "-m", "immediate", "-w", "-t", "30"]
        command = _as_account(self.account, [str(self.binaries / "pg_ctl"), *stop])
        with subprocess.Popen(
            ["sh", "-c", GUARD, "guard", *command],
            cwd="/",
            env={**os.environ, "FOLDER": str(self.folder)},
            stdin=subprocess.PIPE,
            start_new_session=True,
        ):
            yield  # Leaving closes the guard's input and waits for it.

    def _run(self, program: str, *arguments: str) -> str:
        """Run one of PostgreSQL's programs on the folder; return what it said if it failed."""
        command = [str(self.binaries / program), "-D", str(self.folder / "data"), *arguments]
        done = subprocess.run(
            _as_account(self.account, command),
            cwd=self.folder,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            # A server that inherits a pipe keeps it open: its words go to files.
            stdout=subprocess.DEVNULL,
            stderr=(errors := tempfile.TemporaryFile()),  # noqa: SIM115 - closed below
            # Ctrl-C in the terminal is for the runner, which then stops the server in order.
            start_new_session=True,
            check=False,
        )
        with errors:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
        return said or f"{program} ended with {done.returncode}" if done.returncode else ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
