"""The demo's business: one partner, two clubs, three stores, four cards, and who works there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress
from django.core.files.storage import default_storage

from cards import terms
from cards.models import Card, CardStatus, CardText, Reward, Tier
from clubs.models import Club, Manager, Partner, Role, StaffMember, Store
from loyalty.demo import pictures
from loyalty.demo.pictures import Sheet
from loyalty.users.models import User

SLUG = "lantern-street"
HOST = "lantern.example"
PASSWORD = "lantern-demo"  # noqa: S105 - printed on purpose, for data that is made up
PINS = {"sam": "2468", "aiko": "1357", "tess": "8642", "omar": "7531"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A card with its rewards, where it is used, by whom, and what people spend there."""

    card: Card
    stores: tuple[Store, ...]
    staff: tuple[User, ...]
    rewards: tuple[Reward, ...]
    least: int
    most: int
    every_days: int


@dataclass(slots=True, kw_only=True)
class Street:
    """Everything that stands before the first deed."""

    partner: Partner
    owner: User
    support: User
    named: dict[str, User]
    desks: list[Desk] = field(default_factory=list)


def person(key: str, name: str, *, password: str | None = None, **extra: Any) -> User:
    """Return a new user with a proven e-mail; without a password they sign in by code."""
    user = User.objects.create_user(f"{key}@{HOST}", password, name=name, language="en", **extra)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def build(opened_at: datetime) -> Street:
    """Make the partner with clubs, stores, cards and people; rules are in force from then on."""
    partner = Partner.objects.create(
        name="Lantern Street",
        company_name="Lantern Street Trading Ltd",
        slug=SLUG,
        code="LANTERN",
        country="PT",
        website=f"https://{HOST}",
    )
    owner = _manager(partner, "petra", "Petra Lindqvist", Role.OWNER)
    support = _manager(partner, "kofi", "Kofi Mensah", Role.SUPPORT, adjust_cap=500)
    table = Club.objects.create(partner=partner, code="TABLE", name="Table and Pantry")
    body = Club.objects.create(partner=partner, code="BODY", name="Body and Style")
    cafe = _store(table, "CAFE", "Lantern Café, Old Port")
    market = _store(table, "MARKET", "Market Hall")
    loft = _store(body, "LOFT", "The Loft, Linden Street")
    servers = (
        _staff(table, "sam", "Sam Okafor", may_give_points=True, may_redeem_by_search=True),
        _staff(table, "aiko", "Aiko Tanaka"),
    )
    stylists = (
        _staff(body, "tess", "Tess Moreau", may_give_points=True),
        _staff(body, "omar", "Omar Haddad"),
    )
    street = Street(
        partner=partner,
        owner=owner,
        support=support,
        named={
            "mia": person("mia", "Mia Castell", password=PASSWORD),
            "noor": person("noor", "Noor Rahimi", password=PASSWORD),
            "jonas": person("jonas", "Jonas Weiss", password=PASSWORD),
        },
    )
    street.desks = [
        _cafe(table, opened_at, (cafe, market), servers),
        _barber(body, opened_at, (loft,), stylists),
        _gym(body, opened_at, (loft,), stylists),
        _grocer(table, opened_at, (market,), servers),
    ]
    for desk in street.desks:
        terms.publish(card=desk.card, at=opened_at, by_id=owner.pk)
    return street


def _manager(partner: Partner, key: str, name: str, role: Role, **extra: Any) -> User:
    user = person(key, name, password=PASSWORD, is_staff=True)
    Manager.objects.create(partner=partner, user=user, role=role, **extra)
    return user


def _store(club: Club, code: str, name: str) -> Store:
    return Store.objects.create(partner=club.partner, club=club, code=code, name=name)


def _staff(club: Club, key: str, name: str, **extra: Any) -> User:
    user = person(key, name, password=PASSWORD)
    member = StaffMember(partner=club.partner, user=user, club=club, **extra)
    member.set_pin(PINS[key])
    member.save()
    return user


def _card(club: Club, opened_at: datetime, words: tuple[str, str, str], **extra: Any) -> Card:
    card = Card.objects.create(
        partner=club.partner,
        club=club,
        status=CardStatus.ACTIVE,
        activated_at=opened_at,
        earns_per_hour=6,
        search_spends=True,
        **extra,
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


def _reward(
    card: Card,
    code: str,
    name: str,
    cost: int,
    draw: Callable[[Sheet], None],
    **extra: Any,
) -> Reward:
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


def _cafe(
    club: Club, opened_at: datetime, stores: tuple[Store, ...], staff: tuple[User, ...]
) -> Desk:
    words = (
        "Lantern Coffee",
        "A point for every euro, and a coffee is never far.",
        "Show your card when you pay. Silver earns a quarter more, Gold half as much again."
        " Points last half a year.",
    )
    card = _card(
        club,
        opened_at,
        words,
        code="COFFEE",
        name="Lantern Coffee",
        welcome_points=10,
        expiry_days=180,
        number_prefix="LC",
        colour="#0f5c48",
        icon="cup",
    )
    coffee = _reward(
        card,
        "COFFEE",
        "Coffee of your choice",
        40,
        pictures.cup,
        description="Any size, any milk, here or to go.",
    )
    breakfast = _reward(
        card,
        "BREAKFAST",
        "Breakfast for two",
        160,
        pictures.breakfast,
        description="Two hot drinks, croissants, eggs as you like them.",
        per_member=4,
    )
    mug = _reward(
        card,
        "MUG",
        "The house mug",
        120,
        pictures.mug,
        description="Fired in Porto, holds a large flat white.",
        stock=90,
    )
    for code, name, least, times, gift in (
        ("REGULAR", "Regular", 0, "1.00", None),
        ("SILVER", "Silver", 90, "1.25", None),
        ("GOLD", "Gold", 220, "1.50", mug),
    ):
        Tier.objects.create(
            partner=card.partner,
            card=card,
            code=code,
            name=name,
            min_value=least,
            multiplier=Decimal(times),
            entry_reward=gift,
        )
    return Desk(
        card=card,
        stores=stores,
        staff=staff,
        rewards=(coffee, breakfast, mug),
        least=280,
        most=1850,
        every_days=30,
    )


def _barber(
    club: Club, opened_at: datetime, stores: tuple[Store, ...], staff: tuple[User, ...]
) -> Desk:
    words = (
        "Sharp & Co.",
        "A stamp for every 15 euros in the chair.",
        "Ten stamps are a haircut. Stamps last for ever.",
    )
    card = _card(
        club,
        opened_at,
        words,
        code="BARBER",
        name="Sharp & Co.",
        unit_one="stamp",
        unit_many="stamps",
        step_minor=1500,
        number_prefix="SC",
        colour="#7a2438",
        icon="scissors",
    )
    cut = _reward(
        card,
        "CUT",
        "A haircut on the house",
        10,
        pictures.scissors,
        description="Wash, cut and finish.",
    )
    return Desk(
        card=card,
        stores=stores,
        staff=staff,
        rewards=(cut,),
        least=1600,
        most=4800,
        every_days=55,
    )


def _gym(
    club: Club, opened_at: datetime, stores: tuple[Store, ...], staff: tuple[User, ...]
) -> Desk:
    words = (
        "Iron Yard",
        "Points for every class you finish.",
        "Your coach enters the points of the class. They last a year.",
    )
    card = _card(
        club,
        opened_at,
        words,
        code="GYM",
        name="Iron Yard",
        is_points_only=True,
        max_points=50,
        expiry_days=365,
        number_prefix="IY",
        colour="#243a8c",
        icon="dumbbell",
    )
    guest = _reward(
        card,
        "PERSONAL",
        "An hour with a coach",
        150,
        pictures.dumbbell,
        description="One to one: plan, form, questions.",
    )
    return Desk(
        card=card,
        stores=stores,
        staff=staff,
        rewards=(guest,),
        least=10,
        most=30,
        every_days=30,
    )


def _grocer(
    club: Club, opened_at: datetime, stores: tuple[Store, ...], staff: tuple[User, ...]
) -> Desk:
    words = (
        "Green Basket",
        "Two points for every euro of good food.",
        "Purchases from 5 euros count. Points last a year.",
    )
    card = _card(
        club,
        opened_at,
        words,
        code="BASKET",
        name="Green Basket",
        points_per_step=2,
        min_amount_minor=500,
        expiry_days=365,
        number_prefix="GB",
        colour="#3f6b12",
        icon="basket",
    )
    box = _reward(
        card,
        "BOX",
        "A box of seasonal fruit",
        300,
        pictures.fruit,
        description="Five kilos of what is ripe this week.",
    )
    return Desk(
        card=card,
        stores=stores,
        staff=staff,
        rewards=(box,),
        least=390,
        most=6400,
        every_days=45,
    )
