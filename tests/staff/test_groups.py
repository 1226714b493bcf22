"""The counter and a member of a group: whose account it is, and who may spend from it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from cards.models import Card
from loyalty.ledger.models import Source
from loyalty.operations import groups
from tests.cast import deed, join
from tests.operations.counter import buy

pytestmark = pytest.mark.django_db


@pytest.mark.req("IV9.3", "IV9.4")
def test_the_counter_says_that_it_is_a_family_account_and_refuses_who_may_not_spend(counter):
    cast = counter.cast
    Card.objects.filter(pk=cast.card.pk).update(only_head_redeems=True)
    noor = join(cast.noor, cast.card)
    buy(cast, 30_000)
    groups.form_group(
        deed=deed(cast.petra, Source.ADMIN, at=timezone.now()),
        head_id=cast.membership.pk,
        member_ids=[noor.pk],
        name="The Lindens",
    )
    scan = counter.scan(noor)

    shown = counter.client.get(reverse("staff:counter", args=[scan])).content.decode()

    assert "family account of 2" in shown
    assert "300" in shown
    assert "The Lindens" not in shown

    answer = counter.post("redeem", scan, reward=cast.reward.pk)

    assert answer.status_code == 403
    assert "On this card only the head of the group spends." in answer.content.decode()
