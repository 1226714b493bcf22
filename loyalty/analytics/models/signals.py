"""Patterns in deeds and scans that an owner should look at."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clubs.models import Club, Partner, Store
from loyalty.members.models import Membership


class SignalKind(models.TextChoices):
    """Which pattern in deeds or scans is worth a look."""

    MANY_AWARDS = "MANY_AWARDS", _("many awards")
    NEAR_CAP = "NEAR_CAP", _("close to the limit")
    OWN_CARD = "OWN_CARD", _("own card")
    IN_TURNS = "IN_TURNS", _("awards in turns")
    UNDONE_REWARDS = "UNDONE_REWARDS", _("rewards undone")
    TWO_SOURCES = "TWO_SOURCES", _("same sale twice")
    REFUSED_SCANS = "REFUSED_SCANS", _("refused scans")


class SignalState(models.TextChoices):
    """Whether somebody has looked at a signal."""

    OPEN = "OPEN", _("open")
    SEEN = "SEEN", _("seen")


class Signal(models.Model):
    """A pattern that an owner should look at, and the facts of it; found twice it is one row.

    ``facts`` holds ids and numbers alone: names are read when a page is shown. ``note`` is what
    the person who looked wrote, and erasable.
    """

    # Begins the indexes below.
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+", db_index=False)
    club = models.ForeignKey(
        Club, on_delete=models.CASCADE, null=True, related_name="+", verbose_name=_("club")
    )
    store = models.ForeignKey(
        Store, on_delete=models.CASCADE, null=True, related_name="+", verbose_name=_("store")
    )
    # Begins an index below.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("person"),
    )
    colleague = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, null=True, related_name="+"
    )
    kind = models.CharField(_("kind"), max_length=14, choices=SignalKind)
    key = models.CharField(max_length=80)
    day = models.DateField(_("day"))
    transaction_ids = models.JSONField(default=list)
    facts: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(default=dict)
    state = models.CharField(
        _("state"), max_length=4, choices=SignalState, default=SignalState.OPEN
    )
    found_at = models.DateTimeField(_("found"))
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    seen_at = models.DateTimeField(_("seen"), null=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("signal")
        verbose_name_plural = _("signals")
        constraints = [
            models.UniqueConstraint(fields=["partner", "key"], name="signal_is_raised_once"),
            models.CheckConstraint(
                name="seen_signal_was_seen_by_somebody",
                condition=models.Q(state="OPEN")
                | models.Q(state="SEEN", seen_by__isnull=False, seen_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "state", "-id"], name="signal_by_state"),
            models.Index(fields=["partner", "-id"], name="signal_by_partner"),
            models.Index(fields=["actor", "day"], name="signal_by_actor"),
        ]

    def __str__(self) -> str:
        return f"signal {self.pk}"


class SignalMark(models.Model):
    """How far the search for signals of a partner has come: in transactions, and in scans."""

    partner = models.OneToOneField(
        Partner, on_delete=models.CASCADE, primary_key=True, related_name="signal_mark"
    )
    done_id = models.BigIntegerField(default=0)
    scans_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("mark of signals")
        verbose_name_plural = _("marks of signals")

    def __str__(self) -> str:
        return f"signals of partner {self.partner_id}"
