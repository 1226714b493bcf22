"""The list of customers: its order, its pages and everything it can be narrowed by."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cards.models import Tag
from loyalty.members.models import Account, Member, Membership, MemberTag
from loyalty.operations import expiries
from staff.admin import members
from tests.admin.desk import at_desk
from tests.cast import (
    NOON,
    join,
    make_card,
    make_cast,
    make_club,
    make_partner,
    make_tier,
    make_user,
)
from tests.operations.counter import adjust, buy, days

pytestmark = pytest.mark.django_db
LIST = "/admin/members/membership/"


def page(cast, query=""):
    return at_desk(cast.petra).get(f"{LIST}?{query}")


def listed(cast, query=""):
    return [row.pk for row in page(cast, query).context["cl"].result_list]


def errors(cast, query):
    return page(cast, query).context["cl"].form.errors


def others(cast, count):
    return [join(make_user(f"m{number}"), cast.card) for number in range(count)]


@pytest.mark.req("CU4")
def test_the_most_recently_active_come_first():
    cast = make_cast()
    first, second = others(cast, 2)
    buy(cast, 1000, membership=second, at=NOON + days(1))
    adjust(cast, 5, membership=first, at=NOON + days(2))

    assert listed(cast) == [first.pk, second.pk, cast.membership.pk]


@pytest.mark.req("CU4")
def test_what_the_clock_brings_and_what_is_booked_late_make_nobody_more_active():
    cast = make_cast(expiry_days=3)
    buy(cast, 1000, at=NOON + days(1))
    [other] = others(cast, 1)
    buy(cast, 1000, membership=other, at=NOON + days(2))
    expiries.book_expiry(at=NOON + days(9))
    buy(cast, 500, membership=other, at=NOON)

    rows = dict(Membership.objects.values_list("pk", "active_at"))

    assert rows == {cast.membership.pk: NOON + days(1), other.pk: NOON + days(2)}


@pytest.mark.req("CU4")
def test_pages_follow_each_other_without_gap_or_repeat_whoever_comes_to_the_top(monkeypatch):
    monkeypatch.setattr(members.MembershipAdmin, "list_per_page", 2)
    cast = make_cast()
    rows = [cast.membership, *others(cast, 4)]
    for number, row in enumerate(rows):
        adjust(cast, 5, membership=row, at=NOON + days(1 + number // 2))
    newest_first = [row.pk for row in reversed(rows)]

    first = page(cast, "q=&used=yes")
    adjust(cast, 5, membership=rows[0], at=NOON + days(9))
    second = at_desk(cast.petra).get(LIST + first.context["cl"].paginator.older)

    assert [row.pk for row in first.context["cl"].result_list] == newest_first[:2]
    assert [row.pk for row in second.context["cl"].result_list] == newest_first[2:4]
    assert "used=yes" in second.context["cl"].paginator.newest
    assert second.context["cl"].paginator.older == ""  # The last one went to the top.
    body = first.content.decode()
    assert ("Older" in body, "Newest" in body) == (True, False)


@pytest.mark.parametrize("place", ["x", "2026-01-01,1", "2026-01-01T00:00:00+00:00,0", "9,9,9"])
def test_a_place_that_no_list_wrote_is_refused(place):
    cast = make_cast()

    assert at_desk(cast.petra).get(LIST, {"after": place}).status_code == 400


@pytest.mark.req("CU6")
def test_customers_are_narrowed_by_tier_card_club_and_tag():
    cast = make_cast()
    [other] = others(cast, 1)
    gold = make_tier(cast.card, "Gold", 100)
    Account.objects.filter(pk=other.account_id).update(tier=gold)
    tag = Tag.objects.create(partner=cast.partner, name="Regular")
    MemberTag.objects.create(
        partner=cast.partner, member=cast.membership.member, tag=tag, is_set=True
    )
    MemberTag.objects.create(partner=cast.partner, member=other.member, tag=tag, is_set=False)
    both = [other.pk, cast.membership.pk]

    found = {
        "tier": listed(cast, f"tier={gold.pk}"),
        "tag": listed(cast, f"tag={tag.pk}"),
        "card": listed(cast, f"card={cast.card.pk}"),
        "club": listed(cast, f"club={cast.card.club_id}"),
        "another club": listed(cast, f"club={cast.hill.pk}"),
    }

    assert found == {
        "tier": [other.pk],
        "tag": [cast.membership.pk],
        "card": both,
        "club": both,
        "another club": [],
    }


@pytest.mark.req("CU6")
def test_customers_are_narrowed_by_what_they_can_spend():
    cast = make_cast()
    poor, rich = others(cast, 2)
    adjust(cast, 10, membership=poor)
    adjust(cast, 90, membership=rich)

    assert listed(cast, "most=0") == [cast.membership.pk]
    assert listed(cast, "least=1&most=50") == [poor.pk]
    assert listed(cast, "least=\u0669\u0660") == [rich.pk]


@pytest.mark.req("CU6")
def test_customers_are_narrowed_by_how_long_ago_they_were_active(monkeypatch):
    cast = make_cast()
    [other] = others(cast, 1)
    adjust(cast, 5, membership=other, at=NOON + days(40))
    monkeypatch.setattr(timezone, "now", lambda: NOON + days(60))

    assert listed(cast, "active=30") == [other.pk]
    assert listed(cast, "active=-30") == [cast.membership.pk]
    assert listed(cast, "active=-90") == [cast.membership.pk]
    assert listed(cast, "active=-365") == []


@pytest.mark.req("CU6")
def test_customers_are_narrowed_by_the_day_they_joined_where_the_business_is():
    cast = make_cast()
    cast.partner.timezone = "Pacific/Auckland"
    cast.partner.save()
    [other] = others(cast, 1)
    Membership.objects.filter(pk=other.pk).update(joined_at=NOON + timedelta(hours=10))
    here = (NOON + timedelta(hours=10)).astimezone(cast.partner.zone()).date()

    assert listed(cast, f"joined_from={here}") == [other.pk]
    assert listed(cast, f"joined_from={here}&joined_to={here}") == [other.pk]
    assert other.pk not in listed(cast, f"joined_to={here - timedelta(days=1)}")


@pytest.mark.req("CU6")
def test_customers_are_narrowed_by_the_month_of_their_birthday():
    cast = make_cast()
    Member.objects.filter(pk=cast.membership.member_id).update(birth_day=3, birth_month=5)
    others(cast, 1)

    assert (listed(cast, "birth_month=5"), listed(cast, "birth_month=6")) == (
        [cast.membership.pk],
        [],
    )


@pytest.mark.parametrize(
    ("query", "name", "message"),
    [
        ("least=9&most=3", "most", "This is less than the other bound."),
        ("least=x", "least", "Enter a whole number."),
        (
            "joined_from=2026-05-02&joined_to=2026-05-01",
            "joined_to",
            "This day is before the other one.",
        ),
        (
            "tier=1x",
            "tier",
            "Select a valid choice. That choice is not one of the available choices.",
        ),
    ],
)
def test_a_filter_that_cannot_hold_is_refused_beside_its_field(query, name, message):
    cast = make_cast()

    assert errors(cast, query) == {name: [message]}
    assert listed(cast, query) == []


def test_another_businesss_tiers_and_tags_are_no_choice():
    cast = make_cast()
    other = make_card(make_club(make_partner("Other"), "Theirs"), "Theirs")
    tag = Tag.objects.create(partner=other.partner, name="Theirs")
    tier = make_tier(other, "Theirs", 5)

    assert set(errors(cast, f"tag={tag.pk}&tier={tier.pk}&card={other.pk}")) == {
        "tag",
        "tier",
        "card",
    }
    assert "Theirs" not in page(cast).content.decode()
