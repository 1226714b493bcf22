"""Whether a reward can be had now, and if not, why."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class OfferState(StrEnum):
    """How a reward stands for one member."""

    READY = "READY"
    NOT_ENOUGH = "NOT_ENOUGH"
    TIER_TOO_LOW = "TIER_TOO_LOW"
    LIMIT_REACHED = "LIMIT_REACHED"
    SOLD_OUT = "SOLD_OUT"
    NOT_STARTED = "NOT_STARTED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The facts about a reward that decide; None means no limit."""

    cost: int
    is_offered: bool
    stock: int | None
    issued: int
    per_member: int | None
    taken: int
    valid_from: datetime | None
    valid_until: datetime | None
    min_tier_points: int | None


def state(offer: Offer, *, available: int, tier_points: int, at: datetime) -> OfferState:
    """Return how the reward stands for a member with so many points and this tier threshold.

    Dates first, then stock, limits and tier, and the balance last, so that the reason named is
    the one that saving more points would not cure. Source: R3.5, CU23.
    """
    if not offer.is_offered or (offer.valid_until is not None and offer.valid_until <= at):
        return OfferState.ENDED
    if offer.valid_from is not None and offer.valid_from > at:
        return OfferState.NOT_STARTED
    if offer.stock is not None and offer.issued >= offer.stock:
        return OfferState.SOLD_OUT
    if offer.per_member is not None and offer.taken >= offer.per_member:
        return OfferState.LIMIT_REACHED
    if offer.min_tier_points is not None and tier_points < offer.min_tier_points:
        return OfferState.TIER_TOO_LOW
    return OfferState.READY if available >= offer.cost else OfferState.NOT_ENOUGH
