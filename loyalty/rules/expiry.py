"""Until when points can be used."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def sliding(*, awarded_at: datetime, days: int | None, zone: ZoneInfo) -> datetime | None:
    """Return the instant after which points are gone, or None for points that last for ever.

    The last usable day is the day of the award plus ``days``; it ends at 24:00 in the partner's
    time zone. Source: IV4.2, rules 13.
    """
    if days is None:
        return None
    last_day = awarded_at.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(last_day + timedelta(days=1), time.min, tzinfo=zone)
