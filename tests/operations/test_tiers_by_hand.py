"""Tiers set by hand: held to a date, back to the rule, and by managers alone."""

import pytest

from loyalty.ledger.drafts import Note
from loyalty.ledger.models import TransactionNote
from loyalty.members.models import Voucher
from loyalty.operations import standing, tiers
from loyalty.operations.deeds import RepeatDiffersError
from tests.cast import NOON, make_cast, make_manager, make_reward, make_tier
from tests.operations.counter import account_of, buy, days, place, set_status

pytestmark = pytest.mark.django_db


@pytest.mark.req("CU27", "CU28", "CU30", "CU34")
def test_a_tier_set_by_hand_is_held_until_its_date():
    cast = make_cast()
    make_tier(cast.card, "Silver", 100)
    gold = make_tier(cast.card, "Gold", 1000, entry_reward=make_reward(cast.card, "Bag", 900))

    done = place(cast, gold, hold_until=NOON + days(30), are_rewards_given=True, key="k")
    buy(cast, 20_000, at=NOON + days(29))
    held = account_of(cast.membership).tier
    after = buy(cast, 100, at=NOON + days(31))

    assert (held, done.result["new_tier"], after.result["new_tier"]) == (gold, "Gold", "Silver")
    assert Voucher.objects.get().tier == gold
    again = place(cast, gold, hold_until=NOON + days(30), are_rewards_given=True, key="k")
    assert again == done
    with pytest.raises(RepeatDiffersError):
        place(cast, gold, key="k")


def test_a_tier_without_a_date_is_held_until_somebody_changes_it():
    cast = make_cast()
    silver = make_tier(cast.card, "Silver", 100)
    place(cast, silver, note=Note(internal="prize draw"))
    buy(cast, 100, at=NOON + days(900))
    assert account_of(cast.membership).tier == silver

    back = place(cast, None)

    account = account_of(cast.membership)
    assert (account.tier, account.tier_source, back.result["new_tier"]) == (None, "AUTOMATIC", None)
    assert TransactionNote.objects.get().internal == "prize draw"


def test_back_to_the_automatic_rule_means_what_the_awarded_points_reach():
    cast = make_cast()
    silver = make_tier(cast.card, "Silver", 100)
    gold = make_tier(cast.card, "Gold", 1000)
    buy(cast, 10_000)
    place(cast, gold)

    assert place(cast, None).result["new_tier"] == "Silver"
    assert account_of(cast.membership).tier == silver


def test_a_tier_that_is_set_already_or_unknown_is_refused():
    cast = make_cast()
    silver = make_tier(cast.card, "Silver", 100)
    place(cast, silver)

    with pytest.raises(tiers.TierUnchangedError):
        place(cast, silver)
    silver.archived_at = NOON
    silver.save()
    with pytest.raises(tiers.TierNotFoundError):
        place(cast, silver)
    with pytest.raises(tiers.TierNotFoundError):
        place(cast, make_tier(cast.hill_card, "Peak", 5))


def test_only_a_manager_sets_tiers_and_status():
    cast = make_cast()
    silver = make_tier(cast.card, "Silver", 100)

    for forbidden in (
        lambda: place(cast, silver, actor=cast.sam),
        lambda: set_status(cast, "BLOCKED", actor=cast.sam),
    ):
        with pytest.raises(standing.MembershipNotFoundError):
            forbidden()
    make_manager(cast.mia, cast.partner)
    for forbidden in (
        lambda: place(cast, silver, actor=cast.mia),
        lambda: set_status(cast, "BLOCKED", actor=cast.mia),
    ):
        with pytest.raises(standing.OwnMembershipError):
            forbidden()
