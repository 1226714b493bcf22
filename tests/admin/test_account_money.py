"""Refunds and payments in the dashboard, and the refunds that wait for their sale."""

from decimal import Decimal

import pytest
from django.urls import reverse

from clubs.models import Role
from loyalty.ledger.models import Kind, ParkedRefund, Source, Transaction
from loyalty.operations import parked_refunds
from loyalty.rules.baskets import BasketLine
from tests.admin.accounts import do
from tests.admin.desk import action, at_desk, errors, shown, submit
from tests.cast import deed, make_cast, make_manager, make_partner, make_user
from tests.operations.counter import account_of, adjust, buy, undo
from tests.operations.money import buy_bill, held, held_credit, pay, refund

pytestmark = pytest.mark.django_db


def account_page(cast, who=None):
    return at_desk(who or cast.petra).get(f"{action('account', cast.membership)}?show=transactions")


@pytest.mark.req("IV3.20")
def test_a_purchase_is_refunded_from_its_row_of_the_history():
    cast = make_cast()
    sale = buy(cast, 2000)
    address = action("refund", cast.membership, sale.pk)

    before = account_page(cast).content.decode()
    client = at_desk(cast.petra)
    response = submit(client, address, amount="5.00", internal="Torn bag")
    after = client.get(response["Location"]).content.decode()

    done = Transaction.objects.get(kind=Kind.REFUND)
    assert address in before
    assert response["Location"] == action("account", cast.membership)
    assert (done.source, done.actor_id, done.points) == (Source.ADMIN, cast.petra.pk, -5)
    assert done.note.internal == "Torn bag"
    assert "Refund €5.00. The balance is 15 points now." in after


@pytest.mark.req("IV3.20")
def test_the_form_starts_with_what_is_left_and_says_what_was_refunded():
    cast = make_cast()
    sale = buy(cast, 2000)
    refund(cast, sale, 500)
    address = action("refund", cast.membership, sale.pk)

    assert shown(at_desk(cast.petra), address)["amount"] == "15.00"
    page = at_desk(cast.petra).get(address)
    assert page.context["lead"] == "Purchase €20.00 · Old Port, €5.00 of it refunded"


@pytest.mark.req("IV3.20")
def test_lines_of_a_bill_are_refunded_by_what_is_left_of_them():
    cast = make_cast()
    sale = buy_bill(
        cast,
        BasketLine(product="TEA", amount_minor=500),
        BasketLine(amount_minor=700),
        BasketLine(product="GIFT", amount_minor=0),
    )
    form = at_desk(cast.petra).get(action("refund", cast.membership, sale.pk)).context["form"]

    do(cast, "refund", sale.pk, lines=["0"])
    left = at_desk(cast.petra).get(action("refund", cast.membership, sale.pk)).context["form"]
    do(cast, "refund", sale.pk, amount="2.00")

    assert form.fields["lines"].choices == [("0", "TEA · €5.00"), ("1", "2 · €7.00")]
    assert left.fields["lines"].choices == [("1", "2 · €7.00")]
    refunds = Transaction.objects.filter(kind=Kind.REFUND).order_by("pk")
    assert [(one.amount_minor, one.points) for one in refunds] == [(500, -5), (200, -2)]


def test_lines_and_an_amount_together_or_neither_are_refused():
    cast = make_cast()
    sale = buy_bill(cast, BasketLine(product="TEA", amount_minor=500))

    both = do(cast, "refund", sale.pk, lines=["0"], amount="1.00")
    neither = do(cast, "refund", sale.pk)
    junk = do(cast, "refund", sale.pk, amount="x")

    assert errors(both) == "Choose lines or type an amount, not both."
    assert errors(neither) == "Choose lines or type an amount."
    assert errors(junk) == "Type an amount such as 12.40."
    assert held(cast) == (5, 5, 0)


def test_more_than_is_left_is_refused_beside_the_field():
    cast = make_cast()
    sale = buy(cast, 2000)

    response = do(cast, "refund", sale.pk, amount="20.01")

    assert response.context["form"].errors == {
        "amount": ["This is more than is left of the purchase. Nothing was booked."]
    }
    assert (response.status_code, held(cast)) == (422, (20, 20, 0))


def test_a_refund_above_what_is_there_is_refused_where_the_card_says_so():
    cast = make_cast(clawback="REFUSE")
    sale = buy(cast, 2000)
    adjust(cast, -15)

    response = do(cast, "refund", sale.pk)

    assert errors(response) == (
        "The member has spent what this purchase earned; 15 are missing. Undo what was spent"
        " first, or let the card note what is owed. Nothing was booked."
    )


def test_what_is_no_standing_purchase_of_this_account_is_not_there():
    cast = make_cast()
    sale, gift = buy(cast, 2000), adjust(cast, 5)
    client = at_desk(cast.petra)
    address = action("refund", cast.membership, gift.pk)
    undone = buy(cast, 300)
    undo(cast, undone)

    whole = buy(cast, 400)
    refund(cast, whole, 400)

    assert client.get(address).status_code == 404
    assert action("refund", cast.membership, whole.pk) not in account_page(cast).content.decode()
    assert client.get(action("refund", cast.membership, undone.pk)).status_code == 404
    assert address not in account_page(cast).content.decode()
    assert action("refund", cast.membership, sale.pk) in account_page(cast).content.decode()


@pytest.mark.req("IV3.19")
def test_a_bill_is_paid_with_points_at_the_desk():
    cast = make_cast(base_rate=Decimal("0.01"))
    adjust(cast, 1000)

    actions = [one["action"].name for one in account_page(cast).context["actions"]]
    client = at_desk(cast.petra)
    typed = {"amount": "20.00", "money": "2.50", "unit": "POINTS", "internal": "By phone"}
    response = submit(client, action("pay", cast.membership), **typed)

    done = Transaction.objects.get(kind=Kind.PAYMENT)
    assert "pay" in actions
    assert response["Location"] == action("account", cast.membership)
    assert (done.points, done.amount_minor, done.note.internal) == (-250, 250, "By phone")
    body = client.get(response["Location"]).content.decode()
    assert "Paid €2.50 with points. The balance is 750 points now." in body
    assert "of a bill of €20.00" in body


@pytest.mark.req("IV3.19")
def test_a_bill_is_paid_with_credit_at_the_desk():
    cast = make_cast(step_minor=100, credit_per_step_minor=10)
    buy(cast, 10_000)

    page = at_desk(cast.petra).get(action("pay", cast.membership))
    do(cast, "pay", amount="3.00", unit="CREDIT")

    assert page.context["lead"] == "What is there pays up to €10.00 with credit."
    assert held_credit(cast) == (700, 1000, 0)


def test_where_nothing_can_pay_there_is_no_button_and_the_page_says_so():
    cast = make_cast()
    buy(cast, 2000)

    actions = [one["action"].name for one in account_page(cast).context["actions"]]
    page = at_desk(cast.petra).get(action("pay", cast.membership))
    response = do(cast, "pay", amount="3.00", unit="POINTS")

    assert "pay" not in actions
    assert page.context["lead"] == "Nothing on this account can pay a bill now."
    assert errors(response) == "This member cannot pay any of this bill so. Nothing was booked."


def test_the_history_tells_each_part_of_a_refund():
    cast = make_cast(base_rate=Decimal("0.01"))
    adjust(cast, 10)
    paid = pay(cast, 2000, 10)
    sale = buy_bill(cast, amount=2000, paid=[paid])
    adjust(cast, -15)
    refund(cast, sale, 2000)

    lines = [one.line for one in account_page(cast).context["lines"]]

    assert [(line.title, line.detail, line.points_text) for line in lines[:2]] == [
        ("Back from a refunded payment · Old Port", "", "0"),
        (
            "Refund €20.00 · Old Port",
            "10 points kept from what comes back,"
            " 5 points already spent; the next awards settle that",
            "\u22124",
        ),
    ]
    assert account_of(cast.membership).shortfall_points == 5


# Refunds that wait for their sale.


def park(cast, receipt="88"):
    return parked_refunds.park_refund(
        deed=deed(cast.sam, store=cast.old_port), receipt=receipt, amount_minor=400
    )


LIST = "admin:ledger_parkedrefund_changelist"


def drop_address(parked):
    return reverse("admin:ledger_parkedrefund_drop", args=[parked.pk])


def test_refunds_that_wait_are_listed_by_state():
    cast = make_cast()
    waiting, settled, dropped = park(cast, "88"), park(cast, "89"), park(cast, "90")
    buy(cast, 1000, receipt="89")
    client = at_desk(cast.petra)
    submit(client, drop_address(dropped), internal="Typed twice")

    found = {
        state: [
            row.pk for row in client.get(reverse(LIST), {"state": state}).context["cl"].queryset
        ]
        for state in ("", "waiting", "settled", "dropped")
    }

    assert found == {
        "": [dropped.pk, settled.pk, waiting.pk],
        "waiting": [waiting.pk],
        "settled": [settled.pk],
        "dropped": [dropped.pk],
    }
    body = client.get(reverse(LIST)).content.decode()
    assert [drop_address(one) in body for one in (waiting, settled, dropped)] == [
        True,
        False,
        False,
    ]
    assert "€4.00" in body


def test_an_empty_list_opens():
    cast = make_cast()

    assert at_desk(cast.petra).get(reverse(LIST)).status_code == 200


def test_a_refund_is_given_up_with_a_reason_once():
    cast = make_cast()
    parked = park(cast)
    client = at_desk(cast.petra)

    filled = {**shown(client, drop_address(parked)), "internal": "Typed twice"}
    first, again = (client.post(drop_address(parked), filled) for _twice in range(2))
    empty = client.post(drop_address(parked), {})

    parked.refresh_from_db()
    assert first["Location"] == reverse(LIST)
    assert parked.dropped_at is not None
    assert again.context["form"].non_field_errors() == [
        "This refund was settled or dropped already. Nothing was changed."
    ]
    assert "Open it again" in empty.content.decode()


def test_a_refund_that_waits_no_more_offers_no_form_to_give_it_up():
    cast = make_cast()
    parked = park(cast)
    buy(cast, 1000, receipt="88")

    response = at_desk(cast.petra).get(drop_address(parked), follow=True)

    body = response.content.decode()
    assert response.redirect_chain == [
        (reverse("admin:ledger_parkedrefund_change", args=[parked.pk]), 302)
    ]
    assert "This refund does not wait any more." in body
    assert drop_address(parked) not in body


def test_support_and_strangers_give_nothing_up():
    cast = make_cast()
    parked = park(cast)
    support, stranger = make_user("sue"), make_user("otto")
    make_manager(support, cast.partner, Role.SUPPORT)
    make_manager(stranger, make_partner("Elsewhere"))

    answers = [at_desk(who).get(drop_address(parked)).status_code for who in (support, stranger)]

    assert answers == [403, 404]
    assert ParkedRefund.objects.get().dropped_at is None


def test_a_feeds_refund_names_the_system():
    cast = make_cast()
    parked_refunds.park_refund(
        deed=deed(None, Source.FEED, store=cast.old_port), receipt="1", amount_minor=400
    )

    assert "system" in at_desk(cast.petra).get(reverse(LIST)).content.decode()


@pytest.mark.req("IV9.7", "CU14", "CU15", "CU16")
@pytest.mark.parametrize("typed", ["-2.40", "\u22122.40", "-\u0662.\u0664\u0660"])
def test_credit_is_corrected_at_the_desk(typed):
    cast = make_cast(credit_per_step_minor=5)
    do(cast, "adjust_credit", credit="5.00", reason="GOODWILL", is_counted="on")

    response = do(cast, "adjust_credit", credit=typed, reason="CORRECTION")

    account = account_of(cast.membership)
    assert (response.status_code, account.credit_minor) == (302, 260)
    assert action("adjust_credit", cast.membership) in account_page(cast).content.decode()


@pytest.mark.req("IV9.7")
@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("0", "Type a number other than zero."),
        ("x", "Type an amount such as 12.40."),
        ("1.234", "At most 2 decimals."),
        ("10000.01", "At most €10,000.00 at a time."),
        ("-5.01", "Not enough credit: €5.00 can be used, €0.01 are missing. Nothing was booked."),
    ],
)
def test_credit_that_cannot_move_is_refused_beside_the_field(typed, message):
    cast = make_cast(credit_per_step_minor=5)
    do(cast, "adjust_credit", credit="5.00", reason="GOODWILL")

    response = do(cast, "adjust_credit", credit=typed, reason="CORRECTION")

    assert dict(response.context["form"].errors) == {"credit": [message]}
    assert account_of(cast.membership).credit_minor == 500


def test_a_card_without_credit_offers_no_correction_of_it():
    cast = make_cast()

    assert action("adjust_credit", cast.membership) not in account_page(cast).content.decode()
