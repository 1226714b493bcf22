"""What members bring when their accounts become one: lots, sums, and the tier they reach so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Q, Sum

from loyalty.ledger.drafts import Draft, Fact, Note, TierMove
from loyalty.ledger.models import Kind, Lot, Unit
from loyalty.members.models import (
    Account,
    Membership,
    MembershipGroup,
    TierSource,
    Voucher,
    VoucherOrigin,
    VoucherStatus,
)
from loyalty.operations import drafting, lot_dates, tiering
from loyalty.operations.standing import Standing
from loyalty.outbox.models import EventType
from loyalty.rules import tiers
from loyalty.rules.terms import TierManagement

# The steps of a group's life, in a transfer's result.
JOINED, LEFT, CLOSED, RESTARTED = "JOINED", "LEFT", "CLOSED", "RESTARTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What one account takes over of others, all locked; windows are counted from ``joined_at``."""

    pooled: Standing
    accounts: dict[int, Account]
    joined_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake(Brought):
    """Who comes into a group, with the accounts that they bring."""

    group: MembershipGroup
    members: Sequence[Membership]


def today_of(standing: Standing) -> date:
    """Return the day of the deed where the business is."""
    zone = standing.membership.partner.zone()
    return standing.deed.occurred_at.astimezone(zone).date()


def pooled_standing(standing: Standing, account: Account, accounts: Iterable[Account]) -> Standing:
    """Return the standing of the deed on the group's account.

    What is past its date on any of the accounts comes along and cannot be spent there either.
    """
    due = Lot.objects.filter(
        account__in=[one.pk for one in accounts],
        remaining__gt=0,
        expires_at__lte=standing.deed.occurred_at,
    ).aggregate(
        points=Sum("remaining", filter=Q(unit=Unit.POINTS), default=0),
        credit=Sum("remaining", filter=Q(unit=Unit.CREDIT), default=0),
    )
    return replace(standing, account=account, due_points=due["points"], due_credit=due["credit"])


def drafts_of(intake: Intake, content: str, note: Note | None) -> list[Draft]:
    """Return what each member brings, the first one's first, and what leaves their accounts."""
    pooled, drafts = intake.pooled, list[Draft]()
    balance = {"points": pooled.account.points, "credit": pooled.account.credit_minor}
    for membership in intake.members:
        account = intake.accounts[membership.account_id]
        lots = lot_dates.open_lots(account.pk)
        comes: dict[str, Any] = {
            "moves": lot_dates.granted(lots, [lot.expires_at for lot in lots]),
            "result": _result(JOINED, intake.group, account, balance),
            "facts": {"lots": lot_dates.facts_of(lots)},
            "events": (event(intake.group, JOINED),),
            **sums(account, 1),
        }
        if drafts:
            drafts.append(
                drafting.companion(
                    drafts[0],
                    Kind.TRANSFER,
                    f"join-{membership.pk}",
                    membership_id=membership.pk,
                    **comes,
                )
            )
        else:
            drafts.append(
                drafting.draft(pooled, Kind.TRANSFER, content=content, note=note, **comes)
            )
        drafts.append(
            drafting.companion(
                drafts[0],
                Kind.TRANSFER,
                f"bring-{membership.pk}",
                account=account,
                membership_id=membership.pk,
                moves=lot_dates.taken(lots),
                tier=lowest(pooled, account),
                **sums(account, -1),
            )
        )
    return drafts


def _result(
    step: str, group: MembershipGroup, account: Account, balance: dict[str, int]
) -> dict[str, Any]:
    """Return what is told of somebody's coming, and count it into the balance."""
    before = dict(balance)
    balance["points"] += account.points
    balance["credit"] += account.credit_minor
    told = {
        "step": step,
        "group_id": group.pk,
        "points": account.points,
        "balance_before": before["points"],
        "balance_after": balance["points"],
        "new_tier": None,
    }
    if balance["credit"]:
        told |= {"credit_before": before["credit"], "credit_after": balance["credit"]}
    return told


def sums(account: Account, sign: int) -> dict[str, int]:
    """Return what an account was awarded and owes, as its transfer moves it: 1 here, -1 away."""
    names = (
        "lifetime_points",
        "lifetime_credit_minor",
        "shortfall_points",
        "shortfall_credit_minor",
    )
    return {name: sign * getattr(account, name) for name in names}


def event(group: MembershipGroup, step: str) -> Fact:
    """Return the event of a step in a group's life."""
    return Fact(type=EventType.MEMBERSHIP_CHANGED, data={"group_id": group.pk, "step": step})


def lowest(standing: Standing, account: Account) -> TierMove | None:
    """Return the move of an account without awards to the lowest tier; None if it is there."""
    first = tiers.reached(0, standing.terms.tiers)
    is_by_hand = standing.terms.tier_management == TierManagement.MANUAL
    to_tier_id = first.tier_id if first and not is_by_hand else None
    if (account.tier_id, account.tier_source) == (to_tier_id, TierSource.AUTOMATIC):
        return None
    return TierMove(to_tier_id=to_tier_id, source=TierSource.AUTOMATIC)


def combined_tier(intake: Brought, drafts: Sequence[Draft]) -> list[Draft]:
    """Move the account's tier on the first draft to what all have together; return its reward."""
    pooled, terms, main = intake.pooled, intake.pooled.terms, drafts[0]
    account = pooled.account
    if terms.tier_management == TierManagement.MANUAL or not terms.tiers:
        return []
    to_tier_id = tiers.assessed(
        terms=terms,
        value=_combined(intake, drafts).measured(terms),
        tier_id=account.tier_id,
        is_set_by_hand=account.tier_source == TierSource.MANUAL,
        held_until=account.tier_hold_until,
        at=pooled.deed.occurred_at,
        is_due=True,
    )
    if to_tier_id == account.tier_id:
        return []
    main.tier = TierMove(to_tier_id=to_tier_id, source=TierSource.AUTOMATIC)
    reached = terms.tier(to_tier_id)
    main.result["new_tier"] = reached.name if reached else None
    main.events = (*main.events, drafting.tier_fact(to_tier_id))
    if not tiering.is_rise(terms, account.tier_id, reached) or _have_had_reward(intake, to_tier_id):
        return []
    return drafting.entry_reward(main, pooled, reached)


def _have_had_reward(intake: Brought, tier_id: int | None) -> bool:
    """Return whether one of those who come had the tier's entry reward on an account of theirs."""
    brought = Account.objects.filter(
        Q(pk__in=intake.accounts) | Q(absorbed_by__in=list(intake.accounts))
    )
    had = Voucher.objects.filter(
        account__in=brought.values("pk"), tier=tier_id, origin=VoucherOrigin.TIER
    )
    return had.exclude(status=VoucherStatus.REMOVED).exists()


def _combined(intake: Brought, drafts: Sequence[Draft]) -> tiering.Sums:
    """Return what the account has, and was awarded within the card's window, with what comes."""
    pooled = intake.pooled
    account, zone = pooled.account, pooled.membership.partner.zone()
    own = [one for one in drafts if one.account is account]
    moved = {
        unit: sum(move.amount for one in own for move in one.moves if move.unit == unit)
        for unit in Unit
    }
    awarded = {
        "points": account.lifetime_points + sum(one.lifetime_points for one in own),
        "credit": account.lifetime_credit_minor + sum(one.lifetime_credit_minor for one in own),
    }
    joined = intake.joined_at.astimezone(zone).date()
    first_day = tiering.first_day(pooled.terms, today=today_of(pooled), joined=joined)
    if first_day is not None:
        found = tiering.awarded_since([account.pk, *intake.accounts], first_day, zone).values()
        awarded = {name: sum(one[name] for one in found) for name in awarded}
    return tiering.Sums(
        available_points=pooled.available + moved[Unit.POINTS],
        awarded_points=awarded["points"],
        available_credit_minor=pooled.available_credit + moved[Unit.CREDIT],
        awarded_credit_minor=awarded["credit"],
    )
