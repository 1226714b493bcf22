"""Background work, for superusers: what waits, what failed, what runs by the clock."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_q.models import Failure, Schedule

from loyalty.jobs.models import Job, JobState
from staff.admin.powers import NOBODY, powers_of
from staff.admin.scoping import ReadOnlyAdmin
from staff.admin.site import site
from staff.admin.unfold_parts import badge

JOB_COLOURS = {
    JobState.QUEUED.value: "info",
    JobState.RUNNING.value: "info",
    JobState.DONE.value: "success",
    JobState.DEAD.value: "danger",
}


class MachineAdmin(ReadOnlyAdmin):
    """A table of the machinery: superusers read it, to everybody else it is not there."""

    viewers = NOBODY

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows to a superuser, nothing to others."""
        rows = self.model._default_manager.all()
        return rows if powers_of(request).is_all else rows.none()

    def get_object(
        self,
        request: HttpRequest,
        object_id: str,
        from_field: str | None = None,
    ) -> Any:
        """Return a row to a superuser; else 404."""
        return self.found(request, object_id, self.get_queryset(request))


@admin.register(Job, site=site)
class JobAdmin(MachineAdmin):
    """Pieces of background work."""

    list_display = ("key", "name", "state_badge", "starts", "done_count", "changed_at")
    list_filter = ("state", "name")
    search_fields = ("key",)
    ordering = ("-pk",)

    @badge(_("state"), JOB_COLOURS, ordering="state")
    def state_badge(self, job: Job) -> tuple[str, Any]:
        """Return the state as a badge."""
        return job.state, JobState(job.state).label


@admin.register(Failure, site=site)
class FailureAdmin(MachineAdmin):
    """Tasks that failed."""

    list_display = ("name", "func", "started", "stopped")
    fields = ("name", "func", "started", "stopped", "result")
    ordering = ("-stopped", "pk")


@admin.register(Schedule, site=site)
class ScheduleAdmin(MachineAdmin):
    """What runs by the clock."""

    list_display = ("name", "func", "cron", "next_run")
    fields = ("name", "func", "cron", "next_run")
    ordering = ("name", "pk")
