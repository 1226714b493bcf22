"""What happens in the demo's shops: people join, buy, pay, save up, and bring things back."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from clubs.models import Store
from loyalty.demo import bills
from loyalty.demo.people import FAMILY, NAMED, Holder
from loyalty.demo.scene import Scene
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Source, Transaction
from loyalty.members.models import ConsentSource, Voucher, VoucherStatus
from loyalty.operations import (
    check_ins,
    enrolments,
    payments,
    purchases,
    redemptions,
    refunds,
    rollbacks,
    vouchers,
)
from loyalty.operations.deeds import Deed
from loyalty.operations.enrolments import Consent, Person
from loyalty.operations.purchases import Bill
from loyalty.operations.refunding import ReturnedLine
from loyalty.users.models import User

PRIVACY = "2026-11"
MINUTE = timedelta(minutes=1)
# How many of a hundred who join a card that can be recommended were brought by somebody.
FRIENDS = 25
# Nobody pays a bill with less than so many points, or so much credit in minor units.
WORTH_PAYING = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Somebody at a counter: who serves them, in which store, after which scan."""

    who: Holder
    server: User
    store: Store
    scan_id: int


class Counter:
    """Where members are served."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.chance = scene.chance
        self._recommending: list[Holder] = []

    # People join.

    def join(self, who: Holder, at: datetime) -> None:
        """Let somebody take a card, by themselves or at the counter."""
        scene, chance = self.scene, self.chance
        someone = Person(
            first_name=who.first_name,
            last_name=who.last_name,
            email=who.user.email if who.user else "",
            phone=who.phone,
            is_phone_confirmed=who.user is None and chance.happens(80),
            language="en",
            wants_news=chance.happens(40),
            birthday=who.birthday,
            customer_group_id=scene.street.students_id
            if who.is_student and who.user is None
            else None,
        )
        code = self._friends_code(who)
        if who.user:
            who.membership = enrolments.join_card(
                deed=scene.deed(at, who.user, Source.WALLET),
                card_id=who.desk.card.pk,
                person=someone,
                consent=Consent(version=PRIVACY, source=ConsentSource.SELF),
                referral_code=code,
            )
        else:
            who.membership = enrolments.enrol_at_counter(
                deed=scene.deed(at, scene.server(who), store=scene.store(who)),
                card_id=who.desk.card.pk,
                person=someone,
                consent=Consent(version=PRIVACY, source=ConsentSource.COUNTER),
                referral_code=code,
            )
        if who.desk.card.has_referrals and who.user:
            self._recommending.append(who)

    def _friends_code(self, who: Holder) -> str:
        """Return the code of who brought them: as planned, or by chance on some cards."""
        friend = who.brought_by
        if friend is None and who.desk.card.has_referrals and self._recommending:
            friend = (
                self.chance.one_of(self._recommending) if self.chance.happens(FRIENDS) else None
            )
        if friend is None or self.scene.is_gone(friend):
            return ""
        return self.scene.membership(friend).referral_code

    # A visit.

    def visit(self, who: Holder, at: datetime) -> None:
        """Let somebody come by: return something, check in, pay and earn, spend what they saved."""
        if self.scene.is_gone(who):
            return
        chance = self.chance
        store = self.scene.store(who) if not who.desk.menu else chance.one_of(who.desk.stores)
        if store.allows_check_in and who.user and chance.happens(35):
            self._check_in(who, store, at)
        server = self.scene.server(who)
        scan_id = self.scene.scan(who, server, at, store)
        visit = Visit(who=who, server=server, store=store, scan_id=scan_id)
        if who.sale is not None and chance.happens(5):
            self._bring_back(visit, who.sale, at)
        if who.desk.buys and chance.happens(9):
            self.sell(visit, at + MINUTE)
        self._purchase(visit, at + 2 * MINUTE)
        if chance.happens(10 if _saves(who) else 38):
            self._redeem(visit, at + 5 * MINUTE)

    def _deed(self, visit: Visit, at: datetime) -> Deed:
        return self.scene.deed(at, visit.server, store=visit.store)

    def _check_in(self, who: Holder, store: Store, at: datetime) -> None:
        with suppress(check_ins.CheckedInAlreadyError):
            check_ins.check_in(
                deed=self.scene.deed(at, self._user(who), Source.WALLET, store),
                membership_id=self.scene.membership(who).pk,
            )

    def _user(self, who: Holder) -> User:
        assert who.user  # noqa: S101 - the caller saw it
        return who.user

    def _purchase(self, visit: Visit, at: datetime) -> None:
        done = self.award(visit, at)
        if self.chance.happens(2):
            rollbacks.undo_own_latest(
                deed=self._deed(visit, at + MINUTE),
                membership_id=self.scene.membership(visit.who).pk,
                transaction_id=done.pk,
            )
            done = self.award(visit, at + 2 * MINUTE)
        visit.who.sale = None if visit.who.desk.card.is_points_only else done

    def award(
        self,
        visit: Visit,
        at: datetime,
        *,
        bill: Bill | None = None,
        receipt: str = "",
        pays: bool = False,
    ) -> Transaction:
        """Book what somebody bought, and what of it they paid with points or credit.

        They do so now and then, or ``pays`` says that they do.
        """
        chance, desk = self.chance, visit.who.desk
        membership_id = self.scene.membership(visit.who).pk
        if not receipt and (desk.menu or chance.happens(45)):
            receipt = self.scene.receipt()
        if desk.card.is_points_only:
            return purchases.award_points(
                deed=self._deed(visit, at),
                membership_id=membership_id,
                points=5 * chance.between(desk.least // 5, desk.most // 5),
                receipt=receipt,
                scan_id=visit.scan_id,
            )
        bill = bill or bills.invent(desk, chance)
        if desk.menu or desk.buys:
            payment = self._pay(visit, bill, receipt, at) if pays or self._pays(visit.who) else None
            bill = bills.paid(bill, payment, chance)
        return purchases.award_purchase(
            deed=self._deed(visit, at + MINUTE / 4),
            membership_id=membership_id,
            bill=bill,
            receipt=receipt,
            scan_id=visit.scan_id,
        )

    def _pays(self, who: Holder) -> bool:
        often = 24 if who.desk.buys else 14
        return who.user is not None and self.chance.happens(often // 3 if _saves(who) else often)

    def _pay(self, visit: Visit, bill: Bill, receipt: str, at: datetime) -> Transaction | None:
        """Pay a part of the bill with what was saved, and return the payment, if any."""
        who = visit.who
        found = self.scene.look(who, at)
        points = found.account.points - found.due_points
        credit = found.account.credit_minor - found.due_credit
        # Only the chain's points are worth money.
        if who.desk.menu and points >= WORTH_PAYING and self.chance.happens(60):
            pay = payments.pay_with_points
        elif credit >= WORTH_PAYING:
            pay = payments.pay_with_credit
        else:
            return None
        return pay(
            deed=self._deed(visit, at),
            membership_id=self.scene.membership(who).pk,
            bill_minor=bill.amount_minor,
            receipt=receipt,
            scan_id=visit.scan_id,
        )

    def _bring_back(self, visit: Visit, sale: Transaction, at: datetime) -> None:
        """Refund a line of the last bill, or a part of it where it has no lines."""
        rows = (sale.basket or {}).get("lines", ())
        lines: tuple[ReturnedLine, ...] = ()
        amount = (sale.amount_minor or 0) // 2
        if rows:
            at_line = self.chance.below(len(rows))
            amount = rows[at_line]["amount_minor"]
            lines = (ReturnedLine(index=at_line, amount_minor=amount),)
        refunds.refund_purchase(
            deed=self._deed(visit, at),
            membership_id=self.scene.membership(visit.who).pk,
            transaction_id=sale.pk,
            amount_minor=amount,
            lines=lines,
            scan_id=visit.scan_id,
            note=Note(comment="Came back with it."),
        )
        visit.who.sale = None

    def sell(self, visit: Visit, at: datetime) -> None:
        """Buy fruit from somebody's garden."""
        minor = self.chance.around(300, 2400) // 5 * 5
        purchases.book_buy(
            deed=self._deed(visit, at),
            membership_id=self.scene.membership(visit.who).pk,
            bill=Bill(amount_minor=minor, currency=visit.who.desk.card.currency),
            scan_id=visit.scan_id,
        )

    # What was saved.

    def _redeem(self, visit: Visit, at: datetime) -> None:
        who, membership = visit.who, self.scene.membership(visit.who)
        # Who has no phone is served by somebody who may spend after a search.
        if who.user is None and visit.server not in self.scene.street.searchers:
            return
        waiting = Voucher.objects.filter(account=membership.account_id, status=VoucherStatus.ISSUED)
        voucher = waiting.filter(expires_at__gt=at + MINUTE).order_by("pk").first()
        if voucher is not None and self.chance.happens(60):
            vouchers.use_voucher(
                deed=self._deed(visit, at),
                membership_id=membership.pk,
                voucher_id=voucher.pk,
                scan_id=visit.scan_id,
            )
            return
        ready = self.scene.ready(who, at)
        if not ready:
            return
        reward_id = self.chance.one_of(ready)
        if who.user and self.chance.happens(50):
            claim = redemptions.start_claim(
                deed=self.scene.deed(at, who.user, Source.WALLET),
                membership_id=membership.pk,
                reward_id=reward_id,
            ).claim
            redemptions.redeem_claim(
                deed=self._deed(visit, at + MINUTE),
                claim_id=claim.pk,
                membership_id=membership.pk,
                scan_id=visit.scan_id,
            )
            return
        redemptions.redeem_reward(
            deed=self._deed(visit, at),
            membership_id=membership.pk,
            reward_id=reward_id,
            scan_id=visit.scan_id,
        )


def _saves(who: Holder) -> bool:
    """Return whether somebody saves up: those whose sign-ins are printed, and their family."""
    return who.key < len(NAMED) + len(FAMILY)
