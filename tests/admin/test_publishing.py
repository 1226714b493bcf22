"""Rules are a draft until they are published; what would change is said in words first."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from cards import terms
from cards.models import (
    Card,
    ExpiryRule,
    MilestoneRule,
    Plan,
    PlanHours,
    PlanLine,
    ReferralRule,
    Reward,
    SpecialDay,
    Tier,
)
from clubs.models import Role
from loyalty.audit.models import AuditEvent
from loyalty.rules import terms as rules
from loyalty.rules.awards import award
from loyalty.rules.baskets import Basket, Facts
from staff.admin import publishing
from staff.admin.differences import Change
from tests.admin.desk import at_desk, errors, shown, submit
from tests.admin.plan_forms import adding, make_masters, make_plan, new_line
from tests.cast import (
    NOON,
    make_cast,
    make_manager,
    make_partner,
    make_reward,
    make_tier,
    make_user,
    publish,
)

pytestmark = pytest.mark.django_db


def page(card):
    return reverse("admin:cards_card_change", args=[card.pk])


def publishing_page(card):
    return reverse("admin:cards_card_publish", args=[card.pk])


def told(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def numbers(card):
    return list(card.terms_versions.order_by("number").values_list("number", flat=True))


def earned(rules_, amount, direction=rules.Direction.SALE):
    basket = Basket(amount_minor=amount, direction=direction)
    found = award(basket=basket, terms=rules_, facts=Facts(at=NOON))
    return found.points, found.credit_minor


@pytest.mark.req("R3.1", "FA1", "FA2")
def test_saving_an_active_card_keeps_what_members_earn_until_it_is_published():
    cast = make_cast()
    client = at_desk(cast.petra)

    saved = submit(client, page(cast.card), points_per_step="7", buy_step_minor="2.00")
    before = numbers(cast.card)
    banner = client.get(page(cast.card)).content.decode()
    client.post(publishing_page(cast.card))

    assert "Saved as a draft. Members earn by version 1 until you publish." in told(saved)
    assert "Unpublished changes." in banner
    assert (before, numbers(cast.card)) == ([1], [1, 2])
    version = cast.card.terms_versions.get(number=2)
    assert version.published_by_id == cast.petra.pk
    assert earned(terms.of_version(version.pk), 100) == (7, 0)
    assert earned(terms.of_version(version.pk), 500, rules.Direction.BUY) == (2, 0)
    assert "Unpublished changes." not in client.get(page(cast.card)).content.decode()


def test_publishing_is_audited_with_its_version_and_happens_once():
    cast = make_cast()
    client = at_desk(cast.petra)
    submit(client, page(cast.card), points_per_step="7")

    client.post(publishing_page(cast.card))
    client.post(publishing_page(cast.card))

    events = AuditEvent.objects.filter(action="publish")
    assert [(event.object_id, event.after) for event in events] == [(cast.card.pk, {"version": 2})]
    assert numbers(cast.card) == [1, 2]


def test_save_and_publish_does_both_at_once():
    cast = make_cast()

    response = submit(at_desk(cast.petra), page(cast.card), points_per_step="7", _publish="1")

    assert numbers(cast.card) == [1, 2]
    assert "The rules are published as version 2." in told(response)


def test_a_card_that_never_was_published_is_published_when_it_opens():
    cast = make_cast()
    card = Card.objects.create(partner=cast.partner, club=cast.hill, code="new", name="New")
    make_reward(card)
    client = at_desk(cast.petra)

    submit(client, page(card), points_per_step="3")
    as_draft = numbers(card)
    submit(client, page(card), status="ACTIVE")

    assert (as_draft, numbers(card)) == ([], [1])


def test_a_saved_plan_is_a_draft_too_and_can_be_published_with_its_save():
    cast = make_cast(uses_plans=True)
    plan = make_plan(cast.card)
    publish(cast.card)
    client = at_desk(cast.petra)
    address = reverse("admin:cards_plan_change", args=[plan.pk])

    submit(client, address, **{"lines-0-award_points": "5"})
    before = numbers(cast.card)
    submit(client, address, **{"lines-0-award_points": "6"}, _publish="1")

    assert (before, numbers(cast.card)) == ([1, 2], [1, 2, 3])
    assert earned(terms.of_version(cast.card.terms_versions.latest("number").pk), 100) == (6, 0)


SIMPLE = [
    # the simple rule                                                sale of 12.00, buy of 12.00
    ({}, (12, 0), (0, 0)),
    ({"points_per_step": 0, "credit_per_step_minor": 5}, (0, 60), (0, 0)),
    ({"step_minor": 500, "points_per_step": 2, "credit_per_step_minor": 10}, (4, 20), (0, 0)),
    ({"buy_step_minor": 300, "buy_points_per_step": 2}, (12, 0), (8, 0)),
    ({"points_per_step": 0}, (0, 0), (0, 0)),
]


@pytest.mark.req("IV7.1", "FA1", "FA2")
@pytest.mark.parametrize(("simple", "sale", "buy"), SIMPLE)
def test_a_card_that_takes_up_plans_earns_as_before(simple, sale, buy):
    cast = make_cast(**simple)

    response = submit(at_desk(cast.petra), page(cast.card), uses_plans="on", _publish="1")

    assert response.status_code == 302, errors(response)
    first, last = cast.card.terms_versions.order_by("number")
    for version in (first, last):
        found = terms.of_version(version.pk)
        assert earned(found, 1200) == sale
        assert earned(found, 1200, rules.Direction.BUY) == buy
    assert all(line.key > 0 for plan in found.plans for line in plan.lines)


def test_plans_made_of_the_simple_rule_are_made_once():
    cast = make_cast()
    client = at_desk(cast.petra)

    submit(client, page(cast.card), uses_plans="on")
    submit(client, page(cast.card), uses_plans=None)
    submit(client, page(cast.card), uses_plans="on")

    assert list(cast.card.plans.values_list("code", "name")) == [("simple-rule", "Simple rule")]
    assert AuditEvent.objects.filter(kind="cards.plan", action="add").count() == 1


def test_a_points_only_card_has_no_simple_rule_to_make_a_plan_of():
    cast = make_cast(is_points_only=True)

    submit(at_desk(cast.petra), page(cast.card), uses_plans="on")

    assert cast.card.plans.count() == 0


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
                "normal, from Jan. 1, 2026 09:30, until Dec. 31, 2026, old-port, Saturday,"
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
            ("when we buy, normal, from Jan. 1, 2026, until May 1, 2026 10:00",),
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
        "Special days": ("FAIR: June 1, 2026", "XMAS: every year on December 24"),
        "Expiry": (
            "90 days after the award, points, Gold",
            "every year on December 31, for customer group VIP",
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


def test_a_stranger_finds_no_page_to_publish():
    cast = make_cast()
    owner = make_user("other")
    make_manager(owner, make_partner("Other Group"))

    assert at_desk(owner).post(publishing_page(cast.card)).status_code == 404
    assert numbers(cast.card) == [1]


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
