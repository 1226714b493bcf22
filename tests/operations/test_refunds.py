"""Refunds: what is taken back, out of which lots, what stays owed, and what comes back."""

from datetime import date, timedelta

import pytest

from cards.models import Card, Plan, PlanLine, ProductGroup
from loyalty.ledger.models import Kind, Source
from loyalty.members.models import Member
from loyalty.operations import (
    expiries,
    purchases,
    refunding,
    rollbacks,
    sales,
    standing,
)
from loyalty.operations.deeds import RepeatDiffersError
from loyalty.operations.purchases import Bill
from loyalty.operations.refunding import ReturnedLine
from loyalty.rules.baskets import BasketLine
from loyalty.rules.refunds import ClawbackTooLargeError, RefundExceedsPurchaseError
from tests.cast import NOON, deed, join, make_cast, make_reward, make_tier, publish
from tests.operations.counter import (
    account_of,
    adjust,
    buy,
    days,
    open_lots,
    redeem,
    roll_back,
    rows,
    undo,
)
from tests.operations.counter import standing as stands
from tests.operations.money import buy_bill, held, held_credit, mismatches, refund, reverse

pytestmark = pytest.mark.django_db

# One point per 10.00, as in the tables of rules 8.
TEN = {"step_minor": 1000}


def settings(cast, **changed):
    """Change the card and publish, as of an hour before the deeds."""
    Card.objects.filter(pk=cast.card.pk).update(**changed)
    publish(Card.objects.get(pk=cast.card.pk), NOON - timedelta(hours=1))


# Rules 8: a bill of 60 + 40 earned 10; the 40 are returned.
METHOD_TABLE = [
    # method, balance, awarded
    ("ALL", 0, 0),
    ("PRO_RATA", 6, 6),
    ("NONE", 10, 10),
]


@pytest.mark.req("IV3.20")
@pytest.mark.parametrize(("method", "balance", "awarded"), METHOD_TABLE)
def test_a_refund_takes_back_what_the_card_says(method, balance, awarded):
    cast = make_cast(**TEN, refund_method=method)
    sale = buy(cast, 10_000)

    done = refund(cast, sale, 4000)

    assert (done.kind, done.refunds_id, done.amount_minor) == (Kind.REFUND, sale.pk, 4000)
    assert done.points == balance - 10
    assert (done.result["balance_before"], done.result["balance_after"]) == (10, balance)
    assert held(cast) == (balance, awarded, 0)
    assert mismatches() == []


# Rules 8: parts sum to the whole. The bill, what it earned, and the balance after each part.
PARTS_TABLE = [
    # points per bill, parts, balances
    (10, [3333, 3333, 3333], [7, 4, 0]),
    (10, [4000, 6000], [6, 0]),
    (7, [1000, 2000, 3000, 4000], [7, 5, 3, 0]),
]


@pytest.mark.req("IV3.20")
@pytest.mark.parametrize(("award", "parts", "balances"), PARTS_TABLE)
def test_parts_of_a_refund_sum_to_what_was_earned(award, parts, balances):
    cast = make_cast(step_minor=sum(parts), points_per_step=award)
    sale = buy(cast, sum(parts))

    found = []
    for number, part in enumerate(parts):
        refund(cast, sale, part, key=f"refund-{number}")
        found.append(held(cast)[0])

    assert found == balances
    assert held(cast) == (0, 0, 0)
    assert mismatches() == []


@pytest.mark.req("IV3.20")
def test_all_is_taken_with_the_first_part_and_nothing_with_the_second():
    cast = make_cast(**TEN, refund_method="ALL")
    sale = buy(cast, 10_000)

    taken = [refund(cast, sale, part).points for part in (4000, 6000)]

    assert (taken, held(cast)) == ([-10, 0], (0, 0, 0))


def planned(cast, *lines):
    """Let the card earn by a plan of these lines."""
    plan = Plan.objects.create(
        partner=cast.partner, card=cast.card, code="P", name="P", start_date=date(2026, 1, 1)
    )
    for position, line in enumerate(lines):
        PlanLine.objects.create(plan=plan, position=position, **line)
    settings(cast, uses_plans=True)


def plan_by_group(cast):
    """Give a point per 10.00 on food; drinks are left out."""
    drinks = ProductGroup.objects.create(partner=cast.partner, code="DRINK", name="Drinks")
    planned(
        cast,
        {"is_exempt": True, "group": "ITEM_GROUP", "product_group": drinks},
        {"group": "ALL", "basis": "AMOUNT", "value_minor": 1000, "award_points": 1},
    )


@pytest.mark.req("IV3.20")
def test_returned_lines_give_back_what_they_brought():
    # Rules 8: A 60 earned all of it, B 40 is exempt.
    cast = make_cast()
    plan_by_group(cast)
    sale = buy_bill(
        cast,
        BasketLine(product="A", group="FOOD", amount_minor=6000),
        BasketLine(product="B", group="DRINK", amount_minor=4000),
    )

    without = refund(cast, sale, 4000, ReturnedLine(index=1, amount_minor=4000))
    half = refund(cast, sale, 3000, ReturnedLine(index=0, amount_minor=3000))
    rest = refund(cast, sale, 3000, ReturnedLine(index=0, amount_minor=3000))

    assert (sale.points, without.points, half.points, rest.points) == (6, 0, -3, -3)
    assert rest.result["left_minor"] == 0
    assert mismatches() == []


@pytest.mark.req("IV3.20")
def test_lines_and_amounts_of_one_bill_never_take_more_than_it_earned():
    cast = make_cast()
    plan_by_group(cast)
    sale = buy_bill(
        cast,
        BasketLine(product="A", group="FOOD", amount_minor=6000),
        BasketLine(product="B", group="DRINK", amount_minor=4000),
    )

    taken = [
        refund(cast, sale, 5000).points,
        refund(cast, sale, 4000, ReturnedLine(index=0, amount_minor=4000)).points,
        refund(cast, sale, 1000, ReturnedLine(index=1, amount_minor=1000)).points,
    ]

    assert (sum(taken), held(cast)) == (-6, (0, 0, 0))


WRONG_LINES = [
    # amount, lines
    (4000, [ReturnedLine(index=2, amount_minor=4000)]),
    (4000, [ReturnedLine(index=1, amount_minor=3999)]),
    (4000, [ReturnedLine(index=1, amount_minor=2000), ReturnedLine(index=1, amount_minor=2000)]),
    (4000, [ReturnedLine(index=0, amount_minor=5000), ReturnedLine(index=1, amount_minor=-1000)]),
]


@pytest.mark.parametrize(("amount", "lines"), WRONG_LINES)
def test_lines_that_are_not_of_the_bill_are_refused(amount, lines):
    cast = make_cast()
    sale = buy_bill(cast, BasketLine(amount_minor=6000), BasketLine(amount_minor=4000))
    before = rows()

    with pytest.raises(refunding.ReturnedLinesError):
        refund(cast, sale, amount, *lines)

    assert rows() == before


def test_more_than_is_left_of_a_line_is_refused():
    cast = make_cast()
    sale = buy_bill(cast, BasketLine(amount_minor=6000), BasketLine(amount_minor=4000))
    refund(cast, sale, 3000, ReturnedLine(index=1, amount_minor=3000))

    with pytest.raises(RefundExceedsPurchaseError) as refused:
        refund(cast, sale, 2000, ReturnedLine(index=1, amount_minor=2000))

    assert refused.value.left_minor == 1000


@pytest.mark.req("IV3.20")
def test_the_rules_of_the_purchase_decide_not_those_of_today():
    cast = make_cast(**TEN, refund_method="NONE")
    sale = buy(cast, 10_000, at=NOON - days(2))
    settings(cast, refund_method="ALL")

    refund(cast, sale, 10_000)

    assert held(cast) == (10, 10, 0)


@pytest.mark.req("IV3.20")
def test_more_than_is_left_of_a_bill_is_refused():
    cast = make_cast(**TEN)
    sale = buy(cast, 10_000)
    refund(cast, sale, 4000)
    before = rows()

    with pytest.raises(RefundExceedsPurchaseError) as refused:
        refund(cast, sale, 6001)

    assert (refused.value.left_minor, rows()) == (6000, before)


@pytest.mark.parametrize("amount", [0, -1])
def test_a_refund_of_nothing_is_refused(amount):
    cast = make_cast()
    sale = buy(cast, 1000)

    with pytest.raises(refunding.NothingToRefundError):
        refund(cast, sale, amount)


def test_a_line_that_cost_nothing_gives_back_what_it_brought_once_it_is_named():
    cast = make_cast()
    planned(cast, {"group": "ALL", "basis": "QUANTITY", "value_pieces": 1, "award_points": 1})
    sale = buy_bill(cast, BasketLine(amount_minor=0), BasketLine(amount_minor=1000))

    done = refund(cast, sale, 0, ReturnedLine(index=0, amount_minor=0))

    assert (sale.points, done.points, done.result["left_minor"]) == (2, -1, 1000)


@pytest.mark.req("IV3.20")
def test_spent_points_stay_owed_and_the_next_awards_settle_them():
    cast = make_cast()
    make_reward(cast.card, "Bun", 8)
    sale = buy(cast, 1000)
    redeem(cast, cast.card.rewards.get(name="Bun"))

    done = refund(cast, sale, 1000)
    owing = held(cast)
    next_sale = buy(cast, 500)

    assert (done.points, done.result["shortfall_points"]) == (-2, 8)
    assert (owing, held(cast)) == ((0, 0, 8), (0, 5, 3))
    assert (next_sale.points, next_sale.result["settled_points"]) == (0, 5)
    assert mismatches() == []


@pytest.mark.req("IV3.20")
def test_a_card_may_refuse_to_take_back_what_was_spent():
    cast = make_cast(clawback="REFUSE")
    make_reward(cast.card, "Bun", 8)
    sale = buy(cast, 1000)
    redeem(cast, cast.card.rewards.get(name="Bun"))
    before = rows()

    with pytest.raises(ClawbackTooLargeError) as refused:
        refund(cast, sale, 1000)

    assert (refused.value.missing, rows(), held(cast)) == (8, before, (2, 10, 0))


def test_todays_setting_decides_what_happens_to_spent_points():
    cast = make_cast(clawback="REFUSE")
    make_reward(cast.card, "Bun", 8)
    sale = buy(cast, 1000, at=NOON - days(2))
    redeem(cast, cast.card.rewards.get(name="Bun"), at=NOON - days(2))
    settings(cast, clawback="SHORTFALL")

    refund(cast, sale, 1000)

    assert held(cast) == (0, 0, 8)


@pytest.mark.req("IV3.20")
def test_the_purchases_own_lot_is_taken_first_then_the_earliest_to_expire():
    cast = make_cast(expiry_days=90)
    old = buy(cast, 500, at=NOON - days(10))
    make_reward(cast.card, "Bun", 7)
    sale = buy(cast, 1000, at=NOON - days(5))
    late = buy(cast, 300)
    redeem(cast, cast.card.rewards.get(name="Bun"))  # 5 of the old lot, 2 of the sale's own.

    refund(cast, sale, 1000)

    # 8 were left of its own lot; the missing 2 come out of the only other one.
    assert [left for left, _ in open_lots(cast)] == [1]
    assert (old.points, late.points, held(cast)) == (5, 3, (1, 8, 0))


def test_what_has_expired_of_the_purchase_is_taken_from_nowhere_else():
    cast = make_cast(expiry_days=5)
    sale = buy(cast, 1000, at=NOON - days(20))
    buy(cast, 700)
    expiries.book_expiry(at=NOON)

    parts = [refund(cast, sale, 500), refund(cast, sale, 500)]

    assert [(one.points, one.result["lapsed_points"]) for one in parts] == [(0, 5), (0, 5)]
    assert held(cast) == (7, 7, 0)
    assert mismatches() == []


def test_what_is_past_its_date_counts_as_expired_before_the_job_books_it():
    cast = make_cast(expiry_days=5)
    sale = buy(cast, 1000, at=NOON - days(7))
    buy(cast, 700)

    done = refund(cast, sale, 1000)

    assert (done.points, done.result["lapsed_points"], held(cast)) == (0, 10, (17, 7, 0))


@pytest.mark.req("IV3.8", "IV3.20")
def test_a_refund_lowers_what_was_awarded_but_not_the_tier():
    cast = make_cast()
    gold = make_tier(cast.card, "Gold", 10)
    sale = buy(cast, 1000)

    refund(cast, sale, 1000)
    after = account_of(cast.membership)
    buy(cast, 100)

    assert (after.lifetime_points, after.tier_id) == (0, gold.pk)
    assert account_of(cast.membership).tier_id == gold.pk
    assert mismatches() == []


def test_what_was_awarded_never_falls_below_nothing():
    cast = make_cast()
    sale = buy(cast, 1000)
    adjust(cast, -6)

    refund(cast, sale, 1000)

    assert held(cast) == (0, 0, 6)


@pytest.mark.req("IV3.20")
def test_credit_is_taken_back_beside_points():
    cast = make_cast(step_minor=100, credit_per_step_minor=5)
    sale = buy(cast, 1000)

    done = refund(cast, sale, 400)

    assert (done.points, done.credit_minor) == (-4, -20)
    assert (held(cast), held_credit(cast)) == ((6, 6, 0), (30, 30, 0))
    assert (done.result["credit_before"], done.result["credit_after"]) == (50, 30)


@pytest.mark.req("R11.2")
def test_a_refund_can_be_rolled_back_and_leaves_nothing_behind():
    cast = make_cast()
    make_reward(cast.card, "Bun", 8)
    sale = buy(cast, 1000)
    redeem(cast, cast.card.rewards.get(name="Bun"))
    before, owed = stands(cast), held(cast)
    done = refund(cast, sale, 1000)

    undo(cast, done)

    assert (stands(cast), held(cast)) == (before, owed)
    assert refund(cast, sale, 1000, key="once-more").result["left_minor"] == 0
    assert mismatches() == []


@pytest.mark.req("R11.1")
def test_a_purchase_is_not_undone_before_its_refund():
    cast = make_cast()
    sale = buy(cast, 1000)
    done = refund(cast, sale, 400)

    with pytest.raises(rollbacks.RefundedError):
        roll_back(cast, sale)

    roll_back(cast, done)
    roll_back(cast, sale)
    assert held(cast) == (0, 0, 0)


@pytest.mark.req("R11.1")
def test_not_even_a_superuser_reverses_a_purchase_before_its_refund():
    cast = make_cast()
    sale = buy(cast, 1000)
    refund(cast, sale, 400)
    buy(cast, 200)

    with pytest.raises(rollbacks.RefundedError):
        reverse(cast, sale)

    assert held(cast) == (8, 8, 0)


@pytest.mark.req("R11.2")
def test_a_refund_whose_debt_was_settled_is_not_reversed_before_that_award():
    cast = make_cast()
    make_reward(cast.card, "Bun", 8)
    sale = buy(cast, 1000)
    redeem(cast, cast.card.rewards.get(name="Bun"))
    done = refund(cast, sale, 1000)
    later = buy(cast, 500)

    with pytest.raises(rollbacks.ShortfallSettledError):
        reverse(cast, done)

    roll_back(cast, later)
    roll_back(cast, done)
    assert held(cast) == (2, 10, 0)
    assert mismatches() == []


def test_an_undone_purchase_cannot_be_refunded():
    cast = make_cast()
    sale = buy(cast, 1000)
    undo(cast, sale)

    with pytest.raises(sales.SaleUndoneError):
        refund(cast, sale, 1000)


def test_only_sales_of_this_card_can_be_refunded():
    cast = make_cast()
    noors = join(cast.noor, cast.card)
    foreign = buy(cast, 1000, membership=noors)
    gift = adjust(cast, 5)

    for other in (foreign, gift):
        with pytest.raises(sales.SaleNotFoundError):
            refund(cast, other, 100)


def test_a_repeat_returns_the_first_refund_and_books_nothing():
    cast = make_cast()
    sale = buy(cast, 1000)
    first = refund(cast, sale, 400, key="k")
    before = rows()

    again = refund(cast, sale, 400, key="k")

    assert (again, rows()) == (first, before)
    with pytest.raises(RepeatDiffersError):
        refund(cast, sale, 500, key="k")


def test_a_manager_refunds_in_the_dashboard_without_a_scan():
    cast = make_cast()
    sale = buy(cast, 1000)

    done = refund(cast, sale, 1000, actor=cast.petra, source=Source.ADMIN, scan=None)

    assert (done.points, done.source) == (-10, Source.ADMIN)


def test_staff_need_a_scan_of_this_visit_and_strangers_learn_nothing():
    cast = make_cast()
    sale = buy(cast, 1000)

    with pytest.raises(standing.ScanTooOldError):
        refund(cast, sale, 1000, scan=None)
    with pytest.raises(standing.MembershipNotFoundError):
        refund(cast, sale, 1000, actor=cast.tess, scan=cast.scan())


def test_nobody_refunds_on_their_own_card():
    cast = make_cast()
    sale = buy(cast, 1000)
    scan = cast.scan()
    Member.objects.filter(pk=cast.membership.member_id).update(user=cast.sam)

    with pytest.raises(standing.OwnMembershipError):
        refund(cast, sale, 1000, scan=scan)


@pytest.mark.req("FA2", "IV3.20")
def test_what_the_shop_bought_is_refunded_like_a_sale():
    cast = make_cast(buy_step_minor=100, buy_points_per_step=2)
    bought = purchases.book_buy(
        deed=deed(cast.sam, store=cast.old_port),
        membership_id=cast.membership.pk,
        bill=Bill(amount_minor=1000, currency="EUR"),
        scan_id=cast.scan(),
    )

    done = refund(cast, bought, 500)

    assert (bought.points, done.points) == (20, -10)
