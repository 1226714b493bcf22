"""Groups of members with one account: formed, joined, used and left (rules 10)."""

import pytest

from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Kind, Lot, Source, Transaction, TransactionNote, Unit
from loyalty.members.models import (
    Account,
    Membership,
    TierSource,
    Voucher,
)
from loyalty.operations import (
    groups,
    redemptions,
    standing,
    tiers,
)
from loyalty.outbox.models import Event, EventType
from tests.cast import NOON, deed, join, make_cast, make_reward, make_user, publish
from tests.operations.counter import buy, days, redeem
from tests.operations.families import LATER, Family, add, form, held, leave, proven

pytestmark = pytest.mark.django_db


@pytest.mark.req("IV9.1", "IV9.2")
def test_the_members_of_a_group_have_one_balance_and_the_tier_they_reach_together():
    family = Family().earn()
    assert [held(one) for one in (family.mia, family.noor, family.kim)] == [
        (80, 0, 80, "Bronze", False),
        (90, 0, 90, "Bronze", False),
        (150, 0, 150, "Silver", False),
    ]

    done = family.form()

    assert {held(one) for one in (family.mia, family.noor, family.kim)} == {
        (320, 0, 320, "Gold", True)
    }
    group = family.group()
    assert (group.head, group.name, group.account_id) == (
        family.mia,
        "The family",
        done.account_id,
    )
    assert (done.kind, done.points, done.membership, done.result) == (
        Kind.TRANSFER,
        80,
        family.mia,
        {
            "step": "JOINED",
            "group_id": group.pk,
            "points": 80,
            "balance_before": 0,
            "balance_after": 80,
            "new_tier": "Gold",
        },
    )
    proven()


@pytest.mark.req("IV9.4")
def test_members_own_accounts_rest_empty_while_the_group_keeps_who_did_what():
    family = Family().earn()
    own = [one.account_id for one in (family.mia, family.noor, family.kim)]

    family.form()
    buy(family.cast, 1000, at=LATER, membership=family.noor)

    account = family.group().account
    rows = Account.objects.filter(pk__in=own).order_by("pk")
    assert [(row.points, row.lifetime_points, row.tier, row.absorbed_by) for row in rows] == [
        (0, 0, family.bronze, account)
    ] * 3
    moved = Transaction.objects.filter(account=account).order_by("pk")
    assert [(one.kind, one.membership, one.points) for one in moved] == [
        (Kind.TRANSFER, family.mia, 80),
        (Kind.TRANSFER, family.noor, 90),
        (Kind.TRANSFER, family.kim, 150),
        (Kind.PURCHASE, family.noor, 10),
    ]
    told = Event.objects.filter(type=EventType.MEMBERSHIP_CHANGED).order_by("pk")
    assert [(one.data["membership_id"], one.data["step"]) for one in told] == [
        (family.mia.pk, "JOINED"),
        (family.noor.pk, "JOINED"),
        (family.kim.pk, "JOINED"),
    ]
    proven()


@pytest.mark.req("IV9.2", "IV4.2")
def test_lots_keep_their_dates_when_they_are_pooled_and_expire_with_the_group():
    family = Family(expiry_days=10)
    buy(family.cast, 1000, at=NOON)
    buy(family.cast, 2000, at=NOON + days(2))
    buy(family.cast, 500, at=NOON + days(5), membership=family.noor)
    before = [
        list(Lot.objects.filter(account=one.account_id).values_list("earned", "expires_at"))
        for one in (family.mia, family.noor)
    ]

    family.form(family.noor, at=NOON + days(11))  # The first ten are past their date by now.

    account = family.group().account
    lots = Lot.objects.filter(account=account).order_by("pk")
    assert list(lots.values_list("remaining", "expires_at")) == [*before[0], *before[1]]
    found = standing.with_due_points(NOON + days(11)).get(pk=family.noor.pk)
    assert (account.points, found.due_points) == (35, 10)
    proven(NOON + days(11))


@pytest.mark.req("IV9.3")
def test_any_member_earns_for_the_group_at_its_tier_and_spends_what_it_has():
    family = Family()
    family.gold.multiplier = 2
    family.gold.save()
    publish(family.cast.card)
    family.earn().form()

    bought = buy(family.cast, 1000, at=LATER, membership=family.noor)
    spent = redeem(family.cast, at=LATER, membership=family.kim)

    assert (bought.points, spent.points, spent.membership) == (20, -200, family.kim)
    assert held(family.mia) == (140, 0, 340, "Gold", True)
    proven()


@pytest.mark.req("IV9.3")
def test_where_the_card_says_so_only_the_head_spends():
    family = Family(only_head_redeems=True).earn()
    family.form()
    cast = family.cast

    with pytest.raises(standing.OnlyHeadSpendsError):
        redeem(cast, at=LATER, membership=family.noor)
    with pytest.raises(standing.OnlyHeadSpendsError):
        redemptions.start_claim(
            deed=deed(cast.noor, Source.WALLET, at=LATER),
            membership_id=family.noor.pk,
            reward_id=cast.reward.pk,
        )
    head = redeem(cast, at=LATER, membership=family.mia, key="once")

    assert head.points == -200
    groups.change_head(
        deed=deed(cast.petra, Source.ADMIN, at=LATER),
        group_id=family.group().pk,
        membership_id=family.noor.pk,
    )
    # A repeat spends nothing, so it is answered whoever is the head by now.
    assert redeem(cast, at=LATER, membership=family.mia, scan=None, key="once") == head


@pytest.mark.req("IV9.5")
def test_who_leaves_starts_anew_at_the_lowest_tier_and_the_group_keeps_everything():
    family = Family().earn()
    family.form()

    done = leave(family.cast, family.kim, note=Note(internal="moved out"))

    assert held(family.kim) == (0, 0, 0, "Bronze", False)
    assert held(family.mia) == (320, 0, 320, "Gold", True)
    assert (done.kind, done.points, done.membership, done.account) == (
        Kind.TRANSFER,
        0,
        family.kim,
        family.group().account,
    )
    assert done.result["step"] == "LEFT"
    assert TransactionNote.objects.get(transaction=done).internal == "moved out"
    buy(family.cast, 1000, at=LATER, membership=family.kim)
    assert held(family.kim) == (10, 0, 10, "Bronze", False)
    proven()


@pytest.mark.req("IV9.5")
def test_when_the_head_leaves_the_longest_member_follows():
    family = Family().earn()
    family.form(family.mia, family.noor, head=family.kim)

    leave(family.cast, family.kim)

    assert family.group().head == family.mia


@pytest.mark.req("IV9.5")
def test_the_last_member_keeps_the_account_and_the_group_closes():
    family = Family().earn()
    family.form()
    leave(family.cast, family.kim)
    leave(family.cast, family.noor)
    account = family.group().account

    done = leave(family.cast, family.mia)

    assert (done.result["step"], family.group().closed_at) == ("CLOSED", LATER)
    assert held(family.mia) == (320, 0, 320, "Gold", False)
    assert Membership.objects.get(pk=family.mia.pk).account == account
    proven()


@pytest.mark.req("IV9.1", "IV9.2")
def test_a_member_brings_all_they_have_into_a_group_there_is():
    family = Family().earn()
    family.form(family.noor)
    assert held(family.mia) == (170, 0, 170, "Silver", True)

    done = add(family.cast, family.group(), family.kim)

    assert held(family.kim) == (320, 0, 320, "Gold", True)
    assert (done.points, done.result["balance_before"], done.result["balance_after"]) == (
        150,
        170,
        320,
    )
    proven()


@pytest.mark.req("IV9.2")
def test_coming_together_changes_no_tier_that_is_reached_or_held_already():
    family = Family()
    family.form(family.noor)
    group = family.group()
    assert held(family.mia) == (0, 0, 0, "Bronze", True)

    add(family.cast, group, family.kim)
    assert held(family.kim) == (0, 0, 0, "Bronze", True)

    other = join(make_user("lea"), family.cast.card)
    buy(family.cast, 40_000, membership=other, at=LATER)
    _place(family.cast, family.mia, family.silver)
    add(family.cast, group, other)

    assert held(family.mia) == (400, 0, 400, "Silver", True)


def _place(cast, membership, tier):
    return tiers.change_tier(
        deed=deed(cast.petra, Source.ADMIN, at=LATER),
        membership_id=membership.pk,
        tier_id=tier.pk,
    )


@pytest.mark.req("IV9.2", "IV3.18")
def test_where_only_a_hand_moves_tiers_a_group_begins_in_that_of_its_head():
    family = Family(tier_management="MANUAL")
    family.earn()
    hold = LATER + days(90)
    tiers.change_tier(
        deed=deed(family.cast.petra, Source.ADMIN),
        membership_id=family.mia.pk,
        tier_id=family.silver.pk,
        hold_until=hold,
    )

    family.form(family.noor)
    add(family.cast, family.group(), family.kim)

    account = family.group().account
    assert (account.tier, account.tier_source, account.tier_hold_until) == (
        family.silver,
        TierSource.MANUAL,
        hold,
    )
    leave(family.cast, family.kim)
    assert held(family.kim) == (0, 0, 0, None, False)
    proven()


@pytest.mark.req("IV9.2")
def test_a_group_of_members_without_tiers_has_none():
    cast = make_cast()
    noor = join(cast.noor, cast.card)

    form(cast, cast.membership, noor)

    assert held(noor) == (0, 0, 0, None, True)
    leave(cast, noor)
    assert held(noor) == (0, 0, 0, None, False)


@pytest.mark.req("IV9.2", "IV3.7")
def test_by_available_points_a_group_reaches_what_it_can_spend():
    family = Family(tier_basis="AVAILABLE_POINTS", expiry_days=10)
    buy(family.cast, 25_000, at=NOON)
    buy(family.cast, 15_000, at=NOON + days(5), membership=family.noor)

    family.form(family.noor, at=NOON + days(11))  # 250 of the 400 are past their date.

    assert held(family.mia) == (400, 0, 400, "Silver", True)


@pytest.mark.req("IV9.2")
def test_in_a_window_what_was_awarded_counts_on_its_own_day():
    family = Family(tier_window="ROLLING", tier_window_days=30)
    buy(family.cast, 25_000, at=NOON)
    buy(family.cast, 15_000, at=NOON + days(20), membership=family.noor)
    buy(family.cast, 4000, at=NOON + days(35), membership=family.kim)

    family.form(family.noor, at=NOON + days(35))
    assert held(family.mia) == (400, 0, 400, "Silver", True)

    done = add(family.cast, family.group(), family.kim, at=NOON + days(36))
    assert (held(family.mia)[3], done.result["new_tier"]) == ("Silver", None)
    buy(family.cast, 11_000, at=NOON + days(36), membership=family.mia)

    assert held(family.mia) == (550, 0, 550, "Gold", True)
    proven(NOON + days(36))


@pytest.mark.req("IV9.2")
def test_a_groups_entry_reward_is_given_once_however_often_it_forms():
    family = Family()
    reward = make_reward(family.cast.card, "Cake", cost=500)
    family.silver.entry_reward = reward
    family.silver.save()
    publish(family.cast.card)
    family.earn()  # Kim reaches Silver alone.
    assert Voucher.objects.count() == 1

    family.form(family.noor)
    assert Voucher.objects.count() == 2
    leave(family.cast, family.noor)
    leave(family.cast, family.mia)
    form(family.cast, family.kim, family.mia)

    # Both had it on the accounts that the new group took over.
    assert Voucher.objects.count() == 2


@pytest.mark.req("IV9.2")
def test_credit_and_what_is_owed_come_along():
    family = Family(credit_per_step_minor=5)
    family.earn()
    Account.objects.filter(pk=family.noor.account_id).update(shortfall_points=7)

    done = family.form()

    account = family.group().account
    assert (account.credit_minor, account.lifetime_credit_minor) == (1600, 1600)
    assert account.shortfall_points == 7
    assert Account.objects.get(pk=family.noor.account_id).shortfall_points == 0
    assert (done.result["credit_before"], done.result["credit_after"]) == (0, 400)
    assert set(Lot.objects.filter(account=account, unit=Unit.CREDIT).values_list("earned")) == {
        (400,),
        (450,),
        (750,),
    }
