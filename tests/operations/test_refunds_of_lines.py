"""Returned lines of a bill give back what they brought, and never more than is left of them."""

from datetime import date

import pytest

from cards.models import Plan, PlanLine, ProductGroup
from loyalty.operations import refunding
from loyalty.operations.refunding import ReturnedLine
from loyalty.rules.baskets import BasketLine
from loyalty.rules.refunds import RefundExceedsPurchaseError
from tests.cast import make_cast
from tests.operations.counter import rows
from tests.operations.money import buy_bill, held, mismatches, refund, settings

pytestmark = pytest.mark.django_db


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


def buy_food_and_drinks(cast):
    """Buy food for 60 and drinks for 40 on one bill."""
    return buy_bill(
        cast,
        BasketLine(product="A", group="FOOD", amount_minor=6000),
        BasketLine(product="B", group="DRINK", amount_minor=4000),
    )


@pytest.mark.req("IV3.20")
def test_returned_lines_give_back_what_they_brought():
    # Rules 8: A 60 earned all of it, B 40 is exempt.
    cast = make_cast()
    plan_by_group(cast)
    sale = buy_food_and_drinks(cast)

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
    sale = buy_food_and_drinks(cast)

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


def test_a_line_that_cost_nothing_gives_back_what_it_brought_once_it_is_named():
    cast = make_cast()
    planned(cast, {"group": "ALL", "basis": "QUANTITY", "value_pieces": 1, "award_points": 1})
    sale = buy_bill(cast, BasketLine(amount_minor=0), BasketLine(amount_minor=1000))

    done = refund(cast, sale, 0, ReturnedLine(index=0, amount_minor=0))

    assert (sale.points, done.points, done.result["left_minor"]) == (2, -1, 1000)
