"""The environment is built beside the old one, and the processes of the demo end together."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy import bootstrap, demo, environment, processes

ROOT = Path(__file__).resolve().parent.parent
UNAVAILABLE = f"loyalty-does-not-exist==1.0 --hash=sha256:{'0' * 64}\n"


@pytest.fixture
def checkout(tmp_path):
    """A checkout with locks that hold nothing, so that building takes no network."""
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy", ignore=shutil.ignore_patterns("__pyc*"))
    for name in (bootstrap.RUNTIME_LOCK, bootstrap.DEV_LOCK):
        (tmp_path / name).write_text("# nothing\n")
    return tmp_path


def build(checkout, *words):
    offline = {"PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, "-m", "deploy.bootstrap", *words],
        cwd=checkout,
        env={**os.environ, **offline},
        capture_output=True,
        text=True,
        check=False,
    )


def age(checkout):
    return (checkout / ".venv").stat().st_ino


def test_the_environment_works_at_its_final_place_and_is_built_once(checkout):
    first = build(checkout)
    built = age(checkout)

    second = build(checkout)

    assert (first.returncode, second.returncode, second.stdout) == (0, 0, "")
    assert age(checkout) == built
    assert sorted(path.name for path in checkout.glob(".venv*")) == [".venv"]
    python = checkout / ".venv" / "bin" / "python"
    prefix = subprocess.check_output([python, "-c", "import sys; print(sys.prefix)"], text=True)
    assert prefix.strip() == str(checkout / ".venv")
    assert ".venv.new" not in (checkout / ".venv" / "pyvenv.cfg").read_text()


@pytest.mark.slow
def test_a_changed_lock_builds_anew_and_keeps_the_development_tools(checkout):
    build(checkout, "--dev")
    (checkout / bootstrap.DEV_LOCK).write_text("# something else\n")

    run = build(checkout)

    assert "Installing requirements-dev.txt" in run.stdout
    assert build(checkout, "--dev").stdout == ""


@pytest.mark.slow
def test_a_failed_build_leaves_the_environment_that_was_there(checkout):
    build(checkout)
    built = age(checkout)
    (checkout / bootstrap.RUNTIME_LOCK).write_text(UNAVAILABLE)

    run = build(checkout)

    assert run.returncode == 1
    assert age(checkout) == built
    assert sorted(path.name for path in checkout.glob(".venv*")) == [".venv"]


def test_what_an_interrupted_build_left_is_cleared_away(checkout):
    (checkout / ".venv.new" / "bin").mkdir(parents=True)
    (checkout / ".venv.old").mkdir()

    assert build(checkout).returncode == 0

    assert sorted(path.name for path in checkout.glob(".venv*")) == [".venv"]


def test_an_old_python_is_refused_in_words(monkeypatch):
    monkeypatch.setattr(bootstrap, "OLDEST_PYTHON", (99, 1))

    with pytest.raises(bootstrap.CannotBuildError, match=r"Python 99\.1 or newer is needed"):
        bootstrap.check_python()


def test_a_python_without_venv_names_the_package_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"

    with pytest.raises(bootstrap.CannotBuildError, match=f"apt install python{version}-venv"):
        bootstrap.check_python()


def test_a_settings_file_reads_as_systemd_reads_it(tmp_path):
    path = tmp_path / ".env"
    path.write_text('# words\n; more\n\nSITE_URL=https://a.example\nNAME = "a b=c"\nEMPTY=\n')

    assert environment.read(path) == {
        "SITE_URL": "https://a.example",
        "NAME": "a b=c",
        "EMPTY": "",
    }


def test_the_environment_wins_over_the_settings_file(tmp_path, monkeypatch):
    path = tmp_path / "settings"
    path.write_text("SITE_URL=https://file.example\nWORKERS=3\n")
    monkeypatch.setenv("ENV_FILE", str(path))
    monkeypatch.setenv("SITE_URL", "https://environment.example")

    settings = environment.machine()

    assert (settings["SITE_URL"], settings["WORKERS"]) == ("https://environment.example", "3")


EVERYWHERE = "0.0.0.0"  # noqa: S104 - for the length of one test


@pytest.mark.parametrize("address", ["127.0.0.1", EVERYWHERE, "::1"])
def test_a_busy_port_moves_to_the_next_free_one(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as busy:
        try:
            busy.bind((address, 0))
        except OSError:
            pytest.skip(f"this machine has no {address}")
        busy.listen()
        port = busy.getsockname()[1]

        assert port < processes.free_port(port) < port + processes.PORTS_TRIED


def a_child(tmp_path, code):
    return processes.Child(
        name="test",
        command=[sys.executable, "-c", code],
        environment=dict(os.environ),
        log=tmp_path / "child.log",
    )


def wait_for(path, text):
    deadline = time.monotonic() + 20
    while text not in path.read_text():
        assert time.monotonic() < deadline
    return path.read_text()


def is_running(pid):
    """Say whether a process still runs; one that nobody has buried yet does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


STUBBORN = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("started", other.pid, flush=True)
other.wait()
"""
PATIENT = "import time; print('started', flush=True); time.sleep(600)"


def test_a_polite_end_is_enough_for_most(tmp_path):
    child = a_child(tmp_path, PATIENT)
    wait_for(child.log, "started")

    processes.end([child])

    assert child.process.returncode == -signal.SIGTERM


def test_a_process_that_will_not_end_is_ended_with_all_it_started(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.5)
    child = a_child(tmp_path, STUBBORN)
    other = int(wait_for(child.log, "\n").split()[1])

    processes.end([child])

    assert child.process.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 20
    while is_running(other):
        assert time.monotonic() < deadline


def test_a_process_that_ends_by_itself_is_reported_with_its_last_words(tmp_path):
    child = a_child(tmp_path, "print('no such setting')")
    child.process.wait()

    with pytest.raises(processes.NotReadyError, match="The test ended:\nno such setting"):
        processes.watch([child])


def test_the_box_is_as_wide_as_its_longest_line():
    lines = demo.boxed(["short", "x" * 100])

    assert [len(line) for line in lines] == [104] * 4
