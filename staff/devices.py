"""The tablet that a request comes from, as the quick switch by PIN knows it."""

from datetime import UTC, datetime

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from loyalty.members.codes import new_token
from loyalty.operations import shared_devices
from loyalty.web.requests import is_by_pin, signed_in

IDLE_KEY = "locks_when_idle"
_NOTED_KEY = "signed_in_noted"
_COOKIE = "loyalty_device"
_COOKIE_AGE = 60 * 60 * 24 * 400  # As long as browsers keep one.


def token(request: HttpRequest) -> str:
    """Return the random name of this browser, or nothing before the first full sign-in."""
    return request.COOKIES.get(_COOKIE, "")


def remember(request: HttpRequest, response: HttpResponse) -> None:
    """Note a full sign-in on this browser once, so that the person's PIN is good here for a while.

    A session that a PIN made notes nothing: a PIN never prolongs itself.
    """
    if is_by_pin(request):
        return
    user = signed_in(request)
    signed_in_at = _signed_in_at(request)
    if request.session.get(_NOTED_KEY) == signed_in_at.isoformat():
        return
    device = token(request) or new_token()
    shared_devices.note_sign_in(user=user, device=device, signed_in_at=signed_in_at)
    people = shared_devices.people_on(device=device, at=timezone.now())
    request.session[_NOTED_KEY] = signed_in_at.isoformat()
    # A phone of one's own without a PIN has nobody to be locked against.
    request.session[IDLE_KEY] = people.exists()
    response.set_cookie(
        _COOKIE,
        device,
        max_age=_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _signed_in_at(request: HttpRequest) -> datetime:
    """Return when this session was last proven in full."""
    records = get_authentication_records(request, request.user)
    if records:
        return datetime.fromtimestamp(max(record["at"] for record in records), tz=UTC)
    return signed_in(request).last_login or timezone.now()
