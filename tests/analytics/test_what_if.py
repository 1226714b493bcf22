"""What draft rules would have done: the right figures, from real purchases, and nothing booked."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.apps import apps

from cards.models import Plan, WhatIfStatus
from loyalty.members.models import Member
from loyalty.operations import purchases
from loyalty.operations.purchases import Bill
from loyalty.rules.baskets import BasketLine
from tests.analytics.runs import draft, figures, issued, redraft, tried
from tests.cast import NOON, deed, join, make_cast, make_tier, publish
from tests.operations.counter import adjust, buy, days, redeem, undo
from tests.operations.planned import make_line, rewrite

pytestmark = pytest.mark.django_db


def rows_of_the_ledger():
    models = [
        *apps.get_app_config("ledger").get_models(),
        *apps.get_app_config("members").get_models(),
    ]
    return {model: list(model.objects.order_by("pk").values()) for model in models}


def test_a_run_says_what_the_draft_would_have_given():
    cast = make_cast()
    noor = join(cast.noor, cast.card)
    buy(cast, 1000)
    buy(cast, 2050)
    buy(cast, 300, membership=noor)
    draft(cast.card, points_per_step=3, step_minor=200)

    run = tried(cast.card)

    assert (run.status, run.seen_count, run.total_count) == (WhatIfStatus.DONE, 3, 3)
    assert issued(run) == (33, 48, 0, 0)
    assert figures(run, "members", "better", "worse", "mixed") == (2, 1, 0, 0)
    assert figures(run, "refused", "unknown", "moves", "kept") == (0, 0, {}, {})


def test_the_same_rules_change_nothing():
    cast = make_cast(max_points_day=15)
    buy(cast, 1000)
    buy(cast, 900)

    run = tried(cast.card)

    assert issued(run) == (15, 15, 0, 0)
    assert figures(run, "better", "worse", "changed") == (0, 0, [])


def test_a_run_leaves_every_row_of_the_ledger_as_it_is():
    cast = make_cast(welcome_points=5)
    make_tier(cast.card, "Silver", 10)
    buy(cast, 30_000)
    redeem(cast)
    undo(cast, buy(cast, 100))
    before = rows_of_the_ledger()
    draft(cast.card, points_per_step=9)

    run = tried(cast.card)

    assert issued(run) == (300, 2700, 0, 0)
    assert rows_of_the_ledger() == before


def test_the_most_changed_purchases_come_with_both_explanations():
    cast = make_cast()
    small, large = buy(cast, 1000), buy(cast, 9000, at=NOON + timedelta(minutes=1))
    draft(cast.card, points_per_step=2)

    changed = tried(cast.card).outcome["changed"]

    assert [(one["transaction"], one["points"], one["credit"]) for one in changed] == [
        (large.pk, [90, 180], [0, 0]),
        (small.pk, [10, 20], [0, 0]),
    ]
    assert changed[0]["steps_before"] == large.result["explanation"]
    (step,) = changed[0]["steps"]
    assert (step["reason"], step["facts"]["award"], step["facts"]["count"]) == ("STEPS", "2", "90")
    told = str(changed)
    assert "mia" not in told.lower()
    assert set(changed[0]) == {
        "transaction", "membership", "size", "points", "credit", "steps", "steps_before"
    }  # fmt: skip


def test_of_many_changed_purchases_the_twenty_largest_are_kept():
    cast = make_cast()
    done = [buy(cast, 100 * (n % 25 + 1), at=NOON + timedelta(minutes=n)) for n in range(30)]
    draft(cast.card, points_per_step=2)

    changed = tried(cast.card).outcome["changed"]

    by_size = sorted(done, key=lambda one: (-one.points, one.pk))
    assert [one["transaction"] for one in changed] == [one.pk for one in by_size[:20]]


def test_a_point_weighs_what_the_card_pays_for_it():
    cast = make_cast(credit_per_step_minor=1, base_rate=Decimal("0.10"))
    dear = buy(cast, 500)
    draft(cast.card, points_per_step=2, credit_per_step_minor=2)

    (changed,) = tried(cast.card).outcome["changed"]

    assert (changed["transaction"], Decimal(changed["size"])) == (dear.pk, 55)


def test_members_may_gain_points_and_lose_credit():
    cast = make_cast(credit_per_step_minor=5)
    noor = join(cast.noor, cast.card)
    buy(cast, 1000)
    buy(cast, 50, membership=noor)
    draft(cast.card, points_per_step=2, credit_per_step_minor=1)

    run = tried(cast.card)

    assert issued(run) == (10, 20, 50, 10)
    assert figures(run, "members", "better", "worse", "mixed") == (2, 0, 0, 1)


def test_only_standing_purchases_of_this_card_within_the_days_are_tried():
    cast = make_cast()
    at = NOON + days(6)
    buy(cast, 100, at=NOON - timedelta(hours=15))  # The evening before seven days.
    buy(cast, 200, at=NOON - timedelta(hours=12))
    undo(cast, buy(cast, 400))
    adjust(cast, 50)
    buy(cast, 800, at=at)
    buy(cast, 1600, at=at + timedelta(hours=1))  # After the question.

    run = tried(cast.card, days=7, at=at)

    assert (run.seen_count, *issued(run)) == (2, 10, 10, 0, 0)


def test_what_the_shop_bought_is_tried_too():
    cast = make_cast()
    purchases.book_buy(
        deed=deed(cast.sam),
        membership_id=cast.membership.pk,
        bill=Bill(amount_minor=5000, currency="EUR"),
        scan_id=cast.scan(),
    )
    draft(cast.card, buy_step_minor=1000, buy_points_per_step=2)

    assert issued(tried(cast.card)) == (0, 10, 0, 0)


def test_a_purchase_above_the_drafts_largest_amount_would_be_refused():
    cast = make_cast()
    buy(cast, 5000)
    draft(cast.card, max_amount_minor=4000)

    run = tried(cast.card)

    assert (*issued(run), run.outcome["refused"]) == (50, 0, 0, 0, 1)
    assert [one["steps"] for one in run.outcome["changed"]] == [None]


def test_a_purchase_stored_without_what_the_rules_look_at_counts_as_it_was():
    cast = make_cast()
    noor = join(cast.noor, cast.card)
    rewrite(buy(cast, 500, membership=noor).pk, "facts", "{}")
    buy(cast, 100)
    draft(cast.card, points_per_step=2)

    run = tried(cast.card)

    assert issued(run) == (6, 7, 0, 0)
    assert figures(run, "unknown", "members", "better") == (1, 1, 1)


# --- History inside the run -------------------------------------------------------------------


def test_the_drafts_limit_of_a_day_is_kept_inside_the_run():
    cast = make_cast()
    for hour in (0, 1, 2):
        buy(cast, 1000, at=NOON + timedelta(hours=hour))
    buy(cast, 1000, at=NOON + days(1))
    draft(cast.card, max_points_day=15)

    assert issued(tried(cast.card, at=NOON + days(2))) == (40, 25, 0, 0)


def planned(cast, **line):
    """Put Mia's card on one plan of one line; return the line."""
    draft(cast.card, uses_plans=True)
    plan = Plan.objects.create(
        partner=cast.partner, card=cast.card, code="BASE", name="Base", start_date=date(2026, 1, 1)
    )
    return make_line(plan, **line)


def test_a_new_line_that_counts_begins_at_the_first_purchase_of_the_run():
    cast = make_cast()
    buy(cast, 100, at=NOON - days(60))
    for day in range(4):
        buy(cast, 100, at=NOON - days(day))
    planned(cast, transaction_criteria="EVERY", transaction_count=2, award_points=7)

    assert issued(tried(cast.card)) == (4, 14, 0, 0)


def test_a_line_that_is_there_already_goes_on_from_what_it_counted():
    cast = make_cast()
    line = planned(cast, transaction_criteria="EVERY", transaction_count=3, award_points=7)
    cast.card.refresh_from_db()
    publish(cast.card, at=NOON - days(90))
    undo(cast, buy(cast, 100, at=NOON - days(61)), at=NOON - days(61))
    for day in (60, 2, 1, 0):
        buy(cast, 100, at=NOON - days(day))
    redraft(line, transaction_count=2)

    # The purchase of sixty days ago was the first, so the second and fourth earn, not the third.
    assert issued(tried(cast.card)) == (7, 14, 0, 0)


def test_a_counting_line_goes_on_inside_its_plans_dates_alone():
    cast = make_cast()
    line = planned(cast, transaction_criteria="EQUAL", transaction_count=2, award_points=7)
    cast.card.refresh_from_db()
    publish(cast.card, at=NOON - days(90))
    for day in (60, 2, 1):
        buy(cast, 100, at=NOON - days(day))
    plan = line.plan
    plan.start_date, plan.end_date = (NOON - days(30)).date(), (NOON + days(30)).date()
    plan.save()

    assert issued(tried(cast.card)) == (7, 7, 0, 0)
    assert tried(cast.card).outcome["changed"][0]["points"] == [7, 0]


def test_purchases_that_count_together_do_so_inside_the_run():
    cast = make_cast(step_minor=1000)
    for day in (0, 1, 2, 9):
        buy(cast, 600, at=NOON + days(day))
    draft(cast.card, award_criteria="CUMULATIVE", cumulative_days=2)

    # 6, then 12 together, then 12 of which one was given, then 6 alone.
    assert issued(tried(cast.card, at=NOON + days(10))) == (0, 1, 0, 0)


def test_sums_of_days_go_on_from_before_the_run():
    cast = make_cast(step_minor=1000, award_criteria="CUMULATIVE", cumulative_days=3)
    first = NOON - days(6)
    buy(cast, 600, at=first - days(1))
    buy(cast, 600, at=first)
    draft(cast.card, points_per_step=2)

    assert issued(tried(cast.card, days=7, at=NOON)) == (1, 2, 0, 0)


def birthday_plan(cast):
    line = planned(cast, award_points=5)
    line.plan.type = "CUSTOMER_DAYS"
    line.plan.save()


def test_a_birthday_week_is_tried_where_only_the_day_counted():
    cast = make_cast()
    Member.objects.filter(pk=cast.membership.member_id).update(birth_day=13, birth_month=5)
    buy(cast, 100)
    birthday_plan(cast)
    assert issued(tried(cast.card)) == (1, 0, 0, 0)

    draft(cast.card, special_window="WEEK")

    assert issued(tried(cast.card)) == (1, 5, 0, 0)


def test_a_birthday_that_was_changed_since_counts_as_the_purchase_saw_it():
    cast = make_cast()
    mine = Member.objects.filter(pk=cast.membership.member_id)
    mine.update(birth_day=14, birth_month=5)
    buy(cast, 100)
    mine.update(birth_day=1, birth_month=1)
    birthday_plan(cast)

    assert issued(tried(cast.card)) == (1, 5, 0, 0)


def test_what_was_on_the_bill_is_looked_at():
    cast = make_cast()
    line = BasketLine(product="APPLE", group="FRUIT", quantity=Decimal(3), amount_minor=900)
    purchases.award_purchase(
        deed=deed(cast.sam),
        membership_id=cast.membership.pk,
        bill=Bill(amount_minor=900, currency="EUR", lines=(line,)),
        scan_id=cast.scan(),
    )
    planned(cast, basis="QUANTITY", value_minor=None, value_pieces=1, award_points=4)

    assert issued(tried(cast.card)) == (9, 12, 0, 0)


def test_a_card_without_purchases_has_an_empty_outcome():
    cast = make_cast()

    run = tried(cast.hill_card)

    assert (run.status, run.seen_count, issued(run)) == (WhatIfStatus.DONE, 0, (0, 0, 0, 0))
