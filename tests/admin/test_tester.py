"""The rule tester shows what a typed purchase would earn, and why each line took part or not."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cards.models import Card, PlanHours, Tender
from clubs.models import Role
from loyalty.ledger.models import Transaction
from loyalty.members.models import Account
from loyalty.operations import purchases
from loyalty.operations.purchases import Bill
from tests.admin.desk import at_desk, submit
from tests.admin.plan_forms import make_masters, make_plan
from tests.cast import deed, make_cast, make_manager, make_partner, make_tier, make_user, publish

pytestmark = pytest.mark.django_db


def page(card):
    return reverse("admin:cards_card_tester", args=[card.pk])


def tried(cast, client=None, **typed):
    """Return what the page shows for a purchase."""
    return submit(client or at_desk(cast.petra), page(cast.card), **typed).context


def gives(cast, **typed):
    found = tried(cast, **typed)["result"]
    return found.gives if found else None


def rows(context):
    return [(row.words, row.outcome) for row in context["result"].rows]


def refused(context):
    """Return the names of the refused fields of the three forms of the page."""
    errors = [context["form"].errors, *context["items"].errors, *context["payments"].errors]
    return [name for each in errors for name in each]


@pytest.mark.req("R7.3")
def test_an_amount_is_tried_and_told_in_the_words_of_the_counter():
    cast = make_cast()

    context = tried(cast, amount="12.40")

    assert context["result"].gives == "12 points"
    assert context["result"].why == ["1 point per €1.00, rounded down"]
    assert rows(context) == [("Simple rule", "took part"), ("1 point per €1.00", "took part")]


def test_the_simple_rule_of_points_and_credit_is_told_without_a_code():
    cast = make_cast(credit_per_step_minor=5, buy_step_minor=100, buy_points_per_step=1)

    context = tried(cast, amount="10.00")

    assert context["result"].why == [
        "together: 10 points, €0.50 credit",
        "€0.05 credit per €1.00, rounded down",
        "1 point per €1.00, rounded down",
    ]
    elsewhere = "it holds for the other direction, selling or buying"
    assert rows(context) == [
        ("Simple rule for what we buy", elsewhere),
        ("1 point per €1.00", elsewhere),
        ("Simple rule", "took part"),
        ("€0.05 credit per €1.00", "took part"),
        ("1 point per €1.00", "took part"),
    ]


def test_trying_writes_nothing():
    cast = make_cast()
    before = (Transaction.objects.count(), list(Account.objects.values()))

    tried(cast, amount="12.40", member_code=cast.membership.member.code)

    assert (Transaction.objects.count(), list(Account.objects.values())) == before


def test_the_draft_and_the_published_rules_can_be_tried_side_by_side():
    cast = make_cast()
    Card.objects.filter(pk=cast.card.pk).update(points_per_step=5)

    assert [gives(cast, amount="2", rules=name) for name in ("DRAFT", "PUBLISHED")] == [
        "10 points",
        "2 points",
    ]


def test_a_card_that_never_was_published_has_only_a_draft_to_try():
    cast = make_cast()
    card = Card.objects.create(partner=cast.partner, club=cast.hill, code="new", name="New")

    context = submit(at_desk(cast.petra), page(card), amount="3").context

    assert context["result"].gives == "3 points"
    assert [value for value, _words in context["form"].fields["rules"].choices] == ["DRAFT"]


@pytest.mark.req("IV8.1", "IV8.7", "IV8.8", "IV8.9")
def test_a_bill_with_lines_is_tried_and_each_plan_and_line_says_how_it_fared():
    cast = make_cast(uses_plans=True)
    masters = make_masters(cast.partner)
    gold = make_tier(cast.card, "Gold", 500)
    make_plan(
        cast.card,
        lines=[
            {"group": "ITEM", "product": masters["product"], "award_points": 5},
            {"group": "ITEM_GROUP", "product_group": masters["product_group"]},
            {},
            {"tier": gold},
            {"group": "BILL_VALUE", "least_minor": 9000},
            {"group": "BILL_VALUE", "least_minor": 500, "tender": masters["tender"]},
            {"transaction_count": 3},
        ],
    )
    make_plan(cast.card, "BUY", direction="BUY")

    context = tried(
        cast,
        **{
            "items-0-product": "COF",
            "items-0-quantity": "2",
            "items-0-amount": "8.00",
            "items-1-product": "unknown",
            "items-1-amount": "3.50",
        },
    )

    assert context["result"].gives == "43 points"
    assert rows(context) == [
        ("BASE BASE plan", "took part"),
        ("5 points per €1.00, product COF", "took part"),
        (
            "1 point per €1.00, product group DRINK",
            "a more specific line took what it looks at: line 1 of the bill",
        ),
        ("1 point per €1.00", "took part"),
        ("1 point per €1.00, for Gold", "it is for another tier"),
        ("1 point per €1.00, bills from €90.00", "the bill is too small for it"),
        (
            "1 point per €1.00, bills from €5.00, paid with CARD",
            "nothing was paid with its tender: CARD",
        ),
        ("1 point per €1.00, every 3 purchases", "it is not this purchase's turn"),
        ("BUY BUY plan", "it holds for the other direction, selling or buying"),
        ("1 point per €1.00", "it holds for the other direction, selling or buying"),
    ]


def test_what_a_line_takes_out_is_told_with_the_lines_of_the_bill():
    cast = make_cast(uses_plans=True)
    group = make_masters(cast.partner)["product_group"]
    make_plan(
        cast.card,
        lines=[{"group": "ITEM_GROUP", "product_group": group, "is_exempt": True}, {}],
    )

    context = tried(cast, **{"items-0-product": "COF", "items-0-amount": "8.00"})

    assert [outcome for _words, outcome in rows(context)] == [
        "nothing on the bill is what it looks at",
        "took part",
        "what it looks at is exempt: line 1 of the bill",
    ]


def test_a_purchase_below_the_minimum_says_so_at_every_line():
    cast = make_cast(min_amount_minor=500)

    assert {outcome for _words, outcome in rows(tried(cast, amount="3"))} == {
        "the purchase is below the smallest amount that earns: €5.00"
    }


@pytest.mark.req("IV8.18", "IV3.27")
def test_payments_by_tender_count_and_a_loyalty_tender_lessens_the_bill():
    cast = make_cast(uses_plans=True)
    masters = make_masters(cast.partner)
    points = Tender.objects.create(
        partner=cast.partner, code="POINTS", name="Points", is_loyalty_tender=True
    )
    line = {"group": "BILL_VALUE", "least_minor": 5000, "tender": masters["tender"]}
    make_plan(cast.card, lines=[line])

    with_card = gives(
        cast, amount="120", **_paid(0, masters["tender"], "50"), **_paid(1, points, "30")
    )

    assert with_card == "50 points"
    assert gives(cast, amount="120", **_paid(0, points, "120")) == "0 points"


def _paid(number, tender, amount):
    return {f"payments-{number}-tender": tender.pk, f"payments-{number}-amount": amount}


@pytest.mark.req("IV7.5", "IV7.10", "IV8.4", "IV8.6")
def test_date_store_tier_group_and_special_day_decide_as_typed():
    cast = make_cast(uses_plans=True)
    gold = make_tier(cast.card, "Gold", 500)
    group = make_masters(cast.partner)["customer_group"]
    weekend = make_plan(cast.card, "WEEKEND", lines=[{"award_points": 2}])
    PlanHours.objects.create(plan=weekend, store=cast.old_port, weekday=5)
    make_plan(cast.card, "BIRTHDAY", type="CUSTOMER_DAYS", lines=[{"award_points": 3}])
    make_plan(
        cast.card,
        "VIP",
        lines=[
            {"award_points": 4, "tier": gold, "customer_type": "GROUP", "customer_group": group}
        ],
    )
    saturday = {"amount": "1", "day": "2026-05-16", "time": "12:00"}

    assert [
        gives(cast, **saturday),
        gives(cast, **saturday, store=cast.old_port.pk),
        gives(cast, **saturday, is_customer_day="on"),
        gives(cast, **saturday, tier=gold.pk, customer_group=group.pk),
        gives(cast, amount="1", day="2026-05-17", time="12:00", store=cast.old_port.pk),
    ] == ["0 points", "2 points", "3 points", "4 points", "0 points"]


@pytest.mark.req("IV8.12", "IV8.13")
def test_earlier_purchases_are_typed_or_read_from_the_member():
    cast = make_cast(uses_plans=True)
    make_plan(cast.card, lines=[{"transaction_count": 2}])
    publish(cast.card)
    purchases.award_purchase(
        deed=deed(cast.sam, store=cast.old_port, at=timezone.now() - timedelta(minutes=5)),
        membership_id=cast.membership.pk,
        bill=Bill(amount_minor=100, currency="EUR"),
        scan_id=cast.scan(at=timezone.now() - timedelta(minutes=5)),
    )

    assert [
        gives(cast, amount="4"),
        gives(cast, amount="4", earlier="1"),
        gives(cast, amount="4", member_code=cast.membership.member.code),
    ] == ["0 points", "4 points", "4 points"]


def test_a_points_only_card_is_tried_with_points():
    cast = make_cast(is_points_only=True)

    assert (gives(cast, points="7"), refused(tried(cast, points=""))) == ("7 points", ["points"])


@pytest.mark.req("FA2")
def test_what_the_shop_buys_is_tried_by_its_own_rule():
    cast = make_cast(buy_step_minor=200)

    assert [gives(cast, amount="9", direction=way) for way in ("SALE", "BUY")] == [
        "9 points",
        "4 points",
    ]


WRONG = [
    # typed                                                   refused at
    ({}, ["amount"]),
    ({"amount": "1e3"}, ["amount"]),
    ({"items-0-product": "COF"}, ["amount"]),
    ({"items-0-amount": "1", "items-0-quantity": "0"}, ["quantity"]),
    ({"amount": "1", "payments-0-amount": "1"}, ["tender"]),
    ({"amount": "1", "member_code": "nobody"}, ["member_code"]),
    ({"amount": "1", "day": "yesterday"}, ["day"]),
    ({"amount": "1", "earlier": "-1"}, ["earlier"]),
    ({"amount": "1", "rules": "OTHER"}, ["rules"]),
]


@pytest.mark.parametrize(("typed", "expected"), WRONG)
def test_what_cannot_be_tried_is_refused_beside_its_field(typed, expected):
    cast = make_cast()

    context = tried(cast, **typed)

    assert (refused(context), context["result"]) == (expected, None)


def test_a_tender_without_its_amount_is_refused():
    cast = make_cast()
    tender = make_masters(cast.partner)["tender"]

    assert refused(tried(cast, amount="1", **{"payments-0-tender": tender.pk})) == ["amount"]


def test_an_amount_that_no_deed_takes_is_refused_in_the_words_of_the_counter():
    cast = make_cast(max_amount_minor=1000)

    context = tried(cast, amount="11")

    assert (context["result"], bool(context["refusal"])) == (None, True)


def test_more_lines_can_be_had_without_losing_what_was_typed():
    cast = make_cast()
    first = {"items-0-product": "COF", "items-0-amount": "8.00"}

    more = tried(cast, **first, more="1")
    broken = tried(cast, **{"items-TOTAL_FORMS": "x"}, more="1")

    assert (len(more["items"].forms), more["result"]) == (6, None)
    assert more["items"].forms[0]["product"].value() == "COF"
    assert broken["result"] is None


def test_the_tester_knows_only_rows_of_its_own_business():
    cast = make_cast()
    foreign = make_masters(make_partner("Other Group"))

    context = tried(cast, amount="1", **_paid(0, foreign["tender"], "1"), store=cast.hilltop.pk)

    assert refused(context) == ["store", "tender"]


@pytest.mark.req("IV3.33")
def test_who_may_only_look_may_try_and_a_stranger_finds_nothing():
    cast = make_cast()
    support, owner = make_user("support"), make_user("other")
    make_manager(support, cast.partner, Role.SUPPORT)
    make_manager(owner, make_partner("Other Group"))

    assert tried(cast, at_desk(support), amount="5")["result"].gives == "5 points"
    assert at_desk(owner).get(page(cast.card)).status_code == 404
    assert at_desk(cast.tess).get(page(cast.card)).status_code == 404
