"""The page of one row's part of the audit log."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from loyalty.audit.models import AuditEvent
from loyalty.users.models import User
from staff.admin.audit_words import told_of
from staff.admin.powers import EDITORS, powers_of

MOST_EVENTS = 100


def names_of_actors(events: list[AuditEvent]) -> dict[int, str]:
    """Return the names of the people behind events by their ids, in one statement."""
    ids = {event.actor_id for event in events if event.actor_id}
    return {user.pk: user.get_full_name() for user in User.objects.filter(pk__in=ids)}


def history_page(model_admin: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Return the newest events of one row, for owners and managers who may read it."""
    row = model_admin.get_object(request, object_id)
    is_allowed = powers_of(request).has(EDITORS, model_admin.partner_id_of(row))
    if not is_allowed or not model_admin.has_view_permission(request, row):
        raise PermissionDenied
    events = list(
        AuditEvent.objects.filter(kind=model_admin.opts.label_lower, object_id=row.pk).order_by(
            "-pk"
        )[:MOST_EVENTS]
    )
    names = names_of_actors(events)
    told = told_of(events)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Changes"),
        "crumbs": model_admin.crumbs(row, _("Changes")),
        "opts": model_admin.opts,
        "original": row,
        "events": [
            {
                "event": event,
                "person": names.get(event.actor_id or 0, _("system")),
                "told": told[event.pk],
            }
            for event in events
        ],
    }
    return render(request, "admin/history.html", context)
