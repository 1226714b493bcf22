"""Rules perhaps not meant are saved with a warning: worth less, without a line, twice at once."""

from decimal import Decimal

import pytest
from django.urls import reverse

from cards.models import PlanHours, PlanLine, Reward, Tier
from tests.admin.desk import at_desk, errors, shown, submit, told
from tests.admin.plan_forms import adding, make_masters, make_plan, new_line
from tests.admin.publishing_pages import page, publishing_page
from tests.cast import make_cast, make_tier

pytestmark = pytest.mark.django_db


@pytest.mark.req("IV6.8")
def test_a_higher_tier_whose_points_are_worth_less_is_warned_of_and_saved():
    cast = make_cast()
    make_tier(cast.card, "Silver", 100, rate=Decimal("0.02"))
    make_tier(cast.card, "Gold", 500, rate=Decimal("0.03"))

    response = submit(at_desk(cast.petra), page(cast.card), **{"tiers-1-rate": "0.01"})

    assert response.status_code == 302, errors(response)
    assert "Points of tier Gold are worth less than those of a lower tier." in told(response)
    assert Tier.objects.get(name="Gold").rate == Decimal("0.01")


def test_a_card_whose_plans_have_no_line_is_warned_of():
    cast = make_cast(uses_plans=True)

    response = submit(at_desk(cast.petra), page(cast.card), name="Plans")

    assert "No active plan has a line yet, so purchases earn nothing." in told(response)


@pytest.mark.req("IV7.1", "IV8.6")
def test_two_lines_that_give_on_the_same_purchase_are_warned_of_with_an_example():
    cast = make_cast(uses_plans=True)
    gold = make_tier(cast.card, "Gold", 500)
    make_plan(cast.card)
    client = at_desk(cast.petra)
    plan = cast.card.plans.get()

    response = submit(
        client,
        reverse("admin:cards_plan_change", args=[plan.pk]),
        **{
            **new_line(1, award_points="2"),
            "lines-1-tier": gold.pk,
        },
    )

    (warning,) = [words for words in told(response) if words.startswith("Two lines")]
    start, end = warning.split("Example: ")
    assert start == (
        "Two lines give on the same purchase: BASE (1 point per €1.00) and"
        " BASE (2 points per €1.00, for Gold). "
    )
    assert end.startswith("€1.00, tier Gold, ")
    assert end.endswith(
        "The first gives 1 point, the second 2 points; in all the purchase earns 3 points."
    )
    assert start.strip() in client.get(publishing_page(cast.card)).content.decode()


def test_an_overlap_of_another_plan_is_not_told_at_this_plan_s_save():
    cast = make_cast(uses_plans=True)
    make_plan(cast.card, lines=[{}, {}])

    response = submit(
        at_desk(cast.petra), adding(cast.card), name="B", start_date="2026-01-01", **new_line()
    )

    assert [words for words in told(response) if words.startswith("Two lines")] == []


def test_an_example_names_pieces_tender_member_group_day_and_store():
    cast = make_cast(uses_plans=True, conflict_method="SUM")
    masters = make_masters(cast.partner)
    line = {
        "group": "ITEM",
        "product": masters["product"],
        "basis": "QUANTITY",
        "value_minor": None,
        "value_pieces": Decimal("1.5"),
        "customer_type": "CODE",
        "customer_code": "M1",
    }
    bill = {
        "group": "BILL_VALUE",
        "least_minor": 500,
        "tender": masters["tender"],
        "customer_type": "GROUP",
        "customer_group": masters["customer_group"],
    }
    group = {
        "group": "ITEM_GROUP",
        "product_group": masters["product_group"],
        "basis": "QUANTITY",
        "value_minor": None,
        "value_pieces": 2,
    }
    everything = {"basis": "QUANTITY", "value_minor": None, "value_pieces": 7, "unit": "CREDIT"}
    everything |= {"award_points": None, "award_minor": 5}
    for code in ("A", "B"):
        plan = make_plan(
            cast.card, code, type="CUSTOMER_DAYS", lines=[line, bill, group, everything]
        )
        PlanHours.objects.create(plan=plan, store=cast.old_port)
        PlanLine.objects.filter(plan=plan).update(position=0)

    body = at_desk(cast.petra).get(publishing_page(cast.card)).content.decode()

    for words in (
        "1.5 pieces of product COF",
        "member M1",
        "€5.00 with CARD",
        "customer group VIP",
        "on the member&#x27;s special day",
        "store old-port",
    ):
        assert words in body, words
    assert shown(at_desk(cast.petra), page(cast.card))["conflict_method"] == "SUM"
    assert Reward.objects.filter(card=cast.card).exists()
