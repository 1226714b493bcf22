"""Start a claim on a phone, and hand out a reward at the counter."""

from dataclasses import dataclass
from datetime import timedelta

from loyalty.ledger.drafts import Fact
from loyalty.ledger.models import Kind, Transaction
from loyalty.members import codes
from loyalty.members.models import Claim
from loyalty.operations import drafting, offers, tiering
from loyalty.operations.deeds import Deed, fingerprint, one_transaction
from loyalty.operations.standing import (
    LimitReachedError,
    MembershipNotFoundError,
    Standing,
    check_head,
    check_may_spend,
    check_not_own,
    check_open,
    first_result,
    lock,
)
from loyalty.outbox.models import EventType


class ClaimNotFoundError(LookupError):
    """There is no such claim, or it is of another card."""


class ClaimExpiredError(ValueError):
    """The claim's few minutes are over; the member starts a new one."""


class ClaimUsedError(ValueError):
    """The claim was redeemed before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedClaim:
    """An open claim and the token for its QR, which is known only now."""

    claim: Claim
    token: str


@one_transaction
def start_claim(*, deed: Deed, membership_id: int, reward_id: int) -> StartedClaim:
    """Open a claim of the member's own for a few minutes, and return it with a new token.

    Holds no points. Starting again keeps the open claim, its price and its end, and gives it a new
    token, so the earlier QR dies. Source: R10.1.

    :raises MembershipNotFoundError: if it is not the person's own membership.
    :raises OnlyHeadSpendsError: if only the head of the member's group may spend.
    :raises offers.RewardNotAvailableError: drafting.NotEnoughPointsError: if it cannot be had.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    owner = standing.membership.member.user_id
    if owner is None or owner != deed.actor_id:
        raise MembershipNotFoundError

    check_open(standing)
    check_head(standing)
    at = deed.occurred_at
    open_claim = (
        Claim.objects.select_for_update(no_key=True)
        .filter(membership_id=membership_id, reward_id=reward_id, used_at=None, expires_at__gt=at)
        .order_by("-pk")
        .first()
    )
    reward = offers.check(
        reward_id=reward_id,
        account=standing.account,
        available=standing.available,
        at=at,
        cost=open_claim.cost if open_claim else None,
    )
    if reward.cost > standing.available:
        raise drafting.NotEnoughPointsError(available=standing.available, cost=reward.cost)

    token = codes.new_token()
    claim = open_claim or Claim(
        partner_id=standing.membership.partner_id,
        membership_id=membership_id,
        reward=reward,
        cost=reward.cost,
        started_at=at,
        expires_at=at + timedelta(minutes=standing.card.claim_minutes),
    )
    claim.token_hash = codes.hashed(token)
    claim.save()
    return StartedClaim(claim=claim, token=token)


@one_transaction
def redeem_claim(*, deed: Deed, claim_id: int, membership_id: int, scan_id: int) -> Transaction:
    """Burn the points of a claim and hand out its reward, once, and return the transaction.

    The price at the start of the claim is binding. A repeat returns the first transaction.
    Source: R4.6, R10.2.

    :raises ClaimNotFoundError: ClaimUsedError: ClaimExpiredError: if the claim is no good.
    :raises drafting.NotEnoughPointsError: offers.RewardNotAvailableError: LimitReachedError: if
        the reward cannot be had now; and the errors of standing.
    """
    standing = lock(deed=deed, membership_id=membership_id, scan_id=scan_id)

    check_may_spend(standing)
    check_not_own(standing)

    content = fingerprint("claim", claim=claim_id)
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    found = Claim.objects.filter(pk=claim_id, membership_id=membership_id).first()
    if found is None:
        raise ClaimNotFoundError
    counter = drafting.lock_counter(found.reward_id)
    claim = Claim.objects.select_for_update(no_key=True).get(pk=claim_id)
    if claim.used_at is not None:
        raise ClaimUsedError
    if claim.expires_at <= deed.occurred_at:
        raise ClaimExpiredError

    return _redeem(standing, counter.reward_id, content, cost=claim.cost, claim_id=claim.pk)


@one_transaction
def redeem_reward(*, deed: Deed, membership_id: int, reward_id: int, scan_id: int) -> Transaction:
    """Burn points and hand out a reward that the member asks for at the counter.

    For a fresh scan, or a member without a phone where the card allows it. A repeat returns the
    first transaction. Source: R4.6, CU21.

    :raises drafting.NotEnoughPointsError: offers.RewardNotAvailableError: LimitReachedError: if
        the reward cannot be had now; and the errors of standing.
    """
    standing = lock(deed=deed, membership_id=membership_id, scan_id=scan_id)

    check_may_spend(standing)
    check_not_own(standing)

    content = fingerprint("redeem", membership=membership_id, reward=reward_id)
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    counter = drafting.lock_counter(reward_id)

    return _redeem(standing, counter.reward_id, content, cost=None, claim_id=None)


def _redeem(
    standing: Standing, reward_id: int, content: str, *, cost: int | None, claim_id: int | None
) -> Transaction:
    if standing.redeemed_day >= standing.card.redeems_per_day:
        raise LimitReachedError(limit=standing.card.redeems_per_day, hours=24)
    reward = offers.check(
        reward_id=reward_id,
        account=standing.account,
        available=standing.available,
        at=standing.deed.occurred_at,
        cost=cost,
    )
    move = drafting.spent(standing, reward.cost)

    main = drafting.draft(
        standing,
        Kind.REDEMPTION,
        content=content,
        reward_id=reward.pk,
        moves=(move,),
        reward_counts={reward.pk: 1},
        claim_id=claim_id,
        result={
            "points": -reward.cost,
            "balance_before": standing.available,
            "balance_after": standing.available - reward.cost,
            "reward": reward.name,
        },
        facts=drafting.earning_facts(standing),
        events=(Fact(type=EventType.REWARD_REDEEMED, data={"reward_id": reward.pk}),),
    )
    return drafting.post(tiering.settle(standing, [main]))
