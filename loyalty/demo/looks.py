"""Who looks at the cards of the street: members before they come by, and people who consider it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from loyalty.analytics import card_views
from loyalty.analytics.card_views import Viewer
from loyalty.demo.chance import Chance
from loyalty.demo.people import DAYS, Holder
from loyalty.demo.shops import Street

OFTEN = 40  # of a hundred visits
MOST_HOURS = 20
STRANGERS = (1, 3)  # on a day, at each card
MINUTES_OF_A_DAY = 24 * 60


def look(street: Street, holders: Sequence[Holder], *, now: datetime, seed: str) -> None:
    """Let a year of looks at the cards' pages be counted, and all but the last days be summed up.

    Chance is its own here, so that looking changes nothing of what else happens.
    """
    chance = Chance(f"{seed}, who looks")
    for holder in holders:
        for visit in holder.visits:
            if chance.happens(OFTEN):
                at = visit - timedelta(hours=chance.between(0, MOST_HOURS))
                _look(holder.desk.card.pk, f"member {holder.key}", at)
    for desk in street.desks:
        for day in range(DAYS):
            for stranger in range(chance.between(*STRANGERS)):
                began = now - timedelta(days=day + 1)
                at = began + timedelta(minutes=chance.below(MINUTES_OF_A_DAY))
                _look(desk.card.pk, f"stranger {day} {stranger}", at)
    while card_views.sum_up_next(at=now):
        pass


def _look(card_id: int, key: str, at: datetime) -> None:
    card_views.count(card_id=card_id, viewer=Viewer(key=key), at=at)
