"""Tags that a sale, a buy, either or both put on a member (FA3, FA4)."""

import pytest

from cards.models import Tag
from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import MemberTag
from loyalty.operations import purchases, standing, tags
from loyalty.operations.purchases import Bill
from tests.cast import NOON, deed, join, make_card, make_cast, make_partner
from tests.operations.counter import adjust, buy, days, roll_back, undo

pytestmark = [pytest.mark.django_db, pytest.mark.req("FA3", "FA4")]


def make_tags(cast, *sides):
    for side in sides or ("SALE", "BUY", "BOTH", "EACH"):
        Tag.objects.create(partner=cast.partner, name=side.title(), applies_on=side)


def sell(cast, *, at=NOON, key="", membership=None):
    """Let the shop buy something from the member."""
    held = membership or cast.membership
    return purchases.book_buy(
        deed=deed(cast.sam, at=at, key=key),
        membership_id=held.pk,
        bill=Bill(amount_minor=1000, currency="EUR"),
        scan_id=cast.scan(at=at, membership=held),
    )


def worn(cast):
    return [tag.name for tag in tags.worn_by(cast.membership.member_id)]


def test_a_purchase_puts_on_the_tags_of_a_sale():
    cast = make_cast()
    make_tags(cast)

    buy(cast, 1000)

    assert worn(cast) == ["Both", "Sale"]


def test_a_buy_puts_on_the_tags_of_a_buy():
    cast = make_cast()
    make_tags(cast)

    sell(cast)

    assert worn(cast) == ["Both", "Buy"]


def test_no_tag_of_another_business_is_put_on():
    cast = make_cast()
    make_tags(cast, "SALE")
    Tag.objects.create(partner=make_partner("Elsewhere"), name="Theirs", applies_on="SALE")

    buy(cast, 1000)

    assert worn(cast) == ["Sale"]


@pytest.mark.req("FA2", "R4.6")
def test_a_buy_that_is_told_twice_is_booked_once():
    cast = make_cast()

    first, again = sell(cast, key="buy-1"), sell(cast, key="buy-1")

    assert first == again == Transaction.objects.get(kind=Kind.BUY)


def test_one_of_each_puts_on_what_asks_for_both():
    cast = make_cast()
    make_tags(cast)

    buy(cast, 1000)
    sell(cast, at=NOON + days(1))

    assert worn(cast) == ["Both", "Buy", "Each", "Sale"]


def test_points_typed_at_the_counter_stand_for_a_purchase():
    cast = make_cast(is_points_only=True)
    make_tags(cast)

    purchases.award_points(
        deed=deed(cast.sam), membership_id=cast.membership.pk, points=5, scan_id=cast.scan()
    )

    assert worn(cast) == ["Both", "Sale"]


def test_undoing_a_deed_takes_back_what_only_it_said():
    cast = make_cast()
    make_tags(cast)
    buy(cast, 1000)
    sold = sell(cast, at=NOON)

    undo(cast, sold)
    after_buy = worn(cast)
    again = buy(cast, 1000, at=NOON + days(1))
    roll_back(cast, again, at=NOON + days(1))

    assert (after_buy, worn(cast)) == (["Both", "Sale"], ["Both", "Sale"])
    assert set(MemberTag.objects.filter(is_set=True).values_list("sold_at", "bought_at")) == {
        (NOON, None)
    }


def test_undoing_all_leaves_no_tag():
    cast = make_cast()
    make_tags(cast)

    undo(cast, buy(cast, 1000))

    assert worn(cast) == []


def test_undoing_a_correction_leaves_tags_alone():
    cast = make_cast()
    make_tags(cast)
    buy(cast, 1000)

    roll_back(cast, adjust(cast, 5))

    assert worn(cast) == ["Both", "Sale"]


def test_what_is_bought_with_another_card_of_the_member_counts():
    cast = make_cast()
    make_tags(cast)
    done = buy(cast, 1000)
    second = join(cast.mia, make_card(cast.harbour, "Harbour Tea"))
    buy(cast, 1000, membership=second)

    undo(cast, done)

    assert worn(cast) == ["Both", "Sale"]


def test_archived_and_foreign_tags_are_not_put_on():
    cast = make_cast()
    make_tags(cast, "SALE")
    Tag.objects.create(partner=cast.partner, name="Old", applies_on="SALE", archived_at=NOON)

    buy(cast, 1000)

    assert worn(cast) == ["Sale"]


def test_a_business_without_tags_costs_no_statement(django_assert_num_queries):
    cast = make_cast()
    found = standing.look(deed=deed(cast.sam), membership_id=cast.membership.pk)
    done = buy(cast, 1000)

    with django_assert_num_queries(0):
        tags.note(found, None)
        tags.recompute(found, done)
