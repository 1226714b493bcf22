"""What is held about a person, as one file: the same for the member and for a manager who asks."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cards.models import Tag
from clubs.models import Role
from loyalty.audit.models import AuditEvent
from loyalty.ledger.drafts import Note
from loyalty.members.models import MemberTag
from loyalty.operations import adjustments, vouchers
from loyalty.web import held_data
from tests import cast as people
from tests.admin.desk import action, at_desk
from tests.cast import NOON, join, make_cast, make_manager, make_tier, make_user
from tests.operations.counter import adjust, buy

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    """Mia has a tag, bought, was scanned, got a voucher and a correction with two notes."""
    cast = make_cast()
    make_tier(cast.card, "Silver", 5)
    cast.scan()
    buy(cast, 24000)
    deed = people.deed(cast.petra, "ADMIN")
    note = Note(internal="canary in a mine", comment="Sorry for the wait")
    adjustments.adjust_points(deed=deed, membership_id=cast.membership.pk, points=5, note=note)
    vouchers.issue_voucher(
        deed=people.deed(cast.petra, "ADMIN"),
        membership_id=cast.membership.pk,
        reward_id=cast.reward.pk,
    )
    tag = Tag.objects.create(partner=cast.partner, name="Regular")
    member = cast.membership.member
    MemberTag.objects.create(partner=cast.partner, member=member, tag=tag, is_set=True)
    return cast


def unpacked(response):
    with zipfile.ZipFile(io.BytesIO(response.content)) as book:
        return {name: book.read(name).decode("utf-8-sig") for name in book.namelist()}


def of_member(cast):
    client = Client()
    client.force_login(cast.mia)
    return client.post(reverse("wallet:own_data"))


@pytest.mark.req("CU18")
def test_a_member_takes_along_everything_but_what_the_team_wrote_for_itself(cast):
    files = unpacked(of_member(cast))

    data = json.loads(files["data.json"])
    counts = {name: len(rows) for name, rows in data.items() if name != "made"}
    assert counts == {
        "sign_in": 1,
        "person": 1,
        "tags": 1,
        "cards": 1,
        "balances": 2,
        "history": 4,
        "vouchers": 1,
        "claims": 0,
        "tiers": 1,
        "scans": 1,
    }
    assert data["cards"][0] | {"number": "", "recommendation_code": ""} == {
        "business": "Harbour Group",
        "card": "Harbour Coffee",
        "number": "",
        "status": "active",
        "tier": "Silver",
        "points": "45",
        "credit": "0.00",
        "currency": "EUR",
        "since": "2026-02-01T00:00:00",
        "last_active": "2026-05-14T13:00:00",
        "recommendation_code": "",
    }
    assert [row["why"] for row in data["history"] if row["points"] == "5"] == ["Sorry for the wait"]
    assert "Sorry for the wait" in files["index.html"]
    assert "Sorry for the wait" in files["history.csv"]
    assert "canary" not in "".join(files.values())
    assert cast.petra.email not in "".join(files.values())


@pytest.mark.req("CU18")
def test_a_manager_hands_out_the_same_of_their_own_business_and_it_is_written_down(cast):
    other = people.make_card(people.make_club(people.make_partner("Other"), "Far"), "Far Card")
    join(cast.mia, other)

    files = unpacked(at_desk(cast.petra).post(action("data", cast.membership)))

    whole = json.loads(unpacked(of_member(cast))["data.json"])
    data = json.loads(files["data.json"])
    assert data["history"] == [row for row in whole["history"] if row["card"] != "Far Card"]
    assert (len(whole["cards"]), len(data["cards"]), "sign_in" in data) == (2, 1, False)
    assert "Far Card" not in "".join(files.values())
    event = AuditEvent.objects.get(action="personal data fetched")
    assert (event.actor_id, event.object_id) == (cast.petra.pk, cast.membership.member_id)


def test_support_does_not_hand_out_personal_data(cast):
    support = make_user("hugo")
    make_manager(support, cast.partner, Role.SUPPORT)

    assert at_desk(support).post(action("data", cast.membership)).status_code == 403


def test_a_longer_history_costs_no_more_statements(cast):
    def statements():
        with CaptureQueriesContext(connection) as found:
            held_data.held(members=[cast.membership.member_id])
        return len(found)

    before = statements()
    for hour in range(3):
        adjust(cast, 5, at=NOON + timedelta(hours=hour + 1))

    assert (before, statements()) == (9, 9)
