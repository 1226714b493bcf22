"""Tell the queue what runs by the clock."""

from collections.abc import Mapping

from django.db import transaction
from django_q.models import Schedule


@transaction.atomic
def sync(hourly: Mapping[str, str]) -> int:
    """Make the queue run these functions every hour, and none that is no longer among them.

    Returns how many rows were added, changed or taken away; a second call changes nothing.
    """
    changed: int = Schedule.objects.exclude(name__in=hourly).delete()[0]
    for name, function in hourly.items():
        wanted = {"func": function, "schedule_type": Schedule.HOURLY, "repeats": -1}
        if not Schedule.objects.filter(name=name, **wanted).exists():
            Schedule.objects.update_or_create(name=name, defaults=wanted)
            changed += 1
    return changed
