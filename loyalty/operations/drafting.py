"""Build drafts from a deed's standing, and write them with refusals in words of this product."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from cards.models import Reward, RewardStatus
from loyalty.ledger import posting
from loyalty.ledger.drafts import Draft, Fact, LotGrant, LotTake, Move, TierMove, VoucherGrant
from loyalty.ledger.models import Kind, Lot, Transaction, Unit
from loyalty.members.models import (
    Account,
    RewardCounter,
    TierSource,
    Voucher,
    VoucherOrigin,
    VoucherStatus,
)
from loyalty.operations import offers
from loyalty.operations.deeds import RepeatDiffersError, broke, key_of_part
from loyalty.operations.standing import Standing
from loyalty.outbox.models import EventType
from loyalty.rules import expiry, lots, tiers
from loyalty.rules.earning import Earning
from loyalty.rules.lots import OpenLot
from loyalty.rules.offers import OfferState
from loyalty.rules.terms import TierTerms


class NotEnoughPointsError(ValueError):
    """The member has fewer points than the deed takes."""

    def __init__(self, *, available: int, cost: int) -> None:
        super().__init__(f"{available} < {cost}")
        self.available = available
        self.cost = cost
        self.missing = cost - available


def draft(standing: Standing, kind: Kind, *, content: str, **extra: Any) -> Draft:
    """Return a draft of the standing's deed on its membership and account."""
    deed = standing.deed
    return Draft(
        kind=kind,
        source=deed.source,
        partner_id=standing.membership.partner_id,
        card_id=standing.card.pk,
        membership_id=standing.membership.pk,
        account=standing.account,
        actor_id=deed.actor_id,
        store_id=deed.store_id,
        request_id=deed.request_id,
        fingerprint=content,
        occurred_at=deed.occurred_at,
        terms_id=standing.terms_id,
        **extra,
    )


def companion(main: Draft, kind: Kind, name: str, **extra: Any) -> Draft:
    """Return a draft caused by ``main``; ``name`` tells it from its siblings."""
    return Draft(
        kind=kind,
        source=main.source,
        partner_id=main.partner_id,
        card_id=main.card_id,
        membership_id=main.membership_id,
        account=main.account,
        actor_id=main.actor_id,
        store_id=main.store_id,
        request_id=key_of_part(main.request_id, name),
        fingerprint=main.fingerprint,
        occurred_at=main.occurred_at,
        terms_id=main.terms_id,
        cause=main,
        **extra,
    )


def post(drafts: Sequence[Draft]) -> Transaction:
    """Write the drafts and return the first transaction.

    :raises RepeatDiffersError: if the request key was taken meanwhile by another deed.
    """
    try:
        return posting.post(drafts)[0]
    except IntegrityError as error:
        if broke(error, "request_is_done_once", "partner_id", "request_id"):
            raise RepeatDiffersError from error
        raise


def earned(standing: Standing, points: int) -> Move:
    """Return the entry of an award with its one lot, dated by the card's expiry rule."""
    zone = standing.membership.partner.zone()
    expires_at = expiry.sliding(
        awarded_at=standing.deed.occurred_at, days=standing.terms.expiry_days, zone=zone
    )
    return Move(amount=points, grants=(LotGrant(amount=points, expires_at=expires_at),))


def open_lots(account: Account) -> list[OpenLot]:
    """Return the account's lots of points with something left, unordered."""
    rows = Lot.objects.filter(account=account, unit=Unit.POINTS, remaining__gt=0)
    return [
        OpenLot(lot_id=pk, remaining=remaining, expires_at=expires_at)
        for pk, remaining, expires_at in rows.values_list("pk", "remaining", "expires_at")
    ]


def spent(standing: Standing, points: int) -> Move:
    """Return the entry of a spending with the lots it takes, earliest expiry first.

    :raises NotEnoughPointsError: if fewer points can be spent.
    """
    found = open_lots(standing.account)
    available = lots.usable(found, standing.deed.occurred_at)
    if available < points:
        raise NotEnoughPointsError(available=available, cost=points)
    takes = lots.take(found, points, standing.deed.occurred_at)
    return Move(
        amount=-points,
        takes=tuple(LotTake(lot_id=lot_id, amount=amount) for lot_id, amount in takes),
    )


def is_held(source: str, until: datetime | None, at: datetime) -> bool:
    """Return whether a tier was set by hand and stays: until its date, or without one for ever."""
    return source == TierSource.MANUAL and (until is None or until > at)


def tier_after(standing: Standing, awarded: int) -> TierMove | None:
    """Return the tier move that these lifetime points cause, or None.

    A tier set by hand stays until its hold date; without a date, until somebody changes it.
    """
    account = standing.account
    if is_held(account.tier_source, account.tier_hold_until, standing.deed.occurred_at):
        return None
    move = automatic_tier(standing, awarded)
    return None if move.to_tier_id == account.tier_id else move


def automatic_tier(standing: Standing, awarded: int) -> TierMove:
    """Return the tier that these lifetime points reach, as a move."""
    found = tiers.reached(awarded, standing.terms.tiers)
    return TierMove(to_tier_id=found.tier_id if found else None, source=TierSource.AUTOMATIC)


def entry_reward(main: Draft, standing: Standing, tier: TierTerms | None) -> list[Draft]:
    """Return the draft that gives a tier's entry reward: once per account, while it is offered."""
    if tier is None or tier.entry_reward_id is None:
        return []
    given = Voucher.objects.filter(
        account=standing.account, tier_id=tier.tier_id, origin=VoucherOrigin.TIER
    ).exclude(status=VoucherStatus.REMOVED)
    if given.exists():
        return []
    counter = lock_counter(tier.entry_reward_id)
    reward = counter.reward
    is_out = reward.stock is not None and counter.issued >= reward.stock
    if is_out or reward.status != RewardStatus.ACTIVE:
        return []
    grant = VoucherGrant(
        reward_id=reward.pk,
        origin=VoucherOrigin.TIER,
        cost=0,
        tier_id=tier.tier_id,
        expires_at=voucher_expiry(standing, reward.voucher_days),
    )
    return [
        companion(
            main,
            Kind.VOUCHER,
            "tier-reward",
            reward_id=reward.pk,
            vouchers=(grant,),
            reward_counts={reward.pk: 1},
            result={"step": VoucherStatus.ISSUED, "reward": reward.name, "tier": tier.name},
        )
    ]


def lock_counter(reward_id: int) -> RewardCounter:
    """Lock and return a reward's counter with the reward; the row is made on first use.

    :raises offers.RewardNotAvailableError: if there is no such reward.
    """
    counters = RewardCounter.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "reward", "reward__min_tier"
    )
    found = counters.filter(reward_id=reward_id).first()
    if found is None:
        if not Reward.objects.filter(pk=reward_id).exists():
            raise offers.RewardNotAvailableError(state=OfferState.ENDED)
        RewardCounter.objects.bulk_create(
            [RewardCounter(reward_id=reward_id)], ignore_conflicts=True
        )
        found = counters.get(reward_id=reward_id)
    return found


def voucher_expiry(standing: Standing, days: int | None) -> datetime | None:
    """Return until when a voucher issued now is good."""
    return expiry.sliding(
        awarded_at=standing.deed.occurred_at, days=days, zone=standing.membership.partner.zone()
    )


def explained(earning: Earning) -> list[dict[str, Any]]:
    """Return an explanation as plain data, for a transaction's result."""
    return [{**asdict(step), "facts": dict(step.facts)} for step in earning.steps]


def earning_facts(standing: Standing) -> dict[str, Any]:
    """Return what the rules looked at, enough to compute the award again from its terms."""
    return {
        "tier_id": standing.account.tier_id,
        "lifetime_before": standing.account.lifetime_points,
        "balance_before": standing.account.points,
    }


def earning_events(points: int, tier: TierMove | None) -> tuple[Fact, ...]:
    """Return the events of an award."""
    found = [Fact(type=EventType.POINTS_EARNED)] if points else []
    if tier:
        found.append(Fact(type=EventType.TIER_CHANGED, data={"tier_id": tier.to_tier_id}))
    return tuple(found)
