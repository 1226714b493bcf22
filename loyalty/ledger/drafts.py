"""What an operation decided, before it is written: plain values that posting turns into rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from loyalty.ledger.models import FiringKind, Kind, Source, Unit
from loyalty.members.models import (
    Account,
    MembershipStatus,
    TierSource,
    VoucherOrigin,
    VoucherStatus,
)
from loyalty.outbox.models import EventType


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LotGrant:
    """A new lot of ``amount`` units, usable until ``expires_at`` (None: for ever).

    Two grants are never the same lot, however alike they are.
    """

    amount: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LotTake:
    """``amount`` units out of an existing lot; negative gives back.

    In place of ``lot_id``, ``grant`` names a lot that an earlier draft of the same list makes.
    """

    amount: int
    lot_id: int | None = None
    grant: LotGrant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One entry: ``amount`` of ``unit``, and which lots carry it.

    ``amount`` always equals the sum of grants less the sum of takes.
    """

    amount: int
    unit: Unit = Unit.POINTS
    grants: tuple[LotGrant, ...] = ()
    takes: tuple[LotTake, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TierMove:
    """The tier an account has afterwards, why, and until when it is held."""

    to_tier_id: int | None
    source: TierSource
    hold_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptClaim:
    """A receipt number of a store in its numbering period, taken by this deed."""

    store_id: int
    number: str
    period: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherGrant:
    """A voucher that this deed issues."""

    reward_id: int
    origin: VoucherOrigin
    cost: int
    tier_id: int | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherStep:
    """A step of an existing voucher from one status to another."""

    voucher_id: int
    from_status: VoucherStatus
    to_status: VoucherStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMet:
    """That a plan line whose history counts was met: by how much, and what it gave."""

    line_key: int
    basis: Decimal
    given: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFired:
    """That a referral or milestone rule fired for a membership, once per occurrence."""

    membership_id: int
    kind: FiringKind
    rule_key: int
    occurrence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Words for the team and words for the customer, kept apart."""

    internal: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """An event for the outbox: its type and plain data without personal words."""

    type: EventType
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Draft:
    """One transaction to be written, with all that goes with it.

    ``account`` is the locked row, on which posting keeps the running state; drafts of one list
    are written in list order. ``cause`` names another draft of the same list.
    """

    kind: Kind
    source: Source
    partner_id: int
    card_id: int
    membership_id: int | None
    account: Account
    actor_id: int | None
    store_id: int | None
    request_id: str
    fingerprint: str
    occurred_at: datetime
    terms_id: int | None = None
    reward_id: int | None = None
    receipt_number: str = ""
    amount_minor: int | None = None
    basket: Any = None  # JSON as the channel sent it.
    result: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    reverses_id: int | None = None
    refunds_id: int | None = None
    caused_by_id: int | None = None
    cause: "Draft | None" = None
    moves: tuple[Move, ...] = ()
    lifetime_points: int = 0
    lifetime_credit_minor: int = 0
    shortfall_points: int = 0
    shortfall_credit_minor: int = 0
    tier: TierMove | None = None
    receipt: ReceiptClaim | None = None
    released_receipt_of: int | None = None
    vouchers: tuple[VoucherGrant, ...] = ()
    voucher_steps: tuple[VoucherStep, ...] = ()
    lines_met: tuple[LineMet, ...] = ()
    fired: tuple[RuleFired, ...] = ()
    released_firings_of: int | None = None
    reward_counts: Mapping[int, int] = field(default_factory=dict)
    claim_id: int | None = None
    status: MembershipStatus | None = None
    note: Note | None = None
    events: tuple[Fact, ...] = ()
