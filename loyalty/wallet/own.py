"""The person's own things, or 404: nobody learns whether another's exist."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from loyalty.members import access
from loyalty.members.models import Membership
from loyalty.web.requests import signed_in

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def own_membership(request: HttpRequest, membership_id: int) -> Membership:
    """Return a card of the person who is signed in.

    :raises Http404: if it is removed or not theirs.
    """
    try:
        return access.membership_for_member(user=signed_in(request), membership_id=membership_id)
    except access.MembershipNotFoundError as error:
        raise Http404(_("There is no such card.")) from error
