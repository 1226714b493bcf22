"""One person, two records: everything of one goes to the other, and nothing is made or lost."""

from datetime import UTC, date, datetime

import pytest

from cards.models import Tag
from loyalty.ledger.models import Firing, FiringKind, Kind, Lot, Source, Transaction
from loyalty.members.models import (
    Account,
    Member,
    MemberNote,
    Membership,
    MembershipStatus,
    MemberTag,
    Voucher,
    VoucherStatus,
)
from loyalty.operations import (
    adjustments,
    customers,
    member_notes,
    merging,
    redemptions,
    refunds,
    restoring,
    rollbacks,
    standing,
    tiers,
    vouchers,
)
from loyalty.operations.birthdays import Birthday
from loyalty.operations.merging import PersonalFact
from loyalty.outbox.models import Event, EventType
from tests.cast import NOON, deed, join, make_cast, make_tier, make_user
from tests.operations.counter import adjust, buy, days, issue
from tests.privacy.second_records import LATER, account_of, guest, merge, proven

pytestmark = pytest.mark.django_db


@pytest.mark.req("CU1")
def test_of_a_card_that_both_hold_one_account_takes_over_the_other_lot_by_lot():
    cast = make_cast(expiry_days=90)
    bronze, gold = (make_tier(cast.card, name, least) for name, least in (("B", 0), ("G", 150)))
    twice = guest(cast)
    buy(cast, 8000)
    buy(cast, 9000, at=NOON + days(0.5), membership=twice)
    dates = list(Lot.objects.order_by("expires_at").values_list("remaining", "expires_at"))
    rows = list(Transaction.objects.order_by("pk").values())
    former = twice.account

    done = merge(cast, cast.membership, twice)

    account = account_of(cast.membership)
    assert (account.points, account.lifetime_points, account.tier) == (170, 170, gold)
    lots = Lot.objects.filter(account=account, remaining__gt=0).order_by("expires_at")
    assert list(lots.values_list("remaining", "expires_at")) == dates
    former.refresh_from_db()
    assert (former.points, former.lifetime_points, former.absorbed_by, former.tier) == (
        0,
        0,
        account,
        bronze,
    )
    assert (done.kind, done.points, done.membership, done.result) == (
        Kind.TRANSFER,
        90,
        cast.membership,
        {
            "step": "MERGED",
            "other_membership_id": twice.pk,
            "points": 90,
            "balance_before": 80,
            "balance_after": 170,
            "new_tier": "G",
        },
    )
    assert list(Transaction.objects.order_by("pk").values())[: len(rows)] == rows
    made = Transaction.objects.filter(caused_by=done).order_by("pk")
    assert [(one.kind, one.membership, one.points) for one in made] == [
        (Kind.TRANSFER, twice, -90),
        (Kind.STATUS, twice, 0),
    ]
    assert Event.objects.filter(type=EventType.MEMBER_MERGED).get().transaction_id == done.pk
    proven()


@pytest.mark.req("CU1")
def test_a_card_that_only_the_other_record_holds_changes_hands_as_it_is():
    cast = make_cast()
    twice = guest(cast, cast.hill_card)
    adjust(cast, 70, membership=twice)
    before = Transaction.objects.filter(account=twice.account).count()

    done = merge(cast, cast.membership, twice)

    kept = Membership.objects.get(pk=twice.pk)
    assert (kept.member_id, kept.status, kept.code, kept.number, kept.account_id) == (
        cast.membership.member_id,
        MembershipStatus.ACTIVE,
        twice.code,
        twice.number,
        twice.account_id,
    )
    assert account_of(twice).points == 70
    assert Transaction.objects.filter(account=twice.account).count() == before
    assert (done.membership, done.points, done.result["step"]) == (cast.membership, 0, "MERGED")
    proven()


def test_the_record_that_stays_has_the_chosen_facts_and_the_other_tells_nothing():
    cast = make_cast()
    twice = guest(
        cast,
        at=datetime(2026, 1, 20, tzinfo=UTC),
        email="second@example.org",
        phone="+4915112345678",
        is_phone_confirmed=True,
        birthday=Birthday(day=3, month=4, year=1990),
        wants_news=True,
    )
    Member.objects.filter(pk=twice.member_id).update(anniversary=date(2020, 2, 2))

    merge(
        cast, cast.membership, twice, PersonalFact.EMAIL, PersonalFact.PHONE, PersonalFact.BIRTHDAY
    )

    stays = Member.objects.get(pk=cast.membership.member_id)
    assert (stays.full_name(), stays.email, stays.phone, stays.user) == (
        "Mia",
        "second@example.org",
        "+4915112345678",
        cast.mia,
    )
    assert (stays.birth_day, stays.birth_month, stays.birth_year) == (3, 4, 1990)
    assert (stays.anniversary, stays.phone_confirmed_at) == (
        None,
        datetime(2026, 1, 20, tzinfo=UTC),
    )
    # The older text, and no news: the other record agreed to neither more nor later.
    assert (stays.privacy_version, stays.marketing_accepted_at) == ("2025-01", None)
    assert stays.joined_at == datetime(2026, 1, 20, tzinfo=UTC)
    goes = Member.objects.get(pk=twice.member_id)
    assert {name: getattr(goes, name) for name in customers.PERSONAL_COLUMNS} == (
        customers.PERSONAL_COLUMNS
    )
    assert goes.merged_into == stays


def test_the_one_sign_in_there_is_comes_along_and_two_are_refused():
    cast = make_cast()
    twice = guest(cast)

    merge(cast, twice, cast.membership)

    assert Member.objects.get(pk=twice.member_id).user == cast.mia
    noor = join(cast.noor, cast.card)
    with pytest.raises(merging.TwoSignInsError):
        merge(cast, noor, twice)
    proven()


def test_vouchers_come_along_and_open_claims_end():
    cast = make_cast()
    twice = guest(cast)
    for membership in (cast.membership, twice):
        adjust(cast, 400, membership=membership)
    issue(cast, membership=cast.membership)
    claim = redemptions.start_claim(
        deed=deed(cast.mia, Source.WALLET, at=NOON),
        membership_id=cast.membership.pk,
        reward_id=cast.reward.pk,
    ).claim

    merge(cast, twice, cast.membership, at=NOON)

    claim.refresh_from_db()
    assert (claim.used_at, claim.expires_at) == (None, NOON)
    used = vouchers.use_voucher(
        deed=deed(cast.sam, at=LATER),
        membership_id=twice.pk,
        voucher_id=Voucher.objects.get().pk,
        scan_id=cast.scan(at=LATER, membership=twice),
    )
    assert (used.account_id, Voucher.objects.get().status) == (
        twice.account_id,
        VoucherStatus.USED,
    )
    proven()


def test_tags_notes_whom_they_brought_and_fired_rules_come_along():
    cast = make_cast()
    twice = guest(cast)
    one, other = (Tag.objects.create(partner=cast.partner, name=name) for name in ("One", "Two"))
    facts = {"partner": cast.partner, "is_set": True}
    MemberTag.objects.create(member=twice.member, tag=one, sold_at=NOON, **facts)
    MemberTag.objects.create(member=twice.member, tag=other, sold_at=NOON, is_by_hand=True, **facts)
    member_notes.write_note(
        deed=deed(cast.petra, Source.ADMIN), membership_id=twice.pk, text="Likes window seats"
    )
    MemberTag.objects.create(member=cast.membership.member, tag=other, sold_at=LATER, **facts)
    kim = join(make_user("kim"), cast.card)
    Membership.objects.filter(pk__in=[kim.pk, cast.membership.pk]).update(referred_by=twice)
    booked = adjust(cast, 5, membership=twice)
    Firing.objects.create(
        partner=cast.partner,
        membership=twice,
        transaction=booked,
        kind=FiringKind.MILESTONE,
        rule_key=7,
        occurrence="2026",
        occurred_at=NOON,
    )

    done = merge(cast, cast.membership, twice)

    worn = MemberTag.objects.order_by("tag_id").values_list("member_id", "tag", "sold_at")
    mia = cast.membership.member_id
    assert list(worn) == [(mia, one.pk, NOON), (mia, other.pk, LATER)]
    assert MemberTag.objects.get(tag=other).is_by_hand
    assert MemberNote.objects.get().member_id == mia
    brought = Membership.objects.filter(pk__in=[kim.pk, cast.membership.pk]).order_by("pk")
    assert [row.referred_by for row in brought] == [None, cast.membership]
    fired = Firing.objects.get(membership=cast.membership)
    assert (fired.kind, fired.rule_key, fired.occurrence, fired.transaction) == (
        FiringKind.MILESTONE,
        7,
        "2026",
        done,
    )


def test_a_tier_that_a_hand_gave_the_other_record_stays_if_it_is_higher():
    cast = make_cast()
    make_tier(cast.card, "Bronze", 0)
    gold = make_tier(cast.card, "Gold", 1000)
    twice = guest(cast)
    tiers.change_tier(
        deed=deed(cast.petra, Source.ADMIN),
        membership_id=twice.pk,
        tier_id=gold.pk,
        hold_until=NOON + days(9),
    )

    merge(cast, cast.membership, twice)

    account = account_of(cast.membership)
    assert (account.tier, account.tier_source, account.tier_hold_until) == (
        gold,
        "MANUAL",
        NOON + days(9),
    )
    proven()


def test_older_deeds_of_the_merged_card_cannot_be_rolled_back_but_goods_can_be_returned():
    cast = make_cast()
    twice = guest(cast)
    bought = buy(cast, 9000, membership=twice)
    merge(cast, cast.membership, twice)

    with pytest.raises(restoring.MovedToCustomerError):
        rollbacks.roll_back_latest(
            deed=deed(cast.petra, Source.ADMIN, at=LATER),
            membership_id=twice.pk,
            transaction_id=bought.pk,
        )
    refunds.refund_purchase(
        deed=deed(cast.sam, at=LATER, store=cast.old_port),
        membership_id=cast.membership.pk,
        transaction_id=bought.pk,
        amount_minor=9000,
        scan_id=cast.scan(at=LATER),
    )

    assert account_of(cast.membership).points == 0
    proven()


def test_the_closed_card_says_which_one_is_in_force():
    cast = make_cast()
    twice = guest(cast)
    merge(cast, cast.membership, twice)

    with pytest.raises(standing.MergedAwayError) as refused:
        buy(cast, 1000, membership=twice, at=LATER)

    assert refused.value.number == cast.membership.number


def test_a_chain_of_mergers_ends_at_the_record_in_force():
    cast = make_cast()
    second, third = guest(cast), guest(cast)
    adjust(cast, 10, membership=second)
    adjust(cast, 20, membership=third)

    merge(cast, second, third)
    merge(cast, cast.membership, second, at=LATER + days(1))

    merged = Member.objects.exclude(merged_into=None).values_list("merged_into", flat=True)
    assert list(merged) == [cast.membership.member_id] * 2
    account = account_of(cast.membership)
    assert account.points == 30
    assert Account.objects.filter(absorbed_by=account).count() == 2
    proven(LATER + days(1))


def test_the_same_merger_sent_twice_happens_once():
    cast = make_cast()
    twice, hill = guest(cast), guest(cast, cast.hill_card)

    first = [merge(cast, cast.membership, one, key=f"k{one.pk}") for one in (twice, hill)]
    again = [merge(cast, cast.membership, one, key=f"k{one.pk}") for one in (twice, hill)]

    assert first == again
    with pytest.raises(merging.SameCustomerError):
        merge(cast, cast.membership, hill)
    with pytest.raises(customers.CustomerGoneError):
        merge(cast, cast.membership, twice)


def test_credit_comes_along_and_the_deed_tells_it():
    cast = make_cast()
    twice = guest(cast)
    for held, amount in ((cast.membership, 250), (twice, 175)):
        adjustments.adjust_credit(
            deed=deed(cast.petra, Source.ADMIN), membership_id=held.pk, credit_minor=amount
        )

    done = merge(cast, cast.membership, twice)

    told = {name: done.result[name] for name in ("credit_before", "credit_after")}
    assert (account_of(cast.membership).credit_minor, told) == (
        425,
        {"credit_before": 250, "credit_after": 425},
    )
    proven()
