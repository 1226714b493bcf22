"""What a deed gives beside its own award: bonuses and vouchers, as drafts that it causes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cards.models import Reward
from loyalty.ledger.drafts import Draft, Fact, Move, RuleFired, VoucherGrant
from loyalty.ledger.models import Kind, Unit
from loyalty.members.models import Account, VoucherOrigin, VoucherStatus
from loyalty.operations import drafting, offers
from loyalty.operations.standing import Standing
from loyalty.outbox.models import EventType
from loyalty.rules import refunds


class BonusReason(StrEnum):
    """Why a bonus was given, as transactions keep it."""

    WELCOME = "WELCOME"
    REFERRAL = "REFERRAL"
    VISITS = "VISITS"
    CHECK_IN = "CHECK_IN"
    BIRTHDAY = "BIRTHDAY"
    ANNIVERSARY = "ANNIVERSARY"
    FULL_CARD = "FULL_CARD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """Points, and credit in minor units, with the reason and the rules that fired for it.

    ``told`` is further plain data for the transaction's result.
    """

    reason: BonusReason
    points: int
    credit_minor: int
    fired: tuple[RuleFired, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)


def own(standing: Standing, drafts: Sequence[Draft]) -> list[Draft]:
    """Return the drafts that are on the standing's account."""
    return [one for one in drafts if one.account is standing.account]


def moved(standing: Standing, drafts: Sequence[Draft], unit: Unit = Unit.POINTS) -> int:
    """Return by how much the drafts move the standing's account."""
    return sum(
        move.amount for one in own(standing, drafts) for move in one.moves if move.unit == unit
    )


def available_after(standing: Standing, drafts: Sequence[Draft], unit: Unit = Unit.POINTS) -> int:
    """Return what can be spent once the drafts are posted."""
    return standing.available_in(unit) + moved(standing, drafts, unit)


def values(standing: Standing, drafts: Sequence[Draft], gift: Gift) -> dict[str, Any]:
    """Return what a draft of a bonus says: entries, sums, and what its receiver is told.

    What the account still owes of earlier refunds is settled first, as an award would.
    """
    pending = own(standing, drafts)
    settled = {
        Unit.POINTS: _against(standing.account, pending, gift.points, "shortfall_points"),
        Unit.CREDIT: _against(
            standing.account, pending, gift.credit_minor, "shortfall_credit_minor"
        ),
    }
    moves = tuple(
        drafting.earned(standing, one.credited, unit)
        for unit, one in settled.items()
        if one.credited
    )
    before = available_after(standing, drafts)
    points = sum(move.amount for move in moves if move.unit == Unit.POINTS)
    return {
        "moves": moves,
        "lifetime_points": gift.points,
        "lifetime_credit_minor": gift.credit_minor,
        "shortfall_points": -settled[Unit.POINTS].settled,
        "shortfall_credit_minor": -settled[Unit.CREDIT].settled,
        "fired": gift.fired,
        "result": {
            "points": gift.points,
            "credit_minor": gift.credit_minor,
            "balance_before": before,
            "balance_after": before + points,
            **_credit_told(standing, drafts, moves),
            "reason": gift.reason,
            "fired": bool(gift.fired),
            **gift.told,
        },
        "facts": drafting.earning_facts(standing),
        "events": drafting.earning_events(gift.points, gift.credit_minor),
    }


def _against(
    account: Account, pending: Sequence[Draft], earned: int, name: str
) -> refunds.Credited:
    shortfall = getattr(account, name) + sum(getattr(one, name) for one in pending)
    return refunds.earn_against_shortfall(earned=earned, shortfall=shortfall)


def _credit_told(
    standing: Standing, drafts: Sequence[Draft], moves: Sequence[Move]
) -> dict[str, int]:
    before = available_after(standing, drafts, Unit.CREDIT)
    added = sum(move.amount for move in moves if move.unit == Unit.CREDIT)
    return {"credit_before": before, "credit_after": before + added} if before or added else {}


def bonus(main: Draft, standing: Standing, drafts: Sequence[Draft], gift: Gift) -> Draft:
    """Return the BONUS that ``main`` causes on the standing's account, after the drafts so far."""
    return drafting.companion(
        main,
        Kind.BONUS,
        _name("b", standing, drafts),
        account=standing.account,
        membership_id=standing.membership.pk,
        **values(standing, drafts, gift),
    )


def _name(sort: str, standing: Standing, drafts: Sequence[Draft]) -> str:
    """Return what tells a part from its siblings: a deed may bring parts on two accounts."""
    return f"{sort}{standing.account.pk}-{len(drafts)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A reward of which some pieces can be handed out now."""

    reward: Reward
    count: int


def pieces(
    standing: Standing, drafts: Sequence[Draft], reward_id: int, *, wanted: int
) -> Piece | None:
    """Return how many of the wanted pieces can be had, with the reward's counter locked.

    What the drafts so far hand out is counted. None if the reward cannot be had at all.
    """
    counter = drafting.lock_counter(reward_id)
    try:
        reward = offers.check(
            reward_id=reward_id,
            account=standing.account,
            available=standing.available,
            at=standing.deed.occurred_at,
        )
    except offers.RewardNotAvailableError:
        return None
    if reward.stock is None:
        return Piece(reward=reward, count=wanted)
    pending = sum(one.reward_counts.get(reward_id, 0) for one in drafts)
    count = min(wanted, reward.stock - counter.issued - pending)
    return Piece(reward=reward, count=count) if count > 0 else None


def voucher(  # noqa: PLR0913 - each is a fact of the voucher, all of them named
    main: Draft,
    standing: Standing,
    drafts: Sequence[Draft],
    *,
    reward: Reward,
    origin: VoucherOrigin,
    reason: BonusReason,
    moves: tuple[Move, ...] = (),
    fired: tuple[RuleFired, ...] = (),
    told: Mapping[str, Any] | None = None,
) -> Draft:
    """Return the VOUCHER that ``main`` causes: one piece, paid by the moves, if there are any."""
    before = available_after(standing, drafts)
    points = sum(move.amount for move in moves)
    grant = VoucherGrant(
        reward_id=reward.pk,
        origin=origin,
        cost=-points,
        tier_id=None,
        expires_at=drafting.voucher_expiry(standing, reward.voucher_days),
    )
    return drafting.companion(
        main,
        Kind.VOUCHER,
        _name("v", standing, drafts),
        account=standing.account,
        membership_id=standing.membership.pk,
        reward_id=reward.pk,
        moves=moves,
        vouchers=(grant,),
        reward_counts={reward.pk: 1},
        fired=fired,
        result={
            "step": VoucherStatus.ISSUED,
            "points": points,
            "balance_before": before,
            "balance_after": before + points,
            "reward": reward.name,
            "reason": reason,
            "fired": bool(fired),
            **(told or {}),
        },
        events=(Fact(type=EventType.REWARD_CLAIMED, data={"reward_id": reward.pk}),),
    )
