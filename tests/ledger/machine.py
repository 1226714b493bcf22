"""The ground of the state machines: how a deed is tried, and what must hold after it."""

import os
from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
)

from cards import terms
from loyalty.ledger import verification
from loyalty.ledger.models import Firing, LineMatch, ReceiptUse, Source, Transaction
from loyalty.ledger.models import Lot as LotRow
from loyalty.ledger.verification import Scope
from loyalty.members.models import Account, Membership, RewardCounter
from loyalty.members.models import Voucher as VoucherRow
from loyalty.operations import expiries
from loyalty.operations.drafting import NotEnoughPointsError
from loyalty.operations.offers import RewardNotAvailableError
from loyalty.operations.referrals import ReferralNotAllowedError
from loyalty.web.refusals import REFUSALS
from tests.cast import NOON, deed, make_user
from tests.ledger.model import CREDIT, POINTS, UNITS, Done, Place, Refused, Wallet
from tests.ledger.model_member import Member

IS_LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
# Whether a run begins with each deed once: most short ones do, so that few of them meet all; of the
# many long ones a few, because chance gets there by itself.
ORDINARY = st.sampled_from([True] + [False] * 9 if IS_LONG else [True] * 5 + [False])
# Which of the first wallets a rule is about; more members may come.
MEMBERS = st.integers(0, 3)


class Held:
    """A membership with its model, and who serves it where."""

    def __init__(self, *, membership, shop, staff, store, rewards, tier_rows, card):
        self.membership = membership
        self.card = card
        self.member = Member(shop, Wallet(shop, pk=membership.account_id), pk=membership.pk)
        self.member.joined = membership.joined_at
        self.staff = staff
        self.store = store
        self.rewards = rewards
        self.tier_rows = tier_rows

    @property
    def wallet(self):
        return self.member.wallet

    @property
    def pk(self):
        return self.membership.pk


class Street(RuleBasedStateMachine):
    """Members of some cards, a clock that jumps, and a model of all they have."""

    counts: "Counter[str]" = Counter()

    def _open(self, cast):
        """Begin with a cast; each machine makes its own cards and members."""
        self.cast = cast
        self.at = NOON
        self.root = make_user("root", is_superuser=True)
        self.held = []
        self.wallets = []
        self.rows = {}  # The voucher row of each voucher of the model.
        self.last = None
        self.compared = -1

    def _begin(self):
        """Come before the cast: all that follows is taken back at the end."""
        self.savepoint = transaction.savepoint()
        terms.of_version.cache_clear()

    def _hold(self, membership, **kit):
        """Keep a membership with its model; it was welcomed when it joined."""
        one = Held(membership=membership, **kit)
        self.held.append(one)
        self.wallets.append(one.wallet)
        return one

    def teardown(self):
        if hasattr(self, "savepoint"):
            assert verification.verify(Scope(at=self.at - timedelta(days=999))) == []
            transaction.savepoint_rollback(self.savepoint)

    def _scan(self, one, at=None):
        return self.cast.scan(one.staff, at=at or self.at, membership=one.membership)

    def _deed(self, one, actor=None, source=Source.SCAN, key=""):
        return deed(actor or one.staff, source, store=one.store, at=self.at, key=key)

    def _manage(self, key=""):
        return deed(self.cast.petra, Source.ADMIN, at=self.at, key=key)

    def _attempt(self, name, one, expect, run):
        """Let model and product do a deed: both do it, or both refuse in the same words."""
        before = {one.wallet: self._snapshot(one.wallet)}
        told = {wallet: wallet.available(self.at) for wallet in self.wallets}
        expired = {wallet: wallet.expired for wallet in self.wallets}
        rows = Transaction.objects.count()
        try:
            expected = expect()
        except Refused as refused:
            with pytest.raises(REFUSALS) as actual, transaction.atomic():
                run()
            self._compare_refusal(str(refused), actual.value)
            assert Transaction.objects.count() == rows
            return None
        done = run()
        self.counts[name] += 1
        if isinstance(expected, Done):
            wallet = expected.main.wallet
            expected.pk, expected.before = done.pk, before.get(wallet)
            expected.expired = expired.get(wallet, 0)
            if expected.after is not None:
                assert done.result.get("balance_before", told[wallet]) == told[wallet]
                assert done.result["balance_after"] == expected.after
            self.last = (one, done, run)
            self._count_what_came(one, expected)
        self._match_vouchers()
        return done

    def _count_what_came(self, one, done):
        """Count full cards, and the rules that fired, by what they are for."""
        shop = one.member.shop
        for part in done.parts:
            full = [voucher for voucher, before, _ in part.steps if before == "REMOVED"]
            is_paid = part.taken and part is not done.main
            self.counts["full card"] += sum(bool(is_paid) for _ in full)
            self.counts["settle shortfall"] += any(count < 0 for count in part.owed.values())
            for _member, (kind, key, _number) in part.fired:
                is_door = part is done.main
                event = shop.referrals[key][0] if kind == "REFERRAL" else "VISITS"
                self.counts[f"fired: {'CHECK_IN' if is_door else event}"] += 1

    def _compare_refusal(self, name, error):
        actual = type(error).__name__
        if isinstance(error, RewardNotAvailableError):
            actual = error.state.value
        if isinstance(error, ReferralNotAllowedError):
            actual = f"{actual} {error.reason.value}"
        if isinstance(error, NotEnoughPointsError):
            assert error.missing > 0
        assert actual == name
        self.counts[f"refused: {name}"] += 1

    def _match_vouchers(self):
        for wallet in self.wallets:
            new = [voucher for voucher in wallet.vouchers if voucher not in self.rows]
            known = [row.pk for row in self.rows.values()]
            fresh = VoucherRow.objects.filter(account=wallet.pk).exclude(pk__in=known)
            for voucher, row in zip(new, fresh.order_by("pk"), strict=True):
                assert row.reward.name == voucher.reward
                self.rows[voucher] = row

    def _snapshot(self, wallet):
        account = Account.objects.get(pk=wallet.pk)
        lots = LotRow.objects.filter(account=account, remaining__gt=0).order_by("pk")
        vouchers = VoucherRow.objects.filter(account=account).exclude(status="REMOVED")
        return (
            (account.points, account.lifetime_points, account.shortfall_points),
            (account.credit_minor, account.lifetime_credit_minor, account.shortfall_credit_minor),
            (account.tier_id, account.tier_source, account.tier_hold_until),
            list(lots.values_list("pk", "unit", "remaining", "expires_at")),
            list(vouchers.order_by("pk").values_list("pk", "status")),
        )

    # Short ways.

    def _one(self, number):
        return self.held[number % len(self.held)]

    def _refused(self, one, name, run):
        self._attempt("", one, lambda: self._always(name), run)

    def _always(self, name):
        raise Refused(name)

    def _ordinary_day(self):
        """Do each deed once before chance takes over; each machine says how."""

    # Time.

    @rule(minutes=st.integers(1, 20))
    def minutes_pass(self, minutes):
        self.at += timedelta(minutes=minutes)

    @rule(days=st.integers(1, 6))
    def days_pass(self, days):
        self.at += timedelta(days=days)

    @rule(times=st.integers(1, 2), later=st.sampled_from([0, 0, 5]))
    def book_expiry(self, times, later):
        self.at += timedelta(days=later)
        units = [
            unit
            for unit in UNITS
            for wallet in self.wallets
            for lot in wallet.lots
            if lot.unit == unit and lot.left and not lot.is_usable(self.at)
        ]
        rows = Transaction.objects.filter(kind="EXPIRY", reward=None)
        before = rows.count()
        due = sum(wallet.expire(self.at) for wallet in self.wallets)
        assert (expiries.book_expiry(at=self.at) > 0) == (due > 0)
        assert rows.count() == before + due
        assert [expiries.book_expiry(at=self.at) for _ in range(times - 1)] == [0] * (times - 1)
        self.counts["book expiry"] += POINTS in units
        self.counts["book expiry of credit"] += CREDIT in units
        vouchers_due = sum(wallet.expire_vouchers(self.at) for wallet in self.wallets)
        assert expiries.book_voucher_expiry(at=self.at) == vouchers_due
        self.counts["book voucher expiry"] += vouchers_due

    # What must hold after each step.

    @invariant()
    def model_and_ledger_agree(self):
        if not hasattr(self, "held"):
            return
        if self.counts.total() == self.compared:
            return  # Nothing but time passed.
        self.compared = self.counts.total()
        accounts = Account.objects.in_bulk([wallet.pk for wallet in self.wallets])
        names = {row.pk: name for one in self.held for name, row in one.tier_rows.items()}
        for wallet in self.wallets:
            self._compare(wallet, accounts[wallet.pk], names)
        self._compare_rows()
        self._compare_members()
        for card in {one.card for one in self.held}:
            self._compare_shop(card)

    def _compare(self, wallet, account, names):
        sums = (account.points, account.lifetime_points, account.shortfall_points)
        assert sums == (wallet.has(POINTS), wallet.life[POINTS], wallet.owed[POINTS])
        sums = (account.credit_minor, account.lifetime_credit_minor, account.shortfall_credit_minor)
        assert sums == (wallet.has(CREDIT), wallet.life[CREDIT], wallet.owed[CREDIT])
        place = Place(names.get(account.tier_id), account.tier_source, account.tier_hold_until)
        assert place == wallet.place
        assert account.absorbed_by_id == (wallet.group.pk if wallet.group else None)

    def _compare_rows(self):
        of_wallets = {"account__in": [wallet.pk for wallet in self.wallets]}
        lots = LotRow.objects.filter(**of_wallets).order_by("unit", "pk")
        rows = lots.values_list("account", "unit", "earned", "remaining", "expires_at")
        assert _by_first(rows) == {
            wallet.pk: _by_unit(wallet.lots) for wallet in self.wallets if wallet.lots
        }
        statuses = VoucherRow.objects.filter(**of_wallets).order_by("pk")
        assert _by_first(statuses.values_list("account", "status")) == {
            wallet.pk: [(voucher.status,) for voucher in wallet.vouchers]
            for wallet in self.wallets
            if wallet.vouchers
        }

    def _compare_members(self):
        members = {one.pk: one.member for one in self.held}
        rows = Membership.objects.filter(pk__in=members).values_list(
            "pk", "account_id", "status", "group_id"
        )
        assert sorted(rows) == sorted(
            (pk, member.wallet.pk, member.status, member.group.pk if member.group else None)
            for pk, member in members.items()
        )
        fired = Firing.objects.filter(membership__in=members, released_at=None)
        assert sorted(fired.values_list("membership", "kind", "rule_key", "occurrence")) == sorted(
            (pk, *entry) for pk, member in members.items() for entry in member.fired
        )
        met = LineMatch.objects.filter(membership__in=members, transaction__reversal=None)
        rows = met.order_by("pk").values_list("membership", "line_key", "basis", "given")
        assert [(pk, key, int(basis), given) for pk, key, basis, given in rows] == [
            (done.member.pk, *met) for done in self._deeds() for met in done.met
        ]

    def _deeds(self):
        deeds = [done for one in self.held for done in one.member.deeds if not done.is_undone]
        return sorted(deeds, key=lambda done: done.pk)

    def _compare_shop(self, card):
        shop = next(one.member.shop for one in self.held if one.card == card)
        out = RewardCounter.objects.filter(reward__card=card, issued__gt=0)
        assert dict(out.values_list("reward__name", "issued")) == {
            name: count for name, count in shop.out.items() if count
        }
        in_use = ReceiptUse.objects.filter(released_at=None, transaction__card=card)
        assert set(in_use.values_list("number", flat=True)) == shop.receipts


def _by_unit(lots):
    """Return the model's lots as rows, those of each unit in the order in which they came."""
    rows = [(lot.unit, lot.earned, lot.left, lot.ends) for lot in lots]
    return sorted(rows, key=lambda row: row[0])


def _by_first(rows):
    """Return rows by what is first in them."""
    found = defaultdict(list)
    for first, *rest in rows:
        found[first].append(tuple(rest))
    return found
