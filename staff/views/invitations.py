"""The page on which an invited person accepts a place; it opens for nobody else."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clubs.models import Manager, StaffMember
from loyalty.web.requests import signed_in
from staff import invitations


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invited(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the person is invited to, and give it to them when they accept."""
    user, at = signed_in(request), timezone.now()
    try:
        if request.method == "POST":
            return _welcome(request, invitations.accept(token=token, user=user, at=at))
        place = invitations.find(token=token, user=user, at=at)
    except invitations.InvitationNotFoundError:
        return _page(request, {"problem": "gone"}, status=404)
    except invitations.OtherPersonError:
        return _page(request, {"problem": "other"}, status=403)
    except invitations.NoSeatError:
        return _page(request, {"problem": "full"}, status=409)
    return _page(request, {"place": place, "role": _role(place)})


def _page(request: HttpRequest, context: dict[str, object], status: int = 200) -> HttpResponse:
    return render(request, "staff/invited.html", context, status=status)


def _role(place: Manager | StaffMember) -> str:
    """Return what the person is to be, in words."""
    if isinstance(place, Manager):
        return str(place.get_role_display())
    return _("staff of %(club)s") % {"club": place.club.name}


def _welcome(request: HttpRequest, place: Manager | StaffMember) -> HttpResponse:
    words = _("Welcome to %(partner)s.") % {"partner": place.partner.name}
    messages.success(request, words)
    return redirect("admin:index" if isinstance(place, Manager) else "staff:home")
