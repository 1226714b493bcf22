"""What the demo's managers do: corrections, vouchers, tiers, groups, and people who leave."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from loyalty.demo.counter import MINUTE, Counter, Visit
from loyalty.demo.people import Holder
from loyalty.demo.scene import Scene
from loyalty.ledger.drafts import Note
from loyalty.members.models import Account, Membership, MembershipStatus
from loyalty.operations import (
    adjustments,
    groups,
    members,
    memberships,
    parked_refunds,
    rollbacks,
    scans,
    tiers,
    vouchers,
)
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.operations.members import PersonalFacts
from loyalty.operations.scans import Looker

Act = Callable[[Holder, datetime], None]


class Office:
    """Where managers work."""

    def __init__(self, scene: Scene, counter: Counter) -> None:
        self.scene = scene
        self.chance = scene.chance
        self.counter = counter

    def about(self, act: Act, who: Holder, at: datetime) -> None:
        """Do something about a member, unless they are gone."""
        if not self.scene.is_gone(who):
            act(who, at)

    # Corrections.

    def goodwill(self, who: Holder, at: datetime) -> None:
        """Give points to somebody who complained."""
        adjustments.adjust_points(
            deed=self.scene.office(at, self.scene.street.support),
            membership_id=self.scene.membership(who).pk,
            points=5 * self.chance.between(1, 6),
            reason=AdjustmentReason.GOODWILL,
            note=Note(internal="Wrote to us about a long queue.", comment="Thank you for waiting."),
        )

    def paper_stamps(self, who: Holder, at: datetime) -> None:
        """Take over what was on a card of paper."""
        server = who.desk.staff[0]
        scan_id = self.scene.scan(who, server, at)
        adjustments.give_points(
            deed=self.scene.deed(at, server, store=self.scene.store(who)),
            membership_id=self.scene.membership(who).pk,
            points=self.chance.between(2, 10),
            reason=AdjustmentReason.STAMP_CARD,
            scan_id=scan_id,
        )

    def roll_back(self, who: Holder, at: datetime) -> None:
        """Undo a member's latest deed, booked on the wrong card."""
        membership = self.scene.membership(who)
        latest = rollbacks.latest_reversible(membership.account_id)
        if latest is not None:
            rollbacks.roll_back_latest(
                deed=self.scene.office(at),
                membership_id=membership.pk,
                transaction_id=latest.pk,
                note=Note(internal="Booked on the wrong card."),
            )
            who.sale = None

    def early_refund(self, who: Holder, at: datetime) -> None:
        """Refund a receipt before the till has told of its sale, and let the sale follow."""
        server, store = who.desk.staff[0], self.scene.store(who)
        visit = Visit(
            who=who, server=server, store=store, scan_id=self.scene.scan(who, server, at, store)
        )
        receipt = self.scene.receipt()
        parked_refunds.park_refund(
            deed=self.scene.deed(at, server, store=store), receipt=receipt, amount_minor=250
        )
        self.counter.award(visit, at + 2 * MINUTE, receipt=receipt)
        who.sale = None

    def lost_refund(self, who: Holder, at: datetime) -> None:
        """Refund a receipt whose sale never came; it waits for the managers."""
        parked_refunds.park_refund(
            deed=self.scene.deed(at, who.desk.staff[0], store=self.scene.store(who)),
            receipt=f"H{self.scene.receipt()}",
            amount_minor=690,
        )

    # Rights and rewards.

    def voucher(self, who: Holder, at: datetime) -> None:
        """Put a reward aside for somebody, and now and then take it back."""
        ready = self.scene.ready(who, at)
        if not ready:
            return
        issued = vouchers.issue_voucher(
            deed=self.scene.office(at),
            membership_id=self.scene.membership(who).pk,
            reward_id=ready[0],
        )
        if self.chance.happens(30):
            vouchers.remove_voucher(
                deed=self.scene.office(at + MINUTE),
                membership_id=self.scene.membership(who).pk,
                voucher_id=issued.voucher_moves.get().voucher_id,
                are_points_returned=True,
                note=Note(internal="Issued for the wrong person."),
            )

    def tier_by_hand(self, who: Holder, at: datetime) -> None:
        """Put somebody into the best tier for half a year."""
        best = who.desk.card.tiers.order_by("-min_value", "pk").first()
        account = Account.objects.get(pk=self.scene.membership(who).account_id)
        if best is None or account.tier == best:
            return
        tiers.change_tier(
            deed=self.scene.office(at),
            membership_id=self.scene.membership(who).pk,
            tier_id=best.pk,
            hold_until=at + timedelta(days=180),
            are_rewards_given=True,
            note=Note(internal="Won the summer draw."),
        )

    def new_code(self, who: Holder, at: datetime) -> None:
        """Give somebody a new code for a lost phone."""
        who.membership = memberships.replace_code(
            deed=self.scene.office(at), membership_id=self.scene.membership(who).pk
        )

    def student(self, who: Holder, at: datetime) -> None:
        """Count somebody to the students, who showed their card of the university."""
        members.change_facts(
            deed=self.scene.office(at),
            membership_id=self.scene.membership(who).pk,
            facts=PersonalFacts(
                birthday=who.birthday, customer_group_id=self.scene.street.students_id
            ),
        )

    def wrong_club(self, who: Holder, at: datetime) -> None:
        """Let staff of another club scan a card, and be told nothing."""
        other = next(desk for desk in self.scene.street.desks if desk.place != who.desk.place)
        looker = Looker(user=other.staff[0], session_hash="demo", store=None)
        scans.show_card(
            looker=looker,
            code=self.scene.membership(who).code,
            digits=None,
            at=self.scene.at(at),
        )

    def end(self, who: Holder, status: MembershipStatus, at: datetime) -> None:
        """Remove or block a membership."""
        membership = self.scene.membership(who)
        memberships.change_status(
            deed=self.scene.office(at),
            membership_id=membership.pk,
            status=status,
            note=Note(internal="Asked to leave." if status == "REMOVED" else "Code was shared."),
        )
        self.scene.gone.add(membership.pk)

    # Groups.

    def form_group(self, people: Sequence[Holder], name: str, at: datetime) -> None:
        """Let the people who are here share one account; the first is their head."""
        here = [who for who in people if not self.scene.is_gone(who)]
        groups.form_group(
            deed=self.scene.office(at),
            head_id=self.scene.membership(here[0]).pk,
            member_ids=[self.scene.membership(who).pk for who in here[1:]],
            name=name,
            note=Note(internal="Asked at the counter."),
        )
        self._read_again(people)

    def join_group(self, head: Holder, who: Holder, at: datetime) -> None:
        """Take one more into the group of its head."""
        group_id = self.scene.membership(head).group_id
        assert group_id  # noqa: S101 - the group was formed before
        groups.add_to_group(
            deed=self.scene.office(at),
            group_id=group_id,
            membership_id=self.scene.membership(who).pk,
        )
        self._read_again([who])

    def leave_group(self, who: Holder, at: datetime) -> None:
        """Let somebody go from their group; what is saved stays with the others."""
        groups.leave_group(
            deed=self.scene.office(at),
            membership_id=self.scene.membership(who).pk,
            note=Note(internal="Moved to another town."),
        )
        self._read_again([who])

    def _read_again(self, people: Sequence[Holder]) -> None:
        for who in people:
            if who.membership is not None:
                who.membership = Membership.objects.get(pk=who.membership.pk)
                who.sale = None
