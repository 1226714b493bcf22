"""What a member can have for their points: one reading for pages and for deeds."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from cards.models import Reward, RewardStatus, Tier
from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import Account, Voucher, VoucherOrigin, VoucherStatus, pooled
from loyalty.rules import offers
from loyalty.rules.offers import Offer, OfferState


class RewardNotAvailableError(ValueError):
    """The reward cannot be had now, for a reason that saving more points would not cure."""

    def __init__(self, *, state: OfferState) -> None:
        super().__init__(state)
        self.state = state


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardOffer:
    """A reward with how it stands for one member, and the points still missing."""

    reward: Reward
    state: OfferState
    missing: int

    @property
    def is_ready(self) -> bool:
        """Return whether the member can have it now."""
        return self.state == OfferState.READY


def _taken(account: Account) -> Coalesce:
    """Return an expression: how many pieces of a reward this account had and kept."""
    redeemed = (
        Transaction.objects.filter(
            pooled(account.pk),
            reward=OuterRef("pk"),
            kind=Kind.REDEMPTION,
            reversal__isnull=True,
        )
        .order_by()
        .values("reward")
        .annotate(found=Count("pk"))
        .values("found")
    )
    return Coalesce(Subquery(redeemed, output_field=IntegerField()), 0)


def _bought(account: Account) -> Coalesce:
    vouchers = (
        Voucher.objects.filter(
            pooled(account.pk), reward=OuterRef("pk"), origin=VoucherOrigin.SPENT
        )
        .exclude(status=VoucherStatus.REMOVED)
        .order_by()
        .values("reward")
        .annotate(found=Count("pk"))
        .values("found")
    )
    return Coalesce(Subquery(vouchers, output_field=IntegerField()), 0)


def _with_facts(rewards: QuerySet[Reward], account: Account) -> QuerySet[Reward]:
    return rewards.select_related("min_tier", "counter").annotate(
        redeemed=_taken(account), bought=_bought(account)
    )


def _state(reward: Reward, tier: Tier | None, available: int, at: datetime) -> OfferState:
    counter = getattr(reward, "counter", None)
    offer = Offer(
        cost=reward.cost,
        is_offered=reward.status == RewardStatus.ACTIVE,
        stock=reward.stock,
        issued=counter.issued if counter else 0,
        per_member=reward.per_member,
        taken=getattr(reward, "redeemed", 0) + getattr(reward, "bought", 0),
        valid_from=reward.valid_from,
        valid_until=reward.valid_until,
        min_tier_points=reward.min_tier.min_value if reward.min_tier else None,
    )
    tier_points = tier.min_value if tier else -1
    return offers.state(offer, available=available, tier_points=tier_points, at=at)


def listed(*, account: Account, available: int, at: datetime) -> list[RewardOffer]:
    """Return the card's offered rewards in their order, each with how it stands; one statement.

    ``account.tier`` should be loaded with the account.
    """
    rewards = _with_facts(
        Reward.objects.filter(card_id=account.card_id, status=RewardStatus.ACTIVE), account
    )
    return [
        RewardOffer(
            reward=reward,
            state=_state(reward, account.tier, available, at),
            missing=max(0, reward.cost - available),
        )
        for reward in rewards.order_by("position", "cost", "pk")
    ]


def check(
    *, reward_id: int, account: Account, available: int, at: datetime, cost: int | None = None
) -> Reward:
    """Return the reward if it can be had; ``cost`` is a binding earlier price.

    The caller holds the reward's counter. A lack of points is not refused here.

    :raises RewardNotAvailableError: with the reason.
    """
    reward = (
        _with_facts(Reward.objects.filter(pk=reward_id, card_id=account.card_id), account)
        .order_by("pk")
        .first()
    )
    if reward is None:
        raise RewardNotAvailableError(state=OfferState.ENDED)
    if cost is not None:
        reward.cost = cost
    found = _state(reward, account.tier, available, at)
    if found not in {OfferState.READY, OfferState.NOT_ENOUGH}:
        raise RewardNotAvailableError(state=found)
    return reward
