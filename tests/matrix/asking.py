"""Who asks for which address."""

from django.test import Client
from django.urls import reverse

from tests import cast
from tests.matrix.rows import Row
from tests.matrix.world import Side, client_of


def person(role: str, sides: tuple[Side, Side]) -> Client:
    """Return the browser of somebody in this role, seen from the first side."""
    own, foreign = sides
    users = {
        "anonymous": None,
        "member": own.member,
        "other_member": foreign.member,
        "staff": own.staff,
        "stranger_staff": own.stranger_staff,
        "foreign_staff": foreign.staff,
        "owner": own.owner,
        "support": own.support,
        "foreign_owner": foreign.owner,
    }
    if role == "superuser":
        root = cast.make_user("root", is_superuser=True, is_staff=True)
        return client_of(root)
    return client_of(users[role])


def address(route_name: str, row: Row, side: Side) -> str:
    """Return the address of a route for what this side owns."""
    path = reverse(route_name, kwargs=row.arguments(side))
    return f"{path}?{row.query}" if row.query else path
