"""What happens in the office, and what time does."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import (
    rule,
)

from loyalty.ledger.models import Source
from loyalty.members.models import ConsentSource
from loyalty.operations import (
    enrolments,
    guests,
    memberships,
    tier_reviews,
    tiers,
)
from tests.cast import (
    deed,
    make_user,
    publish,
)
from tests.ledger import model_clock as clock
from tests.ledger.machine import MEMBERS
from tests.ledger.machine_cafe import Cafe


class InTheOffice(Cafe):
    """What happens in the office, and what time does."""

    # Vouchers, tiers, status.

    @rule(who=st.integers(0, 1))
    def use_a_new_voucher_and_try_to_undo_its_issue(self, who):
        one = self._one(who)
        self._issue(one, "Tour")
        self._issue(one, "Croissant")
        voucher = next((v for v in reversed(one.wallet.vouchers) if v.status == "ISSUED"), None)
        if voucher:
            self._use(one, voucher)
            issued = next(d for d in one.wallet.done if any(v is voucher for v, *_ in d.steps))
            self._reverse(one, issued)
            self._issue(self._one(1 - who), "Poster")

    @rule(who=MEMBERS, reward=st.sampled_from(["Tour", "Tour", "Croissant", "Mug", "Poster"]))
    def issue(self, who, reward):
        one = self._one(who)
        self._issue(one, reward if reward in one.rewards else "Towel")

    def _some_voucher(self, which):
        found = [(one, voucher) for one in self.held for voucher in one.wallet.vouchers]
        if found and which % 4:  # Mostly one that is good.
            found = [pair for pair in found if pair[1].status == "ISSUED"] or found
        return found[which % len(found)] if found else None

    @rule(which=st.integers(0, 99))
    def use(self, which):
        if some := self._some_voucher(which):
            self._use(*some)

    @rule(which=st.integers(0, 99), returned=st.booleans())
    def remove(self, which, returned):
        if some := self._some_voucher(which):
            self._remove(*some, returned=returned)

    @rule(
        who=st.integers(0, 1),
        name=st.sampled_from(["Silver", "Gold", None]),
        hold=st.sampled_from([None, 5]),
        gifts=st.booleans(),
    )
    def change_tier(self, who, name, hold, gifts):
        self._change_tier(who, name, hold, gifts=gifts)

    def _change_tier(self, who, name, hold, *, gifts):
        one = self._one(who)
        until = self.at + timedelta(days=hold) if hold and name else None
        self._in_the_office(
            "change tier",
            one,
            lambda: one.member.change_tier(name, self.at, until, gifts=gifts),
            tiers.change_tier,
            tier_id=one.tier_rows[name].pk if name else None,
            hold_until=until,
            are_rewards_given=gifts,
        )

    @rule(who=MEMBERS, status=st.sampled_from(["ACTIVE", "ACTIVE", "ACTIVE", "BLOCKED", "REMOVED"]))
    def change_status(self, who, status):
        self._change_status(self._one(who), status)

    @rule(what=st.sampled_from(["rules", "guest", "code"]), number=st.integers(0, 20))
    def work_in_the_office(self, what, number):
        {"rules": self._publish, "guest": self._enrol_and_link, "code": self._replace_the_code}[
            what
        ](number)

    def _publish(self, number):
        euros = 90 + number
        self.silver.min_value = self.cafe.tiers["Silver"] = euros
        self.silver.save()
        publish(self.cast.card, self.at)
        self.counts["publish rules"] += 1

    def _enrol_and_link(self, _number):
        if len(self.held) > 3:
            return
        membership = enrolments.enrol_at_counter(
            deed=self._deed(self.held[0]),
            card_id=self.cast.card.pk,
            person=enrolments.Person(first_name="Gus"),
            consent=enrolments.Consent(version="2026-11", source=ConsentSource.COUNTER),
        )
        self._welcome(membership, **self.cafe_kit)
        made = guests.make_link(deed=self._deed(self.held[0]), membership_id=membership.pk)
        guests.link_by_token(
            deed=deed(make_user("gus"), Source.WALLET, at=self.at), token=made.token
        )
        self.counts["enrol"] += 1
        self.counts["link guest"] += 1

    def _replace_the_code(self, who):
        one = self._one(who)
        one.membership = memberships.replace_code(deed=self._manage(), membership_id=one.pk)
        self.counts["replace code"] += 1

    # Tiers by the clock.

    @rule(days=st.sampled_from([0, 1, 5]))
    def review_tiers(self, days):
        self._review_tiers(days)

    def _review_tiers(self, days):
        self.at += timedelta(days=days)
        judged = sum(clock.review(wallet, self.at) for wallet in self.wallets)
        assert tier_reviews.review_tiers(at=self.at) == judged
        assert tier_reviews.review_tiers(at=self.at) == 0
        self.counts["review tiers"] += judged
        self._match_vouchers()

    @rule(who=st.integers(0, 1), name=st.sampled_from(["Silver", "Gold"]))
    def hold_a_tier_until_the_clock_lets_it_go(self, who, name):
        self._change_tier(who, name, 5, gifts=True)
        self._review_tiers(6)
