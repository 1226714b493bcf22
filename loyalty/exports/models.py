"""Files that somebody asked for and fetches later; each is gone after a day."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clubs.models import Partner


class FileFormat(models.TextChoices):
    """What a table is written as."""

    CSV = "CSV", _("CSV")
    XLSX = "XLSX", _("Excel")


class ExportState(models.TextChoices):
    """Where an export stands."""

    WAITING = "WAITING", _("waiting")
    RUNNING = "RUNNING", _("running")
    DONE = "DONE", _("ready")
    FAILED = "FAILED", _("failed")


class ExportKind(models.TextChoices):
    """What an export is of."""

    CUSTOMERS = "CUSTOMERS", _("customers")


class Export(models.Model):
    """A file that a job makes, for the person who asked and the owners of the partner.

    ``filter`` holds what was asked for, words that were typed included, so the row goes with its
    file. ``grown`` is how far the file is.
    """

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="exports")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="exports"
    )
    kind = models.CharField(max_length=12, choices=ExportKind, default=ExportKind.CUSTOMERS)
    filter = models.JSONField(default=dict)
    format = models.CharField(_("format"), max_length=4, choices=FileFormat)
    language = models.CharField(max_length=10)
    state = models.CharField(
        _("state"), max_length=10, choices=ExportState, default=ExportState.WAITING
    )
    error = models.CharField(max_length=40, blank=True)
    # How many rows there are to write, known after the first chunk; and how many are written.
    total_count = models.PositiveIntegerField(default=0)
    row_count = models.PositiveIntegerField(_("rows"), default=0)
    grown = models.JSONField(default=dict)
    asked_at = models.DateTimeField(_("asked"))
    expires_at = models.DateTimeField(_("expires"), db_index=True)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")

    def __str__(self) -> str:
        return f"export {self.pk}"
