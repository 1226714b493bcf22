"""Histories by chance: deeds of two members of a café and one of a gym, in any order of time."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from hypothesis import strategies as st

from cards.models import Card
from clubs.models import Partner, Store
from loyalty.members.models import Membership, Voucher
from loyalty.operations import expiries, rollbacks
from loyalty.web.refusals import REFUSALS
from tests.analytics import raw, raw_counts
from tests.cast import join, make_cast, make_tier
from tests.operations import counter, families, money

# Days on which the clocks of these places change are among those of the deeds.
BEGIN = datetime(2026, 3, 24, tzinfo=UTC)
ZONES = [
    "Europe/Lisbon",
    "Atlantic/Azores",
    "Africa/Cairo",
    "Pacific/Auckland",
    "America/New_York",
    "Asia/Kathmandu",
]
DEEDS = (
    *("buy", "buy", "buy", "redeem", "pay", "refund", "undo", "adjust", "issue", "use"),
    *("expire", "gym", "family", "roll", "roll"),
)
# Close to the midnights of all these places, and to noon.
MINUTES = [0, 1, 59, 60, 61, 239, 240, 718, 720, 1094, 1095, 1259, 1260, 1319, 1320, 1380, 1439]

histories = st.lists(
    st.tuples(
        st.sampled_from(DEEDS),
        st.integers(0, 44),
        st.sampled_from(MINUTES),
        st.booleans(),
        st.integers(1, 90),
    ),
    min_size=3,
    max_size=16,
)


@dataclass
class One:
    """When a deed is tried, for whom, and how large."""

    at: datetime
    member: Membership
    size: int


class Past:
    """The cast after a history; what refused to be done was not."""

    def __init__(self, zone, deeds):
        self.cast = make_cast(
            expiry_days=9,
            base_rate=Decimal("0.05"),
            credit_per_step_minor=2,
            refund_method="ALL",
            clawback="SHORTFALL",
        )
        make_tier(self.cast.card, "Silver", 60, rate=Decimal("0.08"))
        Partner.objects.filter(pk=self.cast.partner.pk).update(timezone=zone)
        self.cast.partner.refresh_from_db()
        Store.objects.filter(pk=self.cast.hilltop.pk).update(timezone="Asia/Tokyo")
        Card.objects.filter(pk=self.cast.hill_card.pk).update(currency="JPY")
        self.cast.card.refresh_from_db()
        self.cast.hill_card.refresh_from_db()
        self.noor = join(self.cast.noor, self.cast.card)
        self.trainee = join(self.cast.noor, self.cast.hill_card)
        self.bought = []
        counter.adjust(self.cast, 300, at=BEGIN)
        for name, day, minute, is_noor, size in deeds:
            one = One(
                at=BEGIN + timedelta(days=day, minutes=minute),
                member=self.noor if is_noor else self.cast.membership,
                size=size,
            )
            with suppress(*REFUSALS), transaction.atomic():
                getattr(self, name)(one)

    def buy(self, one):
        self.bought.append(counter.buy(self.cast, one.size * 100, at=one.at, membership=one.member))

    def redeem(self, one):
        counter.redeem(self.cast, at=one.at, membership=one.member)

    def pay(self, one):
        money.pay(self.cast, one.size * 10, at=one.at, membership=one.member)

    def refund(self, one):
        sale = self.bought[one.size % len(self.bought)] if self.bought else None
        if sale:
            who = self.noor if sale.membership_id == self.noor.pk else self.cast.membership
            money.refund(self.cast, sale, one.size * 50, at=one.at, membership=who)

    def undo(self, one):
        one.member.refresh_from_db()
        latest = rollbacks.latest_reversible(one.member.account_id)
        if latest:
            counter.roll_back(self.cast, latest, at=one.at, membership=one.member)

    def adjust(self, one):
        counter.adjust(self.cast, one.size - 40, at=one.at, membership=one.member)

    def issue(self, one):
        counter.issue(self.cast, at=one.at, membership=one.member)

    def use(self, one):
        voucher = Voucher.objects.filter(membership=self.cast.membership).order_by("-pk").first()
        if voucher:
            counter.use(self.cast, voucher, at=one.at)

    def expire(self, one):
        while expiries.book_expiry(at=one.at):
            pass

    def gym(self, one):
        counter.buy(
            self.cast,
            one.size * 7,
            at=one.at,
            membership=self.trainee,
            actor=self.cast.tess,
            store=self.cast.hilltop,
            currency="JPY",
        )

    def family(self, one):
        families.form(self.cast, self.cast.membership, self.noor, at=one.at)

    def roll(self, one):
        is_whole = one.size >= 60
        raw.roll(self.cast.partner, steps=None if is_whole else 1 + one.size % 3)
        if is_whole:
            raw_counts.tell_comebacks(self.cast)


class undone:  # noqa: N801 - reads as a phrase
    """Whatever happens within is taken back at its end."""

    def __enter__(self):
        self.point = transaction.savepoint()

    def __exit__(self, *_error):
        transaction.savepoint_rollback(self.point)
