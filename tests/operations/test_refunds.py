"""Refunds: how much is taken back of what a purchase earned, and who may book one."""

import pytest

from loyalty.ledger.models import Kind, Source
from loyalty.members.models import Member
from loyalty.operations import purchases, refunding, sales, standing
from loyalty.operations.deeds import RepeatDiffersError
from loyalty.operations.purchases import Bill
from loyalty.rules.refunds import RefundExceedsPurchaseError
from tests.cast import NOON, deed, join, make_cast, make_tier
from tests.operations.counter import account_of, adjust, buy, days, rows, undo
from tests.operations.money import held, held_credit, mismatches, refund, settings

pytestmark = pytest.mark.django_db

# One point per 10.00, as in the tables of rules 8.
TEN = {"step_minor": 1000}


# Rules 8: a bill of 60 + 40 earned 10; the 40 are returned.
METHOD_TABLE = [
    # method, balance, awarded
    ("ALL", 0, 0),
    ("PRO_RATA", 6, 6),
    ("NONE", 10, 10),
]


@pytest.mark.req("IV3.20")
@pytest.mark.parametrize(("method", "balance", "awarded"), METHOD_TABLE)
def test_a_refund_takes_back_what_the_card_says(method, balance, awarded):
    cast = make_cast(**TEN, refund_method=method)
    sale = buy(cast, 10_000)

    done = refund(cast, sale, 4000)

    assert (done.kind, done.refunds_id, done.amount_minor) == (Kind.REFUND, sale.pk, 4000)
    assert done.points == balance - 10
    assert (done.result["balance_before"], done.result["balance_after"]) == (10, balance)
    assert held(cast) == (balance, awarded, 0)
    assert mismatches() == []


# Rules 8: parts sum to the whole. The bill, what it earned, and the balance after each part.
PARTS_TABLE = [
    # points per bill, parts, balances
    (10, [3333, 3333, 3333], [7, 4, 0]),
    (10, [4000, 6000], [6, 0]),
    (7, [1000, 2000, 3000, 4000], [7, 5, 3, 0]),
]


@pytest.mark.req("IV3.20")
@pytest.mark.parametrize(("award", "parts", "balances"), PARTS_TABLE)
def test_parts_of_a_refund_sum_to_what_was_earned(award, parts, balances):
    cast = make_cast(step_minor=sum(parts), points_per_step=award)
    sale = buy(cast, sum(parts))

    found = []
    for number, part in enumerate(parts):
        refund(cast, sale, part, key=f"refund-{number}")
        found.append(held(cast)[0])

    assert found == balances
    assert held(cast) == (0, 0, 0)
    assert mismatches() == []


@pytest.mark.req("IV3.20")
def test_all_is_taken_with_the_first_part_and_nothing_with_the_second():
    cast = make_cast(**TEN, refund_method="ALL")
    sale = buy(cast, 10_000)

    taken = [refund(cast, sale, part).points for part in (4000, 6000)]

    assert (taken, held(cast)) == ([-10, 0], (0, 0, 0))


@pytest.mark.req("IV3.20")
def test_the_rules_of_the_purchase_decide_not_those_of_today():
    cast = make_cast(**TEN, refund_method="NONE")
    sale = buy(cast, 10_000, at=NOON - days(2))
    settings(cast, refund_method="ALL")

    refund(cast, sale, 10_000)

    assert held(cast) == (10, 10, 0)


@pytest.mark.req("IV3.20")
def test_more_than_is_left_of_a_bill_is_refused():
    cast = make_cast(**TEN)
    sale = buy(cast, 10_000)
    refund(cast, sale, 4000)
    before = rows()

    with pytest.raises(RefundExceedsPurchaseError) as refused:
        refund(cast, sale, 6001)

    assert (refused.value.left_minor, rows()) == (6000, before)


@pytest.mark.parametrize("amount", [0, -1])
def test_a_refund_of_nothing_is_refused(amount):
    cast = make_cast()
    sale = buy(cast, 1000)

    with pytest.raises(refunding.NothingToRefundError):
        refund(cast, sale, amount)


@pytest.mark.req("IV3.8", "IV3.20")
def test_a_refund_lowers_what_was_awarded_but_not_the_tier():
    cast = make_cast()
    gold = make_tier(cast.card, "Gold", 10)
    sale = buy(cast, 1000)

    refund(cast, sale, 1000)
    after = account_of(cast.membership)
    buy(cast, 100)

    assert (after.lifetime_points, after.tier_id) == (0, gold.pk)
    assert account_of(cast.membership).tier_id == gold.pk
    assert mismatches() == []


def test_what_was_awarded_never_falls_below_nothing():
    cast = make_cast()
    sale = buy(cast, 1000)
    adjust(cast, -6)

    refund(cast, sale, 1000)

    assert held(cast) == (0, 0, 6)


@pytest.mark.req("IV3.20")
def test_credit_is_taken_back_beside_points():
    cast = make_cast(step_minor=100, credit_per_step_minor=5)
    sale = buy(cast, 1000)

    done = refund(cast, sale, 400)

    assert (done.points, done.credit_minor) == (-4, -20)
    assert (held(cast), held_credit(cast)) == ((6, 6, 0), (30, 30, 0))
    assert (done.result["credit_before"], done.result["credit_after"]) == (50, 30)


def test_an_undone_purchase_cannot_be_refunded():
    cast = make_cast()
    sale = buy(cast, 1000)
    undo(cast, sale)

    with pytest.raises(sales.SaleUndoneError):
        refund(cast, sale, 1000)


def test_only_sales_of_this_card_can_be_refunded():
    cast = make_cast()
    noors = join(cast.noor, cast.card)
    foreign = buy(cast, 1000, membership=noors)
    gift = adjust(cast, 5)

    for other in (foreign, gift):
        with pytest.raises(sales.SaleNotFoundError):
            refund(cast, other, 100)


def test_a_repeat_returns_the_first_refund_and_books_nothing():
    cast = make_cast()
    sale = buy(cast, 1000)
    first = refund(cast, sale, 400, key="k")
    before = rows()

    again = refund(cast, sale, 400, key="k")

    assert (again, rows()) == (first, before)
    with pytest.raises(RepeatDiffersError):
        refund(cast, sale, 500, key="k")


def test_a_manager_refunds_in_the_dashboard_without_a_scan():
    cast = make_cast()
    sale = buy(cast, 1000)

    done = refund(cast, sale, 1000, actor=cast.petra, source=Source.ADMIN, scan=None)

    assert (done.points, done.source) == (-10, Source.ADMIN)


def test_staff_need_a_scan_of_this_visit_and_strangers_learn_nothing():
    cast = make_cast()
    sale = buy(cast, 1000)

    with pytest.raises(standing.ScanTooOldError):
        refund(cast, sale, 1000, scan=None)
    with pytest.raises(standing.MembershipNotFoundError):
        refund(cast, sale, 1000, actor=cast.tess, scan=cast.scan())


def test_nobody_refunds_on_their_own_card():
    cast = make_cast()
    sale = buy(cast, 1000)
    scan = cast.scan()
    Member.objects.filter(pk=cast.membership.member_id).update(user=cast.sam)

    with pytest.raises(standing.OwnMembershipError):
        refund(cast, sale, 1000, scan=scan)


@pytest.mark.req("FA2", "IV3.20")
def test_what_the_shop_bought_is_refunded_like_a_sale():
    cast = make_cast(buy_step_minor=100, buy_points_per_step=2)
    bought = purchases.book_buy(
        deed=deed(cast.sam, store=cast.old_port),
        membership_id=cast.membership.pk,
        bill=Bill(amount_minor=1000, currency="EUR"),
        scan_id=cast.scan(),
    )

    done = refund(cast, bought, 500)

    assert (bought.points, done.points) == (20, -10)
