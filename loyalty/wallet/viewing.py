"""Count looks at a card's page, without keeping who looked (R6.2)."""

import re
from datetime import datetime

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from loyalty.analytics import card_views
from loyalty.analytics.card_views import Viewer
from loyalty.web.requests import address, signed_in

# What calls itself so is no person: search engines, previews of messengers, monitors, scripts.
_BOT = re.compile(
    r"bot|crawl|spider|slurp|preview|facebookexternal|whatsapp|telegram|headless|lighthouse"
    r"|monitor|uptime|pingdom|curl|wget|python|java/|go-http|okhttp|axios|scrapy|phantom|fetch",
    re.IGNORECASE,
)
_AHEAD = frozenset({"prefetch", "preview", "prerender"})


def count(request: HttpRequest, *, card_id: int, at: datetime) -> None:
    """Count a look at a card, unless a program looks or somebody who runs the place.

    It never fails the page.
    """
    agent = request.headers.get("User-Agent", "")
    if request.method != "GET" or not agent or _BOT.search(agent) or _is_ahead(request):
        return
    user = signed_in(request) if request.user.is_authenticated else None
    if user is not None and user.is_superuser:
        return
    viewer = Viewer(key=_key(request, agent, at), user_id=user.pk if user else None)
    card_views.count(card_id=card_id, viewer=viewer, at=at)


def _is_ahead(request: HttpRequest) -> bool:
    """Return whether a browser fetches the page before anybody asked for it."""
    purposes = {request.headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz")}
    return any(purpose.split(";")[0].strip() in _AHEAD for purpose in purposes)


def _key(request: HttpRequest, agent: str, at: datetime) -> str:
    """Return what tells a viewer from others: of no use to find out who it was.

    A person or, for who is not signed in, a session; else the address and the browser, which is
    another key every day.
    """
    if request.user.is_authenticated:
        told = f"user {request.user.pk}"
    elif request.session.session_key:
        told = f"session {request.session.session_key}"
    else:
        told = f"{at:%Y-%m-%d} {address(request)} {agent}"
    return salted_hmac("card view", told, algorithm="sha256").hexdigest()
