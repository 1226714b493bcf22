"""Change who works at a shared tablet: lock it, switch by PIN, choose a PIN."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from loyalty.operations import shared_devices
from loyalty.operations.shared_devices import PinNotUsableError, WrongPinError
from loyalty.users.models import User
from loyalty.web.requests import (
    BY_PIN_KEY,
    STORE_KEY,
    current_store,
    is_by_pin,
    signed_in,
)
from staff import devices, doors
from staff.doors import staff_page
from staff.forms import PersonForm, SetPinForm
from staff.pages import page


@require_POST
def lock(request: HttpRequest) -> HttpResponse:
    """Sign out and show who may come back by PIN."""
    if request.user.is_authenticated:
        doors.lock(request, _safe_path(request, request.POST.get("next", "")))
    return redirect("staff:switch")


def _safe_path(request: HttpRequest, path: str) -> str:
    """Return a path of the counter to come back to; anything else means the start."""
    home = reverse("staff:home")
    is_ours = url_has_allowed_host_and_scheme(path, allowed_hosts={request.get_host()})
    return path if is_ours and path.startswith(home) else home


@never_cache
@require_http_methods(["GET", "POST"])
def switch(request: HttpRequest) -> HttpResponse:
    """Let somebody who signed in on this device today take over with their PIN.

    Anybody else signs in fully. The scans of the former person stay theirs.
    """
    device, now = devices.token(request), timezone.now()
    people = list(shared_devices.people_on(device=device, at=now)) if device else []
    if not people and (request.method == "POST" or not request.user.is_authenticated):
        return _to_full_sign_in(request)
    form = PersonForm(request.POST or None, initial={"person": request.GET.get("person", "")})
    if form.is_valid():
        try:
            user = shared_devices.person_by_pin(
                user_id=form.cleaned_data["person"],
                device=device,
                pin=form.cleaned_data["pin"],
                at=now,
            )
        except WrongPinError as error:
            form.add_error("pin", _wrong_pin(error))
        except PinNotUsableError:
            messages.error(request, _("Sign in fully to go on. Nothing was booked."))
            return _to_full_sign_in(request)
        else:
            return _take_over(request, user)
    return _show_switch(request, people, form)


def _wrong_pin(error: WrongPinError) -> str:
    if not error.left:
        return _("This is not your PIN. Sign in fully now.")
    return ngettext(
        "This is not your PIN. %(left)s more try.",
        "This is not your PIN. %(left)s more tries.",
        error.left,
    ) % {"left": error.left}


def _show_switch(request: HttpRequest, people: list[User], form: PersonForm) -> HttpResponse:
    chosen_id = str(form["person"].value() or "")
    chosen = next((one for one in people if str(one.pk) == chosen_id), None)
    others = [one for one in people if one.pk != request.user.pk]
    if chosen is None and len(people) == 1 and not request.user.is_authenticated:
        chosen = people[0]
        form.initial["person"] = chosen.pk
    context: dict[str, Any] = {"people": others, "chosen": chosen, "form": form}
    status = 422 if form.is_bound and form.errors else 200
    if request.user.is_authenticated:
        return page(
            request, "staff/switch.html", context, store=current_store(request), status=status
        )
    return page(request, "staff/switch.html", context, status=status)


def _to_full_sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        logout(request)
    return redirect_to_login(reverse("staff:home"))


def _take_over(request: HttpRequest, user: User) -> HttpResponse:
    """Sign the person in by PIN; only the one who left comes back to the page they left."""
    former = request.session.get(doors.FORMER_KEY, {})
    store_id = request.session.get(STORE_KEY)
    if request.user.is_authenticated:
        logout(request)
    login(request, user)
    request.session.pop(doors.FORMER_KEY, None)
    request.session[BY_PIN_KEY] = True
    request.session[devices.IDLE_KEY] = True
    if store_id is not None:
        request.session[STORE_KEY] = store_id
    path = former.get("path") if former.get("user_id") == user.pk else None
    response = redirect(path or "staff:home")
    doors.mark_seen(request, response)
    return response


@staff_page
@require_http_methods(["GET", "POST"])
def set_pin(request: HttpRequest) -> HttpResponse:
    """Let a person who signed in fully choose their PIN."""
    user = signed_in(request)
    if is_by_pin(request):
        messages.warning(request, _("Sign in fully to change your PIN."))
        return redirect("staff:home")
    form = SetPinForm(request.POST or None)
    if form.is_valid():
        shared_devices.set_pin(user=user, pin=form.cleaned_data["pin"])
        request.session[devices.IDLE_KEY] = True
        messages.success(
            request, _("Your PIN is set. It is good here for 12 hours after a sign-in.")
        )
        return redirect("staff:home")
    context = {
        "form": form,
        "has_pin": shared_devices.has_pin(user=user),
        "hours": int(shared_devices.PIN_LIFETIME / timedelta(hours=1)),
    }
    status = 422 if form.is_bound else 200
    return page(request, "staff/set_pin.html", context, store=current_store(request), status=status)
