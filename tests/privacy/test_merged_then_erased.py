"""Merged, then erased: neither the closed card nor the contacts given up are kept anywhere."""

import pytest

from loyalty.ledger import verification
from loyalty.ledger.models import Transaction
from tests.cast import NOON, make_cast
from tests.operations.counter import adjust, days
from tests.privacy import dump
from tests.privacy.test_erasing import erase
from tests.privacy.test_merging import guest, merge

pytestmark = pytest.mark.django_db


@pytest.mark.req("CU1")
def test_of_two_cards_that_were_merged_a_dump_finds_neither_number_after_the_erasure():
    cast = make_cast()
    twice = guest(cast)
    numbers = {cast.membership.number, twice.number}
    adjust(cast, 40, membership=twice)
    merge(cast, cast.membership, twice)

    erase(cast, cast.membership, at=NOON + days(2))

    assert dump.found(numbers) == {}
    others = Transaction.objects.filter(result__step__startswith="MERGED").order_by("pk")
    assert [one.result["other_membership_id"] for one in others] == [
        twice.pk,
        cast.membership.pk,
        cast.membership.pk,
    ]
    assert verification.verify(verification.Scope(at=NOON + days(2))) == []
