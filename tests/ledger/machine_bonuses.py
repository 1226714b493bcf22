"""Stamps, visits, check-ins and recommendations, on the accounts of several members."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from cards.models import MilestoneRule, ReferralRule
from clubs.models import StaffMember
from loyalty.ledger.models import Source
from loyalty.members.models import ConsentSource, Membership
from loyalty.operations import check_ins, enrolments
from tests.cast import deed, make_cast, make_reward, make_store, make_tier, publish
from tests.ledger import model_bonuses as bonuses
from tests.ledger import model_money as money
from tests.ledger.machine import MEMBERS, ORDINARY
from tests.ledger.machine_undoing import Undoing
from tests.ledger.model import POINTS, Shop

HOURS = 4


class Bonuses(Undoing):
    """A barber with stamp cards; Mia brings Noor, who may bring others."""

    @initialize(
        keeps=st.sampled_from([True, False, False]),
        basis=st.sampled_from(["AWARDED_POINTS", "AWARDED_POINTS", "AVAILABLE_POINTS"]),
        is_ordinary=ORDINARY,
    )
    def open_the_shop(self, keeps, basis, is_ordinary):
        self._begin()
        cast = make_cast(
            step_minor=1000,
            expiry_days=10,
            adjust_cap=100,
            gift_cap=40,
            redeems_per_day=3,
            welcome_points=2,
            has_referrals=True,
            referrals_per_month=3,
            check_in_hours=HOURS,
            tier_basis=basis,
        )
        self._open(cast)
        StaffMember.objects.filter(user=cast.sam).update(may_give_points=True)
        rewards = {
            "Haircut": make_reward(cast.card, "Haircut", 10, voucher_days=20, stock=9),
            "Comb": make_reward(cast.card, "Comb", 1, voucher_days=20, per_member=1, stock=3),
            "Mug": make_reward(cast.card, "Mug", 5, voucher_days=20, stock=2),
        }
        silver = make_tier(cast.card, "Silver", 25, entry_reward=rewards["Mug"])
        cast.card.stamps_per_card = 10
        cast.card.full_card_reward = rewards["Haircut"]
        cast.card.full_cards = "KEEP" if keeps else "ISSUE"
        cast.card.save()
        shop = Shop(
            tiers={"Silver": 25},
            gifts={"Silver": "Mug"},
            stock={"Haircut": 9, "Comb": 3, "Mug": 2},
            limits={"Comb": 1},
            costs={"Haircut": 10, "Comb": 1, "Mug": 5},
            days={POINTS: 10},
            basis=basis,
            redeems_per_day=3,
            voucher_days=20,
            welcome=2,
            per_card=10,
            full_reward="" if keeps else "Haircut",
            earns=money.simple(1, 0, step=1000),
            **self._rules(rewards),
        )
        publish(cast.card)
        store = make_store(cast.harbour, "Chair", allows_check_in=True)
        self.kit = {
            "shop": shop,
            "staff": cast.sam,
            "store": store,
            "rewards": rewards,
            "tier_rows": {"Silver": silver},
            "card": cast.card,
        }
        self.people = {}
        mia = self._hold(cast.membership, **self.kit)
        bonuses.join(mia.member, mia.membership.joined_at)
        self.people[mia.pk] = cast.mia
        noor = self._brought(cast.noor, mia)
        self.people[noor.pk] = cast.noor
        self._match_vouchers()
        if is_ordinary:
            self._ordinary_day()

    def _rules(self, rewards):
        card = self.cast.card
        own = {"partner": card.partner, "card": card}

        def milestone(**row):
            return MilestoneRule.objects.create(**own, is_repeated=True, **row).pk

        def referral(event, points, to, **row):
            return ReferralRule.objects.create(
                **own, event=event, points=points, beneficiary=to, **row
            ).pk

        visits = {
            milestone(kind="VISITS", count=2, points=3): (2, 3, ""),
            milestone(kind="VISITS", count=3, reward=rewards["Comb"]): (3, 0, "Comb"),
        }
        check_in = {milestone(kind="CHECK_IN", points=2): 2}
        brought = {
            referral("REGISTRATION", 4, "REFERRER"): ("REGISTRATION", 0, 4, "REFERRER"),
            referral("FIRST_PURCHASE", 5, "BOTH"): ("FIRST_PURCHASE", 0, 5, "BOTH"),
            referral("THRESHOLD_POINTS", 6, "REFERRER", threshold_points=9): (
                "THRESHOLD",
                9,
                6,
                "REFERRER",
            ),
            referral("THRESHOLD_POINTS", 1, "REFERRED", threshold_points=18): (
                "THRESHOLD",
                18,
                1,
                "REFERRED",
            ),
        }
        return {"visits": visits, "check_ins": check_in, "referrals": brought}

    # Bringing others.

    def _brought(self, user, by):
        membership = enrolments.join_card(
            deed=deed(user, Source.WALLET, at=self.at),
            card_id=self.cast.card.pk,
            person=enrolments.Person(first_name=user.name, email=user.email),
            consent=enrolments.Consent(version="2026-11", source=ConsentSource.SELF),
            referral_code=by.membership.referral_code,
        )
        return self._joined(membership, by)

    def _joined(self, membership, by):
        one = self._hold(Membership.objects.get(pk=membership.pk), **self.kit)
        one.member.referrer = by.member if by else None
        bonuses.join(one.member, self.at)
        return one

    @rule(who=st.sampled_from([0, 0, 0, 1, 2]), is_alone=st.sampled_from([True, False, False]))
    def bring_somebody(self, who, is_alone):
        by = None if is_alone else self._one(who)
        if by is self.held[0] and by.member.status == "ACTIVE":
            self._bring_oneself()
        if by and by.member.status != "ACTIVE":
            self._refused(by, "ReferralNotAllowedError NOT_ACTIVE", lambda: self._enrol(by))
        elif by and self._lately(by) >= 3:
            self._refused(by, "ReferralNotAllowedError LIMIT", lambda: self._enrol(by))
        elif len(self.held) < 6:
            self._joined(self._enrol(by), by)
            self._match_vouchers()
            self.counts["bring somebody"] += 1
            self.counts["fired: REGISTRATION"] += by is not None

    def _bring_oneself(self):
        one = self.held[0]
        self._refused(
            one,
            "ReferralNotAllowedError SAME_CONTACT",
            lambda: enrolments.enrol_at_counter(
                deed=self._deed(one),
                card_id=self.cast.card.pk,
                person=enrolments.Person(first_name="Mia", email="mia+two@example.org"),
                consent=enrolments.Consent(version="2026-11", source=ConsentSource.COUNTER),
                referral_code=one.membership.referral_code,
            ),
        )

    # Deeds that bring more.

    @rule(who=st.sampled_from([1, 1, 0, 2, 3, 4]), euros=st.integers(5, 160))
    def buy(self, who, euros):
        self._buy(self._one(who), euros)

    def _do_something(self, one):
        self._buy(one, 30)

    @rule(who=st.sampled_from([1, 0, 2]), euros=st.integers(5, 60), hours=st.sampled_from([5, 24]))
    def come_again_and_again(self, who, euros, hours):
        """Come on three days, which gives what visits give, and check in between."""
        for _ in range(3):
            self._buy(self._one(who), euros)
            self.at += timedelta(hours=hours)
        self._check_in(self.held[who % 2], 1)

    @rule(euros=st.integers(10, 80), back=st.sampled_from(["undo", "refund"]))
    def bring_somebody_who_buys_and_thinks_again(self, euros, back):
        mia = self.held[0]
        if len(self.held) > 4 or mia.member.status != "ACTIVE" or self._lately(mia) >= 3:
            return
        one = self._joined(self._enrol(mia), mia)
        self._match_vouchers()
        self.counts["bring somebody"] += 1
        self.counts["fired: REGISTRATION"] += 1
        self._buy(one, euros)
        if sale := one.wallet.latest():
            (self._reverse if back == "undo" else self._refund_all)(one, sale)

    def _refund_all(self, one, sale):
        self._refund(one, sale, sale.bill.amount)

    def _lately(self, by):
        since = self.at - timedelta(days=30)
        return sum(
            one.member.referrer is by.member and one.membership.joined_at > since
            for one in self.held
        )

    def _enrol(self, by):
        return enrolments.enrol_at_counter(
            deed=self._deed(self.held[0]),
            card_id=self.cast.card.pk,
            person=enrolments.Person(first_name=f"Guest {len(self.held)}"),
            consent=enrolments.Consent(version="2026-11", source=ConsentSource.COUNTER),
            referral_code=by.membership.referral_code if by else "",
        )

    @rule(who=MEMBERS, points=st.integers(1, 24))
    def give(self, who, points):
        self._give(self._one(who), points)

    @rule(who=MEMBERS, points=st.integers(-20, 30), counted=st.booleans())
    def adjust(self, who, points, counted):
        self._adjust(self._one(who), points, counted=counted)

    @rule(who=st.integers(0, 1), hours=st.sampled_from([0, 3, 5, 20]))
    def check_in(self, who, hours):
        self._check_in(self.held[who], hours)

    def _check_in(self, one, hours):
        self.at += timedelta(hours=hours)
        the_deed = self._deed(one, self.people[one.pk], Source.WALLET)
        self._attempt(
            "check in",
            one,
            lambda: bonuses.check_in(one.member, self.at, HOURS),
            lambda: check_ins.check_in(deed=the_deed, membership_id=one.pk),
        )

    @rule(who=MEMBERS, reward=st.sampled_from(["Comb", "Mug", "Haircut"]))
    def redeem(self, who, reward):
        self._redeem(self._one(who), reward)

    @rule(which=st.integers(0, 20))
    def use(self, which):
        found = [(one, voucher) for one in self.held for voucher in one.wallet.vouchers]
        if found:
            one, voucher = found[which % len(found)]
            self._use(one, voucher)

    @rule(who=MEMBERS, back=st.integers(0, 2), part=st.sampled_from([1, 1, 2]))
    def refund(self, who, back, part):
        """Refund a sale: with its last part go the bonuses that it brought."""
        one = self._one(who)
        sales = [done for done in one.wallet.done if done.kind == "PURCHASE"]
        if sales:
            sale = sales[-1 - back % len(sales)]
            self._refund(one, sale, sale.bill.amount // part)

    @rule(who=st.sampled_from([0, 0, 1]), status=st.sampled_from(["ACTIVE", "BLOCKED"]))
    def change_status(self, who, status):
        self._change_status(self._one(who), status)
