"""A row of the matrix: who may open a route, and what everybody else is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.matrix.world import Side

ROLES = (
    "anonymous",
    "member",
    "other_member",
    "staff",
    "stranger_staff",
    "foreign_staff",
    "owner",
    "support",
    "foreign_owner",
    "superuser",
)
STAFF = frozenset({"staff", "stranger_staff", "foreign_staff"})
MANAGERS = frozenset({"owner", "support", "foreign_owner", "superuser"})
SIGNED_IN = frozenset(ROLES) - {"anonymous"}
EVERYBODY = frozenset(ROLES)
OWN_DASHBOARD = frozenset({"owner", "support", "superuser"})
OWN_WRITERS = frozenset({"owner", "superuser"})
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """Who may open a route, with which arguments, and whether the page shows the canary then.

    ``forbidden`` may know that it exists and get a 403; ``strangers`` is what everybody else gets;
    anonymous visitors are led to the sign-in. ``shows_canary_to`` narrows who sees the canary.
    """

    allowed: frozenset[str]
    arguments: Callable[[Side], dict[str, Any]] = field(default=lambda _side: {})
    query: str = ""
    shows_canary: bool = False
    shows_canary_to: frozenset[str] | None = None
    forbidden: frozenset[str] = frozenset()
    method: str = "get"
    good: frozenset[int] = frozenset({200})
    strangers: frozenset[int] = frozenset({404})
    anonymous: frozenset[int] = frozenset({302})

    def answers(self, role: str) -> frozenset[int]:
        """Return the statuses that this role may get."""
        if role in self.allowed:
            return self.good
        if role in self.forbidden:
            return frozenset({403})
        return self.anonymous if role == "anonymous" else self.strangers

    def must_show(self, role: str) -> bool:
        """Return whether this role must see the canary."""
        if self.shows_canary_to is not None:
            return role in self.allowed & self.shows_canary_to
        return self.shows_canary and role in self.allowed
