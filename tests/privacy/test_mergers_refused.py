"""Mergers refused: what stands in their way, and that nothing changes then."""

import pytest
from django.utils import timezone

from clubs.models import Role
from loyalty.ledger.models import Source
from loyalty.members.models import Member, Membership, MembershipStatus
from loyalty.operations import customers, groups, standing
from tests.cast import (
    deed,
    join,
    make_card,
    make_cast,
    make_club,
    make_manager,
    make_partner,
    make_user,
)
from tests.privacy.second_records import guest, merge

pytestmark = pytest.mark.django_db

# What stands in the way of a merger, and what it is called.
IN_THE_WAY = {
    "a group": customers.SharedAccountError,
    "a blocked card": standing.MembershipNotActiveError,
    "support": standing.NotAllowedError,
    "their own record": standing.OwnMembershipError,
    "another business": standing.MembershipNotFoundError,
}


@pytest.mark.parametrize("what", IN_THE_WAY)
def test_what_stands_in_the_way_changes_nothing(what):
    cast = make_cast()
    twice, actor = guest(cast), cast.petra
    match what:
        case "a group":
            noor = join(cast.noor, cast.card)
            groups.form_group(
                deed=deed(cast.petra, Source.ADMIN),
                head_id=twice.pk,
                member_ids=[noor.pk],
                name="The Lindens",
            )
        case "a blocked card":
            Membership.objects.filter(pk=twice.pk).update(status=MembershipStatus.BLOCKED)
        case "support":
            actor = make_user("rita")
            make_manager(actor, cast.partner, Role.SUPPORT)
        case "their own record":
            actor = cast.mia
            make_manager(actor, cast.partner)
        case _:
            actor = make_user("else")
            make_manager(actor, make_partner("Other"))

    with pytest.raises(IN_THE_WAY[what]):
        merge(cast, cast.membership, twice, actor=actor, at=timezone.now())

    assert Member.objects.exclude(merged_into=None).count() == 0


def test_customers_of_two_businesses_are_never_merged():
    cast = make_cast()
    other = make_partner("Other")
    theirs = join(cast.noor, make_card(make_club(other, "Elsewhere"), "Theirs"))

    with pytest.raises(standing.MembershipNotFoundError):
        merge(cast, cast.membership, theirs)
