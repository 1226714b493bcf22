"""The cards a person holds, as tiles: balance, tier and what is next, in few statements."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cards.models import Card, Reward, RewardStatus
from loyalty.ledger.models import Unit
from loyalty.members import access
from loyalty.members.models import Membership, MembershipStatus
from loyalty.operations import standing
from loyalty.rules import offers
from loyalty.rules.offers import Offer, OfferState
from loyalty.users.models import User
from loyalty.wallet.card_page import text_of
from loyalty.web import words
from loyalty.web.balances import balance
from loyalty.web.money import count


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One card in the list."""

    membership: Membership
    card: Card
    title: str
    figure: str
    unit: str
    next: str
    is_off: bool


def tiles(*, user: User, at: datetime) -> list[Tile]:
    """Return the person's cards, those joined last first; two statements."""
    held: list[Any] = list(
        access.memberships_for_member(user=user)
        .annotate(
            due_points=standing.due(OuterRef("account"), Unit.POINTS, at),
            due_credit=standing.due(OuterRef("account"), Unit.CREDIT, at),
            text=text_of(OuterRef("card")),
        )
        .order_by("-joined_at", "-pk")
    )
    rewards: dict[int, list[Reward]] = defaultdict(list)
    # Rewards with a limit per member are left out: a tile cannot know whether it is reached.
    for reward in (
        Reward.objects.filter(
            card__in={membership.card_id for membership in held},
            status=RewardStatus.ACTIVE,
            per_member=None,
        )
        .select_related("min_tier", "counter")
        .order_by("cost", "pk")
    ):
        rewards[reward.card_id].append(reward)
    return [_tile(membership, rewards[membership.card_id], at) for membership in held]


def _tile(membership: Any, rewards: list[Reward], at: datetime) -> Tile:
    available = membership.account.points - membership.due_points
    credit = membership.account.credit_minor - membership.due_credit
    card, text = membership.card, membership.text or {}
    held = balance(card, available, credit)
    is_off = membership.status != MembershipStatus.ACTIVE
    return Tile(
        membership=membership,
        card=card,
        title=text.get("title") or card.name,
        figure=held.figure,
        unit=f"{held.unit} {held.more}".strip(),
        next=_("Blocked") if is_off else _next(membership, rewards, available, at),
        is_off=is_off,
    )


def _next(membership: Membership, rewards: list[Reward], available: int, at: datetime) -> str:
    tier = membership.account.tier
    states = [
        (reward, offers.state(_offer(reward), available=available, tier_points=tier_points, at=at))
        for tier_points in (tier.min_value if tier else -1,)
        for reward in rewards
    ]
    ready = sum(state == OfferState.READY for _reward, state in states)
    if ready:
        return ngettext("%(count)s reward ready", "%(count)s rewards ready", ready) % {
            "count": count(ready)
        }
    missing = [
        reward.cost - available for reward, state in states if state == OfferState.NOT_ENOUGH
    ]
    if not missing:
        return ""
    return _("%(points)s to go") % {"points": words.points(min(missing), membership.card)}


def _offer(reward: Reward) -> Offer:
    counter = getattr(reward, "counter", None)
    return Offer(
        cost=reward.cost,
        is_offered=True,
        stock=reward.stock,
        issued=counter.issued if counter else 0,
        per_member=None,
        taken=0,
        valid_from=reward.valid_from,
        valid_until=reward.valid_until,
        min_tier_points=reward.min_tier.min_value if reward.min_tier else None,
    )
