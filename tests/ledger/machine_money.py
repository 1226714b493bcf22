"""Bills that earn points and credit, are paid with them, and are refunded."""

from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from cards.models import Card, ExpiryRule, Plan, PlanLine, Product
from loyalty.ledger.models import ParkedRefund
from loyalty.members.models import Membership
from loyalty.operations import adjustments, extensions, parked_refunds, payments
from tests.cast import join, make_card, make_cast, make_reward, make_store, make_tier, publish
from tests.ledger import model_clock as clock
from tests.ledger import model_money as money
from tests.ledger.machine import MEMBERS, ORDINARY
from tests.ledger.machine_undoing import Undoing
from tests.ledger.model import CREDIT, POINTS, Shop

RECEIPTS = st.sampled_from(["", "1", "2", "3"])
BASES = ["AWARDED_POINTS", "AVAILABLE_POINTS", "AWARDED_CREDIT", "AVAILABLE_CREDIT"]
RATES = {None: (1, 50), "Silver": (2, 100)}
CARD = {
    "expiry_override": "BY_HAND",
    "expiry_override_days": 5,
    "expiry_days": 10,
    "adjust_cap": 400,
    "redeems_per_day": 4,
    "base_rate": Decimal("0.01"),
    "base_redemption_percent": 50,
}


class Money(Undoing):
    """A grocer with plans and pro rata refunds, a kiosk that takes all back, a baker nothing."""

    @initialize(
        basis=st.sampled_from(BASES),
        clawback=st.sampled_from(["REFUSE", "REFUSE", "SHORTFALL"]),
        is_ordinary=ORDINARY,
    )
    def open_the_shops(self, basis, clawback, is_ordinary):
        self._begin()
        cast = make_cast(uses_plans=True, refund_method="PRO_RATA", **CARD)
        self._open(cast)
        kiosk = make_card(
            cast.harbour,
            "Kiosk",
            credit_per_step_minor=3,
            buy_step_minor=200,
            refund_method="ALL",
            clawback=clawback,
            tier_basis=basis,
            redemption_method="FALLBACK",
            **CARD,
        )
        baker = make_card(
            cast.harbour, "Baker", credit_per_step_minor=5, refund_method="NONE", **CARD
        )
        third = self._plan(cast.card)
        self._hold_at(
            cast.card, [cast.membership, join(cast.noor, cast.card)], earns=money.planned(third)
        )
        self._hold_at(
            kiosk,
            [join(cast.mia, kiosk)],
            earns=money.simple(1, 3, 200),
            method="ALL",
            clawback=clawback,
            basis=basis,
            # Slices are of points, so other thresholds cut none.
            is_fallback=basis.endswith("POINTS"),
        )
        self._hold_at(baker, [join(cast.noor, baker)], earns=money.simple(1, 5), method="NONE")
        if is_ordinary:
            self._ordinary_day()

    def _hold_at(self, card, memberships, **rules):
        """Open a card with a silver tier, points for 10 days and credit for 15."""
        reward = make_reward(card, "Mug", 30, stock=3, voucher_days=3)
        tier = make_tier(
            card, "Silver", 100, multiplier="1.50", rate=Decimal("0.02"), entry_reward=reward
        )
        ExpiryRule.objects.create(
            partner=card.partner, card=card, method="SLIDING", unit="CREDIT", days=15
        )
        publish(card)
        shop = Shop(
            tiers={"Silver": 100},
            times={"Silver": 1.5},
            gifts={"Silver": "Mug"},
            stock={"Mug": 3},
            costs={"Mug": 30},
            days={POINTS: 10, CREDIT: 15},
            rates=RATES,
            **rules,
        )
        store = make_store(card.club, f"Till {card.name}"[:20])
        for membership in memberships:
            self._hold(
                Membership.objects.get(pk=membership.pk),
                shop=shop,
                staff=self.cast.sam,
                store=store,
                rewards={"Mug": reward},
                tier_rows={"Silver": tier},
                card=card,
            )

    def _plan(self, card: Card):
        """Give the card its plan and return the key of the line that counts bills."""
        coffee = Product.objects.create(partner=card.partner, code="COF", name="Coffee")
        plan = Plan.objects.create(
            partner=card.partner, card=card, code="P", name="Plan", start_date="2026-01-01"
        )

        def line(**extra):
            return PlanLine.objects.create(plan=plan, **extra)

        line(value_minor=100, award_points=1)
        line(group="ITEM", product=coffee, basis="QUANTITY", value_pieces=1, award_points=5)
        line(value_minor=500, unit="CREDIT", award_minor=20)
        return line(
            group="BILL_VALUE",
            least_minor=1000,
            transaction_count=3,
            value_minor=100,
            award_points=2,
        ).pk

    # Earning.

    @rule(who=st.sampled_from([0, 1, 2, 2, 3]), cents=st.integers(50, 9000), receipt=RECEIPTS)
    def buy(self, who, cents, receipt):
        self._book("award purchase", self._one(who), money.Bill(cents), receipt)

    @rule(
        who=st.integers(0, 1),
        coffees=st.integers(1, 4),
        cents=st.lists(st.integers(1, 6000), min_size=1, max_size=2),
        receipt=RECEIPTS,
    )
    def buy_a_basket(self, who, coffees, cents, receipt):
        lines = ((True, coffees, 310 * coffees), *((False, 1, part) for part in cents))
        bill = money.Bill(sum(line[2] for line in lines), lines)
        self._book("award basket", self._one(who), bill, receipt)

    @rule(who=st.sampled_from([2, 2, 2, 0]), cents=st.integers(50, 9000), receipt=RECEIPTS)
    def buy_from_the_member(self, who, cents, receipt):
        self._book("book buy", self._one(who), money.Bill(cents, is_buy=True), receipt)

    def _book(self, name, one, bill, receipt):
        rows = ParkedRefund.objects.exclude(settled_by=None)
        settled = rows.count()
        done = super()._book(name, one, bill, receipt)
        self.counts["settle parked refund"] += rows.count() - settled
        self._name_parked(rows)
        return done

    def _name_parked(self, rows):
        """Give the model's refunds that waited the keys of the product's, in the same order."""
        deeds = [done for one in self.held for done in one.member.deeds if done.kind == "REFUND"]
        known = {done.pk for done in deeds}
        fresh = sorted(row.settled_by_id for row in rows if row.settled_by_id not in known)
        nameless = [done for done in deeds if not done.pk]
        for done, pk in zip(nameless, fresh, strict=True):
            done.pk = pk

    def _do_something(self, one):
        self._buy(one, 30)

    # Paying.

    @rule(
        who=MEMBERS,
        unit=st.sampled_from([POINTS, POINTS, CREDIT]),
        bill=st.sampled_from([100, 1000, 3333, 0, 10**7]),
        part=st.sampled_from([None, None, 1, 37, 120, 0]),
        receipt=RECEIPTS,
    )
    def pay(self, who, unit, bill, part, receipt):
        self._pay(self._one(who), unit, bill, part, receipt)

    @rule(who=MEMBERS, unit=st.sampled_from([POINTS, CREDIT]), cents=st.integers(200, 3000))
    def pay_a_bill_that_earns(self, who, unit, cents):
        one = self._one(who)
        self._pay(one, unit, cents, None, "")
        paid = one.wallet.latest()
        if paid and paid.kind == "PAYMENT" and paid.bill[0] == cents:
            self._book("award paid bill", one, money.Bill(cents, paid=paid), "")

    def _pay(self, one, unit, bill, part, receipt):
        self._at_the_counter(
            f"pay with {unit.lower()}",
            one,
            lambda: money.pay(one.member, unit, bill, part, self.at, receipt),
            payments.pay_with_points if unit == POINTS else payments.pay_with_credit,
            bill_minor=bill,
            money_minor=part,
            receipt=receipt,
        )

    # Refunding.

    @rule(who=MEMBERS, back=st.integers(0, 3), part=st.sampled_from([1, 2, 2, 3, 0, 9]))
    def refund_an_amount(self, who, back, part):
        """Refund a half, a third, all or too much of one of the last sales."""
        one = self._one(who)
        if sale := self._sale(one, back):
            bill = sale.bill[0] if sale.kind == "PAYMENT" else sale.bill.amount
            amount = {0: 0, 9: bill + 1}.get(part, -(-bill // (part or 1)))
            self._refund(one, sale, amount)

    @rule(
        who=st.integers(0, 1), back=st.integers(0, 3), at=st.integers(0, 2), part=st.integers(1, 2)
    )
    def refund_a_line(self, who, back, at, part):
        one = self._one(who)
        baskets = [done for done in self._sales(one) if done.kind != "PAYMENT" and done.bill.lines]
        if baskets:
            sale = baskets[-1 - back % len(baskets)]
            amount = -(-sale.bill.lines[at][2] // part) if at < len(sale.bill.lines) else 5
            self._refund(one, sale, amount, [(at, amount)])

    @rule(who=MEMBERS, is_settled=st.booleans())
    def spend_what_a_bill_earned_and_return_it(self, who, is_settled):
        one = self._one(who)
        self._buy(one, 40)
        left = one.wallet.available(self.at)
        if left and (sale := self._sale(one, 0)):
            self._adjust(one, -min(left, 400), counted=False)
            self._refund(one, sale, 10)
            self._refund(one, sale, max(sale.bill.amount - 10, 1))
            refunded = one.wallet.latest()
            self._roll_back(one, sale)
            if is_settled:
                self._buy(one, 40)
                self._reverse(one, refunded)

    def _sales(self, one):
        return [done for done in one.wallet.done if done.kind in {"PURCHASE", "BUY", "PAYMENT"}]

    def _sale(self, one, back):
        sales = self._sales(one)
        if back == 0:
            sales = [done for done in sales if not done.is_undone and done.kind == "PURCHASE"]
        return sales[-1 - back % len(sales)] if sales else None

    def _refund(self, one, sale, amount, lines=()):
        owed = one.wallet.owed.total()
        done = super()._refund(one, sale, amount, lines)
        if done:
            name = "refund by line" if lines else "refund"
            self.counts[f"{name} {one.member.shop.method}"] += 1
            self.counts["shortfall"] += one.wallet.owed.total() > owed
        return done

    @rule(who=MEMBERS, receipt=st.sampled_from(["1", "2", "3"]), cents=st.integers(0, 900))
    def refund_before_the_sale(self, who, receipt, cents):
        self._park(self._one(who), receipt, cents)

    @rule(who=MEMBERS, cents=st.integers(1, 2500), number=st.integers(10, 99))
    def refund_before_the_sale_and_then_sell(self, who, cents, number):
        one = self._one(who)
        self._park(one, str(number), cents)
        self._buy(one, 20, str(number))

    def _park(self, one, receipt, cents):
        the_deed = self._deed(one)

        def expect():
            money.park(one.member, receipt, cents)

        self._attempt(
            "park refund",
            one,
            expect,
            lambda: parked_refunds.park_refund(deed=the_deed, receipt=receipt, amount_minor=cents),
        )

    @rule(who=MEMBERS, days=st.sampled_from([1, 3, 3, 5, 5, 6]))
    def extend(self, who, days):
        """Let all that a member has last longer; a card allows five days more at most."""
        one = self._one(who)
        self._in_the_office(
            "extend lots",
            one,
            lambda: clock.extend(one.member, days, 5, self.at),
            extensions.extend_lots,
            days=days,
        )

    @rule(who=MEMBERS, cents=st.integers(-200, 400), counted=st.booleans())
    def correct_credit(self, who, cents, counted):
        one = self._one(who)
        cap = one.card.adjust_cap * 100
        self._in_the_office(
            "adjust credit",
            one,
            lambda: one.member.adjust(cents, self.at, counted=counted, cap=cap, unit=CREDIT),
            adjustments.adjust_credit,
            credit_minor=cents,
            is_counted_for_tier=counted,
        )

    @rule(who=MEMBERS, points=st.integers(-90, 120), counted=st.booleans())
    def adjust(self, who, points, counted):
        self._adjust(self._one(who), points, counted=counted)
