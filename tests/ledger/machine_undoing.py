"""Deeds are undone, repeated, and tried by those who may not."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import (
    rule,
)

from loyalty.ledger.models import Source, Transaction
from loyalty.operations import (
    adjustments,
    purchases,
    rollbacks,
    vouchers,
)
from loyalty.operations.purchases import Bill
from tests.cast import (
    deed,
)
from tests.ledger.machine import MEMBERS, Street
from tests.ledger.model import Refused


class Undoing(Street):
    """Deeds are undone, repeated, and tried by those who may not."""

    # Undoing and repeating.

    def _undo(self, name, one, done, *, check, run):
        is_latest = one.wallet.latest() is done and not done.is_disturbed
        dates = [lot.ends for lot in one.wallet.lots if lot.ends]

        def expect():
            check()
            one.wallet.undo(done, self.at)

        undone = self._attempt(name, one, expect, run)
        if undone is None:
            return
        assert undone.reverses_id == done.pk
        assert undone.result["balance_after"] == one.wallet.available(self.at)
        is_expiry_between = one.wallet.expired != done.expired
        if is_latest and not is_expiry_between and not any(done.at < d <= self.at for d in dates):
            assert self._snapshot(one) == done.before

    def _in_order(self, one, done):
        if done.is_undone:
            raise Refused("AlreadyUndoneError")
        if one.wallet.latest() is not done:
            raise Refused("NotTheLatestError")

    def _some_done(self, who, back):
        """Return a member and one of their deeds; 0 is the latest that stands."""
        one = self._one(who)
        latest = one.wallet.latest()
        if back == 0 and latest:
            return one, latest
        return (one, one.wallet.done[-1 - back % len(one.wallet.done)]) if one.wallet.done else None

    @rule(who=MEMBERS, back=st.sampled_from([0, 0, 0, 0, 1, 2]), wait=st.sampled_from([0, 0, 20]))
    def undo_own_latest(self, who, back, wait):
        if back == 0 and who < 2:
            self._give(self._one(who), 3)
        self.at += timedelta(minutes=wait)
        if some := self._some_done(who, back):
            one, done = some

            def check():
                self._in_order(one, done)
                if done.by != "staff":
                    raise Refused("NotAllowedError")
                if done.at + timedelta(minutes=15) < self.at:
                    raise Refused("UndoTimeOverError")

            the_deed = self._deed(one)
            self._undo(
                "undo own latest",
                one,
                done,
                check=check,
                run=lambda: rollbacks.undo_own_latest(
                    deed=the_deed, membership_id=one.pk, transaction_id=done.pk
                ),
            )

    @rule(who=MEMBERS, back=st.sampled_from([0, 0, 0, 0, 1, 2]))
    def roll_back_latest(self, who, back):
        if some := self._some_done(who, back):
            one, done = some
            the_deed = self._manage()
            self._undo(
                "roll back latest",
                one,
                done,
                check=lambda: self._in_order(one, done),
                run=lambda: rollbacks.roll_back_latest(
                    deed=the_deed, membership_id=one.pk, transaction_id=done.pk
                ),
            )

    def _entangled(self, who, back):
        """Return a deed whose points or vouchers were used since, if there is one."""
        one = self._one(who)
        found = [
            done
            for done in one.wallet.done
            if not done.is_undone
            and (
                any(lot.left + lot.expired < lot.earned for lot in done.made)
                if back % 2
                else any(voucher.status != after for voucher, _, after in done.steps)
            )
        ]
        return (one, found[back % len(found)]) if found else self._some_done(who, back)

    @rule(who=MEMBERS, back=st.integers(0, 9), awkward=st.sampled_from([True, True, False]))
    def reverse_any(self, who, back, awkward):
        if some := (self._entangled if awkward else self._some_done)(who, back):
            self._reverse(*some)

    def _reverse(self, one, done):
        def check():
            if done.is_undone:
                raise Refused("AlreadyUndoneError")

        the_deed = deed(self.root, Source.ADMIN, at=self.at)
        self._undo(
            "reverse any",
            one,
            done,
            check=check,
            run=lambda: rollbacks.reverse_transaction(
                deed=the_deed,
                membership_id=one.pk,
                transaction_id=done.pk,
                note=adjustments.Note(internal="mistake"),
            ),
        )

    @rule(who=MEMBERS)
    def take_a_few_points_away_and_try_to_undo_their_award(self, who):
        one = self._one(who)
        left = one.wallet.available(self.at)
        if 0 < left <= 60:
            self._adjust(one, -left, counted=False)
        if some := self._entangled(who, 1):
            self._reverse(*some)

    @rule(points=st.integers(500, 600))
    def repeat_the_last_deed_and_then_its_key_alone(self, points):
        if self.last:
            one, done, run = self.last
            rows = Transaction.objects.count()
            assert run() == done
            assert Transaction.objects.count() == rows
            self.counts["repeat"] += 1
            self.last = None
            if one.wallet.shop is self.cafe:
                self._refused(
                    one,
                    "RepeatDiffersError",
                    lambda: adjustments.adjust_points(
                        deed=self._manage(done.request_id), membership_id=one.pk, points=points
                    ),
                )

    @rule(who=st.integers(0, 1))
    def try_what_nobody_may(self, who):
        one = self._one(who)
        if one.wallet.status != "ACTIVE":
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
