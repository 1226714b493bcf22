"""Fill an empty database with the demo, once, and say who can sign in."""

from datetime import datetime, timedelta

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from clubs.models import Manager, Partner, StaffMember
from loyalty.analytics import rollups
from loyalty.analytics.models import RollupMark
from loyalty.analytics.spans import SETTLED
from loyalty.demo import looks, people, shops
from loyalty.demo.chance import Chance
from loyalty.demo.story import Story
from loyalty.users.models import User

SEED = "lantern street"
MEMBERS = 300
FEWEST_MEMBERS = 10


class NotEmptyError(Exception):
    """The database holds something else; the demo would mix with it."""


def is_there() -> bool:
    """Return whether the database holds the demo."""
    return Partner.objects.filter(slug=shops.SLUG).exists()


def seed(*, now: datetime, members: int = MEMBERS) -> bool:
    """Fill the database with a year that ends now; return False if the demo is there already.

    :raises NotEmptyError: if the database holds anything else.
    """
    if is_there():
        return False
    if Partner.objects.exists() or User.objects.exists():
        raise NotEmptyError
    # All or nothing, so that a run that was ended leaves an empty database.
    with transaction.atomic():
        chance = Chance(SEED)
        opened_at = now - timedelta(days=people.DAYS)
        street = shops.build(opened_at)
        holders = people.invent(street, count=members, now=now, chance=chance)
        Story(street, holders, now=now, chance=chance).tell()
        looks.look(street, holders, now=now, seed=SEED)
        _count(now)
        call_command("sync_schedules", verbosity=0)
    return True


def _count(now: datetime) -> None:
    """Make the sums behind the figures at once; the job that makes them waits for late writers."""
    for partner in Partner.objects.filter(is_practice=False):
        rollups.rebuild(partner=partner, at=timezone.now() + SETTLED)
    RollupMark.objects.update(rolled_at=now, counted_at=now)


def sign_ins() -> list[tuple[str, ...]]:
    """Return who can sign in, as rows of a table with its heading."""
    rows: list[tuple[str, ...]] = [("Who", "E-mail", "Password", "PIN", "May")]
    managers = Manager.objects.filter(partner__slug=shops.SLUG).order_by("pk")
    rows += [
        (row.user.name, row.user.email, shops.PASSWORD, "", str(row.get_role_display()))
        for row in managers.select_related("user")
    ]
    staff = StaffMember.objects.filter(partner__slug=shops.SLUG).order_by("pk")
    for row in staff.select_related("user", "club"):
        pin = shops.PINS[row.user.email.partition("@")[0]]
        rows.append((row.user.name, row.user.email, shops.PASSWORD, pin, f"staff, {row.club.name}"))
    for name in people.NAMED:
        user = User.objects.get(email=f"{name}@{shops.HOST}")
        rows.append((user.name, user.email, shops.PASSWORD, "", "member"))
    return rows
