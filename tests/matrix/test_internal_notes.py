"""What the team writes for itself, through every door that takes it, is on no page of a member."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from cards.models import Card
from loyalty.audit.models import AuditPerson
from loyalty.ledger.models import Kind, Transaction, TransactionNote, WaitingAdjustment
from loyalty.members.models import ConsentSource, MemberNote
from loyalty.operations import enrolments
from loyalty.operations.enrolments import Consent, Person
from tests import cast
from tests.admin.desk import errors, submit
from tests.matrix.expected import ACCOUNT_PREFIXES, EXPECTED
from tests.matrix.walk import routes
from tests.matrix.world import Side, client_of, make_side

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
HIDDEN = "Zinnoberrot"  # What no member may read.
TOLD = "Himmelblau"  # What they may: it shows that the walk sees their pages.
MANAGED = ("admin:members_", "admin:ledger_")


@dataclass(frozen=True)
class Door:
    """A form that takes words for the team alone, and how it is filled in."""

    fields: dict[str, Any] | Callable[[Side], dict[str, Any]]
    arguments: Callable[[Side], dict[str, Any]] = lambda _side: {}
    name: str = "internal"
    who: str = "owner"


def _latest(side: Side) -> dict[str, Any]:
    """Return the latest purchase or correction that stands, for whoever may undo any."""
    deeds = Transaction.objects.filter(
        membership=side.membership, kind=Kind.ADJUSTMENT, reversal__isnull=True
    )
    return {"transaction_id": deeds.latest("pk").pk}


def _joins(side: Side) -> dict[str, Any]:
    return {"numbers": side.membership.number}


def _leaves(side: Side) -> dict[str, Any]:
    return {"membership_id": side.membership.pk}


def _family(side: Side) -> dict[str, Any]:
    return {"name": "Two", "head": side.guest.number, "numbers": side.membership.number}


def _twin(side: Side) -> dict[str, Any]:
    """Return a second record of the same person, made at the counter."""
    made = enrolments.enrol_at_counter(
        deed=cast.deed(side.staff, at=timezone.now()),
        card_id=side.card.pk,
        person=Person(first_name="Twin"),
        consent=Consent(version="1", source=ConsentSource.COUNTER),
    )
    return {"other_id": made.pk}


# In the order in which they are gone through; each leaves the next one something to do.
DOORS = {
    "admin:members_membership_merge_with": Door({}, _twin),
    "admin:members_membership_note": Door({}, name="text"),
    "admin:members_membership_adjust": Door({"points": "500", "comment": TOLD}),
    "admin:members_membership_adjust_credit": Door({"credit": "5.00"}),
    "admin:members_membership_spend": Door(lambda side: {"reward": side.reward.pk}),
    "admin:members_membership_tier": Door(lambda side: {"tier": side.tier.pk}),
    "admin:members_membership_extend": Door({"days": "5"}),
    "admin:members_membership_pay": Door({"amount": "1.00"}),
    "admin:members_membership_refund": Door({"amount": "1.00"}),
    "admin:members_membership_remove_voucher": Door({}),
    "admin:members_membership_roll_back": Door({}),
    "admin:members_membership_reverse": Door({}, _latest, who="superuser"),
    "admin:members_membership_block": Door({}),
    "admin:members_membership_remove": Door({}),
    "admin:members_membership_restore": Door({}),
    "admin:members_membershipgroup_join": Door(_joins),
    "admin:members_membershipgroup_leave": Door({}, _leaves),
    "admin:members_membershipgroup_add": Door(_family),
    "admin:ledger_parkedrefund_drop": Door({}),
    "admin:ledger_waitingadjustment_decline": Door({}, name="words"),
}
# As a form names the words that only the team reads.
NAMES = (b'name="internal"', b'<textarea name="text"', b'<textarea name="words"')


def address(name: str, side: Side, **more: Any) -> str:
    return reverse(name, kwargs=EXPECTED[name].arguments(side) | more)


@pytest.fixture
def side(db, settings) -> Side:
    settings.ADMIN_NEEDS_SECOND_FACTOR = False
    return make_side("Plain")


def write_everywhere(side: Side, desks: dict[str, Client]) -> None:
    """Let words for the team go in by every door."""
    changed = {"expiry_days": 90, "expiry_override": "BY_HAND", "expiry_override_days": 30}
    Card.objects.filter(pk=side.card.pk).update(**changed)
    cast.publish(Card.objects.get(pk=side.card.pk))
    for name, door in DOORS.items():
        fields = door.fields(side) if callable(door.fields) else door.fields
        path = address(name, side, **door.arguments(side))
        response = submit(desks[door.who], path, **fields, **{door.name: f"{HIDDEN} {name}"})
        assert response.status_code == 302, (name, errors(response))


def desks_of(side: Side) -> dict[str, Client]:
    root = cast.make_user("root", is_superuser=True, is_staff=True)
    return {"owner": client_of(side.owner), "superuser": client_of(root)}


def kept() -> set[str]:
    """Return every word for the team that is stored anywhere."""
    return {
        *TransactionNote.objects.filter(internal__contains=HIDDEN).values_list(
            "internal", flat=True
        ),
        *MemberNote.objects.filter(text__contains=HIDDEN).values_list("text", flat=True),
        *WaitingAdjustment.objects.filter(answer_note__contains=HIDDEN).values_list(
            "answer_note", flat=True
        ),
        *AuditPerson.objects.filter(reason__contains=HIDDEN).values_list("reason", flat=True),
    }


def pages_of_the_member(side: Side) -> dict[str, tuple[str, str]]:
    """Return every address that the route table opens to a member, and the way to ask for it.

    A page about one transaction is asked for each of theirs; of the library's account pages those
    without arguments.
    """
    found: dict[str, tuple[str, str]] = {}
    deeds = list(Transaction.objects.filter(membership=side.membership))
    for name, row in EXPECTED.items():
        if "member" not in row.allowed:
            continue
        arguments = row.arguments(side)
        asked = [arguments]
        if "transaction_id" in arguments:
            asked = [arguments | {"transaction_id": deed.pk} for deed in deeds]
        for one in asked:
            path = reverse(name, kwargs=one)
            found[f"{name} {path}"] = (row.method, f"{path}?{row.query}" if row.query else path)
    for route in routes():
        if route.name.startswith(ACCOUNT_PREFIXES):
            try:
                found[route.name] = ("get", reverse(route.name))
            except NoReverseMatch:
                continue
    return found


def pages_with(word: str, side: Side) -> set[str]:
    """Return the pages, or their headers, and the mails in which the member reads a word.

    Each page is asked for anew signed in, because some of them sign out.
    """
    found = set()
    for name, (method, path) in pages_of_the_member(side).items():
        response = getattr(client_of(side.member), method)(path)
        body = b"".join(response) if response.streaming else response.content
        if word.encode() in body or word in str(response.headers) + str(response.cookies):
            found.add(name.split(" ", maxsplit=1)[0])
    return found | {"mail" for sent in mail.outbox if word in str(sent.message())}


def shown_to_the_team(side: Side, desk: Client) -> set[str]:
    """Return the doors whose words the account page shows."""
    account = address("admin:members_membership_account", side)
    body = "".join(
        desk.get(f"{account}?show={section}").content.decode()
        for section in ("transactions", "tiers", "notes")
    )
    return {name for name in DOORS if f"{HIDDEN} {name}" in body}


# What was given up of a refund without a purchase is nobody's, what a colleague declined stands
# with the question, and what moved from one account to another is told on the account it led to.
ELSEWHERE = {
    "admin:ledger_parkedrefund_drop",
    "admin:ledger_waitingadjustment_decline",
    "admin:members_membership_extend",
    "admin:members_membership_merge_with",
    "admin:members_membershipgroup_join",
    "admin:members_membershipgroup_leave",
}


@pytest.mark.req("CU18", "CU19", "CU29")
def test_what_the_team_writes_for_itself_is_on_its_own_page_and_on_none_of_a_member(side):
    desks = desks_of(side)
    write_everywhere(side, desks)

    assert kept() == {f"{HIDDEN} {name}" for name in DOORS}
    assert pages_with(HIDDEN, side) == set()
    assert shown_to_the_team(side, desks["owner"]) == DOORS.keys() - ELSEWHERE
    # The same walk finds what a member is told, so it would have found a leak.
    assert {"wallet:history", "wallet:deed"} <= pages_with(TOLD, side)
    assert {"wallet:version", "wallet:fragment", "wallet:offline"} <= {
        name.split(" ", maxsplit=1)[0] for name in pages_of_the_member(side)
    }


@pytest.mark.req("CU18")
def test_every_door_that_takes_words_for_the_team_is_gone_through(side):
    root = desks_of(side)["superuser"]
    found = set()
    for name, row in EXPECTED.items():
        if name.startswith(MANAGED) and row.method == "get" and row.allowed:
            response = root.get(address(name, side))
            body = b"".join(response) if response.streaming else response.content
            if any(one in body for one in NAMES):
                found.add(name)

    # Without points whose date may move, that page has no form.
    assert found | {"admin:members_membership_extend"} == DOORS.keys()
