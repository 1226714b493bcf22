"""Put a member into a tier by hand, or back under the automatic rule."""

from datetime import datetime

from cards.models import Tier
from loyalty.ledger.drafts import Draft, Fact, Note, TierMove
from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import TierSource
from loyalty.operations import drafting, tiering
from loyalty.operations.deeds import Deed, fingerprint, one_transaction
from loyalty.operations.standing import (
    Standing,
    check_may_manage,
    check_not_own,
    check_open,
    first_result,
    lock,
)
from loyalty.outbox.models import EventType
from loyalty.rules import tiers
from loyalty.rules.terms import TierTerms


class TierNotFoundError(LookupError):
    """The card has no such tier, or it is archived."""


class TierUnchangedError(ValueError):
    """The member is in this tier already, in the same way."""


@one_transaction
def change_tier(
    *,
    deed: Deed,
    membership_id: int,
    tier_id: int | None,
    hold_until: datetime | None = None,
    are_rewards_given: bool = False,
    note: Note | None = None,
) -> Transaction:
    """Put the account into a tier and return the transaction; None means the automatic rule.

    A tier set by hand is held until ``hold_until``, or until somebody changes it again. With
    ``are_rewards_given`` the tier's entry reward is issued once. By a manager. A repeat returns the
    first transaction. Source: CU27 to CU31, CU34.

    :raises TierNotFoundError: TierUnchangedError: if it cannot be set; and the errors of standing.
    """
    standing = lock(deed=deed, membership_id=membership_id)

    check_may_manage(standing)
    check_not_own(standing)

    content = fingerprint(
        "tier",
        membership=membership_id,
        tier=tier_id,
        hold=hold_until,
        rewards=are_rewards_given,
        words=[note.internal, note.comment] if note else [],
    )
    if repeat := first_result(standing, content):
        return repeat

    check_open(standing)
    move, reached = _wanted(standing, tier_id, hold_until)
    account = standing.account
    if (account.tier_id, account.tier_source, account.tier_hold_until) == (
        move.to_tier_id,
        move.source,
        move.hold_until,
    ):
        raise TierUnchangedError

    main = drafting.draft(
        standing,
        Kind.TIER_CHANGE,
        content=content,
        tier=move,
        note=note,
        result={
            "points": 0,
            "balance_before": standing.available,
            "balance_after": standing.available,
            "new_tier": reached.name if reached else None,
        },
        facts=drafting.earning_facts(standing),
        events=(Fact(type=EventType.TIER_CHANGED, data={"tier_id": move.to_tier_id}),),
    )
    followers: list[Draft] = (
        drafting.entry_reward(main, standing, reached) if are_rewards_given else []
    )
    return drafting.post([main, *followers])


def _wanted(
    standing: Standing, tier_id: int | None, hold_until: datetime | None
) -> tuple[TierMove, TierTerms | None]:
    if tier_id is None:
        value = tiering.sums_after(standing, []).measured(standing.terms)
        reached = tiers.reached(value, standing.terms.tiers)
        to_tier_id = reached.tier_id if reached else None
        return TierMove(to_tier_id=to_tier_id, source=TierSource.AUTOMATIC), reached
    found = Tier.objects.filter(pk=tier_id, card=standing.card, archived_at=None).first()
    if found is None:
        raise TierNotFoundError
    move = TierMove(to_tier_id=tier_id, source=TierSource.MANUAL, hold_until=hold_until)
    terms = TierTerms(
        tier_id=found.pk,
        name=found.name,
        min_value=found.min_value,
        multiplier=found.multiplier,
        entry_reward_id=found.entry_reward_id,
    )
    return move, terms
