"""The only functions that fetch a transaction for a person."""

from django.db.models import BigIntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from clubs.models import Club
from loyalty.ledger.models import Kind, Source, Transaction
from loyalty.members.models import Membership
from loyalty.users.models import User


def seen_by(membership: Membership) -> Q:
    """Return the deeds that a member sees: all of the account, and their own on earlier ones.

    In a group that is what anybody did with what all have. Other transfers of their own, to and
    from a group, are told on the account that they led to.
    """
    own = Q(membership=membership) & ~Q(kind=Kind.TRANSFER)
    return Q(account=membership.account_id) | own


def with_other_number(deeds: QuerySet[Transaction]) -> QuerySet[Transaction]:
    """Return deeds with ``other_number``: what the other card of a merger is called now, if any."""
    other = Membership.objects.filter(pk=OuterRef("other_id")).values("number")
    return deeds.alias(
        other_id=Cast(KT("result__other_membership_id"), BigIntegerField())
    ).annotate(other_number=Subquery(other))


class TransactionNotFoundError(LookupError):
    """There is no such transaction, or it is none of this person's business."""


def own_counter_deed(*, user: User, transaction_id: int) -> Transaction:
    """Return a deed that this person did at a counter where they work, with what a result shows.

    :raises TransactionNotFoundError: if somebody else did it, or the club is not theirs.
    """
    found = (
        Transaction.objects.filter(
            pk=transaction_id,
            actor=user,
            source=Source.SCAN,
            caused_by=None,
            membership__isnull=False,
            card__club__in=Club.objects.served_by(user.pk),
        )
        .select_related(
            "account__tier",
            "card__club",
            "card__partner",
            "membership__member",
            "reversal",
            "reverses",
            "store",
        )
        .order_by("pk")
        .first()
    )
    if found is None:
        raise TransactionNotFoundError
    return found
