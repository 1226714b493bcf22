"""A member's account at the desk: points to begin with, a deed on its pages, what is left."""

from loyalty.ledger.models import Source, Transaction
from loyalty.members.models import Account
from loyalty.operations import adjustments
from tests.admin.desk import action, at_desk, submit
from tests.cast import deed, make_cast


def rich(points=340, **card):
    """Return the cast with so many points on Mia's card."""
    cast = make_cast(**card)
    adjustments.adjust_points(
        deed=deed(cast.petra, Source.ADMIN), membership_id=cast.membership.pk, points=points
    )
    return cast


def balance(cast):
    return Account.objects.get(pk=cast.membership.account_id).points


def latest():
    return Transaction.objects.order_by("-pk").first()


def do(cast, name, *more, who=None, **fields):
    return submit(at_desk(who or cast.petra), action(name, cast.membership, *more), **fields)
