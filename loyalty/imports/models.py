"""Files of adjustments and opening balances: what was uploaded, what was read, how far it is."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cards.models import Card
from clubs.models import Partner
from loyalty.ledger.models import Unit
from loyalty.members.models import Membership


class UploadKind(models.TextChoices):
    """What the rows of a file are booked as: kinds of the ledger."""

    ADJUSTMENT = "ADJUSTMENT", _("adjustments")
    OPENING = "OPENING", _("opening balances")


class UploadState(models.TextChoices):
    """Where a file stands."""

    READING = "READING", _("being checked")
    CHECKED = "CHECKED", _("waits for your word")
    BOOKING = "BOOKING", _("being booked")
    STOPPED = "STOPPED", _("stopped")
    DONE = "DONE", _("booked")
    DROPPED = "DROPPED", _("discarded")


class StopReason(models.TextChoices):
    """Why a booking or a check stopped before its end."""

    CANCELLED = "CANCELLED", _("somebody stopped it")
    NOT_ALLOWED = "NOT_ALLOWED", _("who confirmed it may not book any more")
    CARD_CLOSED = "CARD_CLOSED", _("the card is not in use")
    GIVEN_UP = "GIVEN_UP", _("given up")


# The state is taken for working until somebody gives it up; these can still book something.
LIVE = (UploadState.READING, UploadState.CHECKED, UploadState.BOOKING, UploadState.STOPPED)


class Upload(models.Model):
    """One file. It stays, without personal data, so that the same file is not booked twice.

    Rows up to number ``booked_to`` are booked, or have an error. ``confirmed_at`` is set for as
    long as anything of it is booked or will be.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(_("what it holds"), max_length=10, choices=UploadKind)
    state = models.CharField(
        _("state"), max_length=10, choices=UploadState, default=UploadState.READING
    )
    stopped_by = models.CharField(max_length=12, choices=StopReason, blank=True)
    file_name = models.CharField(_("file"), max_length=120)
    file_hash = models.CharField(max_length=64)
    is_whole = models.BooleanField(_("all or nothing"), default=True)
    is_counted = models.BooleanField(_("counts for the tier"), default=True)
    reason = models.CharField(_("reason"), max_length=12)
    internal = models.CharField(_("internal note"), max_length=500, blank=True)
    comment = models.CharField(_("comment for the customer"), max_length=200, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    uploaded_at = models.DateTimeField(_("uploaded"))
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    confirmed_at = models.DateTimeField(_("booked"), null=True)
    changed_at = models.DateTimeField(_("last changed"))
    # Each job of the queue is queued once; a new try is a new job.
    tries = models.PositiveIntegerField(default=0)
    row_count = models.PositiveIntegerField(_("rows"), default=0)
    checked_count = models.PositiveIntegerField(default=0)
    error_count = models.PositiveIntegerField(_("errors"), default=0)
    booked_count = models.PositiveIntegerField(default=0)
    booked_to = models.PositiveIntegerField(default=0)
    points_added = models.BigIntegerField(default=0)
    points_taken = models.BigIntegerField(default=0)
    credit_added = models.BigIntegerField(default=0)
    credit_taken = models.BigIntegerField(default=0)
    # A booking of all or nothing met what the check had not seen; it was checked again.
    was_refused = models.BooleanField(default=False)
    rows_erased_at = models.DateTimeField(_("rows erased"), null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.UniqueConstraint(
                fields=["card", "kind", "file_hash"],
                name="file_is_booked_once",
                condition=Q(confirmed_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["changed_at"], name="upload_by_change")]

    def __str__(self) -> str:
        return f"import {self.pk}"

    def close(self, at: datetime) -> None:
        """Let nobody book any more of it, and keep nothing that may name a person but the rows."""
        if self.state in LIVE and not self.booked_count:
            self.state = UploadState.DROPPED
            self.confirmed_by, self.confirmed_at = None, None
        elif self.state == UploadState.BOOKING:
            self.state, self.stopped_by = UploadState.STOPPED, StopReason.GIVEN_UP
        self.rows_erased_at = at
        self.internal = self.comment = ""
        self.file_name = str(self)

    @property
    def is_live(self) -> bool:
        """Return whether the queue is at work on it."""
        return self.state in {UploadState.READING, UploadState.BOOKING}

    @property
    def good_count(self) -> int:
        """Return how many rows can be booked."""
        return self.checked_count - self.error_count


class UploadPart(models.Model):
    """Rows of a file that wait to be checked: about a thousand, packed; gone after the check."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        verbose_name = _("part of an import")
        verbose_name_plural = _("parts of imports")
        constraints = [
            models.UniqueConstraint(fields=["upload", "number"], name="part_has_one_place")
        ]

    def __str__(self) -> str:
        return f"part {self.number} of import {self.upload_id}"


class UploadRow(models.Model):
    """One row: what it says, what it would do, and what is in its way.

    ``key`` is what the file calls the member. ``error`` is a code; ``facts`` are its figures.
    """

    # Begins the indexes below.
    upload = models.ForeignKey(
        Upload, on_delete=models.CASCADE, related_name="rows", db_index=False
    )
    number = models.PositiveIntegerField(_("row"))
    key = models.CharField(_("member"), max_length=254, blank=True)
    typed = models.CharField(_("amount"), max_length=40, blank=True)
    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    # Without an index of its own or a constraint: it only sums the rows of one account.
    account_id = models.BigIntegerField(null=True)
    unit = models.CharField(max_length=6, choices=Unit)
    amount = models.BigIntegerField(default=0)
    before = models.BigIntegerField(null=True)
    after = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=12, blank=True)
    internal = models.CharField(max_length=500, blank=True)
    comment = models.CharField(max_length=200, blank=True)
    expires_on = models.DateField(null=True)
    error = models.CharField(max_length=20, blank=True)
    facts: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of imports")
        constraints = [
            models.UniqueConstraint(fields=["upload", "number"], name="row_has_one_place")
        ]
        indexes = [
            models.Index(
                fields=["upload", "number"],
                name="row_with_error",
                condition=~Q(error=""),
            ),
            models.Index(fields=["upload", "account_id"], name="row_by_account"),
            models.Index(fields=["membership"], name="row_by_membership"),
        ]

    def __str__(self) -> str:
        return f"row {self.number} of import {self.upload_id}"
