"""Which members draft rules would lift to another tier or take one from."""

import pytest

from loyalty.members.models import Account
from tests.analytics.runs import draft, figures, issued, tried
from tests.cast import NOON, join, make_cast, make_tier
from tests.operations.counter import account_of, buy, days, place, set_status

pytestmark = pytest.mark.django_db


def test_a_lower_threshold_lifts_members():
    cast = make_cast()
    silver = make_tier(cast.card, "Silver", 100)
    join(cast.noor, cast.card)
    buy(cast, 9000)
    silver.min_value = 80
    silver.save()

    run = tried(cast.card)

    assert figures(run, "moves", "kept") == ({f"0>{silver.pk}": 1}, {})


def test_what_the_draft_gives_more_lifts_members():
    cast = make_cast()
    silver = make_tier(cast.card, "Silver", 100)
    buy(cast, 6000)
    draft(cast.card, points_per_step=2)

    assert figures(tried(cast.card), "moves") == ({f"0>{silver.pk}": 1},)


def test_a_higher_threshold_takes_no_tier_that_is_never_lowered():
    cast = make_cast()
    silver = make_tier(cast.card, "Silver", 80)
    buy(cast, 9000)
    silver.min_value = 100
    silver.save()

    assert figures(tried(cast.card), "moves", "kept") == ({}, {f"{silver.pk}>0": 1})


def test_tiers_by_what_is_there_fall_with_it():
    cast = make_cast(tier_basis="AVAILABLE_POINTS", expiry_days=20)
    silver = make_tier(cast.card, "Silver", 80)
    buy(cast, 9000)
    silver.min_value = 90
    silver.save()
    draft(cast.card, step_minor=101)

    assert figures(tried(cast.card), "moves", "kept") == ({f"{silver.pk}>0": 1}, {})
    draft(cast.card, step_minor=100)
    assert figures(tried(cast.card), "moves", "kept") == ({}, {})
    # A month later the points are past their date, booked or not.
    assert figures(tried(cast.card, at=NOON + days(40)), "moves") == ({f"{silver.pk}>0": 1},)


@pytest.mark.parametrize(("window", "span"), [("ROLLING", 3), ("ANNIVERSARY", None)])
def test_tiers_by_a_span_of_time_count_what_was_awarded_in_it(window, span):
    cast = make_cast()
    silver = make_tier(cast.card, "Silver", 50)
    noor = join(cast.noor, cast.card)
    type(noor).objects.filter(pk=noor.pk).update(joined_at=NOON - days(367))
    buy(cast, 6000, at=NOON - days(5), membership=noor)
    buy(cast, 6000, at=NOON - days(1))
    draft(cast.card, tier_window=window, tier_window_days=span)

    moves = figures(tried(cast.card), "moves", "kept")

    # Noor's year began anew two days ago, and the three days began after her purchase.
    assert moves == ({f"{silver.pk}>0": 1}, {})


def test_a_tier_that_was_set_by_hand_stays():
    cast = make_cast()
    silver = make_tier(cast.card, "Silver", 500)
    place(cast, silver)

    assert figures(tried(cast.card), "moves", "kept") == ({}, {})


def test_tiers_that_people_move_are_moved_by_nobody_else():
    cast = make_cast()
    make_tier(cast.card, "Silver", 50)
    draft(cast.card, tier_management="MANUAL")
    buy(cast, 9000)
    draft(cast.card, points_per_step=9)

    assert figures(tried(cast.card), "moves", "kept") == ({}, {})


def test_members_who_left_count_for_no_tier():
    cast = make_cast()
    make_tier(cast.card, "Silver", 50)
    buy(cast, 4000)
    set_status(cast, "REMOVED")
    draft(cast.card, points_per_step=9)

    run = tried(cast.card)

    assert (issued(run), *figures(run, "moves", "kept")) == ((40, 360, 0, 0), {}, {})


def test_a_family_on_one_account_moves_together():
    cast = make_cast()
    silver = make_tier(cast.card, "Silver", 100)
    noor = join(cast.noor, cast.card)
    Account.objects.filter(pk=noor.account_id).update(tier=None)
    type(noor).objects.filter(pk=noor.pk).update(account=cast.membership.account_id)
    noor.refresh_from_db()
    buy(cast, 3000)
    buy(cast, 3000, membership=noor)
    draft(cast.card, points_per_step=2)

    run = tried(cast.card)

    assert account_of(cast.membership).lifetime_points == 60
    assert figures(run, "members", "better", "moves") == (2, 2, {f"0>{silver.pk}": 2})


def test_what_a_member_earned_on_an_account_they_left_lifts_nobody():
    cast = make_cast()
    make_tier(cast.card, "Silver", 100)
    buy(cast, 6000)
    fresh = Account.objects.create(partner=cast.partner, card=cast.card)
    type(cast.membership).objects.filter(pk=cast.membership.pk).update(account=fresh)
    draft(cast.card, points_per_step=2)

    run = tried(cast.card)

    assert (issued(run), *figures(run, "better", "moves")) == ((60, 120, 0, 0), 1, {})
