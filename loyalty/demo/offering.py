"""What the demo's shops are made of: a card with its words, its rewards, and where it is used."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.storage import default_storage

from cards.models import Card, CardStatus, CardText, Reward
from clubs.models import Club, Store
from loyalty.demo import pictures
from loyalty.demo.pictures import Sheet
from loyalty.users.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Dish:
    """Something on a menu: codes of product and group, its price, how often it is chosen."""

    product: str
    group: str
    price_minor: int
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A club with its stores and the people who serve there; the first one may do more."""

    club: Club
    stores: tuple[Store, ...]
    staff: tuple[User, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A card with its rewards, where it is used, by whom, and what people spend there.

    With a ``menu`` bills have lines and payments. ``buys`` says that the shop also buys.
    """

    card: Card
    place: Place
    stores: tuple[Store, ...]
    rewards: tuple[Reward, ...]
    least: int
    most: int
    every_days: int
    menu: tuple[Dish, ...] = ()
    buys: bool = False

    @property
    def staff(self) -> tuple[User, ...]:
        """Return who serves this card."""
        return self.place.staff


def make_card(club: Club, opened_at: datetime, words: tuple[str, str, str], **extra: Any) -> Card:
    """Return a new active card with its words in English."""
    fields: dict[str, Any] = {"earns_per_hour": 6, "search_spends": True}
    card = Card.objects.create(
        partner=club.partner,
        club=club,
        status=CardStatus.ACTIVE,
        activated_at=opened_at,
        **(fields | extra),
    )
    title, description, rules = words
    CardText.objects.create(
        card=card,
        language="en",
        title=title,
        description=description,
        rules=rules,
        terms="One card per person. Points have no cash value. The house may end the programme"
        " with three months' notice.",
    )
    return card


def make_reward(
    card: Card,
    code: str,
    name: str,
    cost: int,
    draw: Callable[[Sheet], None],
    **extra: Any,
) -> Reward:
    """Return a new reward with its picture in the card's colour."""
    file = pictures.picture(draw, colour=card.colour, name=f"{card.code}-{code}".lower())
    default_storage.delete(f"rewards/{file.name}")  # A demo made anew keeps no old copies.
    return Reward.objects.create(
        partner=card.partner,
        card=card,
        code=code,
        name=name,
        cost=cost,
        image=file,
        position=card.rewards.count(),
        **extra,
    )
