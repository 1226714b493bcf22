"""The cards of the street's small shops: points, stamps, points by hand, and money back."""

from datetime import datetime
from decimal import Decimal

from cards.models import Card, MilestoneRule, Reward, Tier
from loyalty.demo import pictures
from loyalty.demo.offering import Desk, Place, make_card, make_reward
from loyalty.rules.terms import MilestoneKind

STAMPS = 10


def cafe(place: Place, opened_at: datetime) -> Desk:
    """Make the café's card: a point per euro, three tiers, a gift on birthdays."""
    words = (
        "Lantern Coffee",
        "A point for every euro, and a coffee is never far.",
        "Show your card when you pay. Silver earns a quarter more, Gold half as much again."
        " Points last half a year. On your birthday a coffee is on the house.",
    )
    card = make_card(
        place.club,
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
    coffee = make_reward(
        card,
        "COFFEE",
        "Coffee of your choice",
        40,
        pictures.cup,
        description="Any size, any milk, here or to go.",
    )
    breakfast = make_reward(
        card,
        "BREAKFAST",
        "Breakfast for two",
        160,
        pictures.breakfast,
        description="Two hot drinks, croissants, eggs as you like them.",
        per_member=4,
    )
    mug = make_reward(
        card,
        "MUG",
        "The house mug",
        120,
        pictures.mug,
        description="Fired in Porto, holds a large flat white.",
        stock=90,
    )
    _cafe_tiers(card, mug)
    MilestoneRule.objects.create(
        partner=card.partner,
        card=card,
        kind=MilestoneKind.BIRTHDAY,
        is_repeated=True,
        reward=coffee,
    )
    return Desk(
        card=card,
        place=place,
        stores=place.stores,
        rewards=(coffee, breakfast, mug),
        least=280,
        most=1850,
        every_days=30,
    )


def _cafe_tiers(card: Card, mug: Reward) -> None:
    """Make the café's three tiers; the mug welcomes to the highest."""
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


def barber(place: Place, opened_at: datetime) -> Desk:
    """Make the barber's card: a stamp card whose tenth stamp gives a haircut at once."""
    words = (
        "Sharp & Co.",
        "A stamp for every 15 euros in the chair.",
        "Ten stamps fill the card: a haircut is yours at once, and what is left over begins the"
        " next card. Stamps last for ever.",
    )
    card = make_card(
        place.club,
        opened_at,
        words,
        code="BARBER",
        name="Sharp & Co.",
        unit_one="stamp",
        unit_many="stamps",
        step_minor=1500,
        stamps_per_card=STAMPS,
        number_prefix="SC",
        colour="#7a2438",
        icon="scissors",
    )
    cut = make_reward(
        card,
        "CUT",
        "A haircut on the house",
        STAMPS,
        pictures.scissors,
        description="Wash, cut and finish.",
    )
    card.full_card_reward = cut
    card.save(update_fields=["full_card_reward"])
    return Desk(
        card=card,
        place=place,
        stores=place.stores,
        rewards=(cut,),
        least=1600,
        most=4800,
        every_days=55,
    )


def gym(place: Place, opened_at: datetime) -> Desk:
    """Make the gym's card: the coach enters the points of each class."""
    words = (
        "Iron Yard",
        "Points for every class you finish.",
        "Your coach enters the points of the class. They last a year.",
    )
    card = make_card(
        place.club,
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
    guest = make_reward(
        card,
        "PERSONAL",
        "An hour with a coach",
        150,
        pictures.dumbbell,
        description="One to one: plan, form, questions.",
    )
    return Desk(
        card=card,
        place=place,
        stores=place.stores,
        rewards=(guest,),
        least=10,
        most=30,
        every_days=30,
    )


def grocer(place: Place, opened_at: datetime) -> Desk:
    """Make the grocer's card: money back on what is sold, points for what the shop buys."""
    words = (
        "Green Basket",
        "Three per cent back on good food, to spend at the till.",
        "Every full 5 euros put 15 cents on your card; pay with them whenever you like. Purchases"
        " from 5 euros count. For fruit from your garden you get two points per euro. Credit and"
        " points last a year.",
    )
    card = make_card(
        place.club,
        opened_at,
        words,
        code="BASKET",
        name="Green Basket",
        step_minor=500,
        points_per_step=0,
        credit_per_step_minor=15,
        buy_step_minor=100,
        buy_points_per_step=2,
        min_amount_minor=500,
        expiry_days=365,
        number_prefix="GB",
        colour="#3f6b12",
        icon="basket",
    )
    box = make_reward(
        card,
        "BOX",
        "A box of seasonal fruit",
        60,
        pictures.fruit,
        description="Five kilos of what is ripe this week.",
    )
    return Desk(
        card=card,
        place=place,
        stores=place.stores[-1:],
        rewards=(box,),
        least=390,
        most=6400,
        every_days=45,
        buys=True,
    )
