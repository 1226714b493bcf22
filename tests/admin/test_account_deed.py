"""One deed in full at the desk: what of a bill counted, what was left out, and what it brought."""

from decimal import Decimal

import pytest
from django.urls import reverse

from cards.models import Plan, ProductGroup
from loyalty.ledger.drafts import Note
from loyalty.operations import purchases
from loyalty.operations.purchases import Bill
from loyalty.rules.baskets import BasketLine
from tests.admin.desk import action, at_desk
from tests.cast import NOON, deed, join, make_cast, publish
from tests.operations.counter import adjust, buy, days, undo
from tests.operations.planned import make_line, planned_cast

pytestmark = pytest.mark.django_db


def page(cast, done, client=None):
    address = reverse("admin:members_membership_deed", args=[cast.membership.pk, done.pk])
    return (client or at_desk(cast.petra)).get(address)


def sell(cast, *lines):
    return purchases.award_purchase(
        deed=deed(cast.sam, store=cast.old_port),
        membership_id=cast.membership.pk,
        bill=Bill(
            amount_minor=sum(line.amount_minor for line in lines), currency="EUR", lines=lines
        ),
        receipt="A-7",
        scan_id=cast.scan(),
    )


def line(minor, product="", group="", pieces="1"):
    return BasketLine(product=product, group=group, quantity=Decimal(pieces), amount_minor=minor)


def told(bill):
    return [(row.line.number, row.line.name, row.line.amount, row.brought) for row in bill.lines]


@pytest.mark.req("CU11")
def test_each_line_of_a_bill_says_what_it_brought_and_what_was_left_out_is_summed():
    cast = planned_cast()
    tobacco = ProductGroup.objects.create(partner=cast.partner, code="TOB", name="Tobacco")
    make_line(Plan.objects.get(), group="ITEM_GROUP", product_group=tobacco, is_exempt=True)
    publish(cast.card, at=NOON - days(1))

    done = sell(
        cast, line(600, "APPLE", "FRUIT", "2"), line(500, "", "TOB"), line(250, "", "OTHER")
    )

    bill = page(cast, done).context["bill"]
    assert told(bill) == [
        ("1", "Apple", "€6.00", "+12"),
        ("2", "Tobacco", "€5.00", ""),
        ("3", "OTHER", "€2.50", "+2"),
    ]
    assert (bill.total, bill.counted, bill.left_out) == ("€13.50", "€8.50", "€5.00")


@pytest.mark.req("CU11")
def test_what_the_bill_as_a_whole_brought_stands_beside_its_lines():
    cast = planned_cast()
    make_line(
        Plan.objects.get(), group="BILL_VALUE", least_minor=1, value_minor=500, award_points=7
    )
    publish(cast.card, at=NOON - days(1))

    bill = page(cast, sell(cast, line(600, "APPLE", "FRUIT"))).context["bill"]

    assert (told(bill), bill.whole_brought) == ([("1", "Apple", "€6.00", "+12")], "+7")
    assert (bill.counted, bill.left_out) == ("€6.00", "€0.00")


@pytest.mark.req("CU11")
@pytest.mark.parametrize(
    ("card", "counted", "left_out"),
    [({}, "€4.50", "€0.00"), ({"min_amount_minor": 500}, "€0.00", "€4.50")],
)
def test_a_bill_without_lines_counts_as_a_whole_or_not_at_all(card, counted, left_out):
    cast = make_cast(**card)
    done = buy(cast, 450)

    bill = page(cast, done).context["bill"]

    assert (bill.lines, bill.counted, bill.left_out) == ([], counted, left_out)


@pytest.mark.req("CU11", "CU18", "CU19")
def test_the_page_tells_rule_result_words_and_who_undid_it():
    cast = make_cast()
    done = adjust(cast, 30, note=Note(internal="Waited long", comment="Sorry for the wait"))
    sale = buy(cast, 450, receipt="A-1")
    undo(cast, sale)

    adjusted, sold = (page(cast, one).content.decode() for one in (done, sale))

    assert [words for words in ("Waited long", "Sorry for the wait") if words not in adjusted] == []
    assert "The bill" not in adjusted
    words = ["1 point per €1.00, rounded down", "A-1", "Old Port", "version 1", "Undone", "Sam"]
    assert [word for word in words if word not in sold] == []


def test_a_deed_of_another_account_has_no_page():
    cast = make_cast()
    other = join(cast.noor, cast.card)
    done = adjust(cast, 5, membership=other)

    assert page(cast, done).status_code == 404


def test_the_history_leads_to_each_deed():
    cast = make_cast()
    done = buy(cast, 450)

    address = reverse("admin:members_membership_deed", args=[cast.membership.pk, done.pk])
    account = at_desk(cast.petra).get(action("account", cast.membership)).content.decode()

    assert f'href="{address}"' in account


@pytest.mark.parametrize("count", [1, 30])
def test_a_long_bill_costs_what_a_short_one_does(count, django_assert_max_num_queries):
    cast = planned_cast()
    done = sell(cast, *[line(100, "APPLE", "FRUIT")] * count)
    client = at_desk(cast.petra)
    page(cast, done, client)

    with django_assert_max_num_queries(12):
        page(cast, done, client)
