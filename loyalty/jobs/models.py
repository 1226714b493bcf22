"""Background jobs as this product sees them: attempts are counted before the work."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    """Where a job stands."""

    QUEUED = "QUEUED", _("waiting")
    RUNNING = "RUNNING", _("running")
    DONE = "DONE", _("done")
    DEAD = "DEAD", _("given up")


class Job(models.Model):
    """One piece of background work, named by a key so that it is never queued twice."""

    key = models.CharField(_("key"), max_length=120, unique=True)
    name = models.CharField(_("work"), max_length=80)
    arguments = models.JSONField(_("arguments"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=JobState, default=JobState.QUEUED)
    starts = models.PositiveSmallIntegerField(_("starts"), default=0)
    done_count = models.PositiveIntegerField(_("done"), default=0)
    error = models.CharField(_("error"), max_length=500, blank=True)
    queued_at = models.DateTimeField(_("queued"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = [models.Index(fields=["state", "changed_at"], name="job_by_state")]

    def __str__(self) -> str:
        return self.key
