"""A database without time is said to be busy, never broken."""

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import RequestFactory

from loyalty.operations.deeds import BusyError
from loyalty.web.middleware import TroubleMiddleware


class _CauseError(Exception):
    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


def operational(words: str, sqlstate: str = "") -> OperationalError:
    error = OperationalError(words)
    error.__cause__ = _CauseError(sqlstate)
    return error


TROUBLES = [
    # error, status
    (BusyError(), 503),
    (operational("database is locked"), 503),
    (operational("canceling statement due to lock timeout", "55P03"), 503),
    (operational("deadlock detected", "40P01"), 503),
    (operational("no such table: nothing"), None),
    (ValueError("locked"), None),
]


@pytest.mark.parametrize(("error", "status"), TROUBLES)
def test_lack_of_time_is_told_and_other_errors_are_not_hidden(error, status):
    middleware = TroubleMiddleware(lambda _request: HttpResponse())

    answer = middleware.process_exception(RequestFactory().get("/"), error)

    assert (answer.status_code if answer else None) == status
    assert answer is None or answer["Retry-After"] == "2"
