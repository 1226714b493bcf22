"""Who the demo's customers are: which cards they hold, since when, and when they come by."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from loyalty.demo import names
from loyalty.demo.chance import Chance
from loyalty.demo.offering import Desk
from loyalty.demo.shops import BARBER, CAFE, GROCER, GYM, HOST, KITCHEN, Street, person
from loyalty.ledger.models import Transaction
from loyalty.members.models import Membership
from loyalty.operations.birthdays import Birthday
from loyalty.users.models import User

DAYS = 365
# How many of a hundred members hold the card of each desk: coffee, barber, gym, basket, kitchen.
HOLDING = (52, 20, 16, 32, 24)
NAMED = {
    "mia": (CAFE, GROCER, KITCHEN),
    "noor": (CAFE, BARBER, KITCHEN),
    "jonas": (GYM, GROCER),
}
# Who forms a family group with the first of the named.
FAMILY = (("teo.castell", "Teo", "Castell"), ("ana.castell", "Ana", "Castell"))
# Percent of the usual days between two visits: regulars, most people, and the rare guest.
PACES = (50, 100, 100, 250)
# Numbers that are kept free for stories.
PHONE = "+447700900{:03d}"


@dataclass(slots=True, kw_only=True)
class Holder:
    """A customer's card: ``user`` is None for a guest, who told a phone number only.

    ``sale`` is the latest purchase that stands, with its bill, for who brings something back.
    """

    key: int
    first_name: str
    last_name: str
    user: User | None
    phone: str
    desk: Desk
    joins_at: datetime
    visits: list[datetime] = field(default_factory=list)
    birthday: Birthday | None = None
    is_student: bool = False
    brought_by: "Holder | None" = None
    membership: Membership | None = None
    sale: Transaction | None = None


def invent(street: Street, *, count: int, now: datetime, chance: Chance) -> list[Holder]:
    """Return the cards that so many customers take in the year before now; three are named."""
    holders = _named(street, now, chance)
    holders += _family(street, now, chance)
    for key in range(len(NAMED) + len(FAMILY), count):
        holders += _stranger(street, key, now, chance)
    for holder in holders:
        holder.visits = _visits(street, holder, now, chance)
    return holders


def _named(street: Street, now: datetime, chance: Chance) -> list[Holder]:
    """Return the cards of those whose sign-ins are printed; the first brings the second."""
    holders = []
    for key, (name, places) in enumerate(NAMED.items()):
        user = street.named[name]
        first, _, last = user.name.partition(" ")
        joined = now - timedelta(days=DAYS - 12 - 9 * key)
        for place in places:
            holder = Holder(
                key=key,
                first_name=first,
                last_name=last,
                user=user,
                phone="",
                desk=street.desks[place],
                joins_at=_opening(street, joined, chance, now),
                birthday=Birthday(day=9 + key, month=3 * key + 2, year=1990 + key),
            )
            holders.append(holder)
    mia, noor = (
        next(one for one in holders if one.key == key and one.desk is street.desks[KITCHEN])
        for key in (0, 1)
    )
    noor.brought_by = mia
    return holders


def _family(street: Street, now: datetime, chance: Chance) -> list[Holder]:
    return [
        Holder(
            key=len(NAMED) + at,
            first_name=first,
            last_name=last,
            user=person(address, f"{first} {last}"),
            phone="",
            desk=street.desks[KITCHEN],
            joins_at=_opening(street, now - timedelta(days=300 - 11 * at), chance, now),
            birthday=Birthday(day=21, month=5 + 4 * at, year=1988 + 26 * at),
        )
        for at, (address, first, last) in enumerate(FAMILY)
    ]


def _stranger(street: Street, key: int, now: datetime, chance: Chance) -> list[Holder]:
    first = names.FIRST[key * 37 % len(names.FIRST)]
    last = names.LAST[(key * 53 + key // len(names.LAST)) % len(names.LAST)]
    joined = now - timedelta(days=chance.between(2, DAYS - 15))
    desks = [
        desk for desk, percent in zip(street.desks, HOLDING, strict=True) if chance.happens(percent)
    ] or [street.desks[0]]
    is_guest = chance.happens(28)
    if is_guest:
        desks = desks[:1]
    birthday = None
    if chance.happens(70):
        day, month = chance.between(1, 28), chance.between(1, 12)
        birthday = Birthday(day=day, month=month, year=chance.between(1950, 2006))
    is_student = chance.happens(12)
    return [
        Holder(
            key=key,
            first_name=first,
            last_name=last,
            user=None if is_guest else _user(key, first, last),
            phone=PHONE.format(key % 1000),
            desk=desk,
            joins_at=_opening(street, joined + timedelta(days=7 * place), chance, now),
            birthday=birthday,
            is_student=is_student,
        )
        for place, desk in enumerate(desks)
    ]


def _user(key: int, first: str, last: str) -> User:
    """Return the sign-in of a customer, the same for each of their cards."""
    plain = unicodedata.normalize("NFKD", f"{first}.{last}").encode("ascii", "ignore").decode()
    address = f"{plain.lower()}.{key}"
    found = User.objects.filter(email=f"{address}@{HOST}").first()
    return found or person(address, f"{first} {last}")


def _opening(street: Street, day: datetime, chance: Chance, now: datetime) -> datetime:
    """Return a moment of this day while the shops are open, before now."""
    date = day.astimezone(street.partner.zone()).date()
    minutes = chance.around(8 * 60, 19 * 60)
    at = datetime.combine(date, time(minutes // 60, minutes % 60), street.partner.zone())
    return min(at + timedelta(seconds=chance.below(60)), now - timedelta(hours=1))


def _visits(street: Street, holder: Holder, now: datetime, chance: Chance) -> list[datetime]:
    usual = holder.desk.every_days * chance.one_of(PACES) // 100
    if holder.key < len(NAMED):
        usual = holder.desk.every_days * 2 // 3
    found: list[datetime] = []
    # The first purchase is mostly on the day of joining.
    at = holder.joins_at + timedelta(minutes=chance.between(1, 9))
    while at < now - timedelta(minutes=10):
        found.append(at)
        gap = timedelta(days=chance.around(1, 2 * usual))
        at = _opening(street, at + gap, chance, at + gap + timedelta(days=1))
    return found
