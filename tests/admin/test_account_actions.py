"""What a manager does on a member's account: each a form, each one operation, nothing before."""

import pytest
from django.utils import timezone

from clubs.models import Manager, Role
from loyalty.ledger.models import Kind, Source, Transaction
from loyalty.members.models import (
    Account,
    ConsentSource,
    Membership,
    MembershipStatus,
    TierSource,
    Voucher,
    VoucherStatus,
)
from loyalty.operations import adjustments, enrolments, purchases, vouchers
from loyalty.operations.enrolments import Consent, Person
from loyalty.operations.purchases import Bill
from tests.admin.desk import action, at_desk, errors, shown, submit
from tests.cast import deed, make_cast, make_manager, make_reward, make_tier, make_user

pytestmark = pytest.mark.django_db


def rich(points=340, **card):
    """Return the cast with so many points on Mia's card."""
    cast = make_cast(**card)
    adjustments.adjust_points(
        deed=deed(cast.petra, Source.ADMIN), membership_id=cast.membership.pk, points=points
    )
    return cast


def balance(cast):
    return Account.objects.get(pk=cast.membership.account_id).points


def latest():
    return Transaction.objects.order_by("-pk").first()


def do(cast, name, *more, who=None, **fields):
    return submit(at_desk(who or cast.petra), action(name, cast.membership, *more), **fields)


@pytest.mark.req("CU14", "CU15", "CU17", "CU18", "CU19", "FA12", "PA2.3")
def test_adjust_adds_points_with_a_reason_and_two_kinds_of_words():
    cast = rich()

    response = do(
        cast, "adjust", points="24", reason="GOODWILL", internal="Cold soup", comment="Sorry"
    )

    assert response["Location"] == action("account", cast.membership)
    made = latest()
    assert (made.kind, made.source, made.points, made.result["reason"], made.actor_id) == (
        Kind.ADJUSTMENT,
        Source.ADMIN,
        24,
        "GOODWILL",
        cast.petra.pk,
    )
    assert (made.note.internal, made.note.comment) == ("Cold soup", "Sorry")
    assert balance(cast) == 364


@pytest.mark.req("CU16")
@pytest.mark.parametrize(
    "typed", ["-24", "\u221224", "\u2212\u0662\u0664", "-\uff12\uff14", " -24 "]
)
def test_a_minus_of_any_writing_deducts(typed):
    cast = rich()

    do(cast, "adjust", points=typed, reason="CORRECTION")

    assert balance(cast) == 316


@pytest.mark.req("CU16")
def test_below_zero_is_refused_naming_the_most_that_can_be_taken():
    cast = rich()

    response = do(cast, "adjust", points="-341", reason="CORRECTION")

    assert response.status_code == 409
    assert errors(response) == (
        "Not enough points: 340 can be used, 1 are missing. Nothing was booked."
    )
    assert balance(cast) == 340


@pytest.mark.parametrize(
    "typed", ["1_000", "1e3", "-0", "0", "9" * 400, "NaN", "1.5", "10001", "", "--5", "\x00"]
)
def test_nonsense_is_refused_beside_the_field_and_nothing_is_written(typed):
    cast = rich()

    response = do(cast, "adjust", points=typed, reason="GOODWILL")

    assert response.status_code == 200
    assert list(response.context["form"].errors) == ["points"]
    assert balance(cast) == 340


@pytest.mark.req("CU20")
def test_without_a_comment_the_customer_reads_manual_adjustments():
    cast = rich()

    do(cast, "adjust", points="5", reason="PROMOTION")

    body = at_desk(cast.petra).get(action("account", cast.membership)).content.decode()
    assert "Manual adjustments" in body


def test_an_adjustment_may_leave_the_tier_alone():
    cast = rich(points=90)
    make_tier(cast.card, "Gold", 100)

    do(cast, "adjust", points="50", reason="PROMOTION", is_counted=None)

    account = Account.objects.get(pk=cast.membership.account_id)
    assert (account.points, account.lifetime_points, account.tier_id) == (140, 90, None)


def test_an_adjustment_can_name_the_purchase_it_is_about():
    cast = make_cast()
    bought = purchases.award_purchase(
        deed=deed(cast.sam, store=cast.old_port),
        membership_id=cast.membership.pk,
        bill=Bill(amount_minor=1240, currency="EUR"),
        scan_id=cast.scan(),
    )

    do(cast, "adjust", points="-2", reason="CORRECTION", about=str(bought.pk))

    assert latest().result["about_transaction_id"] == bought.pk


def test_a_purchase_of_another_account_cannot_be_named():
    cast = rich()

    response = do(cast, "adjust", points="2", reason="CORRECTION", about="1")

    assert list(response.context["form"].errors) == ["about"]


def test_the_same_form_sent_twice_books_once():
    cast = rich()
    client, page = at_desk(cast.petra), action("adjust", cast.membership)
    values = {**shown(client, page), "points": "10", "reason": "GOODWILL"}

    answers = [client.post(page, values).status_code for _ in range(2)]

    assert (answers, balance(cast)) == ([302, 302], 350)


@pytest.mark.req("CU3")
def test_support_adjusts_within_its_own_cap():
    cast = rich()
    rita = make_user("rita")
    make_manager(rita, cast.partner, Role.SUPPORT)
    Manager.objects.filter(user=rita).update(adjust_cap=20)

    refused = do(cast, "adjust", who=rita, points="21", reason="GOODWILL")
    done = do(cast, "adjust", who=rita, points="20", reason="GOODWILL")

    question = "This is above your limit of 20 points. Send it to a manager to approve?"
    assert (errors(refused), done.status_code) == (question, 302)
    assert balance(cast) == 360


def test_nobody_adjusts_their_own_card():
    cast = rich()
    make_manager(cast.mia, cast.partner, Role.OWNER)

    response = do(cast, "adjust", who=cast.mia, points="20", reason="GOODWILL")

    assert (response.status_code, errors(response)) == (
        403,
        "This is your own card. Ask a colleague. Nothing was booked.",
    )


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


@pytest.mark.req("CU27", "CU28", "CU29", "CU34")
def test_a_tier_is_set_by_hand_and_held_to_the_end_of_a_day_where_the_shop_is():
    cast = rich()
    gold = make_tier(cast.card, "Gold", 1000)

    do(cast, "tier", tier=str(gold.pk), hold_until="2099-06-30", internal="Prize draw")

    account = Account.objects.get(pk=cast.membership.account_id)
    held = account.tier_hold_until.astimezone(cast.partner.zone())
    assert (account.tier_id, account.tier_source, held.isoformat()) == (
        gold.pk,
        TierSource.MANUAL,
        "2099-07-01T00:00:00+01:00",
    )
    assert latest().note.internal == "Prize draw"


@pytest.mark.req("CU28")
def test_a_new_tier_appears_by_itself_and_an_archived_one_goes():
    cast = rich()
    make_tier(cast.card, "Silver", 10, archived_at=timezone.now())
    make_tier(cast.card, "Gold", 1000)

    page = at_desk(cast.petra).get(action("tier", cast.membership)).content.decode()

    assert ("Gold" in page, "Silver" in page) == (True, False)


@pytest.mark.req("CU30")
@pytest.mark.parametrize(("ticked", "count"), [("on", 1), (None, 0)])
def test_tier_rewards_are_given_only_if_ticked(ticked, count):
    cast = rich()
    gold = make_tier(cast.card, "Gold", 1000, entry_reward=cast.reward)

    do(cast, "tier", tier=str(gold.pk), are_rewards_given=ticked)

    assert Voucher.objects.count() == count


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


def test_back_to_the_automatic_tier():
    cast = rich()
    silver, gold = make_tier(cast.card, "Silver", 100), make_tier(cast.card, "Gold", 1000)
    do(cast, "tier", tier=str(gold.pk))

    do(cast, "tier", tier="automatic")

    account = Account.objects.get(pk=cast.membership.account_id)
    assert (account.tier_id, account.tier_source) == (silver.pk, TierSource.AUTOMATIC)


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
