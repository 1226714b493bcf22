"""Events, written in the same database transaction as the deed they tell of."""

import uuid

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _


class EventType(models.TextChoices):
    """What happened, in the past tense; additive changes only."""

    MEMBER_ENROLLED = "member.enrolled", _("member enrolled")
    MEMBER_UPDATED = "member.updated", _("member updated")
    MEMBER_MERGED = "member.merged", _("member merged")
    MEMBER_ERASED = "member.erased", _("member erased")
    CARD_JOINED = "card.joined", _("card joined")
    POINTS_EARNED = "points.earned", _("points earned")
    POINTS_SPENT = "points.spent", _("points spent as money")
    POINTS_REFUNDED = "points.refunded", _("points refunded")
    POINTS_ADJUSTED = "points.adjusted", _("points adjusted")
    POINTS_EXPIRED = "points.expired", _("points expired")
    REWARD_CLAIMED = "reward.claimed", _("reward claimed")
    REWARD_REDEEMED = "reward.redeemed", _("reward redeemed")
    REWARD_CANCELLED = "reward.cancelled", _("reward cancelled")
    TIER_CHANGED = "tier.changed", _("tier changed")
    TRANSACTION_REVERSED = "transaction.reversed", _("transaction reversed")
    MEMBERSHIP_CHANGED = "membership.changed", _("membership changed")


class Event(models.Model):
    """One fact for other systems. Plain ids and no personal data, so that erasure stops here."""

    event_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    partner_id = models.BigIntegerField(_("partner"))
    transaction_id = models.BigIntegerField(_("transaction"), null=True)
    type = models.CharField(_("type"), max_length=40, choices=EventType)
    data = models.JSONField(_("data"), default=dict, encoder=DjangoJSONEncoder)
    occurred_at = models.DateTimeField(_("occurred"))
    recorded_at = models.DateTimeField(_("recorded"), auto_now_add=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [models.Index(fields=["partner_id", "id"], name="event_by_partner")]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"
