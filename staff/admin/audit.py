"""The audit log as owners read it: who did what, before, after, why and from where."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clubs.models import Manager, StaffMember
from loyalty.audit.models import AuditEvent, AuditPerson
from staff.admin import audit_words
from staff.admin.by_key import FormKeyList
from staff.admin.forms_audit import AuditForm
from staff.admin.history import names_of_actors
from staff.admin.powers import OWNERS, powers_of, zone_of
from staff.admin.scoping import ReadOnlyAdmin
from staff.admin.site import site
from staff.admin.unfold_parts import ChangeList, column


class EventList(FormKeyList):
    """The log's pages by place, the newest first, with the people's names."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Return the rows that the form leaves, or none while it has an error."""
        rows = super().get_queryset(request, exclude_parameters)
        self.form = AuditForm(request.GET, powers=powers_of(request))
        self.has_active_filters = bool(self.form.data)
        if not self.form.is_valid():
            return rows.none()
        return rows.filter(self.form.wanted(zone_of(request)))

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, and the names of its people in one statement."""
        super().get_results(request)
        people = names_of_actors(list(self.result_list))
        for event in self.result_list:
            event.person_name = people.get(event.actor_id)


@admin.register(AuditEvent, site=site)
class AuditAdmin(ReadOnlyAdmin):
    """Who did what, newest first; for owners."""

    list_words = gettext_lazy("Changes")
    partner_path = "partner_id"
    viewers = OWNERS
    list_display = ("what", "subject", "who", "recorded_at")
    list_display_links = ("what",)
    list_before_template = "admin/audit_before.html"
    empty_words = gettext_lazy("Nothing was changed in what you asked for.")
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that is read by place."""
        return EventList

    @column(gettext_lazy("what"))
    def what(self, event: AuditEvent) -> str:
        """Return what was done."""
        return capfirst(audit_words.action_words(event.action))

    @column(gettext_lazy("kind"))
    def subject(self, event: AuditEvent) -> str:
        """Return what kind of row it is about."""
        return capfirst(audit_words.kind_words(event.kind))

    @column(gettext_lazy("who"))
    def who(self, event: Any) -> str:
        """Return the person's name."""
        if event.actor_id is None:
            return _("system")
        return event.person_name or _("unknown")

    def crumbs(self, row: Any = None, *more: Any) -> list[tuple[Any, str]]:
        """Return the way to a page, with what was done in place of the row's number."""
        found = super().crumbs(row, *more)
        return [found[0], (self.what(row), found[1][1]), *found[2:]] if row else found

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Show one event in words, what it was beside what it became."""
        event = self.get_object(request, object_id)
        if not self.has_view_permission(request, event):
            raise PermissionDenied
        event.person_name = names_of_actors([event]).get(event.actor_id)
        subject, address = _subject(event)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Change"),
            "crumbs": self.crumbs(event),
            "opts": self.opts,
            "event": event,
            "told": audit_words.told_of([event])[event.pk],
            "person": self.who(event),
            "origin": AuditPerson.objects.filter(event=event).order_by("pk").first(),
            "subject": subject,
            "address": address,
            "zone": zone_of(request),
        }
        return render(request, "admin/event.html", context)


def _subject(event: AuditEvent) -> tuple[str, str]:
    """Return the row of an event by its name, and where it is shown if anywhere."""
    kind = capfirst(audit_words.kind_words(event.kind))
    model = audit_words.model_of(event.kind)
    rows = model._default_manager.filter(pk=event.object_id) if model is not None else None
    row = rows.order_by("pk").first() if rows is not None else None
    if row is None:
        return kind, ""
    name = row.user.get_full_name() if isinstance(row, Manager | StaffMember) else str(row)
    stem = event.kind.replace(".", "_")
    try:
        return f"{kind}: {name}", reverse(f"admin:{stem}_change", args=[row.pk])
    except NoReverseMatch:
        return f"{kind}: {name}", ""
