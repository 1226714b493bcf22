"""What a new membership begins with: its enrolment, its first tier and its welcome bonus."""

from typing import Any

from cards import terms
from loyalty.ledger.drafts import Draft, Fact, LotGrant, Move, TierMove
from loyalty.ledger.models import Kind, Unit
from loyalty.members.models import Membership, TierSource
from loyalty.operations.deeds import Deed, fingerprint, key_of_part
from loyalty.outbox.models import EventType
from loyalty.rules import expiry, tiers
from loyalty.rules.terms import Terms, TierManagement, TierTerms
from loyalty.rules.terms import Unit as RuleUnit


def enrolment_drafts(deed: Deed, membership: Membership, version: int, content: str) -> list[Draft]:
    """Return the ENROLMENT of a new membership, and the BONUS that it causes (IV3.11, IV3.12)."""
    rules = terms.of_version(version)
    account = membership.account
    points, credit = rules.welcome_points, rules.welcome_credit_minor
    first_tier = _first_tier(rules)
    facts: dict[str, Any] = {
        "source": deed.source,
        "partner_id": membership.partner_id,
        "card_id": membership.card_id,
        "membership_id": membership.pk,
        "account": account,
        "actor_id": deed.actor_id,
        "store_id": deed.store_id,
        "fingerprint": content or fingerprint("join", card=membership.card_id),
        "occurred_at": deed.occurred_at,
        "terms_id": version,
    }
    main = Draft(
        kind=Kind.ENROLMENT,
        request_id=deed.request_id,
        events=(Fact(type=EventType.CARD_JOINED),),
        tier=TierMove(to_tier_id=first_tier.tier_id, source=TierSource.AUTOMATIC)
        if first_tier
        else None,
        **facts,
    )
    moves = _welcome(deed, membership, rules, main.tier)
    if not moves:
        return [main]
    bonus = Draft(
        kind=Kind.BONUS,
        request_id=key_of_part(deed.request_id, "welcome"),
        cause=main,
        moves=moves,
        lifetime_points=points,
        lifetime_credit_minor=credit,
        result={
            "points": points,
            "credit_minor": credit,
            "balance_before": 0,
            "balance_after": points,
            **({"credit_before": 0, "credit_after": credit} if credit else {}),
            "reason": "WELCOME",
        },
        events=(Fact(type=EventType.POINTS_EARNED),),
        **facts,
    )
    return [main, bonus]


def _first_tier(rules: Terms) -> TierTerms | None:
    """Return the tier that a new account begins in: what it is welcomed with may reach one."""
    if rules.tier_management == TierManagement.MANUAL:
        return None
    value = tiers.measure(
        basis=rules.tier_basis,
        available_points=rules.welcome_points,
        awarded_points=rules.welcome_points,
        available_credit_minor=rules.welcome_credit_minor,
        awarded_credit_minor=rules.welcome_credit_minor,
    )
    return tiers.reached(value, rules.tiers)


def _welcome(
    deed: Deed, membership: Membership, rules: Terms, tier: TierMove | None
) -> tuple[Move, ...]:
    """Return the entries of the welcome bonus (IV3.11, IV3.12)."""
    member = membership.member
    group = member.customer_group
    moves = []
    for unit, amount in (
        (Unit.POINTS, rules.welcome_points),
        (Unit.CREDIT, rules.welcome_credit_minor),
    ):
        if not amount:
            continue
        expires_at = expiry.date_of(
            terms=rules,
            unit=RuleUnit(unit),
            awarded_at=deed.occurred_at,
            zone=membership.card.partner.zone(),
            member=member.code,
            customer_groups=frozenset({group.code} if group else ()),
            tier_id=tier.to_tier_id if tier else None,
        )
        grant = LotGrant(amount=amount, expires_at=expires_at)
        moves.append(Move(amount=amount, unit=unit, grants=(grant,)))
    return tuple(moves)
