"""An ordinary day at each place: every deed and refusal once, before chance takes over."""

from tests.ledger.machine_bonuses import Bonuses
from tests.ledger.machine_forbidden import Forbidden
from tests.ledger.machine_groups import Families
from tests.ledger.machine_money import Money
from tests.ledger.machine_office import InTheOffice
from tests.ledger.model import CREDIT, POINTS


def undo_in_every_way(machine, who):
    """Undo deeds in time and too late, in turn and out of it, unspent and spent."""
    for by, between in (
        *(("own", ""), ("office", ""), ("root", ""), ("own", "wait"), ("office", "deed")),
        *(("own", "undo"), ("root", "spend")),
    ):
        machine.do_something_and_undo_it(who=who, by=by, between=between)
    machine.repeat_the_last_deed_and_then_its_key_alone(points=510)


class CafeDay(InTheOffice, Forbidden):
    """Two members of a café with tiers, one of a points-only gym, and a clock that jumps."""

    def _ordinary_day(self):
        mia, noor = self.held[0], self.held[1]
        self.adjust(who=0, points=200, counted=False)
        self.adjust(who=1, points=100, counted=False)
        self.earn(who=0, euros=30, receipt="1")
        self.earn(who=1, euros=30, receipt="1")
        self.earn(who=2, euros=20, receipt="")
        self.earn(who=2, euros=150, receipt="")
        self.give(who=0, points=20)
        self.give(who=0, points=30)
        for _ in range(4):
            self.try_what_nobody_may(who=0)
        self.claim(who=0, wait=1, times=2)
        self.claim(who=1, wait=6, times=1)
        for reward in ("Tour", "Tour", "Lounge", "Croissant", "Croissant"):
            self.redeem(who=1, reward=reward)
        self.redeem(who=2, reward="Tour")
        self._vouchers(mia)
        self.change_tier(who=1, name="Silver", hold=None, gifts=True)
        self.change_tier(who=1, name="Silver", hold=None, gifts=True)
        for status in ("BLOCKED", "BLOCKED"):
            self.change_status(who=1, status=status)
        self.give(who=1, points=1)
        self.change_status(who=1, status="ACTIVE")
        self._adjust(noor, 5, counted=True)
        self._undo_own(noor, noor.wallet.latest())
        for what in ("rules", "guest", "code"):
            self.work_in_the_office(what=what, number=1)
        undo_in_every_way(self, 0)
        self.hold_a_tier_until_the_clock_lets_it_go(who=0, name="Gold")
        self.book_expiry(later=5, times=2)

    def _vouchers(self, mia):
        self.use_a_new_voucher_and_try_to_undo_its_issue(who=0)
        self.issue(who=0, reward="Poster")
        used = next(voucher for voucher in mia.wallet.vouchers if voucher.status == "USED")
        self._use(mia, used)
        self._issue(mia, "Croissant")
        self._remove(mia, mia.wallet.vouchers[-1], returned=True)
        self._issue(mia, "Croissant")  # It will expire.


class MoneyDay(Money):
    """A grocer with plans and pro rata refunds, a kiosk that takes all back, a baker nothing."""

    def _ordinary_day(self):
        grocer = self.held[0]
        for one in self.held:
            self._adjust(one, 90, counted=False)
        self.extend(who=0, days=3)
        self.extend(who=0, days=3)
        self.extend(who=0, days=6)
        self.pay(who=1, unit=CREDIT, bill=1000, part=None, receipt="")
        self.pay_a_bill_that_earns(who=1, unit=POINTS, cents=400)
        self.buy(who=0, cents=3000, receipt="1")
        self.buy(who=0, cents=500, receipt="1")
        self.buy_from_the_member(who=2, cents=2000, receipt="")
        self._roll_back(self.held[2], self.held[2].wallet.latest())
        self._pay_in_every_way(grocer)
        self._refund_in_every_way()
        self.spend_what_a_bill_earned_and_return_it(who=0, is_settled=True)
        self.spend_what_a_bill_earned_and_return_it(who=2, is_settled=False)
        self.refund_before_the_sale_and_then_sell(who=1, cents=1500, number=55)
        self.refund_before_the_sale(who=1, receipt="3", cents=0)
        self.correct_credit(who=1, cents=120, counted=True)
        undo_in_every_way(self, 1)
        for _ in range(3):
            self.days_pass(days=6)
        self.book_expiry(later=0, times=2)

    def _pay_in_every_way(self, grocer):
        for unit, bill, part in (
            *((POINTS, 0, None), (POINTS, 10**7, None), (POINTS, 100, 120)),
            *((POINTS, 1000, 7), (CREDIT, 1000, None)),
        ):
            self._pay(grocer, unit, bill, part, "")
        self._roll_back(grocer, grocer.wallet.latest())
        for _ in range(5):
            self._pay(self.held[3], POINTS, 1000, 1, "")

    def _refund_in_every_way(self):
        self.buy_a_basket(who=0, coffees=2, cents=[700, 333], receipt="")
        for at, part in ((1, 2), (2, 1), (3, 1)):
            self.refund_a_line(who=0, back=0, at=at, part=part)
        for who in (2, 3, 1):
            self.buy(who=who, cents=4100, receipt="")
            for part in (2, 9, 0):
                self.refund_an_amount(who=who, back=0, part=part)
        other = self.held[1]
        self._roll_back(other, other.wallet.latest())
        sale = other.wallet.latest()
        self._reverse(other, sale)
        self._refund(other, sale, 100)
        self.refund_an_amount(who=0, back=0, part=3)


class BonusDay(Bonuses):
    """A barber with stamp cards; Mia brings Noor, who may bring others."""

    def _ordinary_day(self):
        mia, noor = self.held[0], self.held[1]
        self.check_in(who=0, hours=5)
        self.check_in(who=0, hours=0)
        self.come_again_and_again(who=1, euros=12, hours=24)
        self.bring_somebody_who_buys_and_thinks_again(euros=40, back="undo")
        self.bring_somebody_who_buys_and_thinks_again(euros=60, back="refund")
        self.bring_somebody(who=0, is_alone=False)
        self.change_status(who=0, status="BLOCKED")
        self.bring_somebody(who=0, is_alone=False)
        self.buy(who=0, euros=30)
        self.change_status(who=0, status="ACTIVE")
        self.adjust(who=0, points=5, counted=False)
        for reward in ("Comb", "Comb", "Comb", "Mug", "Mug"):
            self.redeem(who=0, reward=reward)
        self.give(who=1, points=3)
        for one in (noor, mia):
            self._use_what_a_full_card_gave(one)
        self._buy(mia, 40)
        self._refund(mia, mia.wallet.latest(), 2000)
        undo_in_every_way(self, 1)
        self.book_expiry(later=0, times=1)

    def _use_what_a_full_card_gave(self, one):
        self._buy(one, 110)
        filled = one.wallet.latest()
        for voucher, _before, _after in filled.steps[:1]:
            self._use(one, voucher)
            self._reverse(one, filled)


class FamilyDay(Families):
    """Four members of a card with three tiers, where at most three make a family."""

    def _ordinary_day(self):
        self.form(head=0, others=[0])
        self.form(head=0, others=[1, 2, 3])
        self.live_together(head=2, euros=40, back=2)
        self.live_together(head=0, euros=70, back=1)
        self.form(head=0, others=[2])
        self.add(who=2, which=0)
        self.add(who=3, which=0)
        self._issue(self.held[2], "Tour")
        self._issue(self.held[2], "Tour")
        for returned in (None, None, False):
            self._use_or_remove(self.held[0], -1, returned)
        for who in (1, 1, 0, 2):
            self.leave(who=who)
        for who in (3, 1):
            self.adjust(who=who, points=40, counted=True)
            self.redeem(who=who, reward="Mug")
            self.redeem(who=who, reward="Tour")
        undo_in_every_way(self, 3)
        self.days_pass(days=6)
        self.book_expiry(later=5, times=1)
