"""The ground of the state machine: the shops, how a deed is tried, and what must hold after it."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
)

from cards import terms
from cards.models import Reward
from clubs.models import StaffMember
from loyalty.ledger import verification
from loyalty.ledger.models import Lot as LotRow
from loyalty.ledger.models import ReceiptUse, Source, Transaction
from loyalty.ledger.verification import Scope
from loyalty.members.models import Account, RewardCounter
from loyalty.members.models import Voucher as VoucherRow
from loyalty.operations.drafting import NotEnoughPointsError
from loyalty.operations.offers import RewardNotAvailableError
from loyalty.web.refusals import REFUSALS
from tests.cast import (
    NOON,
    deed,
    join,
    make_cast,
    make_reward,
    make_store,
    make_tier,
    make_user,
    publish,
)
from tests.ledger.model import Done, Place, Refused, Shop, Wallet

COSTS = {"Croissant": 20, "Poster": 4, "Tour": 3, "Lounge": 1, "Mug": 30}
LIMITS = {"stock": {"Poster": 1, "Mug": 3}, "per_member": {"Tour": 1}}
# Which of the three first wallets a rule is about; a guest may come as the fourth.
MEMBERS = st.integers(0, 3)


class Held:
    """A membership with its model, and who serves it where."""

    def __init__(self, *, membership, shop, staff, store, rewards, tier_rows):
        self.membership = membership
        self.wallet = Wallet(shop)
        self.staff = staff
        self.store = store
        self.rewards = rewards
        self.tier_rows = tier_rows
        self.rows = {}  # The voucher row of each voucher of the model.

    @property
    def pk(self):
        return self.membership.pk


class Street(RuleBasedStateMachine):
    """Two members of a café with tiers, one of a points-only gym, and a clock that jumps."""

    counts: "Counter[str]" = Counter()

    @initialize()
    def open_the_shops(self):
        self.savepoint = transaction.savepoint()
        terms.of_version.cache_clear()
        cast = self.cast = make_cast(
            expiry_days=10, redeems_per_day=2, gift_cap=40, adjust_cap=400, welcome_points=5
        )
        StaffMember.objects.filter(user=cast.sam).update(may_give_points=True)
        self.at = NOON
        self.root = make_user("root", is_superuser=True)
        rewards = {"Croissant": cast.reward}
        Reward.objects.update(voucher_days=3)
        cast.reward.refresh_from_db()
        cast.reward.cost = COSTS["Croissant"]
        cast.reward.save()
        for name in ("Poster", "Tour", "Mug"):
            limits = {what: values[name] for what, values in LIMITS.items() if name in values}
            rewards[name] = make_reward(cast.card, name, COSTS[name], voucher_days=3, **limits)
        self.silver = make_tier(
            cast.card, "Silver", 100, multiplier="1.50", entry_reward=rewards["Mug"]
        )
        gold = make_tier(cast.card, "Gold", 300, multiplier="2.00")
        rewards["Lounge"] = make_reward(cast.card, "Lounge", COSTS["Lounge"], min_tier=gold)
        gym = cast.hill_card
        gym.is_points_only = True
        gym.max_points = 50
        gym.save()
        publish(gym)
        self.cafe = Shop(
            tiers={"Silver": 100, "Gold": 300},
            times={"Silver": 1.5, "Gold": 2.0},
            gifts={"Silver": "Mug"},
            stock=LIMITS["stock"],
            costs=COSTS,
            limits=LIMITS["per_member"],
            from_tier={"Lounge": "Gold"},
            days=10,
            redeems_per_day=2,
        )
        towel = {"Towel": gym.rewards.get()}
        gym_shop = Shop(
            tiers={},
            times={},
            gifts={},
            stock={},
            costs={"Towel": 200},
            limits={},
            from_tier={},
            days=None,
            is_points_only=True,
            redeems_per_day=100,
        )
        self.cafe_kit = {
            "shop": self.cafe,
            "staff": cast.sam,
            "store": make_store(cast.harbour, "Quay"),
            "rewards": rewards,
            "tier_rows": {"Silver": self.silver, "Gold": gold},
        }
        gym_kit = {
            "shop": gym_shop,
            "staff": cast.tess,
            "store": cast.hilltop,
            "rewards": towel,
            "tier_rows": {},
        }
        self.held = [
            Held(membership=cast.membership, **self.cafe_kit),
            Held(membership=join(cast.noor, cast.card), **self.cafe_kit),
            Held(membership=join(cast.mia, gym), **gym_kit),
        ]
        self.last = None
        for number, one in enumerate(self.held):
            if number < 2:
                self._welcome(one, at=one.membership.joined_at)
            self._adjust(one, 60, counted=False)

    def teardown(self):
        if hasattr(self, "savepoint"):
            assert verification.verify(Scope(at=self.at - timedelta(days=999))) == []
            transaction.savepoint_rollback(self.savepoint)

    def _welcome(self, one, at):
        one.wallet.earn(5, at)
        one.wallet.done.clear()

    def _scan(self, one, at=None):
        return self.cast.scan(one.staff, at=at or self.at, membership=one.membership)

    def _deed(self, one, actor=None, source=Source.SCAN, key=""):
        return deed(actor or one.staff, source, store=one.store, at=self.at, key=key)

    def _manage(self, key=""):
        return deed(self.cast.petra, Source.ADMIN, at=self.at, key=key)

    def _attempt(self, name, one, expect, run):
        """Let model and product do a deed: both do it, or both refuse in the same words."""
        before = self._snapshot(one)
        told = one.wallet.available(self.at)
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
            expected.pk, expected.before = done.pk, before
            expected.expired = one.wallet.expired
            assert done.result.get("balance_before", told) == told
            assert done.result.get("balance_after") == one.wallet.available(self.at)
            self.last = (one, done, run)
        self._match_vouchers(one)
        return done

    def _compare_refusal(self, name, error):
        actual = type(error).__name__
        if isinstance(error, RewardNotAvailableError):
            actual = error.state.value
        if isinstance(error, NotEnoughPointsError):
            assert error.missing > 0
        assert actual == name
        self.counts[f"refused: {name}"] += 1

    def _match_vouchers(self, one):
        known = {row.pk for row in one.rows.values()}
        account = one.membership.account_id
        fresh = VoucherRow.objects.filter(account=account).exclude(pk__in=known).order_by("pk")
        new = [voucher for voucher in one.wallet.vouchers if voucher not in one.rows]
        for voucher, row in zip(new, fresh, strict=True):
            assert row.reward.name == voucher.reward
            one.rows[voucher] = row

    def _snapshot(self, one):
        account = Account.objects.get(pk=one.membership.account_id)
        lots = LotRow.objects.filter(account=account, remaining__gt=0).order_by("pk")
        return (
            (account.points, account.lifetime_points),
            (account.tier_id, account.tier_source, account.tier_hold_until),
            list(lots.values_list("pk", "remaining", "expires_at")),
            list(
                VoucherRow.objects.filter(account=account)
                .exclude(status="REMOVED")
                .order_by("pk")
                .values_list("pk", "status")
            ),
        )

    # Short ways.

    def _one(self, number):
        return self.held[number % len(self.held)]

    def _refused(self, one, name, run):
        self._attempt("", one, lambda: self._always(name), run)

    def _always(self, name):
        raise Refused(name)

    # What must hold after each step.

    @invariant()
    def model_and_ledger_agree(self):
        if not hasattr(self, "held"):
            return
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        accounts = Account.objects.in_bulk([one.membership.account_id for one in self.held])
        for one in self.held:
            self._compare(one, accounts[one.membership.account_id])
        for shop, card in ((self.cafe, self.cast.card),):
            out = RewardCounter.objects.filter(reward__card=card, issued__gt=0)
            assert dict(out.values_list("reward__name", "issued")) == {
                name: count for name, count in shop.out.items() if count
            }
            in_use = ReceiptUse.objects.filter(released_at=None, transaction__card=card)
            assert set(in_use.values_list("number", flat=True)) == shop.receipts

    def _compare(self, one, account):
        wallet = one.wallet
        assert (account.points, account.lifetime_points) == (wallet.points, wallet.lifetime)
        names = {row.pk: name for name, row in one.tier_rows.items()}
        place = Place(names.get(account.tier_id), account.tier_source, account.tier_hold_until)
        assert place == wallet.place
        lots = LotRow.objects.filter(account=account).order_by("pk")
        assert list(lots.values_list("earned", "remaining", "expires_at")) == [
            (lot.earned, lot.left, lot.ends) for lot in wallet.lots
        ]
        statuses = VoucherRow.objects.filter(account=account).order_by("pk")
        assert list(statuses.values_list("status", flat=True)) == [
            voucher.status for voucher in wallet.vouchers
        ]
