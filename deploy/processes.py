"""Runs the web server and the job worker side by side and ends both together."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path  # noqa: TC003 - as everywhere
from typing import NoReturn

from deploy.bootstrap import PYTHON, ROOT

READY_SECONDS = 60
STOP_SECONDS = 30
PORTS_TRIED = 100


class NotReadyError(RuntimeError):
    """A process ended, or the site did not answer in time; the message shows what it said."""


class Stopped(KeyboardInterrupt):
    """Somebody asked this process to end."""


def end_on_signals() -> None:
    """Treat a closed terminal and a polite kill as Ctrl-C, so that the children end too."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)


def ignore_signals() -> None:
    """Let nothing interrupt the ending: make passes on a signal that we have had already."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def _stop(*_signal: object) -> NoReturn:
    raise Stopped


def free_port(first: int) -> int:
    """Return the first port from ``first`` on that nobody answers on, by IPv4 or IPv6."""
    for port in range(first, first + PORTS_TRIED):
        if _is_free(port, socket.AF_INET, "127.0.0.1") and _is_free(port, socket.AF_INET6, "::1"):
            return port
    raise NotReadyError(f"no free port between {first} and {first + PORTS_TRIED - 1}")


def _is_free(port: int, family: socket.AddressFamily, address: str) -> bool:
    # A browser asks `localhost` by IPv6 first: somebody else's server there would answer for us.
    with contextlib.suppress(OSError), socket.socket(family) as caller:
        caller.settimeout(1)
        if caller.connect_ex((address, port)) == 0:
            return False
    if family == socket.AF_INET6:
        return True
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def web(*, port: int, threads: int) -> list[str]:
    """Return the command of the web server on this machine's own address."""
    server = [str(PYTHON), "-m", "granian", "--interface", "wsgi", "--no-ws", "--workers", "1"]
    address = ["--host", "127.0.0.1", "--port", str(port)]
    return [*server, *address, "--blocking-threads", str(threads), "loyalty.wsgi:application"]


def worker() -> list[str]:
    """Return the command of the process that runs jobs and schedules."""
    return [str(PYTHON), "manage.py", "qcluster"]


class Child:
    """One process of ours with its own group and its own log file."""

    def __init__(
        self, *, name: str, command: list[str], environment: dict[str, str], log: Path
    ) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=str(ROOT),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us; we end the children in order.
            )

    def is_running(self) -> bool:
        """Say whether the process still runs."""
        return self.process.poll() is None

    def last_words(self) -> str:
        """Return the end of what the process wrote."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and everything it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def wait_until_ready(children: list[Child], address: str) -> None:
    """Return once the site answers.

    :raises NotReadyError: if a process ends or the site stays silent for a minute.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        _refuse_the_dead(children)
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5):  # noqa: S310 - our own
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise NotReadyError(f"{address} does not answer:\n{children[0].last_words()}")


def watch(children: list[Child]) -> NoReturn:
    """Wait until one of the processes ends by itself, which none of them should.

    :raises NotReadyError: when it does.
    """
    while True:
        _refuse_the_dead(children)
        time.sleep(0.5)


def _refuse_the_dead(children: list[Child]) -> None:
    for child in children:
        if not child.is_running():
            raise NotReadyError(f"The {child.name} ended:\n{child.last_words()}")


def end(children: list[Child]) -> None:
    """End all processes: politely, and after half a minute by force."""
    for child in children:
        if child.is_running():
            # Only the leader is asked; it ends its own workers in order.
            child.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.signal(signal.SIGKILL)
            child.process.wait()
        else:
            child.signal(signal.SIGKILL)  # Whatever the leader left behind.
