"""Rewards for points: who can have which, how many there are, and which points go first."""

import pytest

from cards.models import Reward, RewardStatus
from loyalty.ledger.models import Lot
from loyalty.operations import drafting, offers, redemptions, standing
from loyalty.operations.deeds import RepeatDiffersError
from loyalty.rules.offers import OfferState
from tests.cast import NOON, deed, make_cast, make_reward, make_tier
from tests.ledger.corrupting import without_guards
from tests.operations.claims import MINUTE, start
from tests.operations.counter import (
    balance,
    buy,
    days,
    issue,
    open_lots,
    redeem,
    rich_cast,
    rows,
    set_status,
    undo,
)

pytestmark = pytest.mark.django_db


UNAVAILABLE = [
    # the reward is, state
    ({"status": RewardStatus.PAUSED}, OfferState.ENDED),
    ({"status": RewardStatus.ARCHIVED}, OfferState.ENDED),
    ({"valid_from": NOON + MINUTE}, OfferState.NOT_STARTED),
    ({"valid_until": NOON}, OfferState.ENDED),
    ({"stock": 0}, OfferState.SOLD_OUT),
]


@pytest.mark.parametrize(("change", "state"), UNAVAILABLE)
def test_a_reward_that_cannot_be_had_is_refused_everywhere(change, state):
    cast = rich_cast()
    Reward.objects.filter(pk=cast.reward.pk).update(**change)

    for deed_of in (start, redeem, issue):
        with pytest.raises(offers.RewardNotAvailableError) as refused:
            deed_of(cast)
        assert refused.value.state == state


def test_a_reward_of_another_card_cannot_be_had():
    cast = rich_cast()
    towel = Reward.objects.get(card=cast.hill_card)

    with pytest.raises(offers.RewardNotAvailableError) as refused:
        redeem(cast, towel)

    assert refused.value.state == OfferState.ENDED


def test_a_reward_for_a_tier_is_refused_below_it():
    cast = rich_cast(500)
    silver = make_tier(cast.card, "Silver", 10_000)
    special = make_reward(cast.card, "Tasting", 100, min_tier=silver)

    with pytest.raises(offers.RewardNotAvailableError) as refused:
        redeem(cast, special)

    assert refused.value.state == OfferState.TIER_TOO_LOW


def test_a_reward_once_per_member_counts_vouchers_and_not_what_was_undone():
    cast = rich_cast()
    once = make_reward(cast.card, "Tour", 10, per_member=1)
    undo(cast, redeem(cast, once))
    issue(cast, once)

    with pytest.raises(offers.RewardNotAvailableError) as refused:
        redeem(cast, once)

    assert refused.value.state == OfferState.LIMIT_REACHED


def test_the_last_piece_goes_out_once():
    cast = rich_cast()
    rare = make_reward(cast.card, "Poster", 10, stock=1)
    redeem(cast, rare)

    with pytest.raises(offers.RewardNotAvailableError) as refused:
        redeem(cast, rare)

    assert refused.value.state == OfferState.SOLD_OUT


def test_rewards_per_day_are_limited():
    cast = rich_cast(redeems_per_day=1)
    redeem(cast)

    with pytest.raises(standing.LimitReachedError) as refused:
        redeem(cast)

    assert (refused.value.limit, refused.value.hours) == (1, 24)
    assert redeem(cast, at=NOON + days(1)).points == -200


def test_a_repeat_of_a_redemption_burns_nothing_and_other_content_is_refused():
    cast = rich_cast()
    tart = make_reward(cast.card, "Tart", 10)
    first = redeem(cast, key="k")
    before = rows()

    assert (redeem(cast, key="k"), rows()) == (first, before)
    with pytest.raises(RepeatDiffersError):
        redeem(cast, tart, key="k")


def test_lots_past_their_date_cannot_be_spent_before_the_job_ran():
    cast = make_cast(expiry_days=10)
    buy(cast, 15_000)
    late = NOON + days(5)
    buy(cast, 10_000, at=late)
    at = NOON + days(12)

    with pytest.raises(drafting.NotEnoughPointsError) as refused:
        redeem(cast, at=at)

    assert (refused.value.available, balance(cast)) == (100, 250)
    cheap = make_reward(cast.card, "Tart", 60)
    got = redeem(cast, cheap, at=at)
    assert (got.result["balance_before"], got.result["balance_after"]) == (100, 40)
    assert [left for left, _ in open_lots(cast)] == [150, 40]


@pytest.mark.req("IV4.2")
def test_the_earliest_expiry_is_spent_first_and_points_without_one_last():
    cast = make_cast()

    for minor in (3000, 5000, 8000, 1000):
        buy(cast, minor)
    # Dates as they would be under three rules; the triggers hold them, so they are laid by hand.
    dates = [NOON + days(31), NOON + days(1), NOON + days(17), None]

    with without_guards("ledger_lot"):
        for lot, date in zip(Lot.objects.order_by("pk"), dates, strict=True):
            Lot.objects.filter(pk=lot.pk).update(expires_at=date)

    redeem(cast, make_reward(cast.card, "Soup", 70))

    assert [left for left, _ in open_lots(cast)] == [30, 60, 10]


def test_a_removed_member_gets_no_reward():
    cast = rich_cast()
    set_status(cast, "REMOVED")

    for deed_of in (redeem, start, issue):
        with pytest.raises(standing.MembershipNotActiveError):
            deed_of(cast)


def test_staff_see_the_state_of_every_reward_in_their_order():
    cast = rich_cast(150)
    make_reward(cast.card, "Tart", 100, position=0)
    make_reward(cast.card, "Old", 1, status=RewardStatus.ARCHIVED)
    account = cast.membership.account
    account.refresh_from_db()

    found = offers.listed(account=account, available=150, at=NOON)

    assert [(one.reward.name, one.state, one.missing, one.is_ready) for one in found] == [
        ("Tart", OfferState.READY, 0, True),
        ("Croissant", OfferState.NOT_ENOUGH, 50, False),
    ]


def test_a_reward_that_does_not_exist_is_refused():
    cast = make_cast()
    buy(cast, 50000)
    before = rows()

    with pytest.raises(offers.RewardNotAvailableError) as refused:
        redemptions.redeem_reward(
            deed=deed(cast.sam),
            membership_id=cast.membership.pk,
            reward_id=2**31,
            scan_id=cast.scan(at=NOON),
        )

    assert (refused.value.state, rows()) == (OfferState.ENDED, before)


def test_a_repeat_after_the_visit_still_returns_the_first_redemption():
    cast = make_cast()
    buy(cast, 50000)
    scan = cast.scan(at=NOON + MINUTE)
    first = redeem(cast, at=NOON + 10 * MINUTE, key="lost-answer", scan=scan)
    before = rows()

    again = redeem(cast, at=NOON + 12 * MINUTE, key="lost-answer", scan=scan)

    assert (again, rows(), balance(cast)) == (first, before, 300)


def test_a_repeat_after_the_visit_with_another_reward_is_refused():
    cast = make_cast()
    buy(cast, 50000)
    scan = cast.scan(at=NOON + MINUTE)
    redeem(cast, at=NOON + 10 * MINUTE, key="lost-answer", scan=scan)
    other = make_reward(cast.card, "Mug", 10)

    with pytest.raises(RepeatDiffersError):
        redeem(cast, other, at=NOON + 12 * MINUTE, key="lost-answer", scan=scan)

    assert balance(cast) == 300
