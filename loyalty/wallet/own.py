"""The person's own things, or 404: nobody learns whether another's exist."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from loyalty.members import access
from loyalty.members.models import Membership
from loyalty.web.requests import signed_in

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

# Set where a colleague takes over a shared device with a PIN.
BY_PIN_KEY = "by_pin"


def is_by_pin(request: HttpRequest) -> bool:
    """Return whether a PIN made this session; it is good for the counter alone."""
    return bool(request.session.get(BY_PIN_KEY))


def by_pin_page(request: HttpRequest) -> HttpResponse:
    """Answer that cards are private, where the session is a PIN's."""
    return render(request, "wallet/by_pin.html", status=403)


def member_required(view: View[P]) -> View[P]:
    """Return the view for people who signed in themselves, with more than a PIN."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if is_by_pin(request):
            return by_pin_page(request)
        return view(request, *args, **kwargs)

    wanted: View[P] = login_required(guarded)
    return wanted


def own_membership(request: HttpRequest, membership_id: int) -> Membership:
    """Return a card of the person who is signed in.

    :raises Http404: if it is removed or not theirs.
    """
    try:
        return access.membership_for_member(user=signed_in(request), membership_id=membership_id)
    except access.MembershipNotFoundError as error:
        raise Http404(_("There is no such card.")) from error
