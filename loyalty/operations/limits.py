"""How often a member may earn on a card."""

from loyalty.operations.standing import LimitReachedError, Standing


def check_earning_limits(standing: Standing) -> None:
    """Refuse an award above the card's limits per member.

    :raises LimitReachedError: if there were too many in the last hour or day.
    """
    card = standing.card
    if standing.earned_hour >= card.earns_per_hour:
        raise LimitReachedError(limit=card.earns_per_hour, hours=1)
    if standing.earned_day >= card.earns_per_day:
        raise LimitReachedError(limit=card.earns_per_day, hours=24)
