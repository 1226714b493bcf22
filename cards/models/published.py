"""Rules as they were published: frozen, numbered, and what publishing would change."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cards.models.programme import Card
from clubs.models import Partner


class TermsVersion(models.Model):
    """A card's rules as they were published: frozen, numbered, named by every transaction."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="terms_versions")
    number = models.PositiveIntegerField(_("version"))
    terms: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(_("rules"))
    published_at = models.DateTimeField(_("published"))
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("published rules")
        verbose_name_plural = _("published rules")
        constraints = [
            models.UniqueConstraint(fields=["card", "number"], name="terms_number_is_unique")
        ]

    def __str__(self) -> str:
        return f"terms {self.number} of card {self.card_id}"


class WhatIfStatus(models.TextChoices):
    """Where a what-if run stands."""

    WAITING = "WAITING", _("waiting")
    RUNNING = "RUNNING", _("running")
    DONE = "DONE", _("done")
    FAILED = "FAILED", _("failed")


class WhatIf(models.Model):
    """Draft rules run over purchases that happened, to be read before publishing; it books nothing.

    ``outcome`` holds sums and the most changed purchases by id; no personal data.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="what_ifs")
    terms: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(_("draft rules"))
    days = models.PositiveSmallIntegerField(_("days"))
    status = models.CharField(
        _("status"), max_length=8, choices=WhatIfStatus, default=WhatIfStatus.WAITING
    )
    seen_count = models.PositiveIntegerField(_("purchases seen"), default=0)
    total_count = models.PositiveIntegerField(_("purchases in all"), default=0)
    outcome: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    asked_at = models.DateTimeField(_("asked"))

    class Meta:
        verbose_name = _("what-if")
        verbose_name_plural = _("what-if runs")
        indexes = [models.Index(fields=["card", "-id"], name="what_if_by_card")]

    def __str__(self) -> str:
        return f"what-if {self.pk}"
