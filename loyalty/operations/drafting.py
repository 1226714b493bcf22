"""Build drafts from a deed's standing, and write them with refusals in words of this product."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from cards.models import Reward, RewardStatus
from loyalty.audit import record
from loyalty.ledger import posting
from loyalty.ledger.drafts import Draft, Fact, LotGrant, LotTake, Move, VoucherGrant
from loyalty.ledger.models import Kind, Lot, Source, Transaction, Unit
from loyalty.members.models import (
    Account,
    RewardCounter,
    Voucher,
    VoucherOrigin,
    VoucherStatus,
    pooled,
)
from loyalty.operations import offers
from loyalty.operations.deeds import RepeatDiffersError, broke, key_of_part
from loyalty.operations.standing import Standing
from loyalty.outbox.models import EventType
from loyalty.rules import expiry, lots, refunds
from loyalty.rules import terms as rules
from loyalty.rules.awards import Award
from loyalty.rules.explanations import steps_as_data
from loyalty.rules.lots import OpenLot
from loyalty.rules.offers import OfferState
from loyalty.rules.terms import TierTerms


class NotEnoughPointsError(ValueError):
    """The member has less of a unit than the deed takes; credit is in minor units."""

    def __init__(
        self, *, available: int, cost: int, unit: Unit = Unit.POINTS, currency: str = ""
    ) -> None:
        super().__init__(f"{available} < {cost}")
        self.unit = unit
        self.currency = currency
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


def companion(
    main: Draft,
    kind: Kind,
    name: str,
    *,
    account: Account | None = None,
    membership_id: int | None = None,
    **extra: Any,
) -> Draft:
    """Return a draft caused by ``main``; ``name`` tells it from its siblings.

    It is on the same account, or on another locked one with its membership.
    """
    return Draft(
        kind=kind,
        source=main.source,
        partner_id=main.partner_id,
        card_id=main.card_id,
        membership_id=membership_id or main.membership_id,
        account=account or main.account,
        actor_id=main.actor_id,
        store_id=main.store_id,
        request_id=key_of_part(main.request_id, name),
        fingerprint=main.fingerprint,
        occurred_at=main.occurred_at,
        terms_id=main.terms_id,
        cause=main,
        **extra,
    )


def post(drafts: Sequence[Draft], *, main: int = 0) -> Transaction:
    """Write the drafts and return the transaction of the one at place ``main``.

    :raises RepeatDiffersError: if the request key was taken meanwhile by another deed.
    """
    try:
        done = posting.post(drafts)[main]
    except IntegrityError as error:
        if broke(error, "request_is_done_once", "partner_id", "request_id"):
            raise RepeatDiffersError from error
        raise
    if done.source == Source.ADMIN:
        _audit(done)
    return done


# What a deed moved, by the names under which its result tells it before and after.
_TOLD = (
    ("balance", "balance_before", "balance_after"),
    ("credit_minor", "credit_before", "credit_after"),
    ("status", "from", "to"),
    ("tier", "old_tier", "new_tier"),
)


def _audit(done: Transaction) -> None:
    """Add a deed of the dashboard to the audit log, with what it was before and after."""
    told = done.result
    moved = {
        name: (told.get(before), told.get(after))
        for name, before, after in _TOLD
        if told.get(before) != told.get(after)
    }
    record.record(
        action=Kind(done.kind).value.lower().replace("_", " "),
        subject=done,
        partner_id=done.partner_id,
        actor_id=done.actor_id,
        before={name: sides[0] for name, sides in moved.items()},
        after={name: sides[1] for name, sides in moved.items()},
    )


def earned(standing: Standing, amount: int, unit: Unit = Unit.POINTS) -> Move:
    """Return the entry of an award with its one lot, dated by the card's expiry rules (IV4)."""
    expires_at = expiry.date_of(
        terms=standing.terms,
        unit=rules.Unit(unit),
        awarded_at=standing.deed.occurred_at,
        zone=standing.membership.partner.zone(),
        member=standing.membership.member.code,
        customer_groups=standing.customer_groups,
        tier_id=standing.account.tier_id,
    )
    grant = LotGrant(amount=amount, expires_at=expires_at)
    return Move(amount=amount, unit=unit, grants=(grant,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """What an award becomes on the account: entries, and what it settles of an older shortfall."""

    moves: tuple[Move, ...]
    settled_points: int
    settled_credit_minor: int


def credited(standing: Standing, *, points: int, credit_minor: int) -> Credited:
    """Return the entries of an award, less what the account still owes of earlier refunds.

    The sums awarded grow by the whole. Source: rules 8.
    """
    account = standing.account
    of_points = refunds.earn_against_shortfall(earned=points, shortfall=account.shortfall_points)
    of_credit = refunds.earn_against_shortfall(
        earned=credit_minor, shortfall=account.shortfall_credit_minor
    )
    parts = ((Unit.POINTS, of_points.credited), (Unit.CREDIT, of_credit.credited))
    return Credited(
        moves=tuple(earned(standing, amount, unit) for unit, amount in parts if amount),
        settled_points=of_points.settled,
        settled_credit_minor=of_credit.settled,
    )


def open_lots(account: Account, unit: Unit = Unit.POINTS) -> list[OpenLot]:
    """Return the account's lots of a unit with something left, unordered."""
    rows = Lot.objects.filter(account=account, unit=unit, remaining__gt=0)
    return [
        OpenLot(lot_id=pk, remaining=remaining, expires_at=expires_at)
        for pk, remaining, expires_at in rows.values_list("pk", "remaining", "expires_at")
    ]


def lots_of(standing: Standing, unit: Unit) -> Sequence[OpenLot]:
    """Return the open lots of the standing's account, read now unless they are known."""
    if standing.known and standing.known.lots is not None:
        return standing.known.lots[unit]
    return open_lots(standing.account, unit)


def spent(standing: Standing, amount: int, unit: Unit = Unit.POINTS) -> Move:
    """Return the entry of a spending with the lots it takes, earliest expiry first.

    :raises NotEnoughPointsError: if less can be spent.
    """
    found = lots_of(standing, unit)
    available = lots.usable(found, standing.deed.occurred_at)
    if available < amount:
        raise NotEnoughPointsError(
            available=available, cost=amount, unit=unit, currency=standing.card.currency
        )
    takes = lots.take(found, amount, standing.deed.occurred_at)
    return Move(
        amount=-amount,
        unit=unit,
        takes=tuple(LotTake(lot_id=lot_id, amount=amount) for lot_id, amount in takes),
    )


def entry_reward(main: Draft, standing: Standing, tier: TierTerms | None) -> list[Draft]:
    """Return the draft that gives a tier's entry reward: once per account, while it is offered.

    A group has had what a member had on the account that it took over.
    """
    if tier is None or tier.entry_reward_id is None:
        return []
    given = Voucher.objects.filter(
        pooled(standing.account.pk), tier_id=tier.tier_id, origin=VoucherOrigin.TIER
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


def explained(award: Award) -> dict[str, Any]:
    """Return an award's reasons and shares as plain data, for a transaction's result."""
    return {
        "explanation": steps_as_data(award.steps),
        "shares": [asdict(share) for share in award.shares],
        "missing_minor": award.missing_minor,
    }


def earning_facts(standing: Standing) -> dict[str, Any]:
    """Return what stood on the account before the deed."""
    return {
        "tier_id": standing.account.tier_id,
        "lifetime_before": standing.account.lifetime_points,
        "balance_before": standing.account.points,
    }


def tier_fact(tier_id: int | None) -> Fact:
    """Return the event of a tier change."""
    return Fact(type=EventType.TIER_CHANGED, data={"tier_id": tier_id})


def earning_events(points: int, credit_minor: int = 0) -> tuple[Fact, ...]:
    """Return the event of an award, if it gave anything."""
    return (Fact(type=EventType.POINTS_EARNED),) if points or credit_minor else ()


def balances(standing: Standing, moves: Sequence[Move]) -> dict[str, int]:
    """Return what could be spent before and after, for a transaction's result.

    Credit is named only where the card has any.
    """
    moved = {unit: sum(move.amount for move in moves if move.unit == unit) for unit in Unit}
    told = {
        "balance_before": standing.available,
        "balance_after": standing.available + moved[Unit.POINTS],
    }
    if moved[Unit.CREDIT] or standing.account.credit_minor:
        told["credit_before"] = standing.available_credit
        told["credit_after"] = standing.available_credit + moved[Unit.CREDIT]
    return told
