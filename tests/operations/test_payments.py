"""Paying with points at their worth, and with credit one to one."""

from decimal import Decimal

import pytest

from cards.models import Card
from loyalty.ledger.models import Kind, Unit
from loyalty.members.models import Account
from loyalty.operations import payments, receipts, standing
from loyalty.operations.deeds import RepeatDiffersError
from loyalty.outbox.models import Event
from loyalty.rules.awards import AmountTooLargeError
from loyalty.rules.redemption import TooMuchMoneyError
from tests.cast import NOON, deed, make_cast, make_tier
from tests.operations.counter import adjust, buy, days, open_lots, redeem, rows, undo
from tests.operations.counter import standing as stands
from tests.operations.money import buy_bill, held, held_credit, mismatches, pay, rich

pytestmark = pytest.mark.django_db


def ladder(cast, method):
    """Give the card the tiers of rules 6: 0.01, 0.02 and 0.05 a point, 10, 20 and 50 %."""
    Card.objects.filter(pk=cast.card.pk).update(redemption_method=method)
    cast.card.refresh_from_db()
    for name, least, rate, percent in (
        ("Bronze", 0, "0.01", 10),
        ("Silver", 100, "0.02", 20),
        ("Gold", 300, "0.05", 50),
    ):
        make_tier(cast.card, name, least, rate=Decimal(rate), redemption_percent=Decimal(percent))


# Rules 6, through the deed: what a balance pays of a bill, and what is left of it.
METHOD_TABLE = [
    # balance, bill, (money, points left) by current tier, by fallback
    (50, 2000, (50, 0), (50, 0)),
    (100, 2000, (200, 0), (100, 0)),
    (150, 2000, (300, 0), (200, 0)),
    (300, 2000, (1000, 100), (400, 100)),
    (300, 10_000, (1500, 0), (500, 0)),
    (340, 2000, (1000, 140), (400, 200)),
    (340, 10_000, (1700, 0), (700, 0)),
]


@pytest.mark.req("IV3.19", "IV6.7")
@pytest.mark.parametrize("method", ["CURRENT_TIER", "FALLBACK"])
@pytest.mark.parametrize(("balance", "bill", "current", "fallback"), METHOD_TABLE)
def test_points_pay_what_the_method_says_and_no_more_are_burnt(
    balance, bill, current, fallback, method
):
    cast = make_cast()
    ladder(cast, method)
    adjust(cast, balance)

    done = pay(cast, bill)

    money, left = current if method == "CURRENT_TIER" else fallback
    assert (done.kind, done.amount_minor, done.points) == (Kind.PAYMENT, money, left - balance)
    assert (done.result["money_minor"], done.result["rest_minor"]) == (money, bill - money)
    assert (done.result["balance_before"], done.result["balance_after"]) == (balance, left)
    assert held(cast) == (left, balance, 0)
    assert mismatches() == []


@pytest.mark.req("IV3.19")
def test_the_points_burnt_match_the_money_given():
    cast = make_cast(base_rate=Decimal("0.03"))
    adjust(cast, 1000)

    done = pay(cast, 2000, 100)

    # 33 points are worth 0.99; the last cent takes one more.
    assert (done.amount_minor, done.points, done.result["rest_minor"]) == (100, -34, 1900)


@pytest.mark.req("IV3.19")
def test_credit_pays_one_to_one():
    cast = make_cast(step_minor=100, credit_per_step_minor=10)
    buy(cast, 10_000)

    done = pay(cast, 2550, credit=True)

    assert (done.points, done.credit_minor, done.amount_minor) == (0, -1000, 1000)
    assert (done.result["credit_before"], done.result["credit_after"]) == (1000, 0)
    assert held_credit(cast) == (0, 1000, 0)


def test_the_earliest_points_to_expire_pay_first():
    cast = make_cast(base_rate=Decimal("0.01"), expiry_days=90)
    buy(cast, 5000, at=NOON - days(20))
    buy(cast, 5000)

    pay(cast, 2000, 70)

    assert [left for left, _ in open_lots(cast)] == [30]


@pytest.mark.req("IV3.19")
def test_more_than_the_points_pay_is_refused_naming_the_most():
    cast = rich(500, base_redemption_percent=Decimal(10))
    before = rows()

    with pytest.raises(TooMuchMoneyError) as refused:
        pay(cast, 2000, 201)

    assert (refused.value.most_minor, rows()) == (200, before)


@pytest.mark.parametrize(("bill", "money"), [(0, None), (-1, None), (1000, 0), (1000, -5)])
def test_nothing_is_not_paid(bill, money):
    cast = rich()

    with pytest.raises(payments.NothingToPayError):
        pay(cast, bill, money)


def test_a_bill_above_the_cards_largest_purchase_is_refused():
    cast = rich(max_amount_minor=10_000)

    with pytest.raises(AmountTooLargeError):
        pay(cast, 10_001)


@pytest.mark.parametrize("credit", [False, True])
def test_a_card_whose_points_are_worth_no_money_takes_none(credit):
    cast = make_cast()
    adjust(cast, 500)

    with pytest.raises(payments.PaymentNotOfferedError):
        pay(cast, 1000, credit=credit)


def test_a_page_is_told_what_can_be_paid_with():
    cast = make_cast(step_minor=100, credit_per_step_minor=10, base_rate=Decimal("0.01"))

    def offered():
        return payments.units_offered(
            standing.look(deed=deed(cast.sam), membership_id=cast.membership.pk)
        )

    nothing = offered()
    adjust(cast, 5)
    points = offered()
    buy(cast, 1000)

    assert (nothing, points, offered()) == ([], [Unit.POINTS], [Unit.POINTS, Unit.CREDIT])


def test_a_card_without_rules_offers_nothing():
    cast = rich()
    found = standing.look(
        deed=deed(cast.sam, at=NOON.replace(year=2020)), membership_id=cast.membership.pk
    )

    assert payments.units_offered(found) == []


@pytest.mark.req("R4.4", "IV3.19")
def test_paying_needs_the_right_to_spend():
    cast = rich()

    with pytest.raises(standing.ScanTooOldError):
        pay(cast, 1000, scan=None)
    with pytest.raises(standing.ScanTooOldError):
        pay(cast, 1000, scan=cast.scan(at=NOON - days(0.01)))
    with pytest.raises(standing.MembershipNotFoundError):
        pay(cast, 1000, actor=cast.tess, scan=cast.scan())
    assert held(cast) == (1000, 1000, 0)


def test_payments_and_rewards_share_the_cards_limit_of_a_day():
    cast = rich(redeems_per_day=2)
    redeem(cast)
    pay(cast, 1000, 10)

    with pytest.raises(standing.LimitReachedError):
        pay(cast, 1000, 10)
    with pytest.raises(standing.LimitReachedError):
        redeem(cast)


@pytest.mark.req("R11.2")
def test_undoing_a_payment_brings_everything_back():
    cast = rich()
    before = stands(cast)
    done = pay(cast, 1000, 300)

    undo(cast, done)

    assert stands(cast) == before
    assert mismatches() == []


def test_a_repeat_returns_the_first_payment_and_books_nothing():
    cast = rich()
    first = pay(cast, 1000, 300, key="k")
    before = rows()

    assert (pay(cast, 1000, 300, key="k"), rows()) == (first, before)
    with pytest.raises(RepeatDiffersError):
        pay(cast, 1000, 301, key="k")


@pytest.mark.req("IV3.19")
def test_one_receipt_is_paid_with_points_once_and_never_beyond_its_bill():
    cast = rich(step_minor=100, credit_per_step_minor=10)
    buy(cast, 10_000)
    pay(cast, 1000, 700, receipt="77")

    rest = pay(cast, 1000, credit=True, receipt="77")

    assert (rest.amount_minor, rest.result["rest_minor"]) == (300, 0)
    with pytest.raises(receipts.ReceiptAlreadyUsedError):
        pay(cast, 1000, 10, receipt=" 77")


def test_a_receipt_that_was_paid_altogether_takes_nothing_more():
    cast = rich(step_minor=100, credit_per_step_minor=10)
    buy(cast, 10_000)
    pay(cast, 1000, receipt="77")

    with pytest.raises(payments.PaymentNotOfferedError):
        pay(cast, 1000, credit=True, receipt="77")


def test_a_payment_that_was_undone_frees_its_receipt():
    cast = rich()
    undo(cast, pay(cast, 1000, 100, receipt="77"))

    assert pay(cast, 1000, 200, receipt="77").receipt_number == "77"
    assert mismatches() == []


def test_a_receipt_number_of_another_day_is_another_bill():
    cast = rich()
    cast.old_port.receipt_restart = "DAILY"
    cast.old_port.save()
    adjust(cast, 500, at=NOON - days(3))
    pay(cast, 1000, 100, receipt="77", at=NOON - days(1))

    assert pay(cast, 1000, 200, receipt="77").points == -200


# Rules 9: a bill of 100, 30 of it paid with loyalty; every 10 earns 1.
TENDER_TABLE = [
    # setting, earned
    ("FULL", 10),
    ("REST", 7),
    ("NOTHING", 0),
]


@pytest.mark.req("IV3.27")
@pytest.mark.parametrize(("setting", "earned"), TENDER_TABLE)
def test_a_bill_partly_paid_with_points_earns_by_the_cards_setting(setting, earned):
    cast = rich(5000, step_minor=1000, loyalty_tender=setting)
    paid = pay(cast, 10_000, 3000)

    sale = buy_bill(cast, amount=10_000, paid=[paid])

    assert (sale.points, held(cast)) == (earned, (2000 + earned, 5000 + earned, 0))
    assert sale.basket["payments"][0]["transaction_id"] == paid.pk


@pytest.mark.req("IV3.7", "IV3.8")
@pytest.mark.parametrize(
    ("basis", "tier"), [("AVAILABLE_POINTS", None), ("AWARDED_POINTS", "Gold")]
)
def test_a_tier_by_what_is_available_falls_with_a_payment_and_one_by_awards_stays(basis, tier):
    cast = make_cast(base_rate=Decimal("0.01"), tier_basis=basis)
    make_tier(cast.card, "Gold", 800, rate=Decimal("0.01"))
    buy(cast, 100_000)

    pay(cast, 1000, 500)

    account = Account.objects.select_related("tier").get(memberships=cast.membership)
    assert (account.tier.name if account.tier else None) == tier


def test_systems_are_told_of_a_payment():
    cast = rich()

    done = pay(cast, 1000, 500)

    event = Event.objects.get(transaction_id=done.pk)
    assert (event.type, event.data["points"], event.data["money_minor"]) == (
        "points.spent",
        -500,
        500,
    )


def test_a_page_is_told_what_a_payment_would_come_to_and_nothing_is_written():
    cast = rich(500)
    before = rows()

    found = payments.foretell(
        deed=deed(cast.sam, store=cast.old_port),
        membership_id=cast.membership.pk,
        unit=Unit.POINTS,
        bill_minor=2000,
        scan_id=cast.scan(),
    )

    assert (found.most_minor, found.cost, found.rest_minor) == (500, 500, 1500)
    assert rows() == before
