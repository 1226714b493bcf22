"""Families share an account: they come, act on it, are refunded and undone, and leave."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from loyalty.members.models import MembershipGroup
from loyalty.operations import groups, purchases, redemptions, refunds, vouchers
from loyalty.operations.purchases import Bill
from tests.cast import join, make_cast, make_reward, make_store, make_tier, make_user
from tests.ledger import model_groups as model
from tests.ledger import model_money as money
from tests.ledger.machine import MEMBERS, ORDINARY
from tests.ledger.machine_undoing import Undoing
from tests.ledger.model import CREDIT, POINTS, Shop
from tests.ledger.model_refunds import refund

BASES = ["AWARDED_POINTS", "AWARDED_POINTS", "AVAILABLE_POINTS", "AWARDED_CREDIT"]
TIERS = {"Bronze": 0, "Silver": 100, "Gold": 300}


class Families(Undoing):
    """Four members of a card with three tiers, where at most three make a family."""

    @initialize(basis=st.sampled_from(BASES), is_ordinary=ORDINARY)
    def open_the_shop(self, basis, is_ordinary):
        self._begin()
        cast = make_cast(
            expiry_days=10,
            credit_per_step_minor=1,
            adjust_cap=400,
            redeems_per_day=4,
            most_in_group=3,
            tier_basis=basis,
        )
        self._open(cast)
        reward = make_reward(cast.card, "Mug", 30, stock=4, voucher_days=20)
        tour = make_reward(cast.card, "Tour", 3, per_member=2, voucher_days=20)
        tiers = {
            name: make_tier(cast.card, name, least, entry_reward=reward if least == 100 else None)
            for name, least in TIERS.items()
        }
        shop = Shop(
            tiers=TIERS,
            gifts={"Silver": "Mug"},
            stock={"Mug": 4},
            limits={"Tour": 2},
            costs={"Mug": 30, "Tour": 3},
            days={POINTS: 10, CREDIT: 10},
            basis=basis,
            voucher_days=20,
            most_in_group=3,
            earns=money.simple(1, 1),
        )
        self.kit = {
            "shop": shop,
            "staff": cast.sam,
            "store": make_store(cast.harbour, "Quay"),
            "rewards": {"Mug": reward, "Tour": tour},
            "tier_rows": tiers,
            "card": cast.card,
        }
        people = [join(make_user(name), cast.card) for name in ("kim", "lea", "max")]
        for membership in (cast.membership, *people):
            self._hold(membership, **self.kit)
        # Mia joined before there were tiers.
        for one in self.held[1:]:
            one.wallet.place = model.Place("Bronze")
        self.groups = []
        if is_ordinary:
            self._ordinary_day()

    # Families.

    @rule(head=MEMBERS, others=st.lists(MEMBERS, min_size=1, max_size=3))
    def form(self, head, others):
        self._form(head, others)

    @rule(head=MEMBERS, euros=st.integers(1, 120), back=st.integers(0, 3))
    def live_together(self, head, euros, back):
        """Buy, become a family, buy and return as one, try to undo, and mostly part again."""
        one, other = self._one(head), self._one(head + 1)
        for each in (one, other):
            self._buy(each, euros)
            self._issue(each, "Tour")
        self._form(head, [head + 1])
        self._do_something(other)
        if one.member.deeds:
            self._reverse(one, one.member.deeds[0])
        if back:
            self._refund(one, back, 2)
            self._use_or_remove(other, back, [None, True, False][back - 1])
        if back > 1:
            self._leave(other)
            self._leave(one)
            self._add(other, 0)

    def _do_something(self, one):
        self._buy(one, 20)

    def _form(self, head, others):
        one = self._one(head)
        ones = [self._one(other) for other in others]
        the_deed = self._manage()
        made = []

        def expect():
            group, done = model.form(one.member, [other.member for other in ones], self.at)
            made.append(group)
            self.wallets.append(group.wallet)
            return done

        def run():
            done = groups.form_group(
                deed=the_deed,
                head_id=one.pk,
                member_ids=[other.pk for other in ones],
                name="Family",
            )
            if not made[0].pk:
                row = MembershipGroup.objects.get(account=done.account_id)
                made[0].pk, made[0].wallet.pk = row.pk, row.account_id
                self.groups.append(made[0])
            return done

        self._attempt("form group", one, expect, run)

    @rule(who=MEMBERS, which=st.integers(0, 3))
    def add(self, who, which):
        self._add(self._one(who), which)

    def _add(self, one, which):
        if self.groups:
            group = self.groups[-1 - which % len(self.groups)]
            the_deed = self._manage()
            self._attempt(
                "add to group",
                one,
                lambda: model.add(group, one.member, self.at),
                lambda: groups.add_to_group(deed=the_deed, group_id=group.pk, membership_id=one.pk),
            )

    @rule(who=MEMBERS)
    def leave(self, who):
        self._leave(self._one(who))

    def _leave(self, one):
        the_deed = self._manage()
        fresh = []

        def expect():
            wallet, done = model.leave(one.member, self.at)
            fresh.append(wallet)
            return done

        def run():
            done = groups.leave_group(deed=the_deed, membership_id=one.pk)
            if fresh and fresh[0]:
                one.membership.refresh_from_db()
                fresh[0].pk = one.membership.account_id
                self.wallets.append(fresh.pop())
            return done

        if self._attempt("leave group", one, expect, run):
            self.counts["close group"] += fresh == [None]

    # Deeds on what they share.

    @rule(who=MEMBERS, euros=st.integers(1, 150), receipt=st.sampled_from(["", "1", "2"]))
    def buy(self, who, euros, receipt):
        self._buy(self._one(who), euros, receipt)

    def _buy(self, one, euros, receipt=""):
        the_deed, scan = self._deed(one), self._scan(one)
        self._deed_of(
            "award purchase",
            one,
            lambda: money.purchase(one.member, money.Bill(euros * 100), self.at, receipt),
            lambda: purchases.award_purchase(
                deed=the_deed,
                membership_id=one.pk,
                bill=Bill(amount_minor=euros * 100, currency="EUR"),
                receipt=receipt,
                scan_id=scan,
            ),
        )

    def _deed_of(self, name, one, expect, run):
        if self._attempt(name, one, expect, run) and one.member.group:
            self.counts["deed on a group's account"] += 1

    @rule(who=MEMBERS, points=st.integers(-150, 320), counted=st.booleans())
    def adjust(self, who, points, counted):
        self._adjust(self._one(who), points, counted=counted)

    @rule(who=MEMBERS, reward=st.sampled_from(["Tour", "Mug"]))
    def redeem(self, who, reward):
        one = self._one(who)
        cost = one.member.shop.costs[reward]
        scan, the_deed = self._scan(one), self._deed(one)
        self._deed_of(
            "redeem reward",
            one,
            lambda: one.member.redeem(reward, cost, self.at),
            lambda: redemptions.redeem_reward(
                deed=the_deed,
                membership_id=one.pk,
                reward_id=one.rewards[reward].pk,
                scan_id=scan,
            ),
        )

    @rule(who=MEMBERS, reward=st.sampled_from(["Tour", "Mug"]))
    def issue(self, who, reward):
        self._issue(self._one(who), reward)

    def _issue(self, one, reward):
        the_deed = self._manage()
        self._deed_of(
            "issue voucher",
            one,
            lambda: one.member.issue(reward, self.at),
            lambda: vouchers.issue_voucher(
                deed=the_deed, membership_id=one.pk, reward_id=one.rewards[reward].pk
            ),
        )

    @rule(who=MEMBERS, which=st.integers(0, 9), returned=st.sampled_from([None, True, False]))
    def use_or_remove(self, who, which, returned):
        """Use a voucher, also one that came into the family, or take it away."""
        self._use_or_remove(self._one(who), which, returned)

    def _use_or_remove(self, one, which, returned):
        found = one.wallet.all_vouchers
        if not found:
            return
        voucher = found[which % len(found)]
        scan, the_deed, office = self._scan(one), self._deed(one), self._manage()
        self.counts["touch a pooled voucher"] += voucher not in one.wallet.vouchers
        if returned is None:
            self._attempt(
                "use voucher",
                one,
                lambda: one.member.use(voucher, self.at),
                lambda: vouchers.use_voucher(
                    deed=the_deed,
                    membership_id=one.pk,
                    voucher_id=self.rows[voucher].pk,
                    scan_id=scan,
                ),
            )
        else:
            self._attempt(
                "remove voucher",
                one,
                lambda: one.member.remove(voucher, self.at, returned=returned),
                lambda: vouchers.remove_voucher(
                    deed=office,
                    membership_id=one.pk,
                    voucher_id=self.rows[voucher].pk,
                    are_points_returned=returned,
                ),
            )

    @rule(who=MEMBERS, back=st.integers(0, 5), part=st.sampled_from([1, 2, 3]))
    def refund(self, who, back, part):
        """Refund a sale of the member, also one from before the family."""
        self._refund(self._one(who), back, part)

    def _refund(self, one, back, part):
        sales = [done for done in one.member.deeds if done.kind == "PURCHASE"]
        if not sales:
            return
        sale = sales[-1 - back % len(sales)]
        amount = sale.bill.amount // part
        the_deed, scan = self._deed(one), self._scan(one)
        is_old = sale.main.wallet is not one.wallet
        done = self._attempt(
            "refund",
            one,
            lambda: refund(one.member, sale, amount, {}, self.at),
            lambda: refunds.refund_purchase(
                deed=the_deed,
                membership_id=one.pk,
                transaction_id=sale.pk,
                amount_minor=amount,
                scan_id=scan,
            ),
        )
        self.counts["refund of a sale before the family"] += bool(done) and is_old

    # Undoing across a transfer.

    @rule(who=MEMBERS, back=st.integers(0, 5))
    def try_to_undo_an_own_deed(self, who, back):
        """Undo a deed of the member's, wherever it was booked."""
        one = self._one(who)
        deeds = [done for done in one.member.deeds if done.kind]
        if deeds:
            self._reverse(one, deeds[-1 - back % len(deeds)])
