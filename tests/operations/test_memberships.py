"""A membership taken out and back with its balance, and given a new code."""

import pytest

from loyalty.ledger.models import Kind, Source
from loyalty.members.models import Membership
from loyalty.operations import memberships, standing
from loyalty.operations.deeds import RepeatDiffersError
from tests.cast import deed, make_cast
from tests.operations.counter import balance, buy, rich_cast, set_status
from tests.operations.test_enrolments import guest

pytestmark = pytest.mark.django_db


@pytest.mark.req("CU10")
def test_a_removed_member_keeps_the_balance_and_comes_back_to_it():
    cast = rich_cast(70)
    gone = set_status(cast, "REMOVED", key="k")
    assert set_status(cast, "REMOVED", key="k") == gone
    with pytest.raises(RepeatDiffersError):
        set_status(cast, "BLOCKED", key="k")
    with pytest.raises(memberships.StatusUnchangedError):
        set_status(cast, "REMOVED")

    back = set_status(cast, "ACTIVE")

    assert (gone.kind, back.result) == (Kind.STATUS, {"from": "REMOVED", "to": "ACTIVE"})
    assert (buy(cast, 100).points, balance(cast)) == (1, 71)


def test_a_replaced_code_is_new_and_the_balance_stays():
    cast = rich_cast(70)
    before = cast.membership

    for actor, source in ((cast.mia, Source.WALLET), (cast.petra, Source.ADMIN)):
        after = memberships.replace_code(deed=deed(actor, source), membership_id=before.pk)
        stored = Membership.objects.get(pk=before.pk)
        assert (stored.code, stored.totp_key) == (after.code, after.totp_key)
        assert stored.code != before.code
        assert stored.totp_key != before.totp_key
        before = stored

    assert balance(cast) == 70


@pytest.mark.parametrize("name", ["sam", "noor", "mia"])
def test_nobody_else_replaces_a_code(name):
    cast = make_cast()
    # The member's own phone is the wallet; at another door she is a stranger.
    source = Source.SCAN if name == "mia" else Source.WALLET

    with pytest.raises(standing.MembershipNotFoundError):
        memberships.replace_code(
            deed=deed(getattr(cast, name), source), membership_id=cast.membership.pk
        )


def test_a_guests_code_is_not_replaced_by_somebody_without_a_name():

    cast = make_cast()
    membership = guest(cast)

    with pytest.raises(standing.MembershipNotFoundError):
        memberships.replace_code(deed=deed(None, Source.WALLET), membership_id=membership.pk)
