"""Refunds that came before their sale: kept by receipt, settled when the sale is booked."""

from dataclasses import replace

from django.db.models import Q

from clubs.models import Manager, StaffMember
from loyalty.audit import record
from loyalty.ledger.drafts import ReceiptClaim
from loyalty.ledger.models import ParkedRefund, Source, Transaction
from loyalty.operations import receipts, refunds
from loyalty.operations.deeds import (
    Deed,
    RepeatDiffersError,
    fingerprint,
    key_of_part,
    one_transaction,
)
from loyalty.operations.refunding import NothingToRefundError
from loyalty.operations.sales import with_refunds
from loyalty.operations.standing import Standing


class ParkedRefundNotFoundError(LookupError):
    """There is no such parked refund, or this person has nothing to do with it."""


class ParkedRefundDoneError(ValueError):
    """The parked refund was settled or dropped before."""


@one_transaction
def park_refund(*, deed: Deed, receipt: str, amount_minor: int) -> ParkedRefund:
    """Keep a refund of a receipt that no sale was booked for yet, and return it.

    The deed names the store, and its day is that of the receipt where numbers restart. By staff of
    that club, managers of the partner, or a system. A repeat returns the first row. Source: rules
    8, reliability of feeds: a refund before its sale is never lost.

    :raises ParkedRefundNotFoundError: for a stranger to the store.
    :raises receipts.ReceiptNeedsStoreError: receipts.ReceiptAlreadyUsedError: NothingToRefundError:
        if there is nothing to wait for.
    """
    if deed.store is None:
        raise receipts.ReceiptNeedsStoreError
    partner = deed.store.partner
    _check_may_park(deed)

    claim = receipts.named(deed=deed, number=receipt, partner=partner)
    if claim is None or amount_minor <= 0:
        raise NothingToRefundError
    first = ParkedRefund.objects.filter(partner=partner, request_id=deed.request_id).first()
    if first is not None:
        if (first.store_id, first.receipt_number, first.amount_minor) != (
            claim.store_id,
            claim.number,
            amount_minor,
        ):
            raise RepeatDiffersError
        return first

    receipts.take(deed=deed, number=receipt, partner=partner)

    return ParkedRefund.objects.create(
        partner=partner,
        store=deed.store,
        receipt_number=claim.number,
        period=claim.period,
        amount_minor=amount_minor,
        request_id=deed.request_id,
        actor=deed.actor,
        parked_at=deed.occurred_at,
    )


def _check_may_park(deed: Deed) -> None:
    assert deed.store  # noqa: S101 - the caller saw it
    if deed.source in {Source.SYSTEM, Source.FEED}:
        return
    actor = deed.actor
    if actor is None:
        raise ParkedRefundNotFoundError
    works = Q(user=actor, user__is_active=True, is_active=True)
    is_staff = StaffMember.objects.filter(works, club=deed.store.club_id).exists()
    if not (is_staff or actor.is_superuser or _manages(deed, deed.store.partner_id)):
        raise ParkedRefundNotFoundError


def _manages(deed: Deed, partner_id: int) -> bool:
    return Manager.objects.filter(
        user=deed.actor, user__is_active=True, is_active=True, partner=partner_id
    ).exists()


@one_transaction
def drop_parked(*, deed: Deed, parked_id: int, reason: str = "") -> ParkedRefund:
    """Give a parked refund up, by a manager of the partner, and return it; audited.

    :raises ParkedRefundNotFoundError: for a stranger, who learns nothing.
    :raises ParkedRefundDoneError: if it was settled or dropped before.
    """
    found = ParkedRefund.objects.select_for_update(no_key=True).filter(pk=parked_id).first()
    actor = deed.actor
    if found is None or actor is None:
        raise ParkedRefundNotFoundError
    if not (actor.is_superuser or _manages(deed, found.partner_id)):
        raise ParkedRefundNotFoundError

    if not found.is_waiting:
        raise ParkedRefundDoneError

    found.dropped_at = deed.occurred_at
    found.save(update_fields=["dropped_at"])
    record.record(
        action="drop",
        subject=found,
        partner_id=found.partner_id,
        actor_id=actor.pk,
        after={"dropped_at": deed.occurred_at},
        reason=reason,
    )
    return found


def settle(standing: Standing, sale: Transaction, claim: ReceiptClaim | None) -> None:
    """Book the refunds that waited for this receipt, after the sale that was just posted.

    Each is a REFUND of its own, so the most recent deed is undone first. At most what is left of
    the bill is refunded: the sale is never refused for a refund.
    """
    if claim is None:
        return
    waiting = ParkedRefund.objects.select_for_update(no_key=True).filter(
        store=claim.store_id,
        receipt_number=claim.number,
        period=claim.period,
        settled_by=None,
        dropped_at=None,
    )
    for parked in waiting.order_by("pk"):
        found = with_refunds([sale])[0]
        if not found.left_minor:
            return
        part = key_of_part(standing.deed.request_id, f"parked-{parked.pk}")
        parked.settled_by = refunds.refund_for(
            replace(standing, deed=replace(standing.deed, request_id=part)),
            found,
            min(parked.amount_minor, found.left_minor),
            content=fingerprint("parked", parked=parked.pk),
        )
        parked.save(update_fields=["settled_by"])
