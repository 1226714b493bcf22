"""Who gets through to a counter page: staff who signed in and did not leave the tablet alone."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from clubs.access import is_staff_somewhere
from loyalty.web.requests import signed_in
from staff import devices

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

FORMER_KEY = "left_by"
_SEEN_COOKIE = "loyalty_counter"
_SEEN_SALT = "staff.seen"


def counter_page(view: View[P]) -> View[P]:
    """Let the view serve a signed-in person only, and lock a shared tablet that was left alone.

    The view itself asks the access functions what the person may see.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return _to_entrance(request, kwargs)
        if _was_left_alone(request):
            path = _path_back(request, kwargs)
            lock(request, path)
            messages.warning(request, _("Locked after a while without use. Nothing was booked."))
            return redirect("staff:switch")
        response = view(request, *args, **kwargs)
        if request.session.get(devices.IDLE_KEY):
            mark_seen(request, response)
        return response

    return guarded


def staff_page(view: View[P]) -> View[P]:
    """Let the view serve people who work in some club; for everybody else there is nothing.

    :raises Http404: for a signed-in person who is no staff.
    """

    @counter_page
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not is_staff_somewhere(user=signed_in(request)):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def lock(request: HttpRequest, path_back: str) -> None:
    """Sign the person out, and remember where they were in case they come back by PIN."""
    user_id = signed_in(request).pk
    logout(request)
    request.session[FORMER_KEY] = {"user_id": user_id, "path": path_back}


def _to_entrance(request: HttpRequest, kwargs: dict[str, Any]) -> HttpResponse:
    if devices.token(request) and FORMER_KEY in request.session:
        return redirect("staff:switch")
    return redirect_to_login(_path_back(request, kwargs), str(settings.LOGIN_URL))


def _path_back(request: HttpRequest, kwargs: dict[str, Any]) -> str:
    """Return the page to come back to; what was posted is not repeated."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    if "scan_id" in kwargs:
        return reverse("staff:counter", args=[kwargs["scan_id"]])
    return reverse("staff:home")


def _was_left_alone(request: HttpRequest) -> bool:
    """Return whether the tablet was idle; its own script locks it sooner, by its own clock."""
    if not request.session.get(devices.IDLE_KEY):
        return False
    longest = 2 * settings.STAFF_IDLE_SECONDS
    seen = request.get_signed_cookie(_SEEN_COOKIE, None, salt=_SEEN_SALT, max_age=longest)
    return seen != str(signed_in(request).pk)


def mark_seen(request: HttpRequest, response: HttpResponse) -> None:
    """Note in a signed cookie that the person was here now; costs no statement."""
    if not request.user.is_authenticated:
        return
    response.set_signed_cookie(
        _SEEN_COOKIE,
        str(signed_in(request).pk),
        salt=_SEEN_SALT,
        path=reverse("staff:home"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
