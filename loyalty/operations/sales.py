"""Purchases as a refund sees them: what is left of them, and what they were paid with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from loyalty.ledger.models import Kind, Transaction, Unit
from loyalty.members.models import Membership
from loyalty.operations import receipts
from loyalty.operations.standing import Standing

# What can be refunded: sales by what they earned, and bills that were only paid with points.
SALE_KINDS = (Kind.PURCHASE, Kind.BUY, Kind.PAYMENT)
MOST_LISTED = 20


class SaleNotFoundError(LookupError):
    """There is no such purchase on this card."""


class SaleUndoneError(ValueError):
    """The purchase was undone; nothing of it is left to refund."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A purchase with the refunds of it that stand."""

    booked: Transaction
    bill_minor: int
    earlier: tuple[Transaction, ...]

    @property
    def refunded_minor(self) -> int:
        """Return how much of the bill was refunded."""
        return sum(one.amount_minor or 0 for one in self.earlier)

    @property
    def left_minor(self) -> int:
        """Return how much of the bill can still be refunded."""
        return self.bill_minor - self.refunded_minor

    @property
    def is_payment(self) -> bool:
        """Return whether the bill was only paid with points or credit, and earned nothing here."""
        return self.booked.kind == Kind.PAYMENT

    def before(self, name: str) -> int:
        """Return the sum of what the refunds so far have told under this name."""
        return sum(one.result.get(name, 0) for one in self.earlier)


def sale_of(standing: Standing, transaction_id: int) -> Sale:
    """Return a purchase of this card, of one merged into it, or of its account, with its refunds.

    :raises SaleNotFoundError: SaleUndoneError: if it cannot be refunded.
    """
    booked = _sales(standing).filter(pk=transaction_id).order_by("pk").first()
    if booked is None:
        raise SaleNotFoundError
    return _standing_sale(booked)


def by_receipt(standing: Standing, number: str) -> Sale:
    """Return the latest purchase with this receipt number of the deed's store.

    :raises receipts.ReceiptNeedsStoreError: if the deed names no store.
    :raises SaleNotFoundError: SaleUndoneError: if there is none on this card.
    """
    if standing.deed.store is None:
        raise receipts.ReceiptNeedsStoreError
    tidy = receipts.tidy(number)
    found = _sales(standing).filter(store=standing.deed.store, receipt_number=tidy)
    # A number that was undone may have been booked again; a payment may be of the same receipt.
    wanted = sorted(
        found if tidy else (),
        key=lambda one: (hasattr(one, "reversal"), one.kind == Kind.PAYMENT, -one.pk),
    )
    if not wanted:
        raise SaleNotFoundError
    return _standing_sale(wanted[0])


def refundable(standing: Standing) -> list[Sale]:
    """Return the newest purchases of which something can be refunded, the latest first."""
    return still_open(_sales(standing).filter(reversal=None).order_by("-pk")[:MOST_LISTED])


def still_open(deeds: Iterable[Transaction]) -> list[Sale]:
    """Return those of these deeds that can be refunded, in their order, in one statement.

    A payment with points is one by itself only where no purchase of its bill is among them.
    ``reversal`` should come with the deeds.
    """
    found = [
        one
        for one in deeds
        if one.kind in SALE_KINDS and one.caused_by_id is None and not hasattr(one, "reversal")
    ]
    booked = [one for one in found if one.kind != Kind.PAYMENT]
    named = {pk for sale in booked for pk in named_payments(sale)}
    printed = {(sale.store_id, sale.receipt_number) for sale in booked if sale.receipt_number}
    shown = [
        one
        for one in found
        if one.kind != Kind.PAYMENT
        or (one.pk not in named and (one.store_id, one.receipt_number) not in printed)
    ]
    return [sale for sale in with_refunds(shown) if sale.left_minor > 0]


def _sales(standing: Standing) -> "QuerySet[Any]":
    earlier = Membership.objects.taken_over_by(standing.membership)
    cards = [standing.membership.pk, *earlier.values_list("pk", flat=True)]
    own = Q(membership__in=cards) | Q(account=standing.account)
    sales = Transaction.objects.filter(own, kind__in=SALE_KINDS, caused_by=None)
    return sales.select_related("reversal", "store", "account", "card")


def _standing_sale(booked: Transaction) -> Sale:
    if hasattr(booked, "reversal"):
        raise SaleUndoneError
    return with_refunds([booked])[0]


def with_refunds(booked: Sequence[Transaction]) -> list[Sale]:
    """Return purchases with their standing refunds, in one statement."""
    stands = Transaction.objects.filter(
        refunds__in=[one.pk for one in booked], kind=Kind.REFUND, reversal=None, caused_by=None
    )
    found = list(stands.order_by("pk"))
    return [
        Sale(
            booked=one,
            bill_minor=one.result.get("bill_minor", one.amount_minor or 0),
            earlier=tuple(refund for refund in found if refund.refunds_id == one.pk),
        )
        for one in booked
    ]


def named_payments(sale: Transaction) -> list[int]:
    """Return the payments that the purchase itself names."""
    paid = (sale.basket or {}).get("payments", ())
    return [row["transaction_id"] for row in paid if row.get("transaction_id")]


def payments_of(standing: Standing, sale: Sale) -> list[Transaction]:
    """Return the standing payments of a bill: those it names, and those of the same receipt."""
    booked = sale.booked
    if sale.is_payment:
        return [booked]
    named = named_payments(booked)
    wanted = Q(pk__in=named)
    if booked.receipt_number:
        wanted |= Q(store=booked.store_id, receipt_number=booked.receipt_number)
    own = Transaction.objects.filter(
        wanted, account=booked.account_id, kind=Kind.PAYMENT, reversal=None
    )
    return [
        one
        for one in own.select_related("store").order_by("pk")
        if one.pk in named or _is_of_period(standing, booked, one)
    ]


def _is_of_period(standing: Standing, booked: Transaction, payment: Transaction) -> bool:
    """Return whether a receipt number means the same receipt for both."""
    assert payment.store  # noqa: S101 - a receipt number is never without its store
    partner = standing.membership.partner
    periods = {
        receipts.period_of(payment.store, one.occurred_at, partner) for one in (booked, payment)
    }
    return len(periods) == 1


def paid(payment: Transaction) -> tuple[Unit, int]:
    """Return what a payment took: its unit, and how much of it."""
    if payment.points:
        return Unit.POINTS, -payment.points
    return Unit.CREDIT, -payment.credit_minor
