"""What a manager does on a member's account: each a form, each one operation, nothing before."""

import pytest
from django.utils import timezone

from loyalty.ledger.models import Kind, Source, Transaction
from loyalty.members.models import (
    ConsentSource,
    Membership,
    MembershipStatus,
    Voucher,
    VoucherStatus,
)
from loyalty.operations import enrolments, vouchers
from loyalty.operations.enrolments import Consent, Person
from tests.admin.accounts import balance, do, latest, rich
from tests.admin.desk import action, at_desk, errors, shown, submit
from tests.cast import deed, make_cast, make_reward, make_tier, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.req("CU21", "CU22", "CU24")
def test_spend_shows_who_and_how_much_and_leaves_a_voucher():
    cast = rich()

    page = at_desk(cast.petra).get(action("spend", cast.membership)).content.decode()
    do(cast, "spend", reward=str(cast.reward.pk))

    assert [word for word in ("Mia", "340", "140 points left after") if word not in page] == []
    voucher = Voucher.objects.get()
    assert (voucher.reward_id, voucher.status, balance(cast)) == (
        cast.reward.pk,
        VoucherStatus.ISSUED,
        140,
    )


@pytest.mark.req("CU23")
def test_spend_offers_only_what_can_be_had():
    cast = rich()
    gold = make_tier(cast.card, "Gold", 1000)
    make_reward(cast.card, "Paused", 10, status="PAUSED")
    make_reward(cast.card, "Gone", 10, stock=0)
    make_reward(cast.card, "For gold", 10, min_tier=gold)
    make_reward(cast.card, "Later", 10, valid_from=timezone.now() + timezone.timedelta(days=1))

    page = at_desk(cast.petra).get(action("spend", cast.membership)).content.decode()

    assert [word for word in ("Paused", "Gone", "For gold", "Later") if word in page] == []


@pytest.mark.req("CU25", "CU26")
def test_a_dearer_reward_is_locked_and_refused_by_direct_post_with_a_way_out():
    cast = rich()
    mug = make_reward(cast.card, "Mug", 900)
    client, path = at_desk(cast.petra), action("spend", cast.membership)
    body = client.get(path).content.decode()
    values = {**shown(client, path), "reward": str(mug.pk)}

    response = client.post(path, values)

    assert f'<option value="{mug.pk}" disabled>Mug: 900 points, 560 points missing' in body
    assert f'href="{action("adjust", cast.membership)}"' in body
    assert (response.status_code, errors(response), balance(cast)) == (
        409,
        "Not enough points: 340 can be used, 560 are missing. Nothing was booked.",
        340,
    )


def test_a_reward_of_another_card_cannot_be_spent_on():
    cast = rich()
    towel = cast.hill_card.rewards.get()

    response = do(cast, "spend", reward=str(towel.pk))

    assert list(response.context["form"].errors) == ["reward"]


@pytest.mark.req("CU31")
def test_nothing_happens_until_the_button_is_pressed():
    cast = rich()
    make_tier(cast.card, "Gold", 1000)
    client = at_desk(cast.petra)
    before = Transaction.objects.count()

    for name in ("adjust", "spend", "tier", "roll_back", "remove", "block", "replace_code"):
        client.get(action(name, cast.membership))
    refused = submit(client, action("tier", cast.membership), hold_until="2001-01-01")

    assert list(refused.context["form"].errors) == ["hold_until"]
    assert (Transaction.objects.count(), balance(cast)) == (before, 340)


@pytest.mark.req("R11.1")
def test_roll_back_shows_what_it_undoes_and_undoes_it():
    cast = rich()
    page = at_desk(cast.petra).get(action("roll_back", cast.membership)).content.decode()

    response = do(cast, "roll_back", internal="Wrong member")

    assert "Points given" in page
    assert "\u2212340" in page
    assert response.status_code == 302
    assert (latest().kind, latest().note.internal, balance(cast)) == (
        Kind.REVERSAL,
        "Wrong member",
        0,
    )


@pytest.mark.req("R11.1")
def test_only_the_most_recent_can_be_rolled_back():
    cast = rich()
    first = latest()
    client, path = at_desk(cast.petra), action("roll_back", cast.membership)
    stale = shown(client, path)
    do(cast, "adjust", points="5", reason="GOODWILL")

    response = client.post(path, stale)

    assert stale["transaction_id"] == str(first.pk)
    assert errors(response) == (
        "Something was booked after it. Undo that first. Nothing was changed."
    )
    assert balance(cast) == 345


def test_with_nothing_to_undo_there_is_no_button():
    cast = make_cast()

    page = at_desk(cast.petra).get(action("roll_back", cast.membership)).content.decode()

    assert "There is nothing to undo on this card." in page
    assert "Roll back</button>" not in page


@pytest.mark.req("CU10")
def test_remove_and_restore_keep_the_balance():
    cast = rich()

    do(cast, "remove", internal="Asked to leave")
    removed = Membership.objects.get(pk=cast.membership.pk).status
    refused = do(cast, "adjust", points="5", reason="GOODWILL")
    do(cast, "restore")

    assert (removed, errors(refused)) == (
        MembershipStatus.REMOVED,
        "This card was taken out of the programme. Nothing was booked.",
    )
    assert Membership.objects.get(pk=cast.membership.pk).status == MembershipStatus.ACTIVE
    assert balance(cast) == 340


def test_block_and_block_again():
    cast = rich()

    do(cast, "block")
    again = do(cast, "block")

    assert Membership.objects.get(pk=cast.membership.pk).status == MembershipStatus.BLOCKED
    assert errors(again) == "This was done already. Nothing was changed now."


@pytest.mark.req("CU13")
@pytest.mark.parametrize(("choice", "left"), [("yes", 340), ("no", 140)])
def test_a_voucher_is_removed_with_or_without_its_points_back(choice, left):
    cast = rich()
    vouchers.issue_voucher(
        deed=deed(cast.petra, Source.ADMIN),
        membership_id=cast.membership.pk,
        reward_id=cast.reward.pk,
    )
    voucher = Voucher.objects.get()

    do(cast, "remove_voucher", voucher.pk, are_points_returned=choice, internal="By mistake")

    assert (Voucher.objects.get().status, balance(cast)) == (VoucherStatus.REMOVED, left)
    assert latest().note.internal == "By mistake"


def test_a_new_code_makes_the_old_one_worthless():
    cast = rich()
    before = cast.membership.code

    do(cast, "replace_code")

    assert Membership.objects.get(pk=cast.membership.pk).code != before


def test_a_guest_gets_a_link_to_their_own_phone_and_a_member_does_not():
    cast = make_cast()
    guest = enrolments.enrol_at_counter(
        deed=deed(cast.sam),
        card_id=cast.card.pk,
        person=Person(first_name="Gus"),
        consent=Consent(version="2026-11", source=ConsentSource.COUNTER),
    )

    page = submit(at_desk(cast.petra), action("guest_link", guest))
    refused = do(cast, "guest_link")

    assert page.context["address"].startswith("http://testserver/wallet/link/")
    assert "<svg" in page.content.decode()
    assert errors(refused) == "This card has its own sign-in already."


def test_a_superuser_reverses_any_deed_with_a_reason_and_nobody_else_does():
    cast = rich()
    first = latest()
    do(cast, "adjust", points="5", reason="GOODWILL")
    boss = make_user("boss", is_superuser=True, is_staff=True)

    unreasoned = do(cast, "reverse", first.pk, who=boss, internal="")
    done = do(cast, "reverse", first.pk, who=boss, internal="Court order")
    owner = at_desk(cast.petra).get(action("reverse", cast.membership, first.pk))

    assert list(unreasoned.context["form"].errors) == ["internal"]
    assert (done.status_code, owner.status_code, balance(cast)) == (302, 403, 5)


@pytest.mark.parametrize("name", ["remove_voucher", "reverse"])
def test_a_row_of_another_account_is_missing(name):
    cast = rich()
    boss = make_user("boss", is_superuser=True, is_staff=True)

    assert at_desk(boss).get(action(name, cast.membership, 2_000_000_000)).status_code == 404


@pytest.mark.parametrize("key", ["", "x" * 33, "<b>"])
def test_a_form_without_its_key_is_refused(key):
    cast = rich()

    response = do(cast, "adjust", points="5", reason="GOODWILL", request_id=key)

    assert list(response.context["form"].errors) == ["request_id"]
