"""Plans for the tests of the dashboard: made, and the fields of their lines and hours."""

from datetime import date

from django.urls import reverse

from cards.models import CustomerGroup, Plan, PlanLine, Product, ProductGroup, Tender
from tests.cast import make_cast


def make_plan(card, code="BASE", *, lines=({},), **extra):
    plan = Plan.objects.create(
        partner=card.partner,
        card=card,
        code=code,
        name=f"{code} plan",
        start_date=date(2026, 1, 1),
        **extra,
    )
    for line in lines:
        PlanLine.objects.create(plan=plan, **({"value_minor": 100, "award_points": 1} | line))
    return plan


def advanced(**card):
    cast = make_cast(uses_plans=True, **card)
    make_plan(cast.card)
    return cast


def make_masters(partner):
    """Return one row of each kind of master data."""
    group = ProductGroup.objects.create(partner=partner, code="DRINK", name="Drinks")
    return {
        "product": Product.objects.create(partner=partner, code="COF", name="Coffee", group=group),
        "product_group": group,
        "customer_group": CustomerGroup.objects.create(partner=partner, code="VIP", name="VIP"),
        "tender": Tender.objects.create(partner=partner, code="CARD", name="Bank card"),
    }


def adding(card):
    return f"{reverse('admin:cards_plan_add')}?card={card.pk}"


def page(plan):
    return reverse("admin:cards_plan_change", args=[plan.pk])


def only_plan(card):
    return card.plans.get()


def new_line(number=0, **fields):
    """Return the fields of a new line: one point per 1.00 unless told otherwise."""
    line = {
        "customer_type": "ALL",
        "group": "ALL",
        "transaction_criteria": "EVERY",
        "transaction_count": "1",
        "basis": "AMOUNT",
        "calculation_on": "EVERY",
        "value_minor": "1.00",
        "unit": "POINTS",
        "award_points": "1",
    } | fields
    row = {f"lines-{number}-{name}": value for name, value in line.items()}
    return {"lines-TOTAL_FORMS": str(number + 1), **row}


def new_hours(number=0, **fields):
    row = {f"hours-{number}-{name}": value for name, value in fields.items()}
    return {"hours-TOTAL_FORMS": str(number + 1), **row}


def row_errors(response, prefix="lines", number=0):
    """Return the names of the fields that were refused in a row of a grid."""
    if response.status_code == 302:
        return []
    grids = {one.formset.prefix: one.formset for one in response.context["inline_admin_formsets"]}
    return sorted(grids[prefix].errors[number])
