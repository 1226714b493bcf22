"""The only functions that fetch a card for a person."""

from datetime import datetime

from django.db.models import Q, QuerySet

from cards.models import Card, CardStatus
from clubs.models import Club, PartnerStatus, PlaceStatus
from loyalty.users.models import User


class CardNotFoundError(LookupError):
    """There is no such card, or it is none of this person's business."""


def open_at(at: datetime) -> QuerySet[Card]:
    """Return the cards that take members and deeds at this moment."""
    return Card.objects.filter(
        Q(valid_from=None) | Q(valid_from__lte=at),
        Q(valid_until=None) | Q(valid_until__gt=at),
        status=CardStatus.ACTIVE,
        club__status=PlaceStatus.ACTIVE,
        partner__status=PartnerStatus.ACTIVE,
    ).select_related("club", "partner")


def joinable_at(at: datetime) -> QuerySet[Card]:
    """Return the open cards that anybody may take: those that staff practise with are not."""
    return open_at(at).filter(partner__is_practice=False)


def card_for_visitor(*, card_id: int, at: datetime) -> Card:
    """Return a card that anybody may look at and join now.

    :raises CardNotFoundError: if there is none or it is not open.
    """
    card = joinable_at(at).filter(pk=card_id).order_by("pk").first()
    if card is None:
        raise CardNotFoundError
    return card


def cards_for_staff(*, user: User, at: datetime) -> QuerySet[Card]:
    """Return the open cards of the clubs where this user works."""
    return open_at(at).filter(club__in=Club.objects.staffed_by(user.pk))
