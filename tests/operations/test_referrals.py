"""What bringing a new member gives, once per pair, and undone with its cause (IV5)."""

import pytest

from loyalty.ledger.models import Firing, Kind, Transaction
from loyalty.members.models import Membership, MembershipGroup, MembershipStatus, Voucher
from loyalty.operations import purchases, referrals, standing
from loyalty.operations.deeds import BusyError
from loyalty.operations.purchases import Bill
from loyalty.operations.restoring import MovedToGroupError, PointsAlreadySpentError
from loyalty.rules.terms import FullCards
from tests.cast import NOON, deed, join, make_reward, make_tier, make_user, publish
from tests.operations.counter import (
    account_of,
    adjust,
    buy,
    days,
    mismatches,
    redeem,
    set_status,
    undo,
)
from tests.operations.families import form
from tests.operations.recommending import add_rule, bring, make_club, points_of

pytestmark = pytest.mark.django_db


@pytest.mark.req("IV5.1", "IV5.2", "IV5.3", "IV5.5", "IV5.7", "IV5.9", "PA2.7")
def test_the_referrer_gets_two_hundred_and_sixty_in_all():
    cast = make_club(
        ("REGISTRATION", 50),
        ("FIRST_PURCHASE", 100),
        ("THRESHOLD_POINTS", 30, 200),
        ("THRESHOLD_POINTS", 80, 500),
    )
    prize = make_reward(cast.card, "Prize", 150)
    noor = bring(cast)
    told = [points_of(cast.membership)]

    def step(minor):
        buy(cast, minor, membership=noor)
        told.append((points_of(noor), points_of(cast.membership)))

    step(12_000)
    step(9_000)
    redeem(cast, prize, membership=noor)
    step(46_000)
    redeem(cast, prize, membership=noor)
    redeem(cast, prize, membership=noor)
    redeem(cast, prize, membership=noor)
    step(20_000)

    assert told == [50, (120, 150), (210, 180), (520, 260), (270, 260)]
    assert noor.referred_by == cast.membership
    assert Firing.objects.filter(released_at=None).count() == 4
    assert mismatches() == []


@pytest.mark.req("IV5.4", "IV5.6", "IV5.8", "IV5.10")
def test_credit_is_given_like_points():
    cast = make_club(credit_per_step_minor=10, step_minor=100)
    add_rule(cast.card, "REGISTRATION", credit=500)
    add_rule(cast.card, "FIRST_PURCHASE", credit=300)
    add_rule(cast.card, "THRESHOLD_CREDIT", credit=200, least=1000)
    publish(cast.card)

    noor = bring(cast)
    buy(cast, 5_000, membership=noor)
    first = account_of(cast.membership).credit_minor
    buy(cast, 5_000, membership=noor)

    assert (first, account_of(cast.membership).credit_minor) == (800, 1000)
    assert mismatches() == []


@pytest.mark.req("IV5.10")
@pytest.mark.parametrize(
    ("to", "referrer", "referred"),
    [("REFERRER", 40, 10), ("REFERRED", 0, 50), ("BOTH", 40, 50)],
)
def test_a_rule_pays_whom_it_names(to, referrer, referred):
    cast = make_club()
    add_rule(cast.card, "FIRST_PURCHASE", points=40, to=to)
    publish(cast.card)
    noor = bring(cast)

    buy(cast, 1000, membership=noor)
    buy(cast, 0 + 100, membership=noor, at=NOON + days(1))

    assert (points_of(cast.membership), points_of(noor)) == (referrer, referred + 1)
    assert Firing.objects.count() == 1


@pytest.mark.req("IV5.5", "IV5.6")
def test_undoing_the_first_purchase_takes_the_bonus_back_and_the_next_one_gives_it_again():
    cast = make_club(("FIRST_PURCHASE", 100))
    noor = bring(cast)
    first = buy(cast, 1000, membership=noor)

    undo(cast, first, membership=noor)
    after_undo = points_of(cast.membership)
    buy(cast, 1000, membership=noor)
    buy(cast, 1000, membership=noor)

    assert (after_undo, points_of(cast.membership)) == (0, 100)
    assert list(Firing.objects.order_by("pk").values_list("released_at", flat=True)) == [NOON, None]
    assert mismatches() == []


@pytest.mark.req("IV5.9")
def test_a_threshold_fires_again_when_the_deed_that_reached_it_was_undone():
    cast = make_club(("THRESHOLD_POINTS", 30, 100))
    noor = bring(cast)

    undo(cast, buy(cast, 10_000, membership=noor), membership=noor)
    buy(cast, 10_000, membership=noor)

    assert points_of(cast.membership) == 30
    assert mismatches() == []


def test_a_rule_published_after_the_first_purchase_gives_nothing_for_the_second():
    cast = make_club(("THRESHOLD_POINTS", 30, 9000))
    noor = bring(cast)
    buy(cast, 1000, membership=noor)
    add_rule(cast.card, "FIRST_PURCHASE", points=100)
    publish(cast.card, at=NOON)

    buy(cast, 1000, membership=noor)

    assert points_of(cast.membership) == 0


def test_what_the_newcomer_is_given_may_reach_the_next_threshold():
    cast = make_club()
    add_rule(cast.card, "THRESHOLD_POINTS", points=50, least=100, to="REFERRED")
    add_rule(cast.card, "THRESHOLD_POINTS", points=7, least=150)
    publish(cast.card)
    noor = bring(cast)

    buy(cast, 10_000, membership=noor)

    assert (points_of(noor), points_of(cast.membership)) == (150, 7)


@pytest.mark.parametrize("points", [120, -5])
def test_points_given_by_hand_reach_thresholds_and_points_taken_do_not(points):
    cast = make_club(("THRESHOLD_POINTS", 30, 100))
    noor = bring(cast)
    buy(cast, 9_000, membership=noor)

    adjust(cast, points, membership=noor)

    assert points_of(cast.membership) == (30 if points > 0 else 0)


def test_a_welcome_may_reach_a_threshold_at_once():
    cast = make_club(("THRESHOLD_POINTS", 30, 20), welcome_points=25)
    mia = points_of(cast.membership)

    bring(cast)

    assert points_of(cast.membership) - mia == 30
    assert mismatches() == []


def test_in_a_group_the_pooled_points_reach_no_threshold():
    cast = make_club(("THRESHOLD_POINTS", 30, 100))
    noor = bring(cast)
    group = MembershipGroup.objects.create(
        partner=cast.partner, card=cast.card, account=noor.account, head=noor, name="Family"
    )
    Membership.objects.filter(pk=noor.pk).update(group=group)

    buy(cast, 20_000, membership=noor)

    assert points_of(cast.membership) == 0


def test_two_who_share_an_account_are_paid_on_it():
    cast = make_club(("FIRST_PURCHASE", 40))
    noor = bring(cast)
    group = MembershipGroup.objects.create(
        partner=cast.partner,
        card=cast.card,
        account=cast.membership.account,
        head=cast.membership,
        name="Family",
    )
    Membership.objects.filter(pk__in=[noor.pk, cast.membership.pk]).update(
        group=group, account=cast.membership.account
    )

    done = buy(cast, 1000, membership=noor)

    assert (points_of(cast.membership), done.result["balance_after"]) == (50, 50)


@pytest.mark.req("IV5.11")
def test_a_blocked_referrer_gets_nothing_and_the_newcomer_keeps_theirs():
    cast = make_club(("THRESHOLD_POINTS", 30, 10))
    add_rule(cast.card, "FIRST_PURCHASE", points=40, to="BOTH")
    publish(cast.card)
    noor = bring(cast)
    set_status(cast, MembershipStatus.BLOCKED)

    buy(cast, 1000, membership=noor)

    assert (points_of(cast.membership), points_of(noor)) == (0, 50)


def test_a_bonus_lifts_the_referrers_tier_with_its_reward():
    cast = make_club(("FIRST_PURCHASE", 100))
    mug = make_reward(cast.card, "Mug", 10)
    silver = make_tier(cast.card, "Silver", 90, entry_reward=mug)
    noor = bring(cast)

    done = buy(cast, 1000, membership=noor)
    lifted = account_of(cast.membership).tier
    vouchers = Voucher.objects.filter(reward=mug, status="ISSUED").count()
    undo(cast, done, membership=noor)

    assert (lifted, vouchers) == (silver, 1)
    assert account_of(cast.membership).tier is None
    assert not Voucher.objects.filter(status="ISSUED").exists()
    assert mismatches() == []


def test_undoing_the_bonus_leaves_a_tier_that_was_earned_since():
    cast = make_club(("FIRST_PURCHASE", 20))
    silver = make_tier(cast.card, "Silver", 100)
    noor = bring(cast)
    buy(cast, 9_000)
    done = buy(cast, 1000, membership=noor)
    buy(cast, 5_000)

    undo(cast, done, membership=noor)

    assert account_of(cast.membership).tier == silver
    assert points_of(cast.membership) == 140
    assert mismatches() == []


def test_a_bonus_fills_the_referrers_stamp_card():
    cast = make_club(("FIRST_PURCHASE", 12))
    reward = make_reward(cast.card, "Haircut", 10)
    cast.card.stamps_per_card, cast.card.full_card_reward = 10, reward
    cast.card.full_cards = FullCards.ISSUE
    cast.card.save()
    publish(cast.card)
    noor = bring(cast)

    done = buy(cast, 1_200, membership=noor)
    filled = (points_of(cast.membership), points_of(noor), Voucher.objects.count())
    undo(cast, done, membership=noor)

    assert filled == (2, 2, 2)
    assert set(Voucher.objects.values_list("status", flat=True)) == {"REMOVED"}
    assert mismatches() == []


def test_what_the_referrer_spent_since_must_be_undone_first():
    cast = make_club(("FIRST_PURCHASE", 200))
    noor = bring(cast)
    done = buy(cast, 1000, membership=noor)
    redeem(cast)

    with pytest.raises(PointsAlreadySpentError):
        undo(cast, done, membership=noor)


def test_a_registration_bonus_lifts_the_newcomers_first_tier():
    cast = make_club()
    add_rule(cast.card, "REGISTRATION", points=60, to="REFERRED")
    publish(cast.card)
    bronze = make_tier(cast.card, "Bronze", 0)
    silver = make_tier(cast.card, "Silver", 50)

    noor = bring(cast)

    plain = join(make_user("ida"), cast.card, at=NOON)
    assert (account_of(noor).tier, account_of(plain).tier) == (silver, bronze)
    assert mismatches() == []


@pytest.mark.parametrize(("management", "least"), [("MANUAL", 0), ("AUTOMATIC", 500)])
def test_a_registration_bonus_that_reaches_no_tier_gives_none(management, least):
    cast = make_club(("REGISTRATION", 5), tier_management=management)
    make_tier(cast.card, "Bronze", least)

    noor = bring(cast)

    assert account_of(noor).tier is None


def test_somebody_whom_nobody_brought_pays_nobody():
    cast = make_club(("REGISTRATION", 50), ("FIRST_PURCHASE", 50))
    noor = join(cast.noor, cast.card, at=NOON)

    buy(cast, 1000, membership=noor)

    assert not Transaction.objects.filter(kind=Kind.BONUS).exists()


@pytest.mark.req("IV5.3", "IV9.2")
def test_what_gave_a_bonus_that_a_family_took_over_cannot_be_undone():
    cast = make_club(("FIRST_PURCHASE", 100))
    noor, kim = bring(cast), join(make_user("kim"), cast.card)
    bought = buy(cast, 1000, membership=noor)
    form(cast, cast.membership, kim)

    with pytest.raises(MovedToGroupError):
        undo(cast, bought, membership=noor)

    assert (points_of(noor), mismatches()) == (10, [])


def test_a_referrer_who_moves_meanwhile_is_asked_for_again():
    cast = make_club(("FIRST_PURCHASE", 50))
    noor = bring(cast)
    found = standing.lock(deed=deed(cast.sam), membership_id=noor.pk, is_earning=True)
    found.referrer_account = None

    with pytest.raises(BusyError):
        referrals.on_deed(found, [], is_purchase=True)


def test_a_member_whom_nobody_brought_costs_no_statement(django_assert_num_queries):
    cast = make_club(("FIRST_PURCHASE", 50))
    found = standing.look(deed=deed(cast.sam), membership_id=cast.membership.pk)
    assert found.terms.referral_rules

    with django_assert_num_queries(0):
        assert referrals.on_deed(found, [], is_purchase=True) == []


def test_a_pair_that_has_had_everything_costs_one_statement(django_assert_num_queries):
    cast = make_club(("FIRST_PURCHASE", 50))
    noor = bring(cast)
    buy(cast, 1000, membership=noor)
    found = standing.look(deed=deed(cast.sam), membership_id=noor.pk)

    with django_assert_num_queries(1):
        assert referrals.on_deed(found, [], is_purchase=True) == []


def test_a_buy_is_a_first_transaction_too():
    cast = make_club(("FIRST_PURCHASE", 50))
    noor = bring(cast)

    purchases.book_buy(
        deed=deed(cast.sam),
        membership_id=noor.pk,
        bill=Bill(amount_minor=1000, currency="EUR"),
        scan_id=cast.scan(membership=noor),
    )

    assert points_of(cast.membership) == 50
