"""A year of the demo's life, in the order of time, through the operations of the product."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import count, groupby

from django.db import transaction

from loyalty.demo.chance import Chance
from loyalty.demo.people import NAMED, Holder
from loyalty.demo.shops import Street
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Source, Transaction
from loyalty.members import codes
from loyalty.members.models import (
    Account,
    ConsentSource,
    Membership,
    MembershipStatus,
    Scan,
    ScanMeans,
    ScanOutcome,
    Voucher,
    VoucherStatus,
)
from loyalty.operations import (
    adjustments,
    enrolments,
    expiries,
    memberships,
    offers,
    purchases,
    redemptions,
    rollbacks,
    scans,
    standing,
    tiers,
    vouchers,
)
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.operations.deeds import Deed
from loyalty.operations.enrolments import Consent, Person
from loyalty.operations.purchases import Bill
from loyalty.operations.scans import Looker
from loyalty.users.models import User

PRIVACY = "2026-11"
# Office work concerns people who came a few times already.
FEW = 3
MINUTE = timedelta(minutes=1)
Act = Callable[[datetime], None]


class Story:
    """Everything that happens on the street, told event by event."""

    def __init__(
        self, street: Street, holders: list[Holder], *, now: datetime, chance: Chance
    ) -> None:
        self.street = street
        self.holders = holders
        self.now = now
        self.chance = chance
        self._keys = count(1)
        self._receipts = count(1041)
        self._events: list[tuple[datetime, int, Act]] = []
        self._gone: set[int] = set()

    def tell(self) -> None:
        """Let the year happen: people join and come by, the office works, points expire."""
        for number, holder in enumerate(self.holders):
            self._plan(holder.joins_at, number, partial(self._join, holder))
            for visit in holder.visits:
                self._plan(visit, number, partial(self._visit, holder))
        self._plan_the_office()
        ordered = sorted(self._events, key=lambda event: event[:2])
        for _, events in groupby(ordered, key=lambda event: event[0].date()):
            with transaction.atomic():
                self._live_a_day(list(events))
        expiries.book_expiry(at=self.now)

    def _live_a_day(self, events: list[tuple[datetime, int, Act]]) -> None:
        # Points expire at night; the job runs before the first customer.
        night = events[0][0].replace(hour=0, minute=30)
        while expiries.book_expiry(at=min(night, events[0][0])):
            pass
        for at, _, act in events:
            act(at)

    def _plan(self, at: datetime, order: int, act: Act) -> None:
        self._events.append((at, order * 100_000 + len(self._events), act))

    def _deed(
        self, at: datetime, actor: User, source: Source = Source.SCAN, who: Holder | None = None
    ) -> Deed:
        store = who.desk.stores[who.key % len(who.desk.stores)] if who else None
        return Deed(
            actor=actor,
            source=source,
            store=store,
            request_id=f"demo-{next(self._keys)}",
            occurred_at=at,
        )

    # At the counter.

    def _join(self, who: Holder, at: datetime) -> None:
        chance = self.chance
        someone = Person(
            first_name=who.first_name,
            last_name=who.last_name,
            email=who.user.email if who.user else "",
            phone=who.phone,
            is_phone_confirmed=who.user is None and chance.happens(80),
            language="en",
            wants_news=chance.happens(40),
        )
        card_id = who.desk.card.pk
        if who.user:
            consent = Consent(version=PRIVACY, source=ConsentSource.SELF)
            who.membership = enrolments.join_card(
                deed=self._deed(at, who.user, Source.WALLET),
                card_id=card_id,
                person=someone,
                consent=consent,
            )
        else:
            consent = Consent(version=PRIVACY, source=ConsentSource.COUNTER)
            who.membership = enrolments.enrol_at_counter(
                deed=self._deed(at, self._server(who), who=who),
                card_id=card_id,
                person=someone,
                consent=consent,
            )

    def _server(self, who: Holder) -> User:
        # Most members meet the same person; only the first may serve those without a phone.
        staff = who.desk.staff
        return staff[0] if who.user is None or self.chance.happens(60) else staff[1]

    def _scan(self, who: Holder, server: User, at: datetime) -> int:
        membership = self._membership(who)
        means = ScanMeans.PHONE if who.user else ScanMeans.SEARCH
        scan = Scan.objects.create(
            partner=self.street.partner,
            card=who.desk.card,
            store=who.desk.stores[who.key % len(who.desk.stores)],
            membership=membership,
            staff=server,
            session_hash=f"demo-{server.pk}",
            means=means,
            outcome=ScanOutcome.OK,
            step=codes.step_at(at) if who.user else None,
            is_phone_confirmed=who.user is None,
            scanned_at=at,
        )
        return scan.pk

    def _membership(self, who: Holder) -> Membership:
        assert who.membership  # noqa: S101 - events of a holder come after their joining
        return who.membership

    def _visit(self, who: Holder, at: datetime) -> None:
        if self._membership(who).pk in self._gone:
            return
        server = self._server(who)
        scan_id = self._scan(who, server, at)
        done = self._award(who, server, scan_id, at + MINUTE)
        if self.chance.happens(2):
            rollbacks.undo_own_latest(
                deed=self._deed(at + 2 * MINUTE, server, who=who),
                membership_id=self._membership(who).pk,
                transaction_id=done.pk,
            )
            done = self._award(who, server, scan_id, at + 3 * MINUTE)
        # The three whose sign-ins are printed save up, so that there is something to show.
        if self.chance.happens(38 if who.key >= len(NAMED) else 10):
            self._redeem(who, server, scan_id, at + 4 * MINUTE)

    def _award(self, who: Holder, server: User, scan_id: int, at: datetime) -> Transaction:
        chance, desk = self.chance, who.desk
        receipt = f"{next(self._receipts):06d}" if chance.happens(45) else ""
        deed, pk = self._deed(at, server, who=who), self._membership(who).pk
        if desk.card.is_points_only:
            return purchases.award_points(
                deed=deed,
                membership_id=pk,
                points=5 * chance.between(desk.least // 5, desk.most // 5),
                receipt=receipt,
                scan_id=scan_id,
            )
        # Prices end in a nought or a five.
        minor = chance.around(desk.least, desk.most) // 5 * 5
        return purchases.award_purchase(
            deed=deed,
            membership_id=pk,
            bill=Bill(amount_minor=minor, currency=desk.card.currency),
            receipt=receipt,
            scan_id=scan_id,
        )

    def _redeem(self, who: Holder, server: User, scan_id: int, at: datetime) -> None:
        membership = self._membership(who)
        waiting = Voucher.objects.filter(account=membership.account, status=VoucherStatus.ISSUED)
        voucher = waiting.filter(expires_at__gt=at).order_by("pk").first()
        is_allowed = who.user is not None or server == self.street.desks[0].staff[0]
        if not is_allowed:
            return
        if voucher is not None and self.chance.happens(60):
            vouchers.use_voucher(
                deed=self._deed(at, server, who=who),
                membership_id=membership.pk,
                voucher_id=voucher.pk,
                scan_id=scan_id,
            )
            return
        ready = self._ready(membership, at)
        if not ready:
            return
        reward_id = self.chance.one_of(ready)
        if who.user and self.chance.happens(50):
            claim = redemptions.start_claim(
                deed=self._deed(at, who.user, Source.WALLET),
                membership_id=membership.pk,
                reward_id=reward_id,
            ).claim
            redemptions.redeem_claim(
                deed=self._deed(at + MINUTE, server, who=who),
                claim_id=claim.pk,
                membership_id=membership.pk,
                scan_id=scan_id,
            )
            return
        redemptions.redeem_reward(
            deed=self._deed(at, server, who=who),
            membership_id=membership.pk,
            reward_id=reward_id,
            scan_id=scan_id,
        )

    def _ready(self, membership: Membership, at: datetime) -> list[int]:
        held = standing.with_due_points(at).select_related("account__tier").get(pk=membership.pk)
        available = held.account.points - held.due_points
        listed = offers.listed(account=held.account, available=available, at=at)
        return [offer.reward.pk for offer in listed if offer.is_ready]

    # In the office.

    def _plan_the_office(self) -> None:
        chance = self.chance
        some = [who for who in self.holders if who.key >= len(NAMED) and len(who.visits) > FEW]
        drinkers = [who for who in some if who.desk is self.street.desks[0]]
        acts: list[tuple[int, list[Holder], Callable[[Holder, datetime], None]]] = [
            (12, some, self._goodwill),
            (8, some, self._stamp_card),
            (14, drinkers, self._voucher),
            (3, some, self._roll_back),
            (3, drinkers, self._tier_by_hand),
            (2, some, self._new_code),
            (5, some, self._wrong_club),
        ]
        for times, whom, act in acts:
            for _ in range(times if whom else 0):
                who = chance.one_of(whom)
                visit = chance.one_of(who.visits[FEW:])
                self._plan(visit + 6 * MINUTE, 1, partial(self._office, act, who))
        recent = self.now - timedelta(days=20)
        ends = (MembershipStatus.REMOVED, MembershipStatus.BLOCKED)
        early = [who for who in some if who.joins_at < recent]
        for status, who in zip(ends, early, strict=False):
            self._plan(recent, 2, partial(self._end, who, status))
        mia = self.holders[0]
        self._plan(self.now - 9 * MINUTE, 3, partial(self._visit, mia))

    def _office(self, act: Callable[[Holder, datetime], None], who: Holder, at: datetime) -> None:
        if self._membership(who).pk not in self._gone:
            act(who, at)

    def _goodwill(self, who: Holder, at: datetime) -> None:
        points = 5 * self.chance.between(1, 6)
        adjustments.adjust_points(
            deed=self._deed(at, self.street.support, Source.ADMIN),
            membership_id=self._membership(who).pk,
            points=points,
            reason=AdjustmentReason.GOODWILL,
            note=Note(internal="Wrote to us about a long queue.", comment="Thank you for waiting."),
        )

    def _stamp_card(self, who: Holder, at: datetime) -> None:
        server = who.desk.staff[0]
        adjustments.give_points(
            deed=self._deed(at, server, who=who),
            membership_id=self._membership(who).pk,
            points=self.chance.between(2, 10),
            reason=AdjustmentReason.STAMP_CARD,
            scan_id=self._scan(who, server, at),
        )

    def _voucher(self, who: Holder, at: datetime) -> None:
        membership = self._membership(who)
        ready = self._ready(membership, at)
        if not ready:
            return
        issued = vouchers.issue_voucher(
            deed=self._deed(at, self.street.owner, Source.ADMIN),
            membership_id=membership.pk,
            reward_id=ready[0],
        )
        if self.chance.happens(30):
            vouchers.remove_voucher(
                deed=self._deed(at + MINUTE, self.street.owner, Source.ADMIN),
                membership_id=membership.pk,
                voucher_id=issued.voucher_moves.get().voucher_id,
                are_points_returned=True,
                note=Note(internal="Issued for the wrong person."),
            )

    def _roll_back(self, who: Holder, at: datetime) -> None:
        latest = rollbacks.latest_reversible(self._membership(who).account_id)
        if latest is not None:
            rollbacks.roll_back_latest(
                deed=self._deed(at, self.street.owner, Source.ADMIN),
                membership_id=self._membership(who).pk,
                transaction_id=latest.pk,
                note=Note(internal="Booked on the wrong card."),
            )

    def _tier_by_hand(self, who: Holder, at: datetime) -> None:
        best = who.desk.card.tiers.order_by("-min_value", "pk").first()
        account = Account.objects.get(pk=self._membership(who).account_id)
        if best is None or account.tier == best:
            return
        tiers.change_tier(
            deed=self._deed(at, self.street.owner, Source.ADMIN),
            membership_id=self._membership(who).pk,
            tier_id=best.pk,
            hold_until=at + timedelta(days=180),
            are_rewards_given=True,
            note=Note(internal="Won the summer draw."),
        )

    def _new_code(self, who: Holder, at: datetime) -> None:
        who.membership = memberships.replace_code(
            deed=self._deed(at, self.street.owner, Source.ADMIN),
            membership_id=self._membership(who).pk,
        )

    def _wrong_club(self, who: Holder, at: datetime) -> None:
        stranger = self.street.desks[0 if who.desk.card.club.code == "BODY" else 1].staff[0]
        looker = Looker(user=stranger, session_hash="demo", store=None)
        scans.show_card(looker=looker, code=self._membership(who).code, digits=None, at=at)

    def _end(self, who: Holder, status: MembershipStatus, at: datetime) -> None:
        memberships.change_status(
            deed=self._deed(at, self.street.owner, Source.ADMIN),
            membership_id=self._membership(who).pk,
            status=status,
            note=Note(internal="Asked to leave." if status == "REMOVED" else "Code was shared."),
        )
        self._gone.add(self._membership(who).pk)
