"""Families share an account: they come, act on it, are refunded and undone, and leave."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from loyalty.members.models import MembershipGroup
from loyalty.operations import groups
from tests.cast import join, make_cast, make_reward, make_store, make_tier, make_user
from tests.ledger import model_groups as model
from tests.ledger import model_money as money
from tests.ledger.machine import MEMBERS, ORDINARY
from tests.ledger.machine_undoing import Undoing
from tests.ledger.model import CREDIT, POINTS, Shop

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
            self._return(one, back, 2)
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
            self._in_the_office(
                "add to group",
                one,
                lambda: model.add(group, one.member, self.at),
                groups.add_to_group,
                group_id=group.pk,
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

    def _book(self, name, one, bill, receipt):
        return self._on_their_account(one, super()._book(name, one, bill, receipt))

    def _redeem(self, one, reward):
        return self._on_their_account(one, super()._redeem(one, reward))

    def _on_their_account(self, one, done):
        """Count a deed that was done on what a family shares."""
        if done and one.member.group:
            self.counts["deed on a group's account"] += 1
        return done

    @rule(who=MEMBERS, points=st.integers(-150, 320), counted=st.booleans())
    def adjust(self, who, points, counted):
        self._adjust(self._one(who), points, counted=counted)

    @rule(who=MEMBERS, reward=st.sampled_from(["Tour", "Mug"]))
    def redeem(self, who, reward):
        self._redeem(self._one(who), reward)

    @rule(who=MEMBERS, reward=st.sampled_from(["Tour", "Mug"]))
    def issue(self, who, reward):
        self._issue(self._one(who), reward)

    def _issue(self, one, reward):
        return self._on_their_account(one, super()._issue(one, reward))

    @rule(who=MEMBERS, which=st.integers(0, 9), returned=st.sampled_from([None, True, False]))
    def use_or_remove(self, who, which, returned):
        """Use a voucher, also one that came into the family, or take it away."""
        self._use_or_remove(self._one(who), which, returned)

    def _use_or_remove(self, one, which, returned):
        found = one.wallet.all_vouchers
        if not found:
            return
        voucher = found[which % len(found)]
        self.counts["touch a pooled voucher"] += voucher not in one.wallet.vouchers
        if returned is None:
            self._use(one, voucher)
        else:
            self._remove(one, voucher, returned=returned)

    @rule(who=MEMBERS, back=st.integers(0, 5), part=st.sampled_from([1, 2, 3]))
    def refund(self, who, back, part):
        """Refund a sale of the member, also one from before the family."""
        self._return(self._one(who), back, part)

    def _return(self, one, back, part):
        sales = [done for done in one.member.deeds if done.kind == "PURCHASE"]
        if not sales:
            return
        sale = sales[-1 - back % len(sales)]
        is_old = sale.main.wallet is not one.wallet
        done = self._refund(one, sale, sale.bill.amount // part)
        self.counts["refund of a sale before the family"] += bool(done) and is_old

    # Undoing across a transfer.

    @rule(who=MEMBERS, back=st.integers(0, 5))
    def try_to_undo_an_own_deed(self, who, back):
        """Undo a deed of the member's, wherever it was booked."""
        one = self._one(who)
        deeds = [done for done in one.member.deeds if done.kind]
        if deeds:
            self._reverse(one, deeds[-1 - back % len(deeds)])
