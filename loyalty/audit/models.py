"""Who did what: rows that are added and never changed, holding ids only."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEvent(models.Model):
    """One change of master data or rights. Ids only, so that erasing a person never touches it."""

    partner_id = models.BigIntegerField(_("partner"), null=True)
    actor_id = models.BigIntegerField(_("person"), null=True)
    action = models.CharField(_("action"), max_length=40)
    kind = models.CharField(_("kind"), max_length=40)
    object_id = models.BigIntegerField(_("object"), null=True)
    before = models.JSONField(_("before"), default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("after"), default=dict, encoder=DjangoJSONEncoder)
    recorded_at = models.DateTimeField(_("recorded"), auto_now_add=True)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        indexes = [
            models.Index(fields=["partner_id", "-id"], name="audit_by_partner"),
            models.Index(fields=["kind", "object_id", "-id"], name="audit_by_object"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.kind} {self.object_id}"


class AuditPerson(models.Model):
    """Where an audited deed came from and in which words; personal, so erasable and apart."""

    event = models.OneToOneField(AuditEvent, on_delete=models.CASCADE, related_name="person")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+"
    )
    address = models.GenericIPAddressField(_("network address"), null=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("audited person")
        verbose_name_plural = _("audited persons")

    def __str__(self) -> str:
        return f"person of event {self.event_id}"
