"""The partner's dashboard. Importing this package registers its tables with its site."""

from staff.admin import (
    analytics,
    audit,
    cards,
    clubs,
    groups,
    jobs,
    ledger,
    masters,
    members,
    other_rules,
    parked,
    people,
    plans,
    rewards,
    signals,
    waiting,
)

__all__ = [
    "analytics",
    "audit",
    "cards",
    "clubs",
    "groups",
    "jobs",
    "ledger",
    "masters",
    "members",
    "other_rules",
    "parked",
    "people",
    "plans",
    "rewards",
    "signals",
    "waiting",
]
