"""A card with plans for tests, and what the database would refuse to change."""

from django.db import connection

from cards.models import Plan, PlanLine, Product, ProductGroup, Tender
from tests.cast import NOON, make_cast, publish
from tests.ledger.corrupting import without_guards
from tests.operations.counter import days


def make_line(plan, **facts):
    fields = {"value_minor": 100, "award_points": 1, **facts}
    return PlanLine.objects.create(plan=plan, **fields)


def planned_cast(**card):
    """Mia's card with plans: fruit doubles, each third visit gives ten, credit for cash."""
    cast = make_cast(uses_plans=True, credit_per_step_minor=0, **card)
    group = ProductGroup.objects.create(partner=cast.partner, code="FRUIT", name="Fruit")
    Product.objects.create(partner=cast.partner, code="APPLE", name="Apple", group=group)
    cash = Tender.objects.create(partner=cast.partner, code="CASH", name="Cash")
    plan = Plan.objects.create(
        partner=cast.partner, card=cast.card, code="BASE", name="Base", start_date=days_before(100)
    )
    make_line(plan)
    make_line(plan, group="ITEM_GROUP", product_group=group, award_points=2)
    make_line(plan, transaction_criteria="EVERY", transaction_count=3, award_points=10)
    make_line(
        plan,
        group="BILL_VALUE",
        least_minor=1,
        tender=cash,
        unit="CREDIT",
        award_points=None,
        award_minor=5,
    )
    publish(cast.card, at=NOON - days(90))
    return cast


def days_before(count):
    return (NOON - days(count)).date()


def rewrite(row, column, value):
    """Change a column of a transaction, which the database refuses as a rule."""
    with without_guards("ledger_transaction"), connection.cursor() as cursor:
        cursor.execute(f"UPDATE ledger_transaction SET {column} = %s WHERE id = %s", [value, row])
