"""The audit log as owners and managers read it."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from loyalty.audit.models import AuditEvent
from loyalty.users.models import User
from staff.admin.history import changes
from staff.admin.powers import EDITORS
from staff.admin.scoping import ReadOnlyAdmin
from staff.admin.site import site
from staff.admin.unfold_parts import column


@admin.register(AuditEvent, site=site)
class AuditAdmin(ReadOnlyAdmin):
    """Who changed what, newest first."""

    partner_path = "partner_id"
    viewers = EDITORS
    list_display = ("recorded_at", "action", "subject", "object_id", "who")
    list_display_links = ("recorded_at",)
    list_filter = ("action", "kind")
    ordering = ("-pk",)
    fieldsets = (
        (
            None,
            {"fields": ("recorded_at", "action", "subject", "object_id", "who", "what", "reason")},
        ),
    )
    readonly_fields = ("subject", "who", "what")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the list with the people's names, read in one statement when it is drawn."""
        response = super().changelist_view(request, extra_context)
        changelist = getattr(response, "context_data", {}).get("cl")
        if changelist is not None:
            people = self._people({event.actor_id for event in changelist.result_list})
            for event in changelist.result_list:
                event.person_name = people.get(event.actor_id)
        return response

    @staticmethod
    def _people(ids: set[int | None]) -> dict[int, str]:
        found = User.objects.filter(pk__in=[pk for pk in ids if pk])
        return {user.pk: user.get_full_name() for user in found}

    @column(_("who"))
    def who(self, event: Any) -> str:
        """Return the person's name."""
        if event.actor_id is None:
            return str(_("system"))
        if not hasattr(event, "person_name"):
            event.person_name = self._people({event.actor_id}).get(event.actor_id)
        return str(event.person_name or _("unknown"))

    @column(_("kind"), ordering="kind")
    def subject(self, event: AuditEvent) -> str:
        """Return what kind of row it is about."""
        try:
            return str(apps.get_model(event.kind)._meta.verbose_name)
        except LookupError:
            return event.kind

    @column(_("changes"))
    def what(self, event: AuditEvent) -> str:
        """Return each changed field with what it was and what it became."""
        return "\n".join(f"{name}: {before} → {after}" for name, before, after in changes(event))
