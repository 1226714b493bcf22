"""The list of members and the account page."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clubs.models import Partner
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Entry, Lot, Source, Transaction
from loyalty.members.models import ConsentSource, Member, Membership, MembershipStatus
from loyalty.operations import adjustments, enrolments, memberships, purchases, vouchers
from loyalty.operations.enrolments import Consent, Person
from loyalty.operations.purchases import Bill
from tests.admin.desk import action, at_desk
from tests.cast import deed, join, make_cast, make_tier, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/members/membership/"


def guest(cast, **person):
    return enrolments.enrol_at_counter(
        deed=deed(cast.sam),
        card_id=cast.card.pk,
        person=Person(**({"first_name": "Gus"} | person)),
        consent=Consent(version="2026-11", source=ConsentSource.COUNTER),
    )


def found(client, query):
    return [row.pk for row in client.get(f"{LIST}?{query}").context["cl"].result_list]


@pytest.mark.req("CU2", "IV1.4", "CU6")
@pytest.mark.parametrize(
    "typed",
    [
        "Silva Ana",
        "ana silva",
        "SIL",
        "+351 912 345 678",
        "912345678",
        "912 345 678",
        "\u0669\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
        "ana@silva",
    ],
)
def test_a_member_is_found_by_name_phone_and_e_mail_in_any_writing(typed):
    cast = make_cast()
    ana = guest(
        cast, first_name="Ana", last_name="Silva", phone="+351912345678", email="ana@silva.example"
    )

    assert found(at_desk(cast.petra), f"q={typed.replace('+', '%2B')}") == [ana.pk]


def test_a_member_is_found_by_card_number_and_by_code():
    cast = make_cast()
    other = guest(cast)
    client = at_desk(cast.petra)

    spaced = f"{other.code[:4]} {other.code[4:8]}-{other.code[8:]}".lower()

    assert (found(client, f"q={other.number}"), found(client, f"q={spaced}")) == (
        [other.pk],
        [other.pk],
    )


@pytest.mark.parametrize("typed", ["9" * 400, "%00", "'\"<script>", "%F0%9F%98%80", "   "])
def test_a_search_for_nonsense_finds_nothing_or_all_and_never_fails(typed):
    cast = make_cast()

    assert at_desk(cast.petra).get(f"{LIST}?q={typed}").status_code in {200, 400}


@pytest.mark.req("CU2")
def test_the_list_tells_members_guests_removed_and_blocked_apart():
    cast = make_cast()
    client = at_desk(cast.petra)
    rows = {"member": cast.membership}
    for word, status in (("guest", None), ("REMOVED", "REMOVED"), ("BLOCKED", "BLOCKED")):
        rows[word] = guest(cast, first_name=word)
        if status:
            memberships.change_status(
                deed=deed(cast.petra, Source.ADMIN),
                membership_id=rows[word].pk,
                status=MembershipStatus(status),
            )

    assert {word: found(client, f"state={word}") for word in rows} == {
        word: [row.pk] for word, row in rows.items()
    }
    body = client.get(LIST).content.decode().lower()
    assert [word for word in ("member", "guest", "removed", "blocked") if word not in body] == []


@pytest.mark.req("R5.2")
def test_the_list_holds_everybody_who_used_the_card_and_says_who_did_not():
    cast = make_cast()
    other = guest(cast)
    adjustments.adjust_points(deed=deed(cast.petra, Source.ADMIN), membership_id=other.pk, points=5)
    client = at_desk(cast.petra)

    assert (found(client, ""), found(client, "used=yes"), found(client, "used=no")) == (
        [other.pk, cast.membership.pk],
        [other.pk],
        [cast.membership.pk],
    )


def test_the_list_of_members_costs_the_same_for_one_and_for_fifty(django_assert_num_queries):
    cast = make_cast()
    client = at_desk(cast.petra)
    client.get(LIST)
    with django_assert_num_queries(13):
        client.get(LIST)
    for number in range(49):
        guest(cast, first_name=f"Guest {number}", phone=f"+3519123450{number:02d}")

    with django_assert_num_queries(13):
        body = client.get(LIST).content.decode()

    assert body.count("Guest ") >= 49


@pytest.mark.req("CU1", "CU8")
def test_a_row_leads_to_the_account_page_and_so_does_its_old_address():
    cast = make_cast()
    client = at_desk(cast.petra)
    account = action("account", cast.membership)

    assert f'href="{account}"' in client.get(LIST).content.decode()
    assert client.get(action("change", cast.membership))["Location"] == account


@pytest.mark.req("CU11", "CU12", "CU18", "CU19", "CU9")
def test_the_account_page_tells_everything():
    cast = make_cast(expiry_days=100)
    make_tier(cast.card, "Gold", 100)
    purchases.award_purchase(
        deed=deed(cast.sam, store=cast.old_port),
        membership_id=cast.membership.pk,
        bill=Bill(amount_minor=45_000, currency="EUR"),
        receipt="A-1",
        scan_id=cast.scan(),
    )
    adjustments.adjust_points(
        deed=deed(cast.petra, Source.ADMIN),
        membership_id=cast.membership.pk,
        points=30,
        note=Note(internal="Waited long", comment="Sorry for the wait"),
    )
    vouchers.issue_voucher(
        deed=deed(cast.petra, Source.ADMIN),
        membership_id=cast.membership.pk,
        reward_id=cast.reward.pk,
    )

    page = at_desk(cast.petra).get(action("account", cast.membership))

    body = page.content.decode()
    words = [
        "Mia",
        "Gold",
        "480 points",
        "Purchase €450.00",
        "1 point per €1.00, rounded down",
        "Sorry for the wait",
        "Waited long",
        "Croissant",
        "rotating code",
        "Old Port",
        "Petra",
    ]
    assert [word for word in words if word not in body] == []
    assert page.context["available"] == 0  # The sliding days are over by now.
    assert [row.reward_id for row in page.context["ready"]] == [cast.reward.pk]


def test_ledger_rows_can_be_read_and_by_nobody_written():
    cast = make_cast()
    adjustments.adjust_points(
        deed=deed(cast.petra, Source.ADMIN), membership_id=cast.membership.pk, points=5
    )
    boss = make_user("boss", is_superuser=True, is_staff=True)
    rows = {
        "transaction": Transaction.objects.last(),
        "entry": Entry.objects.last(),
        "lot": Lot.objects.last(),
    }
    results = {}
    for client in (at_desk(cast.petra), at_desk(boss)):
        for name, row in rows.items():
            change = reverse(f"admin:ledger_{name}_change", args=[row.pk])
            listed = reverse(f"admin:ledger_{name}_changelist")
            body = client.get(change).content.decode()
            results[name] = (
                'name="_save"' in body,
                client.post(change, {"points": "9"}).status_code,
                client.get(reverse(f"admin:ledger_{name}_add")).status_code,
                client.post(reverse(f"admin:ledger_{name}_delete", args=[row.pk])).status_code,
                'name="action"' in client.get(listed).content.decode(),
            )
            delete = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
            client.post(listed, delete)

    assert results == dict.fromkeys(rows, (False, 403, 403, 403, False))
    assert Transaction.objects.count() == 2


def test_a_member_s_row_cannot_be_edited_by_a_form():
    cast = make_cast()
    boss = at_desk(make_user("boss", is_superuser=True, is_staff=True))

    assert boss.post(action("delete", cast.membership)).status_code == 403
    assert Membership.objects.count() == Member.objects.count() == 1


def test_points_past_their_date_are_not_part_of_the_balance():
    cast = make_cast(expiry_days=30)
    mia = join(make_user("old"), cast.card, at=timezone.now() - timedelta(days=60))
    adjustments.adjust_points(
        deed=deed(cast.petra, Source.ADMIN, at=timezone.now() - timedelta(days=50)),
        membership_id=mia.pk,
        points=70,
    )

    page = at_desk(cast.petra).get(action("account", mia))

    assert page.context["available"] == 0
    assert Partner.objects.count() == 1
