"""Add rows to the audit log."""

from collections.abc import Mapping
from typing import Any

from django.db import models

from loyalty.audit import origin
from loyalty.audit.models import AuditEvent, AuditPerson


def record(
    *,
    action: str,
    subject: models.Model,
    partner_id: int | None,
    actor_id: int | None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    address: str | None = None,
) -> AuditEvent:
    """Add one event about ``subject`` in the caller's transaction, and return it.

    ``before`` and ``after`` hold changed fields only and no personal data or secrets. The network
    address is that of the request at hand unless another is given; it and the words of the reason
    stand apart, because they can be erased.
    """
    address = address or origin.current()
    event = AuditEvent.objects.create(
        partner_id=partner_id,
        actor_id=actor_id,
        action=action,
        kind=subject._meta.label_lower,
        object_id=subject.pk,
        before=dict(before or {}),
        after=dict(after or {}),
    )
    if address or reason:
        AuditPerson.objects.create(event=event, user_id=actor_id, address=address, reason=reason)
    return event
