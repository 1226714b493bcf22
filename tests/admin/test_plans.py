"""Plans with their hours and lines are written in the dashboard; what cannot work is refused."""

import re
from datetime import date, time
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cards import terms
from cards.models import (
    Card,
    CustomerGroup,
    Plan,
    PlanHours,
    PlanLine,
    Product,
    ProductGroup,
    Tender,
)
from clubs.models import Role
from loyalty.audit.models import AuditEvent
from loyalty.rules import terms as rules
from tests.admin.desk import at_desk, errors, shown, submit
from tests.cast import (
    make_card,
    make_cast,
    make_club,
    make_manager,
    make_partner,
    make_tier,
    make_user,
)

pytestmark = pytest.mark.django_db


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


@pytest.mark.req("IV7.1", "IV7.2", "IV7.3", "IV7.4", "IV7.6", "IV7.9", "IV7.12")
def test_a_plan_is_made_with_its_lines_and_hours_in_one_form():
    cast = make_cast(uses_plans=True)

    response = submit(
        at_desk(cast.petra),
        adding(cast.card),
        name="Weekend",
        start_date="2026-05-01",
        **new_line(award_points="3"),
        **new_hours(store=cast.old_port.pk, weekday="5", start_time="18:00", end_time="20:00"),
    )

    assert response.status_code == 302, errors(response)
    plan = only_plan(cast.card)
    assert (plan.code, plan.partner_id, plan.start_time, plan.is_active) == (
        "weekend",
        cast.partner.pk,
        None,
        True,
    )
    (found,) = terms.draft(cast.card).plans
    assert found.hours == (
        rules.Hours(store="old-port", weekday=5, start=time(18), until=time(20)),
    )
    assert [(line.value, line.award) for line in found.lines] == [(100, 3)]
    assert response.url.endswith(f"/admin/cards/plan/?card__id__exact={cast.card.pk}")


@pytest.mark.req("IV7.6")
def test_a_new_plan_starts_today_unless_told_otherwise():
    cast = make_cast(uses_plans=True)

    def today():
        return timezone.localtime(timezone.now(), cast.partner.zone()).date().isoformat()

    before = today()
    values = shown(at_desk(cast.petra), adding(cast.card))

    assert values["start_date"] in {before, today()}
    assert values["start_time"] == ""


@pytest.mark.req("IV7.2")
def test_a_plan_says_which_card_it_belongs_to():
    cast = advanced()

    body = at_desk(cast.petra).get(page(only_plan(cast.card))).content.decode()

    assert "Card: Harbour Coffee. Amounts are in EUR." in body


@pytest.mark.req("IV7.12")
def test_leaving_a_plan_by_cancel_changes_nothing():
    cast = advanced()
    plan = only_plan(cast.card)

    body = at_desk(cast.petra).get(page(plan)).content.decode()

    assert f'href="{reverse("admin:cards_plan_changelist")}">Cancel' in body
    plan.refresh_from_db()
    assert plan.version == 1


@pytest.mark.req("IV7.3", "IV7.4")
def test_a_code_is_short_and_taken_once_on_its_card():
    cast = advanced()
    client = at_desk(cast.petra)
    words = {"start_date": "2026-01-01", **new_line()}

    taken = submit(client, adding(cast.card), code="base", name="Again", **words)
    long_code = submit(client, adding(cast.card), code="x" * 21, name="x", **words)
    long_name = submit(client, adding(cast.card), code="B", name="x" * 51, **words)
    other = submit(client, adding(cast.hill_card), code="BASE", name="x", **words)

    assert errors(taken) == "This code is taken."
    assert list(long_code.context["adminform"].form.errors) == ["code"]
    assert list(long_name.context["adminform"].form.errors) == ["name"]
    assert other.status_code == 302, errors(other)


ENDS = [
    # end date      end time  refused at
    ("2026-04-30", "", "end_date"),
    ("2026-05-01", "09:00", "end_time"),
    ("2026-05-01", "10:00", "end_time"),
    ("", "10:00", "end_date"),
    ("2026-05-01", "10:01", None),
    ("2026-05-01", "", None),
    ("", "", None),
]


@pytest.mark.req("IV7.6", "IV7.7")
@pytest.mark.parametrize(("end_date", "end_time", "refused"), ENDS)
def test_a_plan_ends_after_it_starts_or_never(end_date, end_time, refused):
    cast = make_cast(uses_plans=True)

    response = submit(
        at_desk(cast.petra),
        adding(cast.card),
        name="Plan",
        start_date="2026-05-01",
        start_time="10:00",
        end_date=end_date,
        end_time=end_time,
    )

    found = response.context["adminform"].form.errors if response.status_code == 200 else {}
    assert list(found) == ([refused] if refused else [])


@pytest.mark.req("IV7.5", "IV7.8")
def test_a_plan_has_a_type_and_counts_only_while_it_is_active():
    cast = advanced()
    plan = only_plan(cast.card)
    client = at_desk(cast.petra)

    submit(client, page(plan), type="CUSTOMER_DAYS", direction="BUY")
    (held,) = terms.draft(cast.card).plans
    submit(client, page(plan), is_active=None)

    assert (held.type, held.direction) == (rules.PlanType.CUSTOMER_DAYS, rules.Direction.BUY)
    assert terms.draft(cast.card).plans == ()


def test_a_plan_is_archived_and_comes_back():
    cast = advanced()
    plan = only_plan(cast.card)
    client = at_desk(cast.petra)

    submit(client, page(plan), is_archived="on")
    archived = terms.draft(cast.card).plans
    listed = client.get("/admin/cards/plan/").content.decode()
    submit(client, page(plan), is_archived=None)

    assert archived == ()
    assert "archived" in listed
    assert len(terms.draft(cast.card).plans) == 1


STATES = [
    # changed                               shown
    ({}, "active"),
    ({"is_active": False}, "switched off"),
    ({"start_date": date(2999, 1, 1)}, "begins later"),
    ({"end_date": date(2026, 1, 2)}, "over"),
]


@pytest.mark.req("IV7.7", "IV7.8")
@pytest.mark.parametrize(("changed", "expected"), STATES)
def test_the_list_says_whether_a_plan_holds_today(changed, expected):
    cast = advanced()
    Plan.objects.update(**changed)

    body = at_desk(cast.petra).get("/admin/cards/plan/").content.decode()

    row = body[body.index("result_list") :]
    assert [words for words in ("switched off", "begins later", "over") if f"{words}\n" in row] == (
        [] if expected == "active" else [expected]
    )


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


@pytest.mark.req("IV7.10")
@pytest.mark.parametrize(
    ("start", "end", "refused"),
    [
        ("18:00", "", ["end_time"]),
        ("", "20:00", ["start_time"]),
        ("18:00", "18:00", ["end_time"]),
        ("00:00", "00:00", []),
        ("22:00", "02:00", []),
    ],
)
def test_from_and_to_belong_together_and_may_pass_midnight(start, end, refused):
    cast = advanced()

    response = submit(
        at_desk(cast.petra),
        page(only_plan(cast.card)),
        **new_hours(store="", weekday="", start_time=start, end_time=end),
    )

    assert _row_errors(response, "hours") == refused


def _row_errors(response, prefix="lines", number=0):
    """Return the names of the fields that were refused in a row of a grid."""
    if response.status_code == 302:
        return []
    grids = {one.formset.prefix: one.formset for one in response.context["inline_admin_formsets"]}
    return sorted(grids[prefix].errors[number])


@pytest.mark.req("IV7.11", "IV8.12", "IV8.13")
def test_where_days_count_together_hours_are_shut_and_purchases_are_not_counted():
    cast = advanced(award_criteria="CUMULATIVE", cumulative_days=30)
    plan = only_plan(cast.card)
    row = PlanHours.objects.create(
        plan=plan, store=cast.old_port, weekday=5, start_time=time(18), end_time=time(20)
    )
    client = at_desk(cast.petra)

    body = client.get(page(plan)).content.decode()
    submit(client, page(plan), **{"hours-0-weekday": "1", "hours-0-store": ""})

    row.refresh_from_db()
    disabled = [name for name in ("store", "weekday", "start_time") if _is_shut(body, name)]
    assert disabled == ["weekday", "start_time"]
    assert (row.weekday, row.store_id) == (5, None)
    assert "lines-0-transaction_c" not in body


def _is_shut(body, name):
    at = body.index(f'name="hours-0-{name}"')
    return " disabled" in re.sub(r'"[^"]*"', "", body[at : body.index(">", at)])


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


@pytest.mark.req(
    "IV8.1", "IV8.2", "IV8.4", "IV8.5", "IV8.7", "IV8.8", "IV8.9", "IV8.10", "IV8.11", "IV8.12",
    "IV8.14", "IV8.15", "IV8.16", "IV8.17", "IV8.18", "IV8.19", "IV8.20", "IV8.21",
)  # fmt: skip
@pytest.mark.parametrize(("typed", "expected"), GOOD)
def test_a_line_says_for_whom_on_what_how_and_what_it_gives(typed, expected):
    cast = make_cast(uses_plans=True)
    masters = make_masters(cast.partner)
    fields = {name: masters[value].pk if value == name else value for name, value in typed.items()}

    response = submit(
        at_desk(cast.petra),
        adding(cast.card),
        name="Plan",
        start_date="2026-01-01",
        **new_line(**fields),
    )

    assert _row_errors(response) == []
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

    assert (_row_errors(foreign), _row_errors(own)) == (["tier"], [])
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
    masters = make_masters(cast.partner)
    fields = {name: masters[value].pk if value == name else value for name, value in typed.items()}

    response = submit(
        at_desk(cast.petra),
        adding(cast.card),
        name="Plan",
        start_date="2026-01-01",
        **new_line(**fields),
    )

    assert _row_errors(response) == refused
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

    assert _row_errors(response) == []
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
        return _row_errors(submit(client, page(plan), **row))

    assert [
        refused(group="ITEM", product="COF"),
        refused(group="ITEM_GROUP", product_group=foreign["product_group"].pk),
        refused(customer_type="GROUP", customer_group=foreign["customer_group"].pk),
        refused(group="BILL_VALUE", least_minor="5", tender=foreign["tender"].pk),
    ] == [["product"], ["product_group"], ["customer_group"], ["tender"]]
    assert "Drinks" not in client.get(page(plan)).content.decode()


def test_hours_name_the_stores_of_the_card_s_club_alone():
    cast = advanced()

    response = submit(
        at_desk(cast.petra), page(only_plan(cast.card)), **new_hours(store=cast.hilltop.pk)
    )

    assert _row_errors(response, "hours") == ["store"]


def test_archived_master_data_stays_where_it_is_named_and_is_offered_no_more():
    cast = make_cast(uses_plans=True)
    masters = make_masters(cast.partner)
    lines = [{"group": "ITEM", "product": masters["product"]}]
    plan = make_plan(cast.card, lines=lines)
    Product.objects.update(archived_at="2026-01-01T00:00Z")
    client = at_desk(cast.petra)

    kept = submit(client, page(plan), name="Kept")
    fresh = submit(client, adding(cast.card), name="New", **new_line(group="ITEM", product="COF"))

    assert (_row_errors(kept), _row_errors(fresh)) == ([], ["product"])


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


@pytest.mark.req("IV3.33", "IV7.9", "IV7.12", "IV8.21")
def test_who_may_only_look_sees_plans_in_words_and_no_save():
    cast = advanced()
    support = make_user("support")
    make_manager(support, cast.partner, Role.SUPPORT)
    plan = only_plan(cast.card)
    client = at_desk(support)

    body = client.get(page(plan)).content.decode()
    posted = client.post(page(plan), {"name": "Mine"})

    assert "1 point per €1.00" in body
    assert [word for word in ("_save", "_publish", "lines-0-group", "DELETE") if word in body] == []
    assert (posted.status_code, client.get(adding(cast.card)).status_code) == (403, 403)
    assert only_plan(cast.card).name == "BASE plan"


def test_staff_of_the_club_and_strangers_find_no_plans():
    cast = advanced()
    other = make_partner("Other Group")
    owner = make_user("other")
    make_manager(owner, other)
    card = make_card(make_club(other, "Quay"), "Other Card")
    plan = only_plan(cast.card)

    assert [
        at_desk(cast.tess).get(page(plan)).status_code,
        at_desk(owner).get(page(plan)).status_code,
        at_desk(owner).get(adding(cast.card)).status_code,
        at_desk(owner).get(f"{reverse('admin:cards_plan_add')}?card=x").status_code,
        at_desk(owner).get(adding(card)).status_code,
    ] == [404, 404, 404, 404, 200]


def test_a_new_plan_asks_for_its_card_where_there_are_several_and_says_where_there_is_none():
    cast = make_cast()
    lone, bare = make_user("lone"), make_user("bare")
    one, none = make_partner("One Group"), make_partner("None Group")
    make_manager(lone, one)
    make_manager(bare, none)
    card = make_card(make_club(one, "Quay"), "Only Card")
    address = reverse("admin:cards_plan_add")

    asked = at_desk(cast.petra).get(address).content.decode()
    led = at_desk(lone).get(address)
    empty = at_desk(bare).get(address).content.decode()

    assert f'href="?card={cast.hill_card.pk}"' in asked
    assert led.url == f"{address}?card={card.pk}"
    assert "There is no card yet" in empty


def test_a_plan_that_somebody_else_saved_meanwhile_is_stale():
    cast = advanced()
    client = at_desk(cast.petra)
    plan = only_plan(cast.card)
    stale = shown(client, page(plan))
    submit(client, page(plan), name="Newer")

    response = client.post(page(plan), stale)

    assert "Somebody changed this meanwhile" in errors(response)


@pytest.mark.req("IV3.16")
def test_a_plan_has_a_method_of_its_own_only_where_plans_are_settled_one_by_one():
    cast = advanced()
    client = at_desk(cast.petra)
    plan = only_plan(cast.card)

    at_once = "conflict_method" in shown(client, page(plan))
    Card.objects.filter(pk=cast.card.pk).update(conflict_basis="PLAN_GLOBAL")
    submit(client, page(plan), conflict_method="MINIMUM")

    assert at_once is False
    assert terms.draft(cast.card).plans[0].conflict_method == rules.ConflictMethod.MINIMUM


def statements(client, address):
    client.get(address)  # What is read once per process is not of the page.
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


@pytest.mark.req("IV7.1")
def test_the_list_of_plans_asks_as_often_for_three_as_for_one():
    cast = advanced()
    client = at_desk(cast.petra)

    one = statements(client, "/admin/cards/plan/")
    make_plan(cast.card, "B")
    make_plan(cast.hill_card, "C")

    assert statements(client, "/admin/cards/plan/") == one


def test_the_page_of_a_plan_asks_as_often_for_three_lines_as_for_one():
    cast = make_cast(uses_plans=True)
    group = make_masters(cast.partner)["product_group"]
    line = {"group": "ITEM_GROUP", "product_group": group}
    client = at_desk(cast.petra)
    one, three = (make_plan(cast.card, code, lines=[line] * count) for code, count in ONE_AND_THREE)

    assert statements(client, page(three)) == statements(client, page(one))


ONE_AND_THREE = (("ONE", 1), ("THREE", 3))
