"""The cast with their browsers: Mia holds Harbour's card, Noor holds none, nobody is signed in."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import make_cast


@pytest.fixture
def now():
    """Return the moment before which everything in a test happened."""
    return timezone.now()


@pytest.fixture
def ago(now):
    """Return a moment some minutes before now."""
    return lambda minutes: now - timedelta(minutes=minutes)


@pytest.fixture
def cast(db):
    """Return two clubs of one partner and their people."""
    return make_cast()


def _browser(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def mia(cast):
    """Return Mia's browser."""
    return _browser(cast.mia)


@pytest.fixture
def noor(cast):
    """Return Noor's browser: signed in, without a card."""
    return _browser(cast.noor)


@pytest.fixture
def browser_of():
    """Return a way to sign anybody in."""
    return _browser
