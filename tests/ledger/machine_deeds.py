"""The deeds that more than one machine does: each on the product and on the model at once."""

from decimal import Decimal

from loyalty.operations import (
    adjustments,
    memberships,
    purchases,
    redemptions,
    refunds,
    vouchers,
)
from loyalty.operations.purchases import Bill
from loyalty.operations.refunding import ReturnedLine
from loyalty.rules.baskets import BasketLine, Payment
from tests.ledger import model_money as money
from tests.ledger.machine import Street
from tests.ledger.model import Refused
from tests.ledger.model_refunds import refund


class Deeds(Street):
    """What staff do at the counter and managers in the office, whatever the card."""

    def _at_the_counter(self, name, one, expect, operation, **what):
        """Let the staff do a deed after scanning the member's code."""
        how = {"deed": self._deed(one), "membership_id": one.pk, "scan_id": self._scan(one)}
        return self._attempt(name, one, expect, lambda: operation(**how, **what))

    def _in_the_office(self, name, one, expect, operation, **what):
        """Let a manager do a deed on a member."""
        how = {"deed": self._manage(), "membership_id": one.pk}
        return self._attempt(name, one, expect, lambda: operation(**how, **what))

    # At the counter.

    def _buy(self, one, euros, receipt=""):
        return self._book("award purchase", one, money.Bill(euros * 100), receipt)

    def _book(self, name, one, bill, receipt):
        return self._at_the_counter(
            name,
            one,
            lambda: money.purchase(one.member, bill, self.at, receipt),
            purchases.book_buy if bill.is_buy else purchases.award_purchase,
            bill=_for_the_product(bill),
            receipt=receipt,
        )

    def _give(self, one, points):
        return self._at_the_counter(
            "give points",
            one,
            lambda: one.member.give(points, self.at, most=40),
            adjustments.give_points,
            points=points,
            reason=adjustments.AdjustmentReason.GOODWILL,
        )

    def _redeem(self, one, reward):
        cost = one.member.shop.costs[reward]
        return self._at_the_counter(
            "redeem reward",
            one,
            lambda: one.member.redeem(reward, cost, self.at),
            redemptions.redeem_reward,
            reward_id=one.rewards[reward].pk,
        )

    def _use(self, one, voucher):
        return self._at_the_counter(
            "use voucher",
            one,
            lambda: one.member.use(voucher, self.at),
            vouchers.use_voucher,
            voucher_id=self.rows[voucher].pk,
        )

    def _refund(self, one, sale, amount, lines=()):
        """Refund an amount of a sale; lines are (place on the bill, part of the amount)."""
        return self._at_the_counter(
            "refund by line" if lines else "refund",
            one,
            lambda: refund(one.member, sale, amount, dict(lines), self.at),
            refunds.refund_purchase,
            transaction_id=sale.pk,
            amount_minor=amount,
            lines=[ReturnedLine(index=at, amount_minor=part) for at, part in lines],
        )

    # In the office.

    def _adjust(self, one, points, *, counted):
        cap = one.card.adjust_cap
        return self._in_the_office(
            "adjust",
            one,
            lambda: one.member.adjust(points, self.at, counted=counted, cap=cap),
            adjustments.adjust_points,
            points=points,
            is_counted_for_tier=counted,
        )

    def _issue(self, one, reward):
        return self._in_the_office(
            "issue voucher",
            one,
            lambda: one.member.issue(reward, self.at),
            vouchers.issue_voucher,
            reward_id=one.rewards[reward].pk,
        )

    def _remove(self, one, voucher, *, returned):
        return self._in_the_office(
            "remove voucher",
            one,
            lambda: one.member.remove(voucher, self.at, returned=returned),
            vouchers.remove_voucher,
            voucher_id=self.rows[voucher].pk,
            are_points_returned=returned,
        )

    def _change_status(self, one, status):
        def expect():
            if one.member.status == status:
                raise Refused("StatusUnchangedError")
            one.member.status = status

        return self._in_the_office(
            "change status", one, expect, memberships.change_status, status=status
        )


def _for_the_product(bill):
    """Return a bill of the model as the till would send it."""
    lines = tuple(
        BasketLine(
            product="COF" if is_coffee else "", quantity=Decimal(pieces), amount_minor=amount
        )
        for is_coffee, pieces, amount in bill.lines
    )
    paid = bill.paid
    payments = ()
    if paid:
        loyal = paid.bill[1]
        payments = (
            Payment(tender="OWN", amount_minor=loyal, is_loyalty=True, transaction_id=paid.pk),
        )
    return Bill(amount_minor=bill.amount, currency="EUR", lines=lines, payments=payments)
