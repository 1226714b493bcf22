"""A claim has the price of its start and a few minutes, and is used once."""

from datetime import timedelta

import pytest

from cards.models import Reward
from loyalty.members.models import Claim, RewardCounter
from loyalty.operations import drafting, redemptions, standing
from loyalty.operations.scans import Landing
from tests.cast import NOON, deed, join, make_cast
from tests.operations.claims import MINUTE, hand_out, show, start
from tests.operations.counter import adjust, balance, buy, redeem, rich_cast

pytestmark = pytest.mark.django_db


@pytest.mark.req("R10.1", "R10.2", "R4.6")
def test_a_claim_shown_at_the_counter_burns_the_points_once():
    cast = rich_cast(250)
    started = start(cast)
    scan = show(cast, started.token).scan_id

    got = hand_out(cast, started.claim, scan, key="k")

    assert (got.points, got.reward, balance(cast)) == (-200, cast.reward, 50)
    assert (got.result["balance_before"], got.result["balance_after"]) == (250, 50)
    assert hand_out(cast, started.claim, scan, key="k") == got
    with pytest.raises(redemptions.ClaimUsedError):
        hand_out(cast, started.claim, scan)
    assert RewardCounter.objects.get(reward=cast.reward).issued == 1


def test_starting_again_keeps_the_claim_and_kills_the_earlier_code():
    cast = rich_cast()
    first = start(cast)

    second = start(cast, at=NOON + MINUTE)

    assert (second.claim, second.claim.expires_at) == (first.claim, NOON + 5 * MINUTE)
    assert show(cast, first.token).landing == Landing.UNKNOWN
    assert show(cast, second.token).landing == Landing.COUNTER


def test_the_price_at_the_start_of_a_claim_is_binding():
    cast = rich_cast(300)
    first = start(cast)
    Reward.objects.filter(pk=cast.reward.pk).update(cost=900)

    again = start(cast, at=NOON + MINUTE)
    got = hand_out(cast, first.claim, show(cast, again.token).scan_id)

    assert (again.claim.cost, got.points) == (200, -200)


def test_after_its_minutes_a_claim_is_worth_nothing_and_a_new_one_has_the_new_price():
    cast = rich_cast()
    first = start(cast)
    Reward.objects.filter(pk=cast.reward.pk).update(cost=300)
    later = NOON + 5 * MINUTE

    with pytest.raises(redemptions.ClaimExpiredError):
        hand_out(cast, first.claim, cast.scan(at=later), at=later)
    second = start(cast, at=later)

    assert (second.claim.cost, Claim.objects.count()) == (300, 2)


def test_a_claim_of_a_used_one_starts_afresh():
    cast = rich_cast()
    first = start(cast)
    hand_out(cast, first.claim, cast.scan())

    assert start(cast).claim != first.claim


def test_only_the_member_starts_a_claim():
    cast = rich_cast()

    for actor in (cast.noor, cast.petra):
        with pytest.raises(standing.MembershipNotFoundError):
            start(cast, actor=actor)


def test_a_claim_needs_the_points():
    cast = rich_cast(199)

    with pytest.raises(drafting.NotEnoughPointsError) as refused:
        start(cast)

    assert (refused.value.available, refused.value.cost, refused.value.missing) == (199, 200, 1)


def test_points_spent_since_the_start_of_a_claim_are_missing_at_the_counter():
    cast = rich_cast(250)
    started = start(cast)
    adjust(cast, -100)

    with pytest.raises(drafting.NotEnoughPointsError):
        hand_out(cast, started.claim, cast.scan())


def test_a_claim_of_another_membership_is_not_found():
    cast = rich_cast()
    started = start(cast)

    noors = join(cast.noor, cast.card)

    with pytest.raises(redemptions.ClaimNotFoundError):
        redemptions.redeem_claim(
            deed=deed(cast.sam),
            claim_id=started.claim.pk,
            membership_id=noors.pk,
            scan_id=cast.scan(membership=noors),
        )


@pytest.mark.req("R10.2")
@pytest.mark.parametrize("is_used", [True, False])
def test_a_claim_that_is_over_is_no_right_to_spend_and_may_still_earn(is_used):
    cast = make_cast()
    buy(cast, 100000)
    started = start(cast)
    if is_used:
        scan = show(cast, started.token).scan_id
        redemptions.redeem_claim(
            deed=deed(cast.sam),
            claim_id=started.claim.pk,
            membership_id=cast.membership.pk,
            scan_id=scan,
        )
    left, later = balance(cast), NOON + timedelta(hours=30)

    shown = show(cast, started.token, at=later, session="another")
    with pytest.raises(standing.ScanTooOldError):
        redeem(cast, at=later, scan=shown.scan_id)
    buy(cast, 100, at=later, scan=shown.scan_id)

    assert (shown.landing, shown.is_fresh) == (Landing.COUNTER, False)
    assert balance(cast) == left + 1
