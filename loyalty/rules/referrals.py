"""What bringing a new member gives, and who cannot have brought whom."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import assert_never

from loyalty.rules.terms import ReferralBeneficiary, ReferralEvent, ReferralRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one of the two gets: points, and credit in minor units. Never for BOTH at once."""

    rule_key: int
    beneficiary: ReferralBeneficiary
    points: int
    credit_minor: int


def due(
    *,
    rules: Iterable[ReferralRule],
    event: ReferralEvent,
    balance_points: int,
    balance_credit_minor: int,
    fired: AbstractSet[int],
) -> tuple[Grant, ...]:
    """Return what the referred member's event gives now, in the order of the rules.

    The balances are those of the referred member, unredeemed. ``fired`` are the keys of the rules
    that have fired for this pair: each fires once, also when a threshold is crossed again. A rule
    for both gives two grants with the same key. Source: IV5.3 to IV5.10, rules 11.
    """
    return tuple(
        Grant(
            rule_key=rule.key,
            beneficiary=beneficiary,
            points=rule.points,
            credit_minor=rule.credit_minor,
        )
        for rule in rules
        if rule.event == event
        and rule.key not in fired
        and _is_met(rule, balance_points, balance_credit_minor)
        for beneficiary in _parties(rule.beneficiary)
    )


def would_loop(*, referred: int, chain: Iterable[int]) -> bool:
    """Return whether a member would have brought themselves, directly or through others.

    ``chain`` are the ids of the referrer, of the referrer's referrer, and so on. Source: IV5.11.
    """
    return referred in chain


def _is_met(rule: ReferralRule, points: int, credit_minor: int) -> bool:
    match rule.event:
        case ReferralEvent.REGISTRATION | ReferralEvent.FIRST_PURCHASE:
            return True
        case ReferralEvent.THRESHOLD_POINTS:
            return points >= rule.threshold
        case ReferralEvent.THRESHOLD_CREDIT:
            return credit_minor >= rule.threshold
        case unknown:
            assert_never(unknown)


def _parties(beneficiary: ReferralBeneficiary) -> tuple[ReferralBeneficiary, ...]:
    if beneficiary == ReferralBeneficiary.BOTH:
        return ReferralBeneficiary.REFERRER, ReferralBeneficiary.REFERRED
    return (beneficiary,)
