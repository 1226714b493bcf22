"""What a request says about who acts, from where and when: the edge where the clock is read."""

import hashlib
import ipaddress
import uuid

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from clubs.access import StoreNotFoundError, store_for_staff
from clubs.models import Store
from loyalty.ledger.models import Source
from loyalty.operations.deeds import Deed
from loyalty.operations.scans import Looker
from loyalty.users.models import User

STORE_KEY = "store_id"
# Set where a colleague takes over a shared device with a PIN, which is good for the counter alone.
BY_PIN_KEY = "by_pin"


def new_request_id() -> str:
    """Return a key for one write, made when its form is shown, so that a repeat is known."""
    return uuid.uuid4().hex


def signed_in(request: HttpRequest) -> User:
    """Return the person; the view has made sure that there is one."""
    assert isinstance(request.user, User)  # noqa: S101 - views ask for sign-in first
    return request.user


def deed(
    request: HttpRequest, *, source: Source, request_id: str, store: Store | None = None
) -> Deed:
    """Return the deed of this request, happening now."""
    return Deed(
        actor=signed_in(request),
        source=source,
        store=store,
        request_id=request_id,
        occurred_at=timezone.now(),
    )


def is_by_pin(request: HttpRequest) -> bool:
    """Return whether a PIN made this session."""
    return bool(request.session.get(BY_PIN_KEY))


def session_hash(request: HttpRequest) -> str:
    """Return a hash that tells this session from others and does not give it away."""
    return hashlib.sha256((request.session.session_key or "").encode()).hexdigest()


def current_store(request: HttpRequest) -> Store | None:
    """Return the person's store of today, or None; one no longer theirs is forgotten."""
    store_id = request.session.get(STORE_KEY)
    if store_id is None:
        return None
    try:
        return store_for_staff(user=signed_in(request), store_id=store_id)
    except StoreNotFoundError:
        del request.session[STORE_KEY]
        return None


def looker(request: HttpRequest) -> Looker:
    """Return who shows a code in this request."""
    return Looker(
        user=signed_in(request),
        session_hash=session_hash(request),
        store=current_store(request),
    )


def address(request: HttpRequest) -> str | None:
    """Return the network address of the caller, past as many proxies as we trust."""
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    trusted = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    found = hops[-trusted] if 0 < trusted <= len(hops) else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        return None
