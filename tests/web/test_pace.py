"""Codes are read at the pace of a counter, not of a script."""

import pytest
from django.core.cache import cache
from django.test import Client

from loyalty.members.models import Scan
from loyalty.web import codes
from tests.cast import make_cast


@pytest.mark.django_db
def test_a_script_that_guesses_codes_is_slowed_down(monkeypatch):
    cache.clear()
    monkeypatch.setattr(codes, "MOST_CODES", 2)
    cast = make_cast()
    client = Client()
    client.force_login(cast.noor)

    answers = [client.get(f"/C/{cast.membership.code[:-1]}X").status_code for _ in range(3)]

    assert answers == [404, 404, 429]
    assert Scan.objects.count() == 2
