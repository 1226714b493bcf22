"""Deeds are undone and repeated."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from loyalty.ledger.models import Source, Transaction
from loyalty.operations import adjustments, rollbacks
from tests.cast import deed
from tests.ledger.machine import MEMBERS
from tests.ledger.machine_deeds import Deeds
from tests.ledger.model import Refused
from tests.ledger.model_undoing import check_undo, is_in_order, undo


class Undoing(Deeds):
    """Deeds are undone by their staff, by managers and by the superuser, and repeated."""

    def _undo(self, name, one, done, *, check, run):
        wallet = done.main.wallet
        is_restored = is_in_order(done) and not any(
            part.wallet is not wallet for part in done.parts
        )
        dates = [lot.ends for lot in wallet.lots if lot.ends]

        def expect():
            if wallet is not one.wallet:
                raise Refused("MovedToGroupError")
            check_undo(done)
            check()
            undo(done, self.at)

        undone = self._attempt(name, one, expect, run)
        if undone is None:
            return
        self.counts[f"undone: {done.kind}"] += 1
        self.counts["released firing"] += any(part.fired for part in done.parts)
        assert undone.reverses_id == done.pk
        assert undone.result["balance_after"] == one.wallet.available(self.at)
        is_expiry_between = wallet.expired != done.expired
        is_restored = is_restored and done.before is not None
        if is_restored and not is_expiry_between and not any(done.at < d <= self.at for d in dates):
            assert self._snapshot(wallet) == done.before

    def _in_order(self, one, done):
        if one.wallet.latest() is not done:
            raise Refused("NotTheLatestError")

    def _some_done(self, who, back):
        """Return a member and one of their deeds; 0 is the latest that stands."""
        one = self._one(who)
        latest = one.wallet.latest()
        if back == 0 and latest:
            return one, latest
        return (one, one.wallet.done[-1 - back % len(one.wallet.done)]) if one.wallet.done else None

    def _undo_own(self, one, done):
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

    @rule(
        who=MEMBERS,
        by=st.sampled_from(["own", "own", "office", "root"]),
        between=st.sampled_from(["", "", "", "wait", "deed", "spend", "undo"]),
    )
    def do_something_and_undo_it(self, who, by, between):
        """Undo a deed at once, or too late, or after what stands in the way."""
        one = self._one(who)
        before = one.wallet.latest()
        self._do_something(one)
        done = one.wallet.latest()
        if done is None or done is before:
            return
        undo_it = {"own": self._undo_own, "office": self._roll_back, "root": self._reverse}[by]
        if between == "wait":
            self.at += timedelta(minutes=20)
        elif between == "deed":
            self._do_something(one)
        elif between == "spend":
            left = one.wallet.available(self.at)
            if 0 < left <= one.card.adjust_cap:
                self._adjust(one, -left, counted=False)
            undo_it = self._reverse
        elif between == "undo":
            undo_it(one, done)
        undo_it(one, done)

    def _do_something(self, one):
        """Do what is usual at the counter; each machine says what."""
        raise NotImplementedError

    @rule(who=MEMBERS, back=st.sampled_from([0, 0, 0, 0, 1, 2]), wait=st.sampled_from([0, 0, 20]))
    def undo_own_latest(self, who, back, wait):
        self.at += timedelta(minutes=wait)
        if some := self._some_done(who, back):
            self._undo_own(*some)

    @rule(who=MEMBERS, back=st.sampled_from([0, 0, 0, 0, 1, 2]))
    def roll_back_latest(self, who, back):
        if some := self._some_done(who, back):
            self._roll_back(*some)

    def _roll_back(self, one, done):
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
        the_deed = deed(self.root, Source.ADMIN, at=self.at)
        self._undo(
            "reverse any",
            one,
            done,
            check=lambda: None,
            run=lambda: rollbacks.reverse_transaction(
                deed=the_deed,
                membership_id=one.pk,
                transaction_id=done.pk,
                note=adjustments.Note(internal="mistake"),
            ),
        )

    @rule(points=st.integers(500, 600))
    def repeat_the_last_deed_and_then_its_key_alone(self, points):
        if self.last:
            one, done, run = self.last
            rows = Transaction.objects.count()
            assert run() == done
            assert Transaction.objects.count() == rows
            self.counts["repeat"] += 1
            self.last = None
            if one.card.club_id == self.cast.harbour.pk:
                self._refused(
                    one,
                    "RepeatDiffersError",
                    lambda: adjustments.adjust_points(
                        deed=self._manage(done.request_id), membership_id=one.pk, points=points
                    ),
                )
