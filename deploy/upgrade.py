"""Brings an installation to the code that is checked out: backup, packages, migrations, checks."""

from __future__ import annotations

import argparse
import subprocess
import sys

from deploy import bootstrap
from deploy.bootstrap import PYTHON, ROOT

STEPS = (
    ("Bringing the database up to date", ("migrate", "--noinput")),
    ("Telling the queue what runs by the clock", ("sync_schedules",)),
    ("Checking every balance against the ledger", ("verify_ledger",)),
    ("Collecting the static files", ("collectstatic", "--noinput", "--verbosity=0")),
)


def main() -> int:
    """Upgrade this installation and answer the exit code."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    try:
        bootstrap.check_python()
        return _upgrade()
    except bootstrap.CannotBuildError as problem:
        print(f"\n{problem}\n", file=sys.stderr)
        return 1


def _upgrade() -> int:
    # Read by Python 3.11 only, so they come after the check above.
    from deploy import backup, environment  # noqa: PLC0415 - an older Python must reach the check
    from loyalty import env  # noqa: PLC0415 - the same

    kept = None
    try:
        place = backup.this_machine()
        if not place.is_new:
            print("Backing up …", flush=True)
            kept = backup.back_up(place, name=backup.name_of_now())
    except (backup.BackupError, env.SettingError) as problem:
        print(f"{problem}\nNothing was changed.", file=sys.stderr)
        return 1
    print(f"  {kept}" if kept else "There is no database yet; making one.", flush=True)
    bootstrap.ensure(dev=False)
    for title, words in STEPS:
        print(f"{title} …", flush=True)
        command = [str(PYTHON), "manage.py", *words]
        done = subprocess.run(command, cwd=str(ROOT), env=environment.machine(), check=False)
        if done.returncode:
            print(f"\nmanage.py {words[0]} failed.", file=sys.stderr)
            if kept:
                print("To go back: check out the former version, then", file=sys.stderr)
                print(f"  python3 -m deploy.restore {kept}", file=sys.stderr)
            return 1
    print("\nUpgraded. Restart web and worker: systemctl restart loyalty-web loyalty-worker")
    return 0


if __name__ == "__main__":
    sys.exit(main())
