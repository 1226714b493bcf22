"""The demo's business: one partner, three clubs, five stores, five cards, and who works there."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress

from cards import terms
from clubs.models import Club, Manager, Partner, Role, StaffMember, Store
from loyalty.demo import chain, small_cards
from loyalty.demo.offering import Desk, Place
from loyalty.members import codes
from loyalty.users.models import User

SLUG = "lantern-street"
HOST = "lantern.example"
PASSWORD = "lantern-demo"  # noqa: S105 - printed on purpose, for data that is made up
PINS = {
    "sam": "2468",
    "aiko": "1357",
    "tess": "8642",
    "omar": "7531",
    "lina": "9753",
    "marco": "3186",
}
# The order of a street's desks.
CAFE, BARBER, GYM, GROCER, KITCHEN = range(5)


@dataclass(slots=True, kw_only=True)
class Street:
    """Everything that stands before the first deed."""

    partner: Partner
    owner: User
    support: User
    students_id: int
    named: dict[str, User]
    desks: list[Desk] = field(default_factory=list)

    @property
    def searchers(self) -> set[User]:
        """Return who may spend for a member found by a search: the first of some places."""
        return {desk.staff[0] for desk in self.desks if desk.place.club.code in SEARCHING}


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
    students = chain.make_masters(partner)
    table = _place(partner, "TABLE", "Table and Pantry")
    body = _place(partner, "BODY", "Body and Style")
    corner = _place(partner, "CORNER", "Corner Kitchens")
    street = Street(
        partner=partner,
        owner=owner,
        support=support,
        students_id=students.pk,
        named={
            "mia": person("mia", "Mia Castell", password=PASSWORD),
            "noor": person("noor", "Noor Rahimi", password=PASSWORD),
            "jonas": person("jonas", "Jonas Weiss", password=PASSWORD),
        },
    )
    street.desks = [
        small_cards.cafe(table, opened_at),
        small_cards.barber(body, opened_at),
        small_cards.gym(body, opened_at),
        small_cards.grocer(table, opened_at),
        chain.kitchen(corner, opened_at),
    ]
    for desk in street.desks:
        terms.publish(card=desk.card, at=opened_at, by_id=owner.pk)
    return street


STORES = {
    "TABLE": (("CAFE", "Lantern Café, Old Port"), ("MARKET", "Market Hall")),
    "BODY": (("LOFT", "The Loft, Linden Street"),),
    "CORNER": (("HARBOUR", "Corner Kitchen, Harbour"), ("STATION", "Corner Kitchen, Station")),
}
# The first of a place may give points without a sale.
STAFF = {
    "TABLE": (("sam", "Sam Okafor"), ("aiko", "Aiko Tanaka")),
    "BODY": (("tess", "Tess Moreau"), ("omar", "Omar Haddad")),
    "CORNER": (("lina", "Lina Petrova"), ("marco", "Marco Bellini")),
}
# Where they may also spend for a member found by a search.
SEARCHING = {"TABLE", "CORNER"}
# Where members check in at the door.
DOORS = {"CORNER"}


def _place(partner: Partner, code: str, name: str) -> Place:
    club = Club.objects.create(partner=partner, code=code, name=name)
    has_door = code in DOORS
    stores = tuple(
        Store.objects.create(
            partner=partner,
            club=club,
            code=store_code,
            name=store_name,
            allows_check_in=has_door,
            check_in_code=codes.new_check_in_code() if has_door else "",
        )
        for store_code, store_name in STORES[code]
    )
    (first, first_name), (second, second_name) = STAFF[code]
    staff = (
        _staff(
            club,
            first,
            first_name,
            may_give_points=True,
            may_redeem_by_search=code in SEARCHING,
        ),
        _staff(club, second, second_name),
    )
    return Place(club=club, stores=stores, staff=staff)


def _manager(partner: Partner, key: str, name: str, role: Role, **extra: Any) -> User:
    user = person(key, name, password=PASSWORD, is_staff=True)
    Manager.objects.create(partner=partner, user=user, role=role, **extra)
    return user


def _staff(club: Club, key: str, name: str, **extra: Any) -> User:
    user = person(key, name, password=PASSWORD)
    member = StaffMember(partner=club.partner, user=user, club=club, **extra)
    member.set_pin(PINS[key])
    member.save()
    return user
