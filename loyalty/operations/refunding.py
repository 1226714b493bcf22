"""What a refund comes to: computed for the deed, and for the page that foretells it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import OuterRef

from cards import terms as card_terms
from loyalty.ledger.drafts import Move
from loyalty.ledger.models import Kind, Transaction, Unit
from loyalty.members.models import Account
from loyalty.operations import clawbacks
from loyalty.operations.clawbacks import STEMS, Clawed, Purse
from loyalty.operations.sales import Sale, paid, payments_of
from loyalty.operations.standing import Standing, due
from loyalty.rules import refunds, returns
from loyalty.rules.returns import LineBack
from loyalty.rules.terms import Clawback, RefundMethod


class NothingToRefundError(ValueError):
    """The amount to refund is zero or less."""


class ReturnedLinesError(ValueError):
    """The returned lines are not of the bill, or do not sum to the amount."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedLine:
    """A line of the bill that was returned: its place on the bill, and how much of it, in money."""

    index: int
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidBack:
    """What a refund gives back of one payment; a part may be withheld for what was earned."""

    payment: Transaction
    unit: Unit
    returned: int
    withheld: int
    move: Move | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BonusBack:
    """A bonus that the purchase caused, and what becomes of it on its own account."""

    bonus: Transaction
    account: Account
    clawed: tuple[Clawed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunding:
    """What a refund comes to, before it is booked."""

    sale: Sale
    amount_minor: int
    lines: tuple[ReturnedLine, ...]
    clawed: tuple[Clawed, ...]
    paid_back: tuple[PaidBack, ...]
    bonuses: tuple[BonusBack, ...]

    def revoked(self, unit: Unit) -> int:
        """Return how much of the award is taken back."""
        return sum(one.revoked for one in self.clawed if one.unit == unit)

    def shortfall(self, unit: Unit) -> int:
        """Return how much of it stays owed."""
        return sum(one.shortfall for one in self.clawed if one.unit == unit)

    def returned(self, unit: Unit) -> int:
        """Return how much comes back of what the bill was paid with."""
        return sum(one.returned for one in self.paid_back if one.unit == unit)


def at_the_sale(standing: Standing, sale: Sale, *, is_locked: bool) -> Standing:
    """Return the standing on the account of the purchase, or on the group's that took it over."""
    found = sale.booked.account
    account_id = found.absorbed_by_id or found.pk
    if account_id == standing.account.pk:
        return standing
    at = standing.deed.occurred_at
    account = _account(account_id, is_locked=is_locked)
    facts = Account.objects.filter(pk=account_id).values_list(
        due(OuterRef("pk"), Unit.POINTS, at), due(OuterRef("pk"), Unit.CREDIT, at)
    )
    due_points, due_credit = facts.get()
    return replace(standing, account=account, due_points=due_points, due_credit=due_credit)


def _account(account_id: int, *, is_locked: bool) -> Account:
    rows = Account.objects.all()
    if is_locked:
        rows = rows.select_for_update(no_key=True)
    return rows.get(pk=account_id)


def decide(
    standing: Standing,
    sale: Sale,
    amount_minor: int,
    lines: Sequence[ReturnedLine],
    *,
    is_locked: bool,
    clawback: Clawback | None = None,
) -> Refunding:
    """Return what the refund comes to on the standing's account."""
    bill = _lines_of_bill(sale, amount_minor, lines)
    if amount_minor > sale.left_minor:
        raise refunds.RefundExceedsPurchaseError(
            refund_minor=amount_minor, left_minor=sale.left_minor
        )
    payments = payments_of(standing, sale)
    returned = [_returned(payment, sale, amount_minor) for payment in payments]
    purse = Purse(standing.account, standing.deed.occurred_at)
    clawed = tuple(
        clawbacks.claw(
            purse,
            of=sale.booked,
            unit=unit,
            revoked=_revoked(sale, stem, amount_minor, bill),
            lapsed_before=sale.before(f"lapsed_{stem}"),
            coming=sum(
                back
                for payment, back in zip(payments, returned, strict=True)
                if paid(payment)[0] == unit
            ),
            clawback=clawback or standing.terms.clawback,
        )
        for unit, stem in STEMS.items()
    )
    return Refunding(
        sale=sale,
        amount_minor=amount_minor,
        lines=tuple(lines),
        clawed=clawed,
        paid_back=_paid_back(standing, payments, returned, clawed),
        bonuses=_bonuses(purse, sale, amount_minor, is_locked=is_locked),
    )


def _lines_of_bill(
    sale: Sale, amount_minor: int, lines: Sequence[ReturnedLine]
) -> dict[int, LineBack]:
    """Return the lines of the bill as they stand after this refund, shares left out.

    :raises NothingToRefundError: ReturnedLinesError: refunds.RefundExceedsPurchaseError: if the
        lines are impossible.
    """
    if amount_minor < 0 or (amount_minor == 0 and not lines):
        raise NothingToRefundError
    rows = (sale.booked.basket or {}).get("lines", ())
    amounts = {at: row["amount_minor"] for at, row in enumerate(rows)}
    told = [row for one in sale.earlier for row in one.result.get("lines", ())]
    before = {at: [row[1] for row in told if row[0] == at] for at in amounts}
    now = {line.index: line.amount_minor for line in lines}
    if lines and (
        len(now) < len(lines)
        or not now.keys() <= amounts.keys()
        or sum(now.values()) != amount_minor
        or min(now.values()) < 0
    ):
        raise ReturnedLinesError
    for at, part in now.items():
        left = amounts[at] - sum(before[at])
        if part > left:
            raise refunds.RefundExceedsPurchaseError(refund_minor=part, left_minor=left)
    return {
        at: LineBack(
            share=0,
            amount_minor=amount,
            returned_minor=sum(before[at]) + now.get(at, 0),
            is_named=at in now or bool(before[at]),
        )
        for at, amount in amounts.items()
    }


def _revoked(sale: Sale, stem: str, amount_minor: int, bill: dict[int, LineBack]) -> int:
    """Return what this refund takes back of the award, by the rules that the purchase met."""
    booked = sale.booked
    if sale.is_payment:
        return 0
    shares = {share["index"]: share.get(stem, 0) for share in booked.result.get("shares", ())}
    owed = returns.owed(
        method=_method(booked),
        award=booked.result.get(stem, 0),
        bill_minor=sale.bill_minor,
        refunded_minor=sale.refunded_minor + amount_minor,
        lines=[replace(line, share=shares.get(at, 0)) for at, line in bill.items()],
    )
    return max(owed - sale.before(f"revoked_{stem}"), 0)


def _method(booked: Transaction) -> RefundMethod:
    assert booked.terms_id is not None  # noqa: S101 - no sale is booked without rules
    return card_terms.of_version(booked.terms_id).refund_method


def _returned(payment: Transaction, sale: Sale, amount_minor: int) -> int:
    """Return what this refund gives back of a payment: its share, whatever the refund method."""
    stands = payment.refunded_by.filter(reversal=None)
    return refunds.taken_back(
        method=RefundMethod.PRO_RATA,
        award=paid(payment)[1],
        bill_minor=sale.bill_minor,
        refunded_before_minor=sale.refunded_minor,
        refund_minor=amount_minor,
        taken_before=sum(one.result.get("returned", 0) for one in stands),
    )


def _paid_back(
    standing: Standing,
    payments: Sequence[Transaction],
    returned: Sequence[int],
    clawed: Sequence[Clawed],
) -> tuple[PaidBack, ...]:
    """Return what each payment gets back, less what is withheld for the award."""
    withheld = {one.unit: one.withheld for one in clawed}
    found = []
    for payment, back in zip(payments, returned, strict=True):
        unit, _ = paid(payment)
        kept = min(back, withheld[unit])
        withheld[unit] -= kept
        move = None
        if back > kept:
            move = clawbacks.back_to_lots(
                payment=payment,
                amount=back - kept,
                account=standing.account,
                at=standing.deed.occurred_at,
            )
        found.append(PaidBack(payment=payment, unit=unit, returned=back, withheld=kept, move=move))
    return tuple(found)


def _bonuses(
    purse: Purse, sale: Sale, amount_minor: int, *, is_locked: bool
) -> tuple[BonusBack, ...]:
    """Return the bonuses that go with the last part of a bill: the sale that caused them is gone.

    Each is taken on its own account, and never refused: whoever brings the goods back is not to
    be stopped by what another member has spent.
    """
    booked = sale.booked
    if amount_minor < sale.left_minor or _method(booked) == RefundMethod.NONE:
        return ()
    caused = Transaction.objects.filter(caused_by=booked, kind=Kind.BONUS, reversal=None).exclude(
        lifetime_points=0, lifetime_credit_minor=0
    )
    purses = {purse.account.pk: purse}
    found = []
    for bonus in caused.select_related("account").order_by("account", "pk"):
        account_id = bonus.account.absorbed_by_id or bonus.account_id
        if account_id not in purses:
            purses[account_id] = Purse(_account(account_id, is_locked=is_locked), purse.at)
        clawed = tuple(
            clawbacks.claw(
                purses[account_id],
                of=bonus,
                unit=unit,
                revoked=getattr(bonus, f"lifetime_{stem}"),
                lapsed_before=0,
                coming=0,
                clawback=Clawback.SHORTFALL,
            )
            for unit, stem in STEMS.items()
        )
        found.append(BonusBack(bonus=bonus, account=purses[account_id].account, clawed=clawed))
    return tuple(found)
