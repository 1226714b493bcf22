"""Refunds that came before their sales, kept beside the ledger until those are booked."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clubs.models import Partner, Store


class ParkedRefund(models.Model):
    """A refund that came before its sale; settled when the sale with that receipt is booked."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    receipt_number = models.CharField(_("receipt"), max_length=40)
    period = models.CharField(max_length=10, blank=True)
    amount_minor = models.BigIntegerField(_("amount"))
    request_id = models.CharField(max_length=64)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    parked_at = models.DateTimeField(_("parked"))
    settled_by = models.OneToOneField(
        "ledger.Transaction", on_delete=models.PROTECT, null=True, related_name="parked_refund"
    )
    dropped_at = models.DateTimeField(_("dropped"), null=True)

    class Meta:
        verbose_name = _("parked refund")
        verbose_name_plural = _("parked refunds")
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "request_id"], name="parked_refund_is_parked_once"
            ),
            models.CheckConstraint(
                name="parked_refund_has_an_amount", condition=Q(amount_minor__gt=0)
            ),
        ]
        indexes = [
            models.Index(
                fields=["store", "receipt_number", "period"],
                name="parked_refund_by_receipt",
                condition=Q(settled_by__isnull=True, dropped_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"parked refund {self.pk}"

    @property
    def is_waiting(self) -> bool:
        """Return whether it was neither settled nor given up."""
        return self.settled_by_id is None and self.dropped_at is None
