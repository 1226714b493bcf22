"""Browsers in which somebody is signed in at the running site."""

from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ViewportSize

from loyalty.users.models import User

PHONE: ViewportSize = {"width": 390, "height": 844}


def signed_in(
    browser: Browser, origin: str, user: User | None, *, size: ViewportSize = PHONE, **more: Any
) -> BrowserContext:
    """Return a browser window of this size in which this person, or nobody, is signed in."""
    context = browser.new_context(viewport=size, base_url=origin, **more)
    if user is not None:
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        value = client.cookies[name].value
        context.add_cookies([{"name": name, "value": value, "url": origin}])
    context.grant_permissions(["camera"], origin=origin)
    return context
