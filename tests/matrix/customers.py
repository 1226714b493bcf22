"""What of a side is about many customers: an export, and a view of the list."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from clubs.models import SavedView
from loyalty.exports import places
from loyalty.exports.models import Export
from tests.matrix.world import Side


def export_of(side: Side) -> dict[str, Any]:
    """Return an export of the partner, whose file is there."""
    at = timezone.now()
    facts = {"asked_by": side.owner, "format": "CSV", "language": "en", "state": "DONE"}
    times = {"asked_at": at, "expires_at": at + timedelta(hours=1)}
    row, _ = Export.objects.get_or_create(partner=side.partner, defaults={**facts, **times})
    (places.opened(row.pk) / places.FILE).write_text(side.partner.name)
    return {"export_id": row.pk}


def view_of(side: Side) -> dict[str, Any]:
    """Return a view that the owner shares."""
    facts = {"name": "Guests", "shared_with": side.partner, "filter": {"state": "guest"}}
    return {"view_id": SavedView.objects.get_or_create(user=side.owner, defaults=facts)[0].pk}
