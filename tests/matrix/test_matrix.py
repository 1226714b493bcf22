"""Every route against every kind of person: who may, who learns nothing, and no foreign word."""

import pytest

from tests.matrix.asking import address, person
from tests.matrix.expected import ACCOUNT_PREFIXES, EXPECTED
from tests.matrix.rows import ROLES
from tests.matrix.walk import Route, routes
from tests.matrix.world import CANARY

ALL_ROUTES = routes()
# Bare addresses of the dashboard only lead on to the named ones.
OWN = [
    route
    for route in ALL_ROUTES
    if not route.name.startswith(ACCOUNT_PREFIXES) and route.name != "admin"
]
NAMES = sorted({route.name for route in OWN} & EXPECTED.keys())
# Whoever belongs to the first partner may see its words where a page shows them.
INSIDERS = {"member", "staff", "stranger_staff", "owner", "support", "superuser"}


def test_every_route_has_an_entry():
    missing = sorted({route.name for route in OWN} - EXPECTED.keys())

    assert missing == []


def test_every_entry_has_a_route():
    assert sorted(EXPECTED.keys() - {route.name for route in OWN}) == []


@pytest.mark.req("R1.1", "R2.2", "R2.4", "R4.4", "R5.2", "R7.1")
@pytest.mark.parametrize("name", NAMES)
def test_a_page_opens_for_its_people_and_for_nobody_else(name, sides):
    row = EXPECTED[name]
    path = address(name, row, sides[0])
    answers: dict[str, int] = {}
    leaks: list[str] = []

    for role in ROLES:
        response = getattr(person(role, sides), row.method)(path)
        answers[role] = response.status_code
        body = b"".join(response) if response.streaming else response.content
        if role not in INSIDERS and name not in PUBLIC_WORDS and CANARY.encode() in body:
            leaks.append(role)
        if row.must_show(role):
            assert CANARY.encode() in body, f"{role} does not see the canary"

    wrong = {role: code for role, code in answers.items() if code not in row.answers(role)}
    assert (wrong, leaks) == ({}, [])


# Open cards are for everybody to see and join, and doors stand in public.
PUBLIC_WORDS = {
    "site:join",
    "site:home",
    "wallet:cards",
    "wallet:door",
    "wallet:look",
    "wallet:looks",
}


def test_walking_finds_a_forgotten_route():
    assert Route("staff:home", "staff/", ()) in ALL_ROUTES
