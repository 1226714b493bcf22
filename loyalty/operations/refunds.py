"""Refund a purchase: take back what it earned, and give back the points that paid for it.

For a model of the ledger (a refund of ``amount`` on a standing purchase of ``bill``):

- per unit, revoked = owed(all refunds so far) - revoked before, by ``rules.returns.owed``;
- the balance falls by revoked - lapsed - shortfall, never below zero; lifetime falls by revoked;
  the shortfall grows by what was not there, or the deed is refused, by the card's clawback;
- each PAYMENT of the bill gives back floor(paid * refunded / bill) - given back before;
- with the last part of the bill, each BONUS that the purchase caused is revoked likewise, on its
  own account and never refused; vouchers stay;
- a purchase or payment with a standing refund cannot be undone; a refund can, like any deed.
"""

from collections.abc import Sequence
from typing import Any

from loyalty.ledger.drafts import Draft, Fact, Note
from loyalty.ledger.models import Kind, Transaction, Unit
from loyalty.members.models import Account
from loyalty.operations import drafting, tiering
from loyalty.operations.clawbacks import STEMS, Clawed
from loyalty.operations.deeds import Deed, fingerprint, one_transaction
from loyalty.operations.refunding import (
    PaidBack,
    Refunding,
    ReturnedLine,
    at_the_sale,
    decide,
)
from loyalty.operations.sales import Sale, sale_of
from loyalty.operations.standing import (
    Standing,
    check_may_serve,
    check_not_own,
    check_open,
    first_result,
    lock,
    look,
)
from loyalty.outbox.models import EventType
from loyalty.rules.terms import Clawback

Spare = dict[tuple[int, str], int]


@one_transaction
def refund_purchase(
    *,
    deed: Deed,
    membership_id: int,
    transaction_id: int,
    amount_minor: int,
    lines: Sequence[ReturnedLine] = (),
    scan_id: int | None = None,
    note: Note | None = None,
) -> Transaction:
    """Refund a purchase, or a part of it, and return the refund's transaction.

    Takes back what the purchase earned: all, its share or nothing, by the terms version of the
    *purchase*, because the member bought under those rules and no later change should make a sale
    dearer to return; with ``lines`` by what those brought. What happens where too little is there
    is decided by the *present* terms, because that is about today's balance. What the bill was
    paid with in points or credit comes back in proportion, to its own lots. Awarded sums fall by
    what is taken back; a tier that was reached by them stays. Bonuses that the purchase caused go
    with the last part of it; vouchers stay, and stamps that became one count as spent. At the
    counter all staff may, with a scan of this visit: the till has decided on the refund, and this
    moves no more than that purchase did. A repeat returns the first transaction. Source: IV3.20,
    rules 8.

    :raises sales.SaleNotFoundError: sales.SaleUndoneError: NothingToRefundError:
        ReturnedLinesError: if there is nothing such to refund.
    :raises refunds.RefundExceedsPurchaseError: if more is refunded than is left of it.
    :raises refunds.ClawbackTooLargeError: if the card refuses to take back what was spent; and the
        errors of standing.
    """
    standing = lock(deed=deed, membership_id=membership_id, scan_id=scan_id)

    check_may_serve(standing)
    check_not_own(standing)

    content = fingerprint(
        "refund",
        transaction=transaction_id,
        amount=amount_minor,
        lines=[[line.index, line.amount_minor] for line in lines],
    )
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    sale = sale_of(standing, transaction_id)
    standing = at_the_sale(standing, sale, is_locked=True)
    refunding = decide(standing, sale, amount_minor, lines, is_locked=True)

    return _post(standing, refunding, content, note)


def foretell(
    *,
    deed: Deed,
    membership_id: int,
    transaction_id: int,
    amount_minor: int,
    scan_id: int | None = None,
) -> Refunding:
    """Return what a refund would come to now; writes nothing. Raises what the refund raises."""
    standing = look(deed=deed, membership_id=membership_id, scan_id=scan_id)
    check_may_serve(standing)
    check_not_own(standing)
    check_open(standing)
    sale = sale_of(standing, transaction_id)
    standing = at_the_sale(standing, sale, is_locked=False)
    return decide(standing, sale, amount_minor, (), is_locked=False)


def refund_for(standing: Standing, sale: Sale, amount_minor: int, *, content: str) -> Transaction:
    """Write a refund that waited for its purchase, on the standing that booked the purchase.

    Takes what is there and lets the rest be owed: the sale at the counter is not to fail for it.
    """
    refunding = decide(
        standing, sale, amount_minor, (), is_locked=True, clawback=Clawback.SHORTFALL
    )
    return _post(standing, refunding, content, None)


def _post(standing: Standing, refunding: Refunding, content: str, note: Note | None) -> Transaction:
    spare: Spare = {}
    main = _main(standing, refunding, content, note, spare)
    parts = [
        drafting.companion(
            main,
            Kind.REFUND,
            f"payment-{back.payment.pk}",
            refunds_id=back.payment.pk,
            moves=(back.move,) if back.move else (),
            result=_told_back(back),
        )
        for back in refunding.paid_back
        if back.returned and not refunding.sale.is_payment
    ]
    parts += [
        drafting.companion(
            main,
            Kind.REFUND,
            f"bonus-{back.bonus.pk}",
            account=back.account,
            membership_id=back.bonus.membership_id,
            refunds_id=back.bonus.pk,
            **_taking(back.account, back.clawed, spare),
        )
        for back in refunding.bonuses
    ]
    drafts = [main, *parts]
    own = [move for one in drafts if one.account is standing.account for move in one.moves]
    main.result |= drafting.balances(standing, own)
    return drafting.post(tiering.settle(standing, drafts))


def _main(
    standing: Standing, refunding: Refunding, content: str, note: Note | None, spare: Spare
) -> Draft:
    """Return the draft of the refund itself."""
    sale = refunding.sale
    taking = _taking(standing.account, refunding.clawed, spare)
    back = refunding.paid_back[0] if sale.is_payment else None
    if back is not None:
        taking["moves"] = (back.move,) if back.move else ()
        taking["result"] |= _told_back(back)
    taking["result"] |= {
        **{f"returned_{stem}": refunding.returned(unit) for unit, stem in STEMS.items()},
        "lines": [[line.index, line.amount_minor] for line in refunding.lines],
        "left_minor": sale.left_minor - refunding.amount_minor,
        "new_tier": None,
    }
    return drafting.draft(
        standing,
        Kind.REFUND,
        content=content,
        amount_minor=refunding.amount_minor,
        refunds_id=sale.booked.pk,
        note=note,
        facts=drafting.earning_facts(standing),
        events=(
            Fact(
                type=EventType.POINTS_REFUNDED,
                data={
                    "refunds_id": sale.booked.pk,
                    "amount_minor": refunding.amount_minor,
                    **{f"revoked_{stem}": refunding.revoked(unit) for unit, stem in STEMS.items()},
                },
            ),
        ),
        **taking,
    )


def _taking(account: Account, clawed: Sequence[Clawed], spare: Spare) -> dict[str, Any]:
    """Return the fields of a draft that takes an award back; no sum falls below zero.

    ``spare`` remembers what the drafts before leave of the account's awarded sums.
    """
    moves = tuple(move for one in clawed for move in one.moves)
    moved = {unit: sum(move.amount for move in moves if move.unit == unit) for unit in Unit}
    fields: dict[str, Any] = {
        "moves": moves,
        "result": {stem: moved[unit] for unit, stem in STEMS.items()},
    }
    for one in clawed:
        stem = STEMS[one.unit]
        awarded = f"lifetime_{stem}"
        left = spare.get((account.pk, stem), getattr(account, awarded))
        fields[awarded] = -min(one.revoked, left)
        spare[account.pk, stem] = left + fields[awarded]
        fields[f"shortfall_{stem}"] = one.shortfall
        fields["result"] |= one.told()
    return fields


def _told_back(back: PaidBack) -> dict[str, int]:
    """Return what comes back of a payment, for a transaction's result."""
    told = {STEMS[back.unit]: back.move.amount if back.move else 0, "returned": back.returned}
    return {**told, **({"withheld": back.withheld} if back.withheld else {})}
