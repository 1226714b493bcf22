"""`make test` says what did not run, and CI does not pass without it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests import chromium, cluster, javascript, run

PASSED = run.Outcome("sqlite", passed=True)
FAILED = run.Outcome("postgresql", passed=False)
NOT_RUN = run.Outcome("browser", None, "no Chromium was found")

EXIT_TABLE = [
    # outcomes            all required  exit code
    ([PASSED], "0", 0),
    ([PASSED, FAILED], "0", 1),
    ([PASSED, NOT_RUN], "0", 0),
    ([PASSED, NOT_RUN], "1", 1),
    ([PASSED], "1", 0),
]


@pytest.mark.parametrize(("outcomes", "required", "code"), EXIT_TABLE)
def test_what_did_not_run_fails_only_where_all_is_required(outcomes, required, code, monkeypatch):
    monkeypatch.setenv("LOYALTY_REQUIRE_ALL", required)

    assert run.report(outcomes) == code


def test_what_did_not_run_is_said_last_with_its_reason(monkeypatch, capsys):
    monkeypatch.delenv("LOYALTY_REQUIRE_ALL", raising=False)

    run.report([PASSED, NOT_RUN])

    lines = capsys.readouterr().out.strip().splitlines()
    assert "NOT EVERYTHING RAN" in lines[-2]
    assert lines[-1].endswith("no Chromium was found")


COMMAND_TABLE = [
    # words                               legs            cover  for pytest
    ([], run.LEGS, False, []),
    (["--cover"], run.LEGS, True, []),
    (["--sqlite", "--", "-k", "lots"], ("sqlite",), False, ["-k", "lots"]),
    (["--browser", "--postgresql"], ("postgresql", "browser"), False, []),
]


@pytest.mark.parametrize(("words", "legs", "cover", "for_pytest"), COMMAND_TABLE)
def test_the_command_line_chooses_the_legs(words, legs, cover, for_pytest):
    assert run.read_command_line(words) == run.Plan(legs, cover, for_pytest)


def test_without_server_programs_the_reason_names_the_package(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(cluster, "INSTALLED", tmp_path)

    with pytest.raises(cluster.NoServerError, match="apt install postgresql"):
        cluster.find_binaries()


def test_server_programs_that_are_too_old_are_named(monkeypatch, tmp_path):
    folder = tmp_path / "13" / "bin"
    folder.mkdir(parents=True)
    for name in ("initdb", "pg_ctl"):
        (folder / name).write_text("#!/bin/sh\necho 'pg_ctl (PostgreSQL) 13.9'\n")
        (folder / name).chmod(0o755)
    monkeypatch.setattr(cluster, "INSTALLED", tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(cluster.NoServerError, match="PostgreSQL 13 was found, and 15 or newer"):
        cluster.find_binaries()


def test_without_node_the_reason_names_the_package(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(javascript.NoNodeError, match="apt install nodejs"):
        javascript.find_node()


def test_a_chromium_that_does_not_start_is_named(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")

    with pytest.raises(chromium.NoChromiumError, match="/nowhere/chromium, which does not start"):
        chromium.find_or_install()


def test_the_named_chromium_is_taken(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/bin/true")

    assert chromium.find_or_install() == Path("/bin/true")


def available():
    try:
        return cluster.find_binaries()
    except cluster.NoServerError:
        return None


@pytest.mark.slow
@pytest.mark.skipif(available() is None, reason="no PostgreSQL server programs on this machine")
def test_a_throw_away_cluster_leaves_nothing_behind():
    with cluster.running(available()) as address:
        port = int(address.split(":")[-1].split("/")[0])
        answer = subprocess.run(
            [sys.executable, "-c", ASK, address], capture_output=True, text=True, check=True
        )
        folder = Path(answer.stdout.splitlines()[0])
        assert answer.stdout.splitlines()[1:] == ["UTF8", "on", "loyalty"]
        assert folder.is_dir()

    assert not folder.exists()
    with socket.socket() as caller:
        assert caller.connect_ex(("127.0.0.1", port)) != 0


ASK = """
import psycopg, sys
with psycopg.connect(sys.argv[1]) as connection:
    for name in ("unix_socket_directories", "server_encoding", "data_checksums"):
        print(connection.execute(f"SHOW {name}").fetchone()[0])
    print(connection.execute("SELECT current_user").fetchone()[0])
"""


@pytest.mark.slow
def test_a_leg_without_its_program_is_reported_by_the_whole_command(tmp_path):
    run_alone = subprocess.run(
        [sys.executable, "-m", "tests.run", "--js"],
        cwd=run.ROOT,
        env={**os.environ, "PATH": str(tmp_path), "LOYALTY_REQUIRE_ALL": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run_alone.returncode == 1
    assert "node was not found" in run_alone.stdout.splitlines()[-2]
