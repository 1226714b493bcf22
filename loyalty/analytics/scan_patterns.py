"""Scans that came to nothing, many by one person on a day; and tries at the own card."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncDate

from clubs.models import Partner, StaffMember
from loyalty.analytics import spans
from loyalty.analytics.models import SignalKind
from loyalty.analytics.patterns import Found
from loyalty.members.models import Scan, ScanOutcome

# A camera misreads a code now and then; ten on a day are a broken screen, or somebody who tries.
REFUSED_SCANS = 10
# Once is a slip of the finger in a list of names.
OWN_TRIES = 2
REFUSED = (ScanOutcome.REFUSED, ScanOutcome.UNKNOWN)


def refused(partner: Partner) -> QuerySet[Scan]:
    """Return the refused scans of a partner's staff.

    An unknown code belongs to nobody, so it counts where the person stood; where no store was
    chosen, wherever they work.
    """
    staff = StaffMember.objects.filter(partner=partner).values("user")
    here = Q(store__partner=partner) | Q(partner=partner) | Q(store=None, partner=None)
    return Scan.objects.filter(here, staff__in=staff, outcome__in=REFUSED).order_by()


def refused_scans(partner: Partner, *, since: datetime | None, until: datetime) -> Iterator[Found]:
    """Tell whose scans came to nothing on the days from a moment on; one signal for each day."""
    zone = partner.zone()
    rows = refused(partner).filter(scanned_at__lte=until)
    if since is not None:
        rows = rows.filter(scanned_at__gte=spans.begins(since.astimezone(zone).date(), zone))
    days = rows.annotate(day=TruncDate("scanned_at", tzinfo=zone)).values("staff", "day")
    is_own = Q(membership__member__user=F("staff"))
    counted = days.annotate(
        unknown=Count("pk", filter=Q(outcome=ScanOutcome.UNKNOWN)),
        elsewhere=Count("pk", filter=Q(outcome=ScanOutcome.REFUSED) & ~is_own),
        own=Count("pk", filter=is_own),
    ).filter(Q(own__gte=OWN_TRIES) | Q(unknown__gt=REFUSED_SCANS - 1 - F("elsewhere")))
    for row in counted:
        person, day, count = row["staff"], row["day"], row["unknown"] + row["elsewhere"]
        if row["own"] >= OWN_TRIES:
            yield Found(
                kind=SignalKind.OWN_CARD,
                key=f"tried:{person}:{day}",
                day=day,
                actor_id=person,
                facts={"count": row["own"], "tried": True},
            )
        if count >= REFUSED_SCANS:
            yield Found(
                kind=SignalKind.REFUSED_SCANS,
                key=f"scans:{person}:{day}",
                day=day,
                actor_id=person,
                facts={
                    "count": count,
                    "unknown": row["unknown"],
                    "elsewhere": row["elsewhere"],
                },
            )
