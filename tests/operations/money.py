"""Short ways to refund and to pay with points or credit in a test."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from cards.models import Card
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Source, Transaction
from loyalty.ledger.verification import Scope, verify
from loyalty.operations import payments, purchases, refunds, rollbacks
from loyalty.operations.purchases import Bill
from loyalty.rules.baskets import BasketLine, Payment
from loyalty.users.models import User
from tests.cast import NOON, Cast, deed, make_cast, make_user, publish
from tests.operations.counter import account_of, adjust


def refund(cast: Cast, sale: Transaction, minor: int, *lines, at=NOON, key="", **how: Any):
    """Let Sam refund a purchase of Mia's after scanning her code."""
    membership = how.get("membership", cast.membership)
    actor = how.get("actor", cast.sam)
    scan = how["scan"] if "scan" in how else cast.scan(actor, at=at, membership=membership)
    return refunds.refund_purchase(
        deed=deed(
            actor,
            how.get("source", Source.SCAN),
            at=at,
            key=key,
            store=how.get("store", cast.old_port),
        ),
        membership_id=membership.pk,
        transaction_id=sale.pk,
        amount_minor=minor,
        lines=lines,
        scan_id=scan,
    )


def pay(cast: Cast, bill: int, money: int | None = None, *, at=NOON, key="", **how: Any):
    """Let Mia pay at Sam's counter with points, or with credit."""
    membership = how.get("membership", cast.membership)
    actor = how.get("actor", cast.sam)
    scan = how["scan"] if "scan" in how else cast.scan(actor, at=at, membership=membership)
    do = payments.pay_with_credit if how.get("credit") else payments.pay_with_points
    return do(
        deed=deed(actor, at=at, key=key, store=how.get("store", cast.old_port)),
        membership_id=membership.pk,
        bill_minor=bill,
        money_minor=money,
        receipt=how.get("receipt", ""),
        scan_id=scan,
    )


def buy_bill(cast: Cast, *lines: BasketLine, amount=None, paid=(), at=NOON, receipt=""):
    """Book a bill with lines, or with what was paid of it by payments with points."""
    return purchases.award_purchase(
        deed=deed(cast.sam, at=at, store=cast.old_port),
        membership_id=cast.membership.pk,
        bill=Bill(
            amount_minor=sum(line.amount_minor for line in lines) if amount is None else amount,
            currency="EUR",
            lines=lines,
            payments=tuple(
                Payment(
                    tender="POINTS",
                    amount_minor=one.amount_minor,
                    is_loyalty=True,
                    transaction_id=one.pk,
                )
                for one in paid
            ),
        ),
        receipt=receipt,
        scan_id=cast.scan(at=at),
    )


def held(cast: Cast) -> tuple[int, int, int]:
    """Return the points that Mia has, was ever awarded, and owes."""
    account = account_of(cast.membership)
    return account.points, account.lifetime_points, account.shortfall_points


def held_credit(cast: Cast) -> tuple[int, int, int]:
    """Return the credit that Mia has, was ever awarded, and owes."""
    account = account_of(cast.membership)
    return account.credit_minor, account.lifetime_credit_minor, account.shortfall_credit_minor


def mismatches(at=NOON) -> list[str]:
    """Return what the proof of the ledger finds wrong."""
    return [one.check for one in verify(Scope(at=at))]


def reverse(cast: Cast, done: Transaction) -> Transaction:
    """Let a superuser reverse any deed of Mia's."""
    root = User.objects.filter(is_superuser=True).first() or make_user(
        "root", is_superuser=True, is_staff=True
    )
    return rollbacks.reverse_transaction(
        deed=deed(root, Source.ADMIN),
        membership_id=cast.membership.pk,
        transaction_id=done.pk,
        note=Note(internal="typing error"),
    )


def rich(points=1000, **card):
    """Return the cast with Mia rich in points, of which each is worth a cent."""
    cast = make_cast(base_rate=Decimal("0.01"), **card)
    adjust(cast, points)
    return cast


def settings(cast, **changed):
    """Change the card and publish, as of an hour before the deeds."""
    Card.objects.filter(pk=cast.card.pk).update(**changed)
    publish(Card.objects.get(pk=cast.card.pk), NOON - timedelta(hours=1))
