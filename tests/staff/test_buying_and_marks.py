"""At the counter: what the shop buys, how far a stamp card is, tags, and a recommendation."""

import pytest

from cards.models import MilestoneRule, ReferralRule, Tag
from loyalty.members.models import Membership
from tests.cast import make_cast, make_reward, publish
from tests.staff.conftest import Counter, signed_in
from tests.wallet.reading import main_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(db):
    """Return the cast of a card that gives two points per 5.00 of what it buys."""
    return make_cast(buy_step_minor=500, buy_points_per_step=2)


@pytest.mark.req("FA2")
def test_the_form_asks_for_a_buy_only_where_the_card_gives_something(counter, cast):
    asked = "We buy from the customer" in main_text(counter.show("counter", counter.scan()))
    cast.card.buy_step_minor = None
    cast.card.save()
    publish(cast.card, at=cast.membership.joined_at)

    not_asked = main_text(counter.show("counter", counter.scan()))

    assert (asked, "We buy from the customer" in not_asked) == (True, False)


@pytest.mark.req("FA2", "R7.3")
def test_a_buy_is_foretold_and_booked_by_its_own_rule(counter, booked):
    scan = counter.scan()

    sale = counter.show("preview", scan, amount="20", direction="SALE").json()["figure"]
    buy = counter.show("preview", scan, amount="20", direction="BUY").json()["figure"]
    page = counter.client.get(counter.award(scan, "20", direction="BUY").url)

    assert (sale, buy, booked()) == ("+20 points", "+8 points", [("BUY", 8)])
    assert "+8 points Mia · €20.00" in main_text(page)


def test_a_purchase_is_booked_where_nothing_else_was_chosen(counter, booked):
    counter.award(counter.scan(), "20", direction="SALE")

    assert booked() == [("PURCHASE", 20)]


@pytest.mark.req("FA2")
def test_a_buy_on_a_card_that_gives_nothing_for_it_is_refused(counter, cast, booked):
    cast.card.buy_step_minor = None
    cast.card.save()
    publish(cast.card, at=cast.membership.joined_at)

    answer = counter.award(counter.scan(), "20", direction="BUY")

    assert "This card gives nothing for what we buy. Nothing was booked." in main_text(answer)
    assert booked() == []


def test_a_buy_is_refused_beside_its_field(counter, booked):
    scan = counter.scan()
    counter.award(scan, "20", direction="BUY", receipt="7", key="first-form")

    answer = counter.award(scan, "25", direction="BUY", receipt="7", key="second-form")

    assert dict(answer.context["form"].errors) == {
        "receipt": ["This receipt was booked already. Nothing was booked now."]
    }
    assert "We buy from the customer" in main_text(answer)
    assert booked() == [("BUY", 8)]


@pytest.mark.parametrize("typed", ["GIFT", "sale"])
def test_another_direction_is_refused(counter, booked, typed):
    assert counter.award(counter.scan(), "20", direction=typed).status_code == 422
    assert booked() == []


@pytest.mark.req("CU32")
def test_the_counter_shows_the_stamp_card_and_says_when_it_is_full(counter, cast):
    cast.card.unit_one, cast.card.unit_many = "stamp", "stamps"
    cast.card.stamps_per_card = 10
    cast.card.full_card_reward = make_reward(cast.card, "Haircut", 10)
    cast.card.save()
    publish(cast.card)
    scan = counter.scan()
    counter.award(scan, "8", key="first-form")

    before = main_text(counter.show("counter", scan, again="1"))
    result = main_text(counter.client.get(counter.award(scan, "5", key="second-form").url))

    assert "Stamp card: 8 of 10 stamps" in before
    assert "Full card: Haircut is theirs" in result
    assert "Balance before 8 stamps Balance now 3 stamps" in result


@pytest.mark.req("FA4")
def test_the_counter_shows_the_members_tags(counter, cast):
    Tag.objects.create(partner=cast.partner, name="Seller", applies_on="BUY")
    scan = counter.scan()
    before = main_text(counter.show("counter", scan))
    counter.award(scan, "20", direction="BUY")

    after = main_text(counter.show("counter", scan, again="1"))

    assert ("Seller" in before, "Tag: Seller" in after) == (False, True)


@pytest.mark.req("PA2.6")
def test_the_result_names_what_the_visit_brought(counter, cast):
    MilestoneRule.objects.create(
        partner=cast.partner, card=cast.card, kind="VISITS", count=1, points=50
    )
    publish(cast.card)

    page = counter.client.get(counter.award(counter.scan(), "20").url)

    assert "50 points more, for the number of visits" in main_text(page)
    assert "Balance now 70 points" in main_text(page)


@pytest.mark.req("IV5.1", "IV5.2")
def test_a_newcomer_is_enrolled_with_the_code_of_who_brought_them(counter, cast):
    given = {
        "card": cast.card.pk,
        "first_name": "Ida",
        "email": "ida@example.org",
        "language": "en",
        "consent": "on",
    }
    plain = "Recommendation code" in main_text(counter.show("enrol"))
    cast.card.has_referrals = True
    cast.card.save()
    ReferralRule.objects.create(
        partner=cast.partner, card=cast.card, event="REGISTRATION", points=50
    )
    publish(cast.card)

    wrong = counter.post("enrol", referral_code="NOBODY00", **given)
    counter.post("enrol", referral_code=cast.membership.referral_code, **given)

    assert (plain, "Recommendation code" in main_text(wrong)) == (False, True)
    assert "Nobody with this card has that code." in main_text(wrong)
    assert Membership.objects.get(member__first_name="Ida").referred_by == cast.membership


def test_staff_of_another_club_see_no_stamps_and_no_tags(cast, counter):
    scan = counter.scan()
    stranger = Counter(cast=cast, client=signed_in(cast.tess))

    assert stranger.show("counter", scan).status_code == 404
    assert stranger.award(scan, "20", direction="BUY").status_code == 404
