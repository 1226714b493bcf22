"""The wallet of a member of a group: one balance for all, and nobody else is named."""

import pytest
from django.urls import reverse
from django.utils import timezone

from cards import terms
from loyalty.ledger.models import Source
from loyalty.operations import extensions, groups
from tests.cast import deed, join
from tests.operations.counter import buy, issue

pytestmark = pytest.mark.django_db


def form(cast, at, *others):
    groups.form_group(
        deed=deed(cast.petra, Source.ADMIN, at=at),
        head_id=cast.membership.pk,
        member_ids=[other.pk for other in others],
        name="The Lindens",
    )


def text(client, membership):
    return client.get(reverse("wallet:card", args=[membership.pk])).content.decode()


@pytest.mark.req("IV9.2", "IV9.4")
def test_a_member_sees_the_familys_balance_and_what_others_did_without_their_names(cast, mia, ago):
    noor = join(cast.noor, cast.card)
    buy(cast, 8100, at=ago(50))
    buy(cast, 9200, at=ago(49), membership=noor)
    form(cast, ago(30), noor)
    buy(cast, 700, at=ago(20), membership=noor)

    shown = text(mia, cast.membership)

    assert "family account of 2" in shown
    assert ">180</span>" in shown
    assert shown.count("by a member of the group") == 2  # Noor's coming, and her purchase.
    assert "Joined the family account" in shown
    # Mia's own purchase of before is still hers to see, Noor's is not.
    assert "€81.00" in shown
    assert "€92.00" not in shown
    for name in ("Noor", "The Lindens"):
        assert name not in shown


@pytest.mark.req("IV9.5")
def test_who_left_sees_their_own_deeds_and_an_empty_balance(cast, mia, ago):
    noor = join(cast.noor, cast.card)
    buy(cast, 8100, at=ago(50))
    form(cast, ago(30), noor)
    buy(cast, 700, at=ago(20), membership=noor)
    groups.leave_group(
        deed=deed(cast.petra, Source.ADMIN, at=ago(10)), membership_id=cast.membership.pk
    )

    shown = text(mia, cast.membership)

    assert "family account" not in shown.replace("Left the family account and began anew", "")
    assert "Left the family account and began anew" in shown
    assert "€81.00" in shown
    assert "€7.00" not in shown


@pytest.mark.req("IV9.3")
def test_a_voucher_of_before_the_group_is_kept_for_its_members(cast, mia, ago, browser_of):
    noor = join(cast.noor, cast.card)
    buy(cast, 30_000, at=ago(50))
    issue(cast, at=ago(45))
    form(cast, ago(30), noor)

    for client, membership in ((mia, cast.membership), (browser_of(cast.noor), noor)):
        assert "Kept for you" in text(client, membership)


@pytest.mark.req("IV3.21")
def test_points_that_last_longer_say_so(cast, mia, ago):
    cast.card.expiry_days = 30
    cast.card.expiry_override = "BY_HAND"
    cast.card.expiry_override_days = 10
    cast.card.save()
    terms.publish(card=cast.card, at=ago(60), by_id=None)
    buy(cast, 8100, at=ago(50))
    extensions.extend_lots(
        deed=deed(cast.petra, Source.ADMIN, at=timezone.now()),
        membership_id=cast.membership.pk,
        days=5,
    )

    assert "Lasts longer now" in text(mia, cast.membership)
