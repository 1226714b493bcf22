"""The only writer of the ledger: drafts become rows, one deed or five hundred, set by set."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from loyalty.ledger import postgresql, sqlite
from loyalty.ledger.drafts import Draft, LotGrant, Move
from loyalty.ledger.models import (
    Entry,
    Firing,
    Kind,
    LineMatch,
    Lot,
    LotUse,
    ReceiptUse,
    Source,
    TierChange,
    Transaction,
    TransactionNote,
    Unit,
    VoucherMove,
)
from loyalty.ledger.rows import Rows
from loyalty.members.models import Account, Voucher, VoucherStatus
from loyalty.outbox.models import Event

# All of them are one statement with one check after it; more would hold their locks too long.
MOST_DRAFTS = 500


class OverdraftError(RuntimeError):
    """A draft would take an account below zero: the operation decided on an unlocked balance."""


@dataclass(slots=True)
class Ids:
    """Primary keys handed out in advance, in rising order, while the accounts are locked."""

    entries: list[int]
    lots: list[int]
    vouchers: list[int]


@dataclass(slots=True)
class Named:
    """Which key each draft and each new lot of the list got, for those that come after."""

    transactions: dict[int, int] = field(default_factory=dict)
    lots: dict[LotGrant, Lot] = field(default_factory=dict)


def post(drafts: Sequence[Draft]) -> list[Transaction]:
    """Write the drafts in list order and return their transactions.

    The caller holds the locks on every account, counter, claim and voucher named, in one database
    transaction. The accounts passed in are brought up to date.

    :raises OverdraftError: if a draft takes more than the account has.
    """
    assert drafts and len(drafts) <= MOST_DRAFTS  # noqa: S101,PT018 - a bug of ours, not of a caller's data
    backend = postgresql if connection.vendor == "postgresql" else sqlite
    ids = backend.reserve(
        transactions=len(drafts),
        entries=sum(len(draft.moves) for draft in drafts),
        lots=sum(len(move.grants) for draft in drafts for move in draft.moves),
        vouchers=sum(len(draft.vouchers) for draft in drafts),
    )
    rows = Rows()
    named = Named()
    for draft, pk in zip(drafts, ids[0], strict=True):
        named.transactions[id(draft)] = pk
    transactions = [_add_draft(rows, draft, Ids(*ids[1:]), named) for draft in drafts]
    backend.write(rows)
    return transactions


def _add_draft(rows: Rows, draft: Draft, ids: Ids, named: Named) -> Transaction:
    account = draft.account
    rows.accounts[account.pk] = account
    transaction = _transaction(draft, named)
    rows.new[Transaction].append(transaction)
    for move in draft.moves:
        _add_move(rows, draft, transaction, move, ids, named)
    account.lifetime_points += draft.lifetime_points
    account.lifetime_credit_minor += draft.lifetime_credit_minor
    account.shortfall_points += draft.shortfall_points
    account.shortfall_credit_minor += draft.shortfall_credit_minor
    if draft.tier:
        _add_tier_change(rows, draft, transaction)
    _add_vouchers(rows, draft, transaction, ids)
    _add_companions(rows, draft, transaction)
    _add_rules_met(rows, draft, transaction)
    _add_events(rows, draft, transaction)
    for reward_id, delta in draft.reward_counts.items():
        rows.counters[reward_id] += delta
    return transaction


def _transaction(draft: Draft, named: Named) -> Transaction:
    """Return the transaction row."""
    sums = {unit: sum(m.amount for m in draft.moves if m.unit == unit) for unit in Unit}
    return Transaction(
        pk=named.transactions[id(draft)],
        partner_id=draft.partner_id,
        card_id=draft.card_id,
        membership_id=draft.membership_id,
        account_id=draft.account.pk,
        store_id=draft.store_id,
        actor_id=draft.actor_id,
        reward_id=draft.reward_id,
        kind=draft.kind,
        source=draft.source,
        request_id=draft.request_id,
        fingerprint=draft.fingerprint,
        receipt_number=draft.receipt_number,
        amount_minor=draft.amount_minor,
        points=sums[Unit.POINTS],
        credit_minor=sums[Unit.CREDIT],
        lifetime_points=draft.lifetime_points,
        lifetime_credit_minor=draft.lifetime_credit_minor,
        shortfall_points=draft.shortfall_points,
        shortfall_credit_minor=draft.shortfall_credit_minor,
        basket=draft.basket,
        terms_id=draft.terms_id,
        result=draft.result,
        facts=draft.facts,
        reverses_id=draft.reverses_id,
        refunds_id=draft.refunds_id,
        caused_by_id=named.transactions[id(draft.cause)] if draft.cause else draft.caused_by_id,
        occurred_at=draft.occurred_at,
    )


def _add_move(
    rows: Rows, draft: Draft, transaction: Transaction, move: Move, ids: Ids, named: Named
) -> None:
    account, pk = draft.account, ids.entries.pop(0)
    balance, sequence = _advance(account, move)
    rows.new[Entry].append(
        Entry(
            pk=pk,
            partner_id=draft.partner_id,
            transaction_id=transaction.pk,
            account_id=account.pk,
            unit=move.unit,
            amount=move.amount,
            sequence=sequence,
            balance_after=balance,
        )
    )
    for grant in move.grants:
        lot = Lot(
            pk=ids.lots.pop(0),
            partner_id=draft.partner_id,
            entry_id=pk,
            account_id=account.pk,
            unit=move.unit,
            earned=grant.amount,
            remaining=grant.amount,
            expires_at=grant.expires_at,
        )
        named.lots[grant] = lot
        rows.new[Lot].append(lot)
    for take in move.takes:
        if take.grant is not None:
            lot = named.lots[take.grant]
            lot.remaining -= take.amount  # Not written yet.
            lot_id = lot.pk
        else:
            assert take.lot_id is not None  # noqa: S101 - one of the two is always named
            lot_id = take.lot_id
            rows.lots[lot_id] -= take.amount
        rows.new[LotUse].append(
            LotUse(partner_id=draft.partner_id, lot_id=lot_id, entry_id=pk, amount=take.amount)
        )


def _advance(account: Account, move: Move) -> tuple[int, int]:
    """Move the account in memory and return its new balance and sequence for the unit."""
    if move.unit == Unit.POINTS:
        account.points += move.amount
        account.points_sequence += 1
        balance, sequence = account.points, account.points_sequence
    else:
        account.credit_minor += move.amount
        account.credit_sequence += 1
        balance, sequence = account.credit_minor, account.credit_sequence
    if balance < 0:
        raise OverdraftError(f"account {account.pk}: {balance}")
    return balance, sequence


def _add_tier_change(rows: Rows, draft: Draft, transaction: Transaction) -> None:
    account, tier = draft.account, draft.tier
    assert tier  # noqa: S101 - only called with one
    rows.new[TierChange].append(
        TierChange(
            partner_id=draft.partner_id,
            transaction_id=transaction.pk,
            account_id=account.pk,
            from_tier_id=account.tier_id,
            to_tier_id=tier.to_tier_id,
            from_source=account.tier_source,
            to_source=tier.source,
            from_hold_until=account.tier_hold_until,
            to_hold_until=tier.hold_until,
        )
    )
    account.tier_id = tier.to_tier_id
    account.tier_source = tier.source
    account.tier_hold_until = tier.hold_until


def _add_vouchers(rows: Rows, draft: Draft, transaction: Transaction, ids: Ids) -> None:
    for grant in draft.vouchers:
        assert draft.membership_id  # noqa: S101 - a voucher is always somebody's
        pk = ids.vouchers.pop(0)
        rows.new[Voucher].append(
            Voucher(
                pk=pk,
                partner_id=draft.partner_id,
                account_id=draft.account.pk,
                membership_id=draft.membership_id,
                reward_id=grant.reward_id,
                origin=grant.origin,
                tier_id=grant.tier_id,
                cost=grant.cost,
                issued_at=draft.occurred_at,
                expires_at=grant.expires_at,
            )
        )
        _add_voucher_move(rows, transaction, pk, "", VoucherStatus.ISSUED)
    for step in draft.voucher_steps:
        rows.vouchers[step.voucher_id] = step.to_status
        _add_voucher_move(rows, transaction, step.voucher_id, step.from_status, step.to_status)


def _add_voucher_move(
    rows: Rows, transaction: Transaction, voucher_id: int, from_status: str, to_status: str
) -> None:
    rows.new[VoucherMove].append(
        VoucherMove(
            partner_id=transaction.partner_id,
            voucher_id=voucher_id,
            transaction_id=transaction.pk,
            from_status=from_status,
            to_status=to_status,
        )
    )


def _add_companions(rows: Rows, draft: Draft, transaction: Transaction) -> None:
    if draft.receipt:
        rows.new[ReceiptUse].append(
            ReceiptUse(
                partner_id=draft.partner_id,
                transaction_id=transaction.pk,
                store_id=draft.receipt.store_id,
                number=draft.receipt.number,
                period=draft.receipt.period,
            )
        )
    if draft.released_receipt_of:
        rows.receipts[draft.released_receipt_of] = draft.occurred_at
    if draft.claim_id:
        rows.claims[draft.claim_id] = draft.occurred_at
    if draft.membership_id:
        _add_membership_change(rows, draft, draft.membership_id)
    if draft.note and (draft.note.internal or draft.note.comment):
        rows.new[TransactionNote].append(
            TransactionNote(
                transaction_id=transaction.pk,
                internal=draft.note.internal,
                comment=draft.note.comment,
            )
        )


def _add_membership_change(rows: Rows, draft: Draft, membership_id: int) -> None:
    if draft.status:
        rows.memberships[membership_id].status = draft.status
    if _is_activity(draft):
        change = rows.memberships[membership_id]
        change.active_at = max(change.active_at or draft.occurred_at, draft.occurred_at)


def _is_activity(draft: Draft) -> bool:
    """Return whether the member of a draft was at it, whose membership is locked then.

    What a deed causes for somebody else, such as who brought the member, moves their points alone;
    so does an undoing, which may be of another member of a group.
    """
    is_theirs = draft.cause is None or draft.cause.membership_id == draft.membership_id
    return is_theirs and draft.source != Source.SYSTEM and draft.kind != Kind.REVERSAL


def _add_rules_met(rows: Rows, draft: Draft, transaction: Transaction) -> None:
    for met in draft.lines_met:
        assert draft.membership_id  # noqa: S101 - a line is met by a member
        rows.new[LineMatch].append(
            LineMatch(
                partner_id=draft.partner_id,
                transaction_id=transaction.pk,
                membership_id=draft.membership_id,
                line_key=met.line_key,
                basis=met.basis,
                given=met.given,
                occurred_at=draft.occurred_at,
            )
        )
    for fired in draft.fired:
        rows.new[Firing].append(
            Firing(
                partner_id=draft.partner_id,
                transaction_id=transaction.pk,
                membership_id=fired.membership_id,
                kind=fired.kind,
                rule_key=fired.rule_key,
                occurrence=fired.occurrence,
                occurred_at=draft.occurred_at,
            )
        )
    if draft.released_firings_of:
        rows.firings[draft.released_firings_of] = draft.occurred_at


def _add_events(rows: Rows, draft: Draft, transaction: Transaction) -> None:
    for fact in draft.events:
        data: dict[str, Any] = {
            "card_id": draft.card_id,
            "membership_id": draft.membership_id,
            "kind": draft.kind,
            "points": transaction.points,
            "credit_minor": transaction.credit_minor,
            **fact.data,
        }
        rows.new[Event].append(
            Event(
                partner_id=draft.partner_id,
                transaction_id=transaction.pk,
                type=fact.type,
                data=data,
                occurred_at=draft.occurred_at,
            )
        )
