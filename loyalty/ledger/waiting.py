"""Adjustments above a person's limit, kept beside the ledger until a second person answers."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clubs.models import Partner
from loyalty.ledger.kinds import Unit
from loyalty.members.models import Membership


class Answer(models.TextChoices):
    """How a waiting adjustment ended."""

    APPROVED = "APPROVED", _("approved")
    DECLINED = "DECLINED", _("declined")
    WITHDRAWN = "WITHDRAWN", _("withdrawn")


class WaitingAdjustment(models.Model):
    """An adjustment that a person asked for and a colleague with a larger limit books or declines.

    ``amount`` is signed, in points or in minor units of credit. The words of both persons are
    personal data and may be emptied.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    membership = models.ForeignKey(
        Membership,
        on_delete=models.PROTECT,
        related_name="waiting_adjustments",
        verbose_name=_("member"),
    )
    unit = models.CharField(_("unit"), max_length=10, choices=Unit)
    amount = models.BigIntegerField(_("amount"))
    reason = models.CharField(_("reason"), max_length=20)
    is_counted = models.BooleanField(_("counts towards the tier"), default=True)
    about = models.ForeignKey(
        "ledger.Transaction", on_delete=models.PROTECT, null=True, related_name="+"
    )
    internal = models.CharField(_("internal note"), max_length=500, blank=True)
    comment = models.CharField(_("comment for the customer"), max_length=200, blank=True)
    request_id = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(_("asked"))
    expires_at = models.DateTimeField(_("waits until"))
    answer = models.CharField(_("answer"), max_length=10, choices=Answer, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(_("answered"), null=True)
    answer_request_id = models.CharField(max_length=64, blank=True)
    answer_note = models.CharField(_("words of the answer"), max_length=500, blank=True)
    booked = models.OneToOneField(
        "ledger.Transaction",
        on_delete=models.PROTECT,
        null=True,
        related_name="waiting_adjustment",
    )

    class Meta:
        verbose_name = _("waiting adjustment")
        verbose_name_plural = _("waiting adjustments")
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "request_id"], name="waiting_adjustment_is_asked_once"
            ),
            models.CheckConstraint(
                name="waiting_adjustment_moves_something", condition=~Q(amount=0)
            ),
            models.CheckConstraint(
                name="waiting_adjustment_is_answered_by_somebody",
                condition=Q(answer="", answered_by=None, answered_at=None)
                | (~Q(answer="") & Q(answered_by__isnull=False, answered_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="waiting_adjustment_is_booked_when_approved",
                condition=Q(answer=Answer.APPROVED, booked__isnull=False)
                | (~Q(answer=Answer.APPROVED) & Q(booked=None)),
            ),
            models.CheckConstraint(
                name="waiting_adjustment_needs_two_people",
                condition=~Q(answer=Answer.APPROVED) | ~Q(answered_by=F("asked_by")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["partner", "-id"],
                name="waiting_adjustment_open",
                condition=Q(answer=""),
            )
        ]

    def __str__(self) -> str:
        return f"waiting adjustment {self.pk}"

    def is_open(self, at: datetime) -> bool:
        """Return whether it can still be answered."""
        return not self.answer and self.expires_at > at
