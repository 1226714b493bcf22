"""A family on one card, and short ways to work on its group."""

from loyalty.ledger import verification
from loyalty.ledger.models import Source
from loyalty.members.models import Membership, MembershipGroup
from loyalty.operations import groups
from tests.cast import NOON, deed, join, make_cast, make_tier, make_user
from tests.operations.counter import buy, days

LATER = NOON + days(1)


class Family:
    """Mia with 80 points, Noor with 90, Kim with 150: Bronze, Bronze and Silver."""

    def __init__(self, **card):
        self.cast = make_cast(**card)
        card = self.cast.card
        self.bronze, self.silver, self.gold = (
            make_tier(card, name, least)
            for name, least in (("Bronze", 0), ("Silver", 100), ("Gold", 300))
        )
        self.mia = self.cast.membership
        self.noor = join(self.cast.noor, card)
        self.kim = join(make_user("kim"), card)

    def earn(self):
        for membership, points in ((self.mia, 80), (self.noor, 90), (self.kim, 150)):
            buy(self.cast, points * 100, membership=membership)
        return self

    def form(self, *others, head=None, **how):
        return form(self.cast, head or self.mia, *(others or (self.noor, self.kim)), **how)

    def group(self):
        return MembershipGroup.objects.get()


def form(cast, head, *others, at=LATER, key="", actor=None, note=None):
    return groups.form_group(
        deed=deed(actor or cast.petra, Source.ADMIN, at=at, key=key),
        head_id=head.pk,
        member_ids=[other.pk for other in others],
        name="The family",
        note=note,
    )


def add(cast, group, membership, *, at=LATER, key="", actor=None):
    return groups.add_to_group(
        deed=deed(actor or cast.petra, Source.ADMIN, at=at, key=key),
        group_id=group.pk,
        membership_id=membership.pk,
    )


def leave(cast, membership, *, at=LATER, key="", actor=None, note=None):
    return groups.leave_group(
        deed=deed(actor or cast.petra, Source.ADMIN, at=at, key=key),
        membership_id=membership.pk,
        note=note,
    )


def held(membership):
    """Return a member's points, credit, awards, tier and whether they are in a group."""
    row = Membership.objects.select_related("account__tier").get(pk=membership.pk)
    account = row.account
    return (
        account.points,
        account.credit_minor,
        account.lifetime_points,
        account.tier.name if account.tier else None,
        row.group_id is not None,
    )


def proven(at=LATER):
    assert verification.verify(verification.Scope(at=at)) == []
