"""What a card's rules add to its member's page: stamps, check-in, recommendation, birthday."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cards import terms
from clubs.access import stores_to_check_in
from clubs.models import Store
from loyalty.members.models import Membership
from loyalty.operations import check_ins, milestones
from loyalty.rules.terms import MilestoneKind, PlanType, Terms
from loyalty.web.stamp_cards import StampCard, stamp_card


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """Where the member may check in, and from when on again; None is now."""

    stores: Sequence[Store]
    again_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What a card page shows where the card's rules know of it."""

    stamps: StampCard | None = None
    check_in: CheckIn | None = None
    has_referrals: bool = False
    has_birthday: bool = False


def read(membership: Any, *, available: int, at: datetime) -> Extras:
    """Return what the rules in force add, without a statement where check-ins give nothing.

    ``membership`` comes as the card page reads it, with its ``terms_id``.
    """
    if membership.terms_id is None:
        return Extras()
    rules = terms.of_version(membership.terms_id)
    return Extras(
        stamps=stamp_card(rules, available, membership.card),
        check_in=_check_in(membership, rules, at),
        has_referrals=membership.card.has_referrals and bool(rules.referral_rules),
        has_birthday=knows_birthdays(rules),
    )


def knows_birthdays(rules: Terms) -> bool:
    """Return whether a birthday is worth telling: a rule or a plan looks at it."""
    return milestones.has_rules(rules, MilestoneKind.BIRTHDAY) or any(
        plan.type == PlanType.CUSTOMER_DAYS for plan in rules.plans
    )


def _check_in(membership: Membership, rules: Terms, at: datetime) -> CheckIn | None:
    """Return what the button offers; two statements, and none where nothing is to be had."""
    kinds = (MilestoneKind.CHECK_IN, MilestoneKind.VISITS)
    if not any(milestones.has_rules(rules, kind) for kind in kinds):
        return None
    club_id = membership.card.club_id
    stores = list(stores_to_check_in(club_id=club_id))
    if not stores:
        return None
    last = check_ins.latest(membership.member_id, club_id)
    again_at = last + timedelta(hours=membership.card.check_in_hours) if last else None
    return CheckIn(stores=stores, again_at=again_at if again_at and again_at > at else None)
