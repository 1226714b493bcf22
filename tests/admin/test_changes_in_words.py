"""What publishing would change is said in words: settings, tiers, plans and other rules."""

from datetime import date
from decimal import Decimal

import pytest

from cards.models import (
    Card,
    ExpiryRule,
    MilestoneRule,
    Plan,
    PlanHours,
    ReferralRule,
    SpecialDay,
    Tier,
)
from clubs.models import Role
from staff.admin import publishing
from staff.admin.differences import Change
from tests.admin.desk import at_desk, submit
from tests.admin.plan_forms import make_masters, make_plan
from tests.admin.publishing_pages import numbers, page, publishing_page
from tests.cast import NOON, make_cast, make_manager, make_reward, make_tier, make_user

pytestmark = pytest.mark.django_db


def changed(card):
    return {change.what: (change.before, change.after) for change in publishing.changes(card)}


def test_settings_that_would_change_are_told_in_words():
    cast = make_cast()
    mug = make_reward(cast.card, "Mug", 900)
    Card.objects.filter(pk=cast.card.pk).update(
        is_points_only=True,
        max_points_day=50,
        welcome_credit_minor=250,
        refund_method="ALL",
        base_rate=Decimal("0.015"),
        base_redemption_percent=Decimal(50),
        stamps_per_card=10,
        full_card_reward=mug,
    )

    assert changed(Card.objects.get(pk=cast.card.pk)) == {
        "Staff enter points, no amount": (("no",), ("yes",)),
        "Most points of one day": (("\u2013",), ("50",)),
        "Welcome credit": (("€0.00",), ("€2.50",)),
        "A refund takes back": (("in proportion",), ("all of it",)),
        "One point is worth": (("0 EUR",), ("0.015 EUR",)),
        "Percent of a bill that points may pay": (("100 %",), ("50 %",)),
        "Stamps fill a card": (("\u2013",), ("10",)),
        "Reward of a full card": (("\u2013",), ("Mug",)),
        "How purchases earn": (("1 point per €1.00",), ()),
    }


@pytest.mark.req("IV6.7")
def test_tiers_that_would_change_are_told_in_words():
    cast = make_cast()
    make_tier(cast.card, "Silver", 100)
    Tier.objects.update(multiplier=Decimal("1.5"), entry_reward=cast.reward)

    (change,) = publishing.changes(cast.card)

    shared = ("one point is worth 0 EUR", "points pay up to 100 %")
    assert change == Change(
        what="Tier Silver",
        before=("Silver", "from 100 points", "earns times 1", *shared),
        after=("Silver", "from 100 points", "earns times 1.5", *shared, "gives Croissant"),
    )
    Tier.objects.update(archived_at=NOON)
    assert publishing.changes(cast.card)[0].after == ()


def test_plans_that_would_change_are_told_in_words():
    cast = make_cast(buy_step_minor=200)
    masters = make_masters(cast.partner)
    gold = make_tier(cast.card, "Gold", 500)
    Card.objects.filter(pk=cast.card.pk).update(uses_plans=True)
    lines = [
        {"group": "ITEM", "product": masters["product"], "must_process": True},
        {"group": "ITEM_GROUP", "product_group": masters["product_group"], "is_exempt": True},
        {"is_exempt": True, "tier": gold},
        {"group": "BILL_VALUE", "least_minor": 5000, "tender": masters["tender"]},
        {
            "group": "BILL_QUANTITY",
            "least_pieces": 3,
            "basis": "QUANTITY",
            "value_minor": None,
            "value_pieces": 1,
        },
        {"customer_type": "CODE", "customer_code": "M1", "transaction_count": 3},
        {
            "customer_type": "GROUP",
            "customer_group": masters["customer_group"],
            "transaction_criteria": "EQUAL",
        },
        {
            "unit": "CREDIT",
            "award_points": None,
            "award_minor": 50,
            "calculation_on": "AT_LEAST",
            "transaction_criteria": "GREATER",
            "transaction_count": 2,
        },
    ]
    plan = make_plan(
        cast.card,
        lines=lines,
        end_date=date(2026, 12, 31),
        conflict_method="MAXIMUM",
        start_time="09:30",
    )
    PlanHours.objects.create(plan=plan, store=cast.old_port, weekday=5)
    PlanHours.objects.create(plan=plan, start_time="18:00", end_time="20:00")
    PlanHours.objects.create(plan=plan)
    make_plan(
        cast.card, "BUY2", direction="BUY", lines=[], end_date=date(2026, 5, 1), end_time="10:00"
    )

    found = changed(Card.objects.get(pk=cast.card.pk))

    assert found == {
        "Plan BASE BASE plan": (
            (),
            (
                "normal, from 1 January 2026 09:30, until 31 December 2026, old-port, Saturday,"
                " 18:00 to 20:00, everywhere, always",
                "of several lines counts the highest",
                "1 point per €1.00, product COF, always on top",
                "earns nothing, product group DRINK",
                "earns nothing, everything, for Gold",
                "1 point per €1.00, bills from €50.00, paid with CARD",
                "1 point per piece, bills from 3 pieces",
                "1 point per €1.00, for member M1, every 3 purchases",
                "1 point per €1.00, for customer group VIP, only at purchase 1",
                "€0.50 credit once, from €1.00 on, after purchase 2",
            ),
        ),
        "Plan BUY2 BUY2 plan": (
            (),
            ("when we buy, normal, from 1 January 2026, until 1 May 2026 10:00",),
        ),
        "How buys earn": (("1 point per €2.00",), ()),
        "How purchases earn": (("1 point per €1.00",), ()),
    }


@pytest.mark.req("IV3.32")
def test_rows_of_other_rules_that_would_change_are_told_in_words():
    cast = make_cast(has_referrals=True)
    gold = make_tier(cast.card, "Gold", 500)
    group = make_masters(cast.partner)["customer_group"]
    own = {"partner": cast.partner, "card": cast.card}
    SpecialDay.objects.create(**own, code="FAIR", name="Fair", day=date(2026, 6, 1))
    SpecialDay.objects.create(**own, code="XMAS", name="X", day=date(2026, 12, 24), is_yearly=True)
    ExpiryRule.objects.create(**own, method="SLIDING", days=90, unit="POINTS", tier=gold)
    ExpiryRule.objects.create(
        **own,
        method="FIXED",
        day=date(2026, 12, 31),
        is_yearly=True,
        customer_type="GROUP",
        customer_group=group,
    )
    ExpiryRule.objects.create(
        **own, method="SLIDING", days=9, customer_type="CODE", customer_code="M1"
    )
    ReferralRule.objects.create(
        **own, event="THRESHOLD_CREDIT", threshold_minor=500, points=30, beneficiary="BOTH"
    )
    ReferralRule.objects.create(**own, event="THRESHOLD_POINTS", threshold_points=9, points=30)
    ReferralRule.objects.create(**own, event="REGISTRATION", points=0, credit_minor=100)
    MilestoneRule.objects.create(**own, kind="VISITS", count=10, is_repeated=True, points=5)
    MilestoneRule.objects.create(**own, kind="BIRTHDAY", reward=cast.reward)

    found = {title: after for title, (_before, after) in changed(cast.card).items()}

    assert found == {
        "Special days": ("FAIR: 1 June 2026", "XMAS: every year on 24 December"),
        "Expiry": (
            "90 days after the award, points, Gold",
            "every year on 31 December, for customer group VIP",
            "9 days after the award, for member M1",
        ),
        "Recommendations": (
            "the new member holds so much credit, €5.00 credit: 30 points (both)",
            "the new member holds so many points, 9 points: 30 points (the referrer)",
            "the new member joins: €1.00 credit (the referrer)",
        ),
        "Milestones": (
            "number of visits, 10, each time: 5 points",
            "birthday: 0 points, Croissant",
        ),
    }


def test_the_page_says_when_nothing_or_only_the_writing_would_change():
    cast = make_cast()
    client = at_desk(cast.petra)

    nothing = client.get(publishing_page(cast.card)).content.decode()
    submit(client, page(cast.card), uses_plans="on")
    Plan.objects.all().update(name="Simple rule")
    both = client.get(publishing_page(cast.card)).content.decode()

    assert "Nothing. Version 1 is what you see on the card." in nothing
    assert ("How purchases earn" in both, "Plan simple-rule Simple rule" in both) == (True, True)


@pytest.mark.req("IV3.33")
def test_who_may_only_look_sees_what_would_change_and_cannot_publish():
    cast = make_cast()
    support = make_user("support")
    make_manager(support, cast.partner, Role.SUPPORT)
    Card.objects.filter(pk=cast.card.pk).update(points_per_step=3)
    client = at_desk(support)

    body = client.get(publishing_page(cast.card)).content.decode()
    refused = client.post(publishing_page(cast.card))

    assert ("3 points per €1.00" in body, ">Publish</button>" in body) == (True, False)
    assert (refused.status_code, numbers(cast.card)) == (403, [1])
