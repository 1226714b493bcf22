"""Tiers judged by the clock: the table of rules 7 through the deeds, and the nightly review."""

from datetime import UTC, date, datetime

import pytest

from cards.models import CardStatus
from loyalty.ledger import verification
from loyalty.ledger.models import Kind, Source, TierChange, Transaction
from loyalty.members.models import Account, Membership, TierSource, Voucher
from loyalty.operations import expiries, groups, tier_reviews
from loyalty.outbox.models import Event, EventType
from tests.cast import NOON, deed, join, make_cast, make_reward, make_tier, make_user, publish
from tests.operations.counter import account_of, adjust, buy, days, place, redeem

pytestmark = pytest.mark.django_db
JOINED = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def leveled(**card):
    """Return a cast with the levels of rules 7: Bronze 0, Silver 100, Gold 300."""
    cast = make_cast(**card)
    for name, least in (("Bronze", 0), ("Silver", 100), ("Gold", 300)):
        make_tier(cast.card, name, least)
    if card.get("tier_management") != "MANUAL":
        place(cast, None, at=JOINED)  # Mia joined before there were tiers.
    return cast


def joined(cast, at=JOINED):
    """Let Mia have joined at another time."""
    Membership.objects.filter(pk=cast.membership.pk).update(joined_at=at)


def tier(cast, membership=None):
    found = account_of(membership or cast.membership).tier
    return found.name if found else None


def night(at):
    """Review all tiers as the nightly job does, and return how many accounts each chunk took."""
    counts = []
    while found := tier_reviews.review_tiers(at=at):
        counts.append(found)
    return counts


def proven(at):
    assert verification.verify(verification.Scope(at=at)) == []


# What tiers follow, and the level after awarded 340, redeemed 260, expired 30.
BASES = [
    # basis, level after the award, after the redemption, after the expiry
    ("AVAILABLE_POINTS", "Gold", "Bronze", "Bronze"),
    ("AWARDED_POINTS", "Gold", "Gold", "Gold"),
]


@pytest.mark.req("IV3.7", "IV3.8", "IV3.18")
@pytest.mark.parametrize(("basis", "awarded", "redeemed", "expired"), BASES)
def test_levels_by_available_fall_with_what_is_spent_and_by_awarded_never(
    basis, awarded, redeemed, expired
):
    cast = leveled(tier_basis=basis, expiry_days=10)
    big = make_reward(cast.card, "Hamper", cost=260)
    found = []
    buy(cast, 29_000)
    buy(cast, 5000, at=NOON + days(5))
    found.append(tier(cast))
    redeem(cast, big, at=NOON + days(6))
    found.append(tier(cast))
    expiries.book_expiry(at=NOON + days(11))
    found.append(tier(cast))

    account = account_of(cast.membership)
    assert (account.lifetime_points, account.points) == (340, 50)
    assert found == [awarded, redeemed, expired]
    proven(NOON + days(11))


@pytest.mark.req("IV3.18")
def test_after_thirty_days_a_level_is_judged_on_its_days_and_stays_between():
    cast = leveled(tier_basis="AVAILABLE_POINTS", tier_management="AFTER_DAYS", tier_days=30)
    joined(cast)
    new_year = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
    night(new_year)
    buy(cast, 31_000, at=datetime(2026, 1, 5, 12, 0, tzinfo=UTC))

    seen = {}
    for day in range(1, 31 + 28 + 5):
        at = new_year + days(day)
        if at.date() == date(2026, 2, 2):
            adjust(cast, -260, at=at)
        night(at)
        seen[at.date()] = tier(cast)

    moved = [(day, seen[day]) for day in seen if seen[day] != seen.get(day - days(1), "Bronze")]
    assert moved == [(date(2026, 1, 31), "Gold"), (date(2026, 3, 2), "Bronze")]


@pytest.mark.req("IV3.18")
def test_a_day_that_was_missed_is_made_up_for():
    cast = leveled(tier_management="AFTER_DAYS", tier_days=30)
    joined(cast)
    buy(cast, 31_000, at=datetime(2026, 1, 5, 12, 0, tzinfo=UTC))
    night(datetime(2026, 1, 30, 3, 0, tzinfo=UTC))
    assert tier(cast) == "Bronze"

    assert night(datetime(2026, 2, 3, 3, 0, tzinfo=UTC)) == [1]

    assert tier(cast) == "Gold"


@pytest.mark.req("IV3.18")
def test_by_hand_alone_the_system_moves_nobody():
    cast = leveled(tier_management="MANUAL")
    buy(cast, 31_000)
    gold = cast.card.tiers.get(name="Gold")
    place(cast, gold, hold_until=NOON + days(5))

    assert night(NOON + days(10)) == []
    assert tier(cast) == "Gold"


@pytest.mark.req("CU34")
def test_a_level_held_by_hand_stays_until_its_day_and_goes_back_under_the_rule():
    cast = leveled()
    buy(cast, 15_000)
    gold = cast.card.tiers.get(name="Gold")
    place(cast, gold, hold_until=NOON + days(5))
    before = Transaction.objects.count()

    assert (night(NOON + days(4)), tier(cast)) == ([], "Gold")
    assert (night(NOON + days(5)), tier(cast)) == ([1], "Silver")
    assert night(NOON + days(5)) == []

    done = Transaction.objects.order_by("-pk").first()
    assert Transaction.objects.count() == before + 1
    assert (done.kind, done.source, done.actor, done.membership, done.result) == (
        Kind.TIER_CHANGE,
        Source.SYSTEM,
        None,
        cast.membership,
        {"points": 0, "new_tier": "Silver"},
    )
    change = TierChange.objects.get(transaction=done)
    assert (change.from_source, change.to_source) == (TierSource.MANUAL, TierSource.AUTOMATIC)
    told = Event.objects.filter(type=EventType.TIER_CHANGED).order_by("-pk").first()
    assert told.data["tier_id"] == change.to_tier_id
    proven(NOON + days(5))


@pytest.mark.req("CU34")
def test_a_hold_that_ends_in_the_level_that_is_reached_anyway_is_over():
    cast = leveled()
    buy(cast, 15_000)
    place(cast, cast.card.tiers.get(name="Silver"), hold_until=NOON + days(5))

    assert night(NOON + days(6)) == [1]

    account = account_of(cast.membership)
    assert (account.tier.name, account.tier_source, account.tier_hold_until) == (
        "Silver",
        TierSource.AUTOMATIC,
        None,
    )
    assert night(NOON + days(7)) == []


# Window, when 310 points are awarded, and the days before and after the level falls.
WINDOWS = [
    # window, days, awarded, still Gold, no longer
    ("ROLLING", 30, date(2026, 5, 14), date(2026, 6, 12), date(2026, 6, 13)),
    ("CALENDAR_YEAR", None, date(2026, 5, 14), date(2026, 12, 31), date(2027, 1, 1)),
    ("ANNIVERSARY", None, date(2026, 5, 14), date(2027, 1, 31), date(2027, 2, 1)),
]


@pytest.mark.req("IV3.18")
@pytest.mark.parametrize(("window", "count", "awarded", "still", "over"), WINDOWS)
def test_a_level_ends_when_what_reached_it_leaves_the_window(window, count, awarded, still, over):
    cast = leveled(tier_window=window, tier_window_days=count)
    buy(cast, 31_000, at=at_three(awarded))
    assert tier(cast) == "Gold"

    night(at_three(still))
    assert tier(cast) == "Gold"
    night(at_three(over))
    assert tier(cast) == "Bronze"


def at_three(day):
    return datetime(day.year, day.month, day.day, 3, 0, tzinfo=UTC)


@pytest.mark.req("IV3.18", "IV9.3")
def test_a_groups_level_is_judged_once_by_the_years_of_its_head():
    cast = leveled(tier_window="ANNIVERSARY")
    noor = join(cast.noor, cast.card, datetime(2026, 3, 1, tzinfo=UTC))
    buy(cast, 20_000)
    buy(cast, 11_000, membership=noor)
    groups.form_group(
        deed=deed(cast.petra, Source.ADMIN, at=NOON + days(1)),
        head_id=noor.pk,
        member_ids=[cast.membership.pk],
        name="Family",
    )
    assert tier(cast) == "Gold"

    night(at_three(date(2027, 2, 2)))  # Mia's year is over, Noor's is not.
    assert tier(cast) == "Gold"
    assert night(at_three(date(2027, 3, 1))) == [1]

    assert tier(cast) == "Bronze"
    done = Transaction.objects.get(source=Source.SYSTEM)
    assert done.membership == noor


@pytest.mark.req("IV3.7", "IV3.9", "IV3.18")
@pytest.mark.parametrize("basis", ["AVAILABLE_POINTS", "AVAILABLE_CREDIT"])
def test_what_is_past_its_date_counts_no_more_though_it_is_not_booked(basis):
    cast = leveled(
        tier_basis=basis,
        tier_management="AFTER_DAYS",
        tier_days=10,
        expiry_days=20,
        credit_per_step_minor=1,
    )
    joined(cast, NOON)
    buy(cast, 31_000, at=NOON)
    night(NOON + days(10))
    assert tier(cast) == "Gold"

    night(NOON + days(30))

    assert (account_of(cast.membership).points, tier(cast)) == (310, "Bronze")


@pytest.mark.req("IV3.18")
def test_who_rises_gets_the_entry_reward_once_while_there_is_one_left():
    cast = leveled(tier_management="AFTER_DAYS", tier_days=30)
    gold = cast.card.tiers.get(name="Gold")
    gold.entry_reward = make_reward(cast.card, "Cake", cost=500, stock=1)
    gold.save()
    publish(cast.card)
    noor = join(cast.noor, cast.card)
    joined(cast)
    for membership in (cast.membership, noor):
        buy(cast, 31_000, membership=membership)
        Membership.objects.filter(pk=membership.pk).update(joined_at=JOINED)

    assert night(NOON + days(60)) == [2]

    assert (tier(cast), tier(cast, noor)) == ("Gold", "Gold")
    voucher = Voucher.objects.get()
    assert (voucher.membership, voucher.tier) == (cast.membership, gold)
    night(NOON + days(90))
    assert Voucher.objects.count() == 1
    proven(NOON + days(90))


@pytest.mark.req("IV3.18")
def test_a_review_goes_chunk_by_chunk_and_judges_each_account_once_a_day():
    cast = leveled(tier_window="ROLLING", tier_window_days=30)
    for name in ("noor", "tess", "sam"):
        join(getattr(cast, name), cast.card)
    other = make_tier(cast.hill_card, "Silver", 10)
    Account.objects.create(partner=cast.partner, card=cast.card)  # Nobody's.
    at = NOON

    assert tier_reviews.is_review_due(at=at)
    assert [tier_reviews.review_tiers(at=at, chunk=2) for _ in range(4)] == [2, 2, 1, 0]
    assert not tier_reviews.is_review_due(at=at)
    assert not Transaction.objects.filter(source=Source.SYSTEM).exists()

    assert other.card.accounts.count() == 0
    found = Account.objects.filter(card=cast.card).values_list("tier_assessed_date", flat=True)
    assert set(found) == {NOON.date()}
    assert tier_reviews.is_review_due(at=NOON + days(1))


@pytest.mark.req("IV3.18")
def test_cards_without_tiers_or_out_of_use_are_not_judged():
    plain = make_cast(tier_window="ROLLING", tier_window_days=30)
    assert not tier_reviews.is_review_due(at=NOON)
    make_tier(plain.card, "Silver", 10)
    assert tier_reviews.is_review_due(at=NOON)

    plain.card.status = CardStatus.PAUSED
    plain.card.save()

    assert not tier_reviews.is_review_due(at=NOON)


@pytest.mark.req("IV3.8", "IV3.18")
def test_awards_of_a_lifetime_are_left_alone():
    cast = leveled()
    buy(cast, 31_000)
    lea = join(make_user("lea"), cast.card)
    assert tier(cast, lea) == "Bronze"

    assert night(NOON + days(400)) == []
    assert tier(cast) == "Gold"
