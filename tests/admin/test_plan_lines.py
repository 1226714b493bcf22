"""The lines of a plan: for whom, on what, how and what they give; what cannot work is refused."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from cards import terms
from cards.models import PlanHours, Product
from loyalty.audit.models import AuditEvent
from loyalty.rules import terms as rules
from tests.admin.desk import at_desk, errors, shown, submit
from tests.admin.plan_forms import (
    adding,
    advanced,
    make_masters,
    make_plan,
    new_line,
    only_plan,
    page,
    row_errors,
)
from tests.cast import make_cast, make_partner, make_tier

pytestmark = pytest.mark.django_db


@pytest.mark.req("IV7.9")
def test_a_line_that_is_taken_out_is_kept_for_history_and_counts_no_more():
    cast = advanced()
    plan = only_plan(cast.card)
    line = plan.lines.get()
    PlanHours.objects.create(plan=plan, weekday=1)
    client = at_desk(cast.petra)

    response = submit(client, page(plan), **{"lines-0-DELETE": "on", "hours-0-DELETE": "on"})

    assert response.status_code == 302, errors(response)
    line.refresh_from_db()
    assert (line.archived_at is not None, plan.hours.count()) == (True, 0)
    assert terms.draft(cast.card).plans[0].lines == ()
    assert AuditEvent.objects.filter(kind="cards.planline", action="archive").count() == 1
    assert "lines-0-group" not in shown(client, page(plan))


GOOD = [
    # typed                                                            becomes
    (
        {"is_exempt": "on", "value_minor": "", "award_points": "", "transaction_count": ""},
        {"is_exempt": True, "transaction_count": 1},
    ),
    ({"must_process": "on"}, {"must_process": True}),
    ({"customer_type": "GROUP", "customer_group": "customer_group"}, {"customer_code": "VIP"}),
    ({"group": "ITEM", "product": "COF"}, {"criteria_code": "COF"}),
    ({"group": "ITEM_GROUP", "product_group": "product_group"}, {"criteria_code": "DRINK"}),
    ({"group": "BILL_VALUE", "least_minor": "50"}, {"criteria_least": Decimal(5000)}),
    (
        {"group": "BILL_VALUE", "least_minor": "50", "tender": "tender"},
        {"tender": "CARD"},
    ),
    (
        {
            "group": "BILL_QUANTITY",
            "least_pieces": "3",
            "basis": "QUANTITY",
            "value_pieces": "1",
        },
        {"criteria_least": Decimal(3), "basis": rules.Basis.QUANTITY},
    ),
    (
        {"transaction_criteria": "GREATER", "transaction_count": "5"},
        {"transaction_criteria": rules.TransactionCriteria.GREATER, "transaction_count": 5},
    ),
    ({"calculation_on": "AT_LEAST"}, {"calculation_on": rules.CalculationOn.AT_LEAST}),
    (
        {"basis": "QUANTITY", "value_pieces": "0.5", "value_minor": "1.00"},
        {"value": Decimal("0.5")},
    ),
    ({"unit": "CREDIT", "award_minor": "0.25"}, {"unit": rules.Unit.CREDIT, "award": 25}),
]


def submit_line(cast, typed):
    """Add a plan of one line; a field that names itself means the partner's row of that sort."""
    masters = make_masters(cast.partner)
    fields = {name: masters[value].pk if value == name else value for name, value in typed.items()}
    return submit(
        at_desk(cast.petra),
        adding(cast.card),
        name="Plan",
        start_date="2026-01-01",
        **new_line(**fields),
    )


@pytest.mark.req(
    "IV8.1", "IV8.2", "IV8.4", "IV8.5", "IV8.7", "IV8.8", "IV8.9", "IV8.10", "IV8.11", "IV8.12",
    "IV8.14", "IV8.15", "IV8.16", "IV8.17", "IV8.18", "IV8.19", "IV8.20", "IV8.21",
)  # fmt: skip
@pytest.mark.parametrize(("typed", "expected"), GOOD)
def test_a_line_says_for_whom_on_what_how_and_what_it_gives(typed, expected):
    cast = make_cast(uses_plans=True)

    response = submit_line(cast, typed)

    assert row_errors(response) == []
    (line,) = terms.draft(cast.card).plans[0].lines
    assert {name: getattr(line, name) for name in expected} == expected


@pytest.mark.req("IV8.6")
def test_a_line_can_be_for_one_tier_of_its_card():
    cast = advanced()
    gold, other = make_tier(cast.card, "Gold", 500), make_tier(cast.hill_card, "Elite", 500)
    client = at_desk(cast.petra)
    plan = only_plan(cast.card)

    foreign = submit(client, page(plan), **{"lines-0-tier": other.pk})
    own = submit(client, page(plan), **{"lines-0-tier": gold.pk})

    assert (row_errors(foreign), row_errors(own)) == (["tier"], [])
    assert terms.draft(cast.card).plans[0].lines[0].tier_id == gold.pk


BAD = [
    # typed                                                            refused at
    ({"is_exempt": "on", "must_process": "on"}, ["must_process"]),
    ({"group": "BILL_VALUE", "least_minor": "50", "basis": "QUANTITY"}, ["basis"]),
    ({"group": "BILL_QUANTITY", "least_pieces": "3"}, ["basis"]),
    ({"group": "ALL", "tender": "tender"}, ["tender"]),
    ({"group": "BILL_QUANTITY", "least_pieces": "", "basis": "QUANTITY", "value_pieces": "1"},
     ["least_pieces"]),
    ({"group": "BILL_VALUE"}, ["least_minor"]),
    ({"group": "BILL_VALUE", "least_minor": "0"}, ["least_minor"]),
    ({"group": "ITEM"}, ["product"]),
    ({"group": "ITEM", "product": "TEA"}, ["product"]),
    ({"group": "ITEM_GROUP"}, ["product_group"]),
    ({"customer_type": "CODE"}, ["customer_code"]),
    ({"customer_type": "CODE", "customer_code": "nobody"}, ["customer_code"]),
    ({"customer_type": "GROUP"}, ["customer_group"]),
    ({"transaction_count": "0"}, ["transaction_count"]),
    ({"transaction_count": ""}, ["transaction_count"]),
    ({"value_minor": "0"}, ["value_minor"]),
    ({"value_minor": ""}, ["value_minor"]),
    ({"value_minor": "1.234"}, ["value_minor"]),
    ({"basis": "QUANTITY", "value_pieces": "-1"}, ["value_pieces"]),
    ({"award_points": "0"}, ["award_points"]),
    ({"award_points": "1.5"}, ["award_points"]),
    ({"award_points": ""}, ["award_points"]),
    ({"unit": "CREDIT"}, ["award_minor"]),
    ({"unit": "CREDIT", "award_minor": "0.001"}, ["award_minor"]),
]  # fmt: skip


@pytest.mark.req(
    "IV8.3", "IV8.5", "IV8.8", "IV8.9", "IV8.10", "IV8.11", "IV8.13", "IV8.14", "IV8.15", "IV8.17",
    "IV8.18", "IV8.20",
)  # fmt: skip
@pytest.mark.parametrize(("typed", "refused"), BAD)
def test_a_line_that_cannot_work_is_refused_beside_its_field(typed, refused):
    cast = make_cast(uses_plans=True)

    response = submit_line(cast, typed)

    assert row_errors(response) == refused
    assert not cast.card.plans.exists()


@pytest.mark.req("IV8.3", "IV8.10", "IV8.13", "IV8.14", "IV8.15")
@pytest.mark.parametrize(
    "broken",
    [
        {"is_exempt": True, "must_process": True},
        {"group": "BILL_VALUE"},
        {"transaction_count": 0},
        {"group": "BILL_QUANTITY", "least_pieces": 3},
        {
            "group": "BILL_VALUE",
            "least_minor": 1,
            "basis": "QUANTITY",
            "value_minor": None,
            "value_pieces": 1,
        },
    ],
)
def test_the_database_refuses_such_a_line_too(broken):
    cast = make_cast(uses_plans=True)

    with pytest.raises(IntegrityError), transaction.atomic():
        make_plan(cast.card, lines=[broken])


@pytest.mark.req("IV8.18")
def test_the_database_keeps_tenders_to_lines_for_bills_from_a_value_on():
    cast = make_cast(uses_plans=True)
    tender = make_masters(cast.partner)["tender"]
    make_plan(cast.card, lines=[{"group": "BILL_VALUE", "least_minor": 1, "tender": tender}])

    with pytest.raises(IntegrityError), transaction.atomic():
        make_plan(cast.card, "OTHER", lines=[{"tender": tender}])


@pytest.mark.req("IV8.5")
def test_a_line_for_one_member_names_the_member_by_code():
    cast = advanced()
    code = cast.membership.member.code

    response = submit(
        at_desk(cast.petra),
        page(only_plan(cast.card)),
        **{"lines-0-customer_type": "CODE", "lines-0-customer_code": code},
    )

    assert row_errors(response) == []
    line = terms.draft(cast.card).plans[0].lines[0]
    assert (line.customer_type, line.customer_code) == (rules.CustomerType.CODE, code)


@pytest.mark.req("IV8.5", "IV8.8", "IV8.9", "IV8.18")
def test_a_line_names_nothing_of_another_business():
    cast = advanced()
    foreign = make_masters(make_partner("Other Group"))
    client = at_desk(cast.petra)
    plan = only_plan(cast.card)

    def refused(**fields):
        row = {f"lines-0-{name}": value for name, value in fields.items()}
        return row_errors(submit(client, page(plan), **row))

    assert [
        refused(group="ITEM", product="COF"),
        refused(group="ITEM_GROUP", product_group=foreign["product_group"].pk),
        refused(customer_type="GROUP", customer_group=foreign["customer_group"].pk),
        refused(group="BILL_VALUE", least_minor="5", tender=foreign["tender"].pk),
    ] == [["product"], ["product_group"], ["customer_group"], ["tender"]]
    assert "Drinks" not in client.get(page(plan)).content.decode()


def test_archived_master_data_stays_where_it_is_named_and_is_offered_no_more():
    cast = make_cast(uses_plans=True)
    masters = make_masters(cast.partner)
    lines = [{"group": "ITEM", "product": masters["product"]}]
    plan = make_plan(cast.card, lines=lines)
    Product.objects.update(archived_at="2026-01-01T00:00Z")
    client = at_desk(cast.petra)

    kept = submit(client, page(plan), name="Kept")
    fresh = submit(client, adding(cast.card), name="New", **new_line(group="ITEM", product="COF"))

    assert (row_errors(kept), row_errors(fresh)) == ([], ["product"])


def test_money_of_lines_is_in_the_currency_of_the_card():
    cast = make_cast(uses_plans=True, currency="KWD")
    plan = make_plan(cast.card, lines=[{"value_minor": 1250}])

    values = shown(at_desk(cast.petra), page(plan))

    assert values["lines-0-value_minor"] == "1.250"


def test_a_line_is_told_in_words_above_its_fields():
    cast = make_cast(uses_plans=True)
    gold = make_tier(cast.card, "Gold", 500)
    plan = make_plan(cast.card, lines=[{"tier": gold, "transaction_count": 3}])

    body = at_desk(cast.petra).get(page(plan)).content.decode()

    assert "1 point per €1.00, for Gold, every 3 purchases" in body
