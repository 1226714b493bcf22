"""What hangs at a store's door so that members check in: its code, and a poster to print."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import translation
from django.utils.translation import gettext as _

from clubs.models import Store
from loyalty.members import codes
from staff import posters
from staff.posters import Invitation

PRINTED, RENEWED = "print door poster", "renew door code"


def urls(model_admin: Any) -> list[Any]:
    """Return the addresses of a store's door poster and of its renewed code."""
    view = model_admin.admin_site.admin_view

    def paper(request: HttpRequest, object_id: int) -> HttpResponse:
        return door_poster(model_admin, request, _seen(model_admin, request, object_id))

    def renew(request: HttpRequest, object_id: int) -> HttpResponse:
        return renew_code(model_admin, request, _seen(model_admin, request, object_id))

    return [
        path("<key:object_id>/door.pdf", view(paper), name="clubs_store_door_poster"),
        path("<key:object_id>/door/renew/", view(renew), name="clubs_store_door_renew"),
    ]


def _seen(model_admin: Any, request: HttpRequest, object_id: int) -> Store:
    """Return a store that the person may see and that takes check-ins.

    :raises Http404: for a foreign store, or one without a code.
    """
    store: Store = model_admin.get_object(request, str(object_id))
    if not model_admin.has_view_permission(request, store):
        raise PermissionDenied
    if not (store.allows_check_in and store.check_in_code):
        raise Http404
    return store


def door_address(store: Store) -> str:
    """Return where the QR at the door leads."""
    return f"{settings.SITE_URL}{reverse('wallet:door', args=[store.check_in_code])}"


def _words(store: Store) -> Invitation:
    """Return what the door poster says, in the language of the business."""
    with translation.override(store.partner.language):
        return Invitation(
            title=_("Check in here"),
            place=store.name,
            address=door_address(store),
            teaser=store.partner.name,
            steps=_("Scan with your phone's camera when you arrive."),
            note=_("With a card of this place, and signed in."),
        )


def door_page(model_admin: Any, request: HttpRequest, store: Store) -> HttpResponse:
    """Show the code at a store's door, and what can be done with it."""
    if not model_admin.has_view_permission(request, store):
        raise PermissionDenied
    is_open = store.allows_check_in and bool(store.check_in_code)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Code at the door"),
        "crumbs": model_admin.crumbs(store, _("Code at the door")),
        "opts": model_admin.opts,
        "original": store,
        "is_open": is_open,
        "address": door_address(store) if is_open else "",
        "can_print": posters.can_print(store.name),
        "may_renew": model_admin.has_change_permission(request, store),
    }
    return render(request, "admin/door.html", context)


def door_poster(model_admin: Any, request: HttpRequest, store: Store) -> HttpResponse:
    """Return the door poster as a PDF; a POST notes that it was printed."""
    if request.method == "POST":
        model_admin.audit(request, store, PRINTED)
    with translation.override(store.partner.language):
        response = HttpResponse(posters.poster(_words(store)), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{store.code}-door.pdf"'
    return response


def renew_code(model_admin: Any, request: HttpRequest, store: Store) -> HttpResponse:
    """Give the door a new code, so that printed and photographed ones are worth nothing."""
    if not model_admin.has_change_permission(request, store):
        raise PermissionDenied
    if request.method == "POST":
        with transaction.atomic():
            Store.objects.filter(pk=store.pk).update(
                check_in_code=codes.new_check_in_code(), version=store.version + 1
            )
            model_admin.audit(request, store, RENEWED)
        messages.success(request, _("The door has a new code. Print the poster again."))
    return redirect("admin:clubs_store_door", store.pk)
