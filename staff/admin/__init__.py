"""The partner's dashboard. Importing this package registers its tables with its site."""

from staff.admin import (
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
