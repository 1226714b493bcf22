"""How often somebody may try something, counted in the cache per stretch of time."""

from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone

STRETCH = timedelta(minutes=10)


def is_too_fast(what: str, user_id: int, *, most: int) -> bool:
    """Count one try of a person, and return whether there were too many in this stretch."""
    stretch = int(timezone.now().timestamp() // STRETCH.total_seconds())
    key = f"pace:{what}:{user_id}:{stretch}"
    cache.add(key, 0, int(STRETCH.total_seconds()))
    try:
        return cache.incr(key) > most
    except ValueError:  # The cache dropped it in between.
        return False
