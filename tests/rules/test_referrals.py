"""Referrals: each rule once per pair, to whom it belongs, and never in a circle."""

import pytest

from loyalty.rules import referrals
from loyalty.rules.referrals import Grant
from loyalty.rules.terms import ReferralBeneficiary, ReferralEvent, ReferralRule

REGISTRATION, FIRST = ReferralEvent.REGISTRATION, ReferralEvent.FIRST_PURCHASE
POINTS, CREDIT = ReferralEvent.THRESHOLD_POINTS, ReferralEvent.THRESHOLD_CREDIT
REFERRER, REFERRED = ReferralBeneficiary.REFERRER, ReferralBeneficiary.REFERRED
BOTH = ReferralBeneficiary.BOTH

# Rules 11: registration 50, first transaction 100, thresholds 200 gives 30 and 500 gives 80.
SETUP = (
    ReferralRule(key=1, event=REGISTRATION, points=50),
    ReferralRule(key=2, event=FIRST, points=100),
    ReferralRule(key=3, event=POINTS, threshold=200, points=30),
    ReferralRule(key=4, event=POINTS, threshold=500, points=80),
)
STORY = [
    # what happens, unredeemed points of the referred member, points to the referrer
    (REGISTRATION, 0, 50),
    (FIRST, 120, 100),
    (POINTS, 120, 0),
    (POINTS, 210, 30),
    (POINTS, 60, 0),
    (POINTS, 520, 80),
    # It falls and crosses 200 again.
    (POINTS, 190, 0),
    (POINTS, 230, 0),
    (REGISTRATION, 230, 0),
    (FIRST, 230, 0),
]


def due(rules, event, *, points=0, credit=0, fired=frozenset()):
    return referrals.due(
        rules=rules, event=event, balance_points=points, balance_credit_minor=credit, fired=fired
    )


@pytest.mark.req("IV5.1", "IV5.2", "IV5.3", "IV5.5", "IV5.7", "IV5.9")
def test_the_referrer_gets_what_the_story_of_the_setup_says():
    fired, given = set(), []

    for event, balance, _ in STORY:
        grants = due(SETUP, event, points=balance, fired=fired)
        fired |= {grant.rule_key for grant in grants}
        given.append(sum(grant.points for grant in grants if grant.beneficiary == REFERRER))

    assert given == [points for _, _, points in STORY]
    assert sum(given) == 260


THRESHOLD_TABLE = [
    # event, points, credit, keys of the rules that fire
    (POINTS, 199, 9999, []),
    (POINTS, 200, 0, [3]),
    (POINTS, 500, 0, [3, 4]),
    (CREDIT, 9999, 999, []),
    (CREDIT, 0, 1000, [5]),
    (FIRST, 9999, 9999, [2]),
]


@pytest.mark.req("IV5.7", "IV5.8", "IV5.9", "IV5.10")
@pytest.mark.parametrize(("event", "points", "credit", "keys"), THRESHOLD_TABLE)
def test_every_threshold_that_is_reached_fires(event, points, credit, keys):
    rules = (*SETUP, ReferralRule(key=5, event=CREDIT, threshold=1000, credit_minor=250))

    found = due(rules, event, points=points, credit=credit)

    assert [grant.rule_key for grant in found] == keys


BENEFICIARY_TABLE = [
    # beneficiary of the rule, who gets it
    (REFERRER, [REFERRER]),
    (REFERRED, [REFERRED]),
    (BOTH, [REFERRER, REFERRED]),
]


@pytest.mark.req("IV5.4", "IV5.6", "IV5.10")
@pytest.mark.parametrize(("beneficiary", "parties"), BENEFICIARY_TABLE)
@pytest.mark.parametrize("event", ReferralEvent)
def test_points_and_credit_go_to_whom_the_rule_names(event, beneficiary, parties):
    rule = ReferralRule(key=7, event=event, points=5, credit_minor=150, beneficiary=beneficiary)

    assert due([rule], event) == tuple(
        Grant(rule_key=7, beneficiary=party, points=5, credit_minor=150) for party in parties
    )


LOOP_TABLE = [
    # referred, the referrer and those who brought them, is it a circle
    (1, [], False),
    (1, [1], True),
    (1, [2], False),
    (1, [2, 3, 1], True),
    (1, [2, 3, 4], False),
]


@pytest.mark.req("IV5.11")
@pytest.mark.parametrize(("referred", "chain", "expected"), LOOP_TABLE)
def test_nobody_brings_themselves_directly_or_through_others(referred, chain, expected):
    assert referrals.would_loop(referred=referred, chain=chain) == expected
