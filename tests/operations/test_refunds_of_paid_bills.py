"""Refunds of bills that were paid with points or credit: what comes back, and to which lots."""

from decimal import Decimal

import pytest

from loyalty.ledger.models import Kind, Unit
from loyalty.operations import expiries, receipts, refunds, rollbacks, sales, standing
from tests.cast import NOON, deed, join, make_cast, make_reward
from tests.operations.counter import adjust, buy, days, open_lots, redeem, rows, undo
from tests.operations.counter import standing as stands
from tests.operations.money import (
    buy_bill,
    held,
    held_credit,
    mismatches,
    pay,
    refund,
    reverse,
    rich,
)

pytestmark = pytest.mark.django_db


@pytest.mark.req("IV3.20", "IV3.27")
def test_a_refund_of_a_bill_paid_with_points_gives_them_back_and_never_deducts_twice():
    cast = rich()
    before = stands(cast)["lots"]
    paid = pay(cast, 2000, 500)
    sale = buy_bill(cast, amount=2000, paid=[paid])
    earned = held(cast)

    done = refund(cast, sale, 2000)

    assert (paid.points, sale.points, earned) == (-500, 15, (515, 1015, 0))
    assert (done.points, done.result["returned_points"], held(cast)) == (-15, 500, (1000, 1000, 0))
    assert (done.result["balance_before"], done.result["balance_after"]) == (515, 1000)
    assert stands(cast)["lots"] == before
    assert [(one.kind, one.refunds_id, one.points) for one in done.caused.all()] == [
        (Kind.REFUND, paid.pk, 500)
    ]
    assert mismatches() == []


@pytest.mark.req("IV3.20")
def test_points_paid_come_back_in_proportion_and_in_parts_that_sum_to_the_whole():
    cast = rich()
    paid = pay(cast, 999, 100)
    sale = buy_bill(cast, amount=999, paid=[paid])

    returned = [refund(cast, sale, 333).result["returned_points"] for _ in range(3)]

    assert (returned, held(cast)) == ([33, 33, 34], (1000, 1000, 0))


@pytest.mark.req("IV3.20")
def test_a_payment_of_the_same_receipt_is_found_without_being_named():
    cast = rich()
    pay(cast, 2000, 500, receipt="77")
    sale = buy(cast, 2000, receipt="77")

    done = refund(cast, sale, 1000)

    assert (sale.points, done.points, done.result["returned_points"]) == (20, -10, 250)


def test_a_payment_of_another_days_receipt_with_the_same_number_is_left_alone():
    cast = rich()
    cast.old_port.receipt_restart = "DAILY"
    cast.old_port.save()
    adjust(cast, 100, at=NOON - days(3))
    pay(cast, 2000, 500, receipt="77", at=NOON - days(1))
    sale = buy(cast, 2000, receipt="77")

    assert refund(cast, sale, 2000).result["returned_points"] == 0


@pytest.mark.req("R11.2")
def test_rolling_such_a_refund_back_spends_the_points_again():
    cast = rich()
    paid = pay(cast, 2000, 500)
    sale = buy_bill(cast, amount=2000, paid=[paid])
    before = stands(cast)
    done = refund(cast, sale, 1500)

    undo(cast, done)

    assert stands(cast) == before
    assert mismatches() == []


def test_a_payment_is_not_undone_before_the_refund_that_gave_it_back():
    cast = rich()
    paid = pay(cast, 2000, 500)
    sale = buy_bill(cast, amount=2000, paid=[paid])
    refund(cast, sale, 1000)

    with pytest.raises(rollbacks.RefundedError):
        reverse(cast, paid)


@pytest.mark.req("IV3.20")
def test_what_was_earned_and_spent_is_withheld_from_the_points_that_come_back():
    cast = rich(500)
    paid = pay(cast, 2000, 500)
    sale = buy_bill(cast, amount=2000, paid=[paid])
    make_reward(cast.card, "Bun", 15)
    redeem(cast, cast.card.rewards.get(name="Bun"))
    before = stands(cast)

    done = refund(cast, sale, 2000)

    (back,) = done.caused.all()
    assert (done.points, done.result["withheld_points"], back.points) == (0, 15, 485)
    assert back.result == {"points": 485, "returned": 500, "withheld": 15}
    assert held(cast) == (485, 500, 0)
    undo(cast, done)
    assert stands(cast) == before
    assert mismatches() == []


def test_points_withheld_altogether_leave_nothing_to_come_back():
    cast = rich(10)
    paid = pay(cast, 2000, 10)
    sale = buy_bill(cast, amount=2000, paid=[paid])
    make_reward(cast.card, "Bun", 19)
    redeem(cast, cast.card.rewards.get(name="Bun"))

    done = refund(cast, sale, 2000)

    (back,) = done.caused.all()
    assert (back.points, back.result["withheld"], held(cast)) == (0, 10, (0, 10, 9))
    assert mismatches() == []


def test_points_whose_lot_has_expired_come_back_for_seven_days():
    cast = make_cast(base_rate=Decimal("0.01"), expiry_days=10)
    buy(cast, 50_000, at=NOON - days(9))
    buy(cast, 20_000, at=NOON - days(5))
    paid = pay(cast, 1000, 600, at=NOON - days(4))
    expiries.book_expiry(at=NOON + days(2))

    # 100 of the later lot come back to it; the 500 of the earlier one are late.
    first = refund(cast, paid, 500, at=NOON + days(2))
    second = refund(cast, paid, 500, at=NOON + days(3))

    assert (first.points, second.points) == (300, 300)
    late = [until for _, until in open_lots(cast)][1:]
    assert late == [NOON + days(9), NOON + days(10)]
    assert held(cast)[0] == 700
    assert mismatches(NOON + days(3)) == []


def test_a_bill_that_was_only_paid_with_points_gives_them_back_by_itself():
    cast = rich()
    paid = pay(cast, 1000)
    before = held(cast)

    done = refund(cast, paid, 400)
    rest = refund(cast, paid, 600)

    assert (before, held(cast)) == ((0, 1000, 0), (1000, 1000, 0))
    assert (done.points, rest.points, rest.result["left_minor"]) == (400, 600, 0)
    assert mismatches() == []


def test_credit_comes_back_one_to_one():
    cast = make_cast(step_minor=100, credit_per_step_minor=10)
    buy(cast, 10_000)
    paid = pay(cast, 2000, 500, credit=True)
    sale = buy_bill(cast, amount=2000, paid=[paid])

    done = refund(cast, sale, 2000)

    assert done.result["returned_credit_minor"] == 500
    assert held_credit(cast) == (1000, 1000, 0)


def test_a_part_too_small_to_give_a_point_back_books_no_part():
    cast = rich()
    paid = pay(cast, 2000, 1)
    sale = buy_bill(cast, amount=2000, paid=[paid])

    done = refund(cast, sale, 100)

    assert (done.result["returned_points"], done.caused.count()) == (0, 0)


def test_a_page_is_told_what_a_refund_would_come_to_and_nothing_is_written():
    cast = rich()
    paid = pay(cast, 2000, 500)
    sale = buy_bill(cast, amount=2000, paid=[paid])
    before = rows()

    found = refunds.foretell(
        deed=deed(cast.sam, store=cast.old_port),
        membership_id=cast.membership.pk,
        transaction_id=sale.pk,
        amount_minor=1000,
        scan_id=cast.scan(),
    )

    points = Unit.POINTS
    told = (found.revoked(points), found.returned(points), found.shortfall(points))
    assert (told, rows()) == ((7, 250, 0), before)


def looked(cast, *, store=True):
    return standing.look(
        deed=deed(cast.sam, store=cast.old_port if store else None),
        membership_id=cast.membership.pk,
    )


def test_the_newest_purchases_of_which_something_is_left_are_listed():
    cast = rich()
    whole = buy(cast, 1000)
    part = buy(cast, 2000)
    refund(cast, whole, 1000)
    refund(cast, part, 500)
    undo(cast, buy(cast, 300))
    paid = pay(cast, 2000, 100)
    sale = buy_bill(cast, amount=2000, paid=[paid])
    pay(cast, 800, 10, receipt="78")
    printed = buy(cast, 800, receipt="78")
    alone = pay(cast, 700, 10)

    found = sales.refundable(looked(cast))

    assert [(one.booked.pk, one.left_minor) for one in found] == [
        (alone.pk, 700),
        (printed.pk, 800),
        (sale.pk, 2000),
        (part.pk, 1500),
    ]


def test_a_purchase_is_found_by_its_receipt_before_the_payment_of_the_same():
    cast = rich()
    undo(cast, buy(cast, 500, receipt="77"))
    pay(cast, 800, 10, receipt="77")
    sale = buy(cast, 800, receipt="77")

    assert sales.by_receipt(looked(cast), " 77 ").booked.pk == sale.pk


def test_a_receipt_that_is_not_of_this_card_is_not_found():
    cast = make_cast()
    buy(cast, 500, receipt="79", membership=join(cast.noor, cast.card))
    undo(cast, buy(cast, 500, receipt="77"))

    for number in ("79", "80", ""):
        with pytest.raises(sales.SaleNotFoundError):
            sales.by_receipt(looked(cast), number)
    with pytest.raises(sales.SaleUndoneError):
        sales.by_receipt(looked(cast), "77")
    with pytest.raises(receipts.ReceiptNeedsStoreError):
        sales.by_receipt(looked(cast, store=False), "77")
