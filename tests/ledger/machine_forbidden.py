"""What nobody may do at the café, and what is usual there."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from loyalty.ledger.models import Source
from loyalty.operations import adjustments, purchases, vouchers
from loyalty.operations.purchases import Bill
from tests.cast import deed
from tests.ledger.machine_counter import AtTheCounter
from tests.ledger.machine_undoing import Undoing


class Forbidden(AtTheCounter, Undoing):
    """What nobody may do at the café, and what is usual there."""

    def _do_something(self, one):
        if one.card == self.cast.card:
            self._give(one, 3)
        else:
            self._earn(one, 5, "")

    @rule(who=st.integers(0, 1))
    def try_what_nobody_may(self, who):
        one = self._one(who)
        if one.member.status != "ACTIVE":
            return
        scan, own = self._scan(one), self.cast.mia if who == 0 else self.cast.noor
        old = self._scan(one, self.at - timedelta(hours=2))

        def buy(minor=100, actor=None, currency="EUR", scan_id=scan):
            purchases.award_purchase(
                deed=self._deed(one, actor),
                membership_id=one.pk,
                bill=Bill(amount_minor=minor, currency=currency),
                scan_id=scan_id,
            )

        def adjust(actor, points):
            adjustments.adjust_points(
                deed=deed(actor, Source.ADMIN, at=self.at), membership_id=one.pk, points=points
            )

        def remove_nothing():
            vouchers.remove_voucher(
                deed=self._manage(),
                membership_id=one.pk,
                voucher_id=0,
                are_points_returned=False,
            )

        forbidden = (
            ("MembershipNotFoundError", lambda: buy(actor=self.cast.tess)),
            ("MembershipNotFoundError", lambda: adjust(own, 5)),
            ("NothingToAwardError", lambda: buy(0)),
            ("NothingToAdjustError", lambda: adjust(self.cast.petra, 0)),
            ("WrongCurrencyError", lambda: buy(currency="JPY")),
            ("AmountTooLargeError", lambda: buy(10**9)),
            ("ScanTooOldError", lambda: buy(scan_id=old)),
            ("VoucherNotFoundError", remove_nothing),
        )
        for _ in range(2):  # In turn, because each of them costs time.
            self._refused(one, *forbidden[self.counts["turns"] % len(forbidden)])
            self.counts["turns"] += 1
