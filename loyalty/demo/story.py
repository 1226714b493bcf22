"""A year of the demo's life, in the order of time, through the operations of the product."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial
from itertools import groupby

from django.db import transaction

from loyalty.demo import bills, chain
from loyalty.demo.chance import Chance
from loyalty.demo.counter import MINUTE, Counter, Visit
from loyalty.demo.office import Act, Office
from loyalty.demo.people import DAYS, FAMILY, NAMED, Holder
from loyalty.demo.scene import Scene
from loyalty.demo.shops import BARBER, CAFE, KITCHEN, Street
from loyalty.demo.small_cards import STAMPS
from loyalty.members.models import MembershipStatus
from loyalty.operations import expiries, occasions
from loyalty.operations.purchases import Bill

# Office work concerns people who came a few times already.
FEW = 3
HAPPY_HOUR_AFTER = timedelta(days=160)
FAMILY_AFTER = timedelta(days=120)
NIGHT = time(0, 30)
# Even if points pay half of their bill, the rest is a large one.
FEASTING = 4
Happening = Callable[[datetime], None]


class Story:
    """Everything that happens on the street, told event by event."""

    def __init__(
        self, street: Street, holders: list[Holder], *, now: datetime, chance: Chance
    ) -> None:
        self.street = street
        self.holders = holders
        self.now = now
        self.opened_at = now - timedelta(days=DAYS)
        self.chance = chance
        self.scene = Scene(street, now=now, chance=chance)
        self.counter = Counter(self.scene)
        self.office = Office(self.scene, self.counter)
        self._birthdays = {
            (who.birthday.month, who.birthday.day) for who in holders if who.birthday
        }
        self._events: list[tuple[datetime, int, Happening]] = []

    def tell(self) -> None:
        """Let the year happen: people join and come by, the office works, points expire."""
        for number, holder in enumerate(self.holders):
            self._plan(holder.joins_at, number, partial(self.counter.join, holder))
            for visit in holder.visits:
                self._plan(visit, number, partial(self.counter.visit, holder))
        self._plan_the_nights()
        self._plan_the_office()
        self._plan_the_kitchen()
        self._plan_the_named()
        ordered = sorted(self._events, key=lambda event: event[:2])
        zone = self.street.partner.zone()
        for _, events in groupby(ordered, key=lambda event: event[0].astimezone(zone).date()):
            with transaction.atomic():
                for at, _, happen in events:
                    happen(at)
        self._live_a_night(self.now)

    def _plan_the_nights(self) -> None:
        """Plan the jobs of each night, whether somebody comes on the day or not."""
        zone = self.street.partner.zone()
        for number in range(1, DAYS + 1):
            day = self.opened_at.astimezone(zone).date() + timedelta(days=number)
            night = datetime.combine(day, NIGHT, zone)
            if night < self.now:
                self._plan(night, 0, self._live_a_night)

    def _live_a_night(self, at: datetime) -> None:
        """Do what runs by the clock: points and vouchers end, birthdays give what they give."""
        at = self.scene.at(at)
        while expiries.book_expiry(at=at):
            pass
        while expiries.book_voucher_expiry(at=at):
            pass
        today = at.astimezone(self.street.partner.zone())
        if (today.month, today.day) in self._birthdays:
            for occasion in list(occasions.due_at(at)):
                occasions.give(occasion=occasion, at=at)

    def _plan(self, at: datetime, order: int, happen: Happening) -> None:
        self._events.append((at, order * 100_000 + len(self._events), happen))

    def _plan_the_office(self) -> None:
        some = [
            who
            for who in self.holders
            if who.key >= len(NAMED) + len(FAMILY) and len(who.visits) > FEW
        ]
        at_desk = [[who for who in some if who.desk is desk] for desk in self.street.desks]
        drinkers, diners = at_desk[CAFE], at_desk[KITCHEN]
        office = self.office
        acts: list[tuple[int, list[Holder], Act]] = [
            (12, drinkers + diners, office.goodwill),
            (6, drinkers, office.paper_stamps),
            (2, at_desk[BARBER], office.paper_stamps),
            (14, drinkers, office.voucher),
            (3, some, office.roll_back),
            (3, drinkers, office.tier_by_hand),
            (2, some, office.new_code),
            (5, some, office.wrong_club),
            (2, diners, office.early_refund),
        ]
        for times, whom, act in acts:
            for _ in range(times if whom else 0):
                who = self.chance.one_of(whom)
                visit = self.chance.one_of(who.visits[FEW:])
                self._plan(visit + 8 * MINUTE, 1, partial(office.about, act, who))
        recent = self.now - timedelta(days=20)
        ends = (MembershipStatus.REMOVED, MembershipStatus.BLOCKED)
        kitchen = self.street.desks[KITCHEN]
        early = [who for who in some if who.desk is not kitchen and who.joins_at < recent]
        for status, who in zip(ends, early, strict=False):
            self._plan(recent, 2, partial(office.end, who, status))

    def _plan_the_kitchen(self) -> None:
        """Plan what happens to the chain: new rules, its own day, students, two groups."""
        desk, office = self.street.desks[KITCHEN], self.office
        diners = [who for who in self.holders if who.desk is desk]
        happy = partial(chain.open_happy_hour, desk, by_id=self.street.owner.pk)
        self._plan(self.opened_at + HAPPY_HOUR_AFTER, 0, lambda at: happy(at=self.scene.at(at)))
        noon = datetime.combine(
            chain.founders_day(self.opened_at), time(12, 30), self.street.partner.zone()
        )
        for place, who in enumerate(diners[:14]):
            self._plan(noon + 20 * place * MINUTE, 3, partial(self.counter.visit, who))
        self._plan(noon + timedelta(hours=6), 3, partial(self._feast, diners[0]))
        for who in diners:
            if who.is_student and who.user:
                later = who.joins_at + timedelta(days=3)
                self._plan(later, 3, partial(office.about, office.student, who))
        mia, *family = [
            who for who in diners if who.key == 0 or who.key in range(len(NAMED), len(NAMED) + 2)
        ]
        formed = self.opened_at + FAMILY_AFTER
        self._plan(formed, 4, partial(office.form_group, [mia, family[0]], "The Castells"))
        self._plan(formed + timedelta(days=30), 4, partial(office.join_group, mia, family[1]))
        lost = [who for who in diners if who.joins_at < self.now - timedelta(days=9)]
        self._plan(self.now - timedelta(days=2, hours=3), 4, partial(office.lost_refund, lost[0]))
        self._plan_the_friends(diners)

    def _plan_the_friends(self, diners: list[Holder]) -> None:
        """Plan that three friends form a group, and that one of them moves away."""
        formed = self.now - timedelta(days=90)
        early = [
            who
            for who in diners
            if who.key >= len(NAMED) + len(FAMILY) and who.user and who.joins_at < formed
        ]
        friends = early[1:4]
        if len(friends) == len(early[:3]) == 3:  # noqa: PLR2004 - three friends
            form = partial(self.office.form_group, friends, "Quiz team")
            self._plan(formed, 4, form)
            gone = formed + timedelta(days=55)
            self._plan(gone, 4, partial(self.office.leave_group, friends[2]))

    def _plan_the_named(self) -> None:
        """Plan what the three whose sign-ins are printed have to show."""
        cards = {(who.key, who.desk.card.code): who for who in self.holders}
        mia, noor, jonas = cards[0, "COFFEE"], cards[1, "BARBER"], cards[2, "BASKET"]
        self._plan(self.now - timedelta(hours=26), 3, partial(self._nearly_fill, noor))
        self._plan(self.now - timedelta(hours=30), 3, partial(self._shop_for_a_party, jonas))
        self._plan(self.now - 11 * MINUTE, 3, partial(self.counter.visit, mia))

    def _nearly_fill(self, who: Holder, at: datetime) -> None:
        """Let somebody buy as much as leaves one stamp to go."""
        missing = STAMPS - 1 - self.scene.look(who, at).account.points
        if missing > 0:
            bill = self._bill(who, missing * who.desk.card.step_minor + 400)
            self.counter.award(self._comes(who, at), at + MINUTE, bill=bill)

    def _shop_for_a_party(self, who: Holder, at: datetime) -> None:
        """Let somebody bring fruit and buy a lot, so that there is money back to spend."""
        visit = self._comes(who, at)
        self.counter.sell(visit, at + MINUTE)
        self.counter.award(visit, at + 3 * MINUTE, bill=self._bill(who, 18_640))

    def _feast(self, who: Holder, at: datetime) -> None:
        """Let a table have all there is, with gift cards, and pay a part of it with points."""
        bill = bills.everything(who.desk, guests=FEASTING)
        self.counter.award(self._comes(who, at), at + MINUTE, bill=bill, pays=True)

    def _bill(self, who: Holder, amount_minor: int) -> Bill:
        return Bill(amount_minor=amount_minor, currency=who.desk.card.currency)

    def _comes(self, who: Holder, at: datetime) -> Visit:
        server, store = who.desk.staff[0], self.scene.store(who)
        scan_id = self.scene.scan(who, server, at, store)
        return Visit(who=who, server=server, store=store, scan_id=scan_id)
