"""A crowd of threads, each with its own connection, released at one moment."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection, connections


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run all the work at the same time and return what each gave back, or its exception."""
    barrier = threading.Barrier(len(works))
    answers: list[Any] = [None] * len(works)

    def run(place: int, work: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=30)
            answers[place] = work()
        except Exception as error:  # noqa: BLE001 - the test judges what came
            answers[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place, work)) for place, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)
    return answers


def refusals(answers: list[Any]) -> list[str]:
    """Return the names of the exceptions among the answers, sorted."""
    return sorted(type(answer).__name__ for answer in answers if isinstance(answer, Exception))


def somebody_waits() -> bool:
    """Return whether anybody waits for a lock; PostgreSQL alone can tell."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])
