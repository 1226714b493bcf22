"""What one post writes, gathered table by table before anything touches the database."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db import models

from loyalty.members.models import Account

ACCOUNT_COLUMNS = (
    "points",
    "credit_minor",
    "points_sequence",
    "credit_sequence",
    "lifetime_points",
    "lifetime_credit_minor",
    "shortfall_points",
    "shortfall_credit_minor",
    "tier_id",
    "tier_source",
    "tier_hold_until",
)


@dataclass(slots=True)
class MembershipChange:
    """What a post changes of a membership; None leaves a column as it is."""

    status: str | None = None
    active_at: datetime | None = None


@dataclass(slots=True)
class Rows:
    """Everything one post writes: new rows by table, and changes to rows that may change."""

    new: dict[type[models.Model], list[models.Model]] = field(
        default_factory=lambda: defaultdict(list)
    )
    accounts: dict[int, Account] = field(default_factory=dict)
    lots: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    counters: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    vouchers: dict[int, str] = field(default_factory=dict)
    receipts: dict[int, datetime] = field(default_factory=dict)
    firings: dict[int, datetime] = field(default_factory=dict)
    claims: dict[int, datetime | None] = field(default_factory=dict)
    memberships: dict[int, MembershipChange] = field(
        default_factory=lambda: defaultdict(MembershipChange)
    )
