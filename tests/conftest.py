"""What every test shares: the database, the requirement markers and how hard Hypothesis tries."""

import os
from pathlib import Path

import pytest
from django.db import connection, connections
from hypothesis import HealthCheck, settings

from tests import database

pytest_plugins = ["tests.requirements"]

# `ci` tries the same examples every time; `long` is for a night.
_patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("default", _patient, max_examples=30)
settings.register_profile("ci", _patient, max_examples=100, derandomize=True)
settings.register_profile("long", _patient, max_examples=5000)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default")
)

database.install()

# What only one of the databases does, these tests show; all others are measured on SQLite alone,
# because measuring adds half to a test's time.
TESTS = Path(__file__).parent
NOT_MEASURED_TWICE = {
    "admin",
    "analytics",
    "examples",
    "matrix",
    "rules",
    "sheets",
    "staff",
    "wallet",
    "web",
}


# Tests without these touch no table in this process; some start a server or a process that does.
WITH_DATABASE = {"db", "transactional_db", "django_db_serialized_rollback", "live_server"}
STARTING_PROCESSES = {"test_backups.py", "test_database.py", "test_installing.py", "races"}
# What `make demo` shows is on SQLite.
ON_SQLITE_ALONE = {"demo"}


def pytest_collection_modifyitems(config, items):
    """Try and measure on PostgreSQL what it does in its own way, and nothing else again.

    What takes long begins first, so that no worker is left alone with it at the end.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if connection.vendor != "postgresql":
        return
    plain = [item for item in items if not touches_database(item)]
    if plain:
        config.hook.pytest_deselected(items=plain)
        items[:] = [item for item in items if touches_database(item)]
    for item in items:
        if item.path.relative_to(TESTS).parts[0] in NOT_MEASURED_TWICE:
            item.add_marker(pytest.mark.no_cover)


def touches_database(item):
    """Return whether a test may come out otherwise on another database."""
    place = item.path.relative_to(TESTS).parts[0]
    if place in ON_SQLITE_ALONE:
        return False
    return (
        item.get_closest_marker("django_db") is not None
        or item.get_closest_marker("postgresql") is not None
        or not WITH_DATABASE.isdisjoint(getattr(item, "fixturenames", ()))
        or place in STARTING_PROCESSES
    )


def pytest_report_header():
    """Say what this leg leaves out."""
    if connection.vendor == "postgresql":
        return "left out here: tests of the demo, and those that touch no table; SQLite has them"
    return None


def pytest_runtest_setup(item):
    """Leave out what only PostgreSQL can show when the tests run on SQLite."""
    if item.get_closest_marker("postgresql") and connection.vendor != "postgresql":
        pytest.skip("says something about PostgreSQL only")


@pytest.fixture(autouse=True)
def forget_published_rules():
    """Forget rules read in other tests: every test hands out the same keys again."""
    from cards import terms  # noqa: PLC0415 - Django is set up only now

    terms.of_version.cache_clear()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Keep a copy of the migrated database, which transactional tests put back."""
    with django_db_blocker.unblock():
        for connection in connections.all():
            database.keep_template(connection)
    yield
    for connection in connections.all():
        database.drop_template(connection)
