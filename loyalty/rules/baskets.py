"""What was bought, how it was paid, and what is known of the member at that moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from loyalty.rules.terms import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketLine:
    """One line of a bill: codes of product and product group, pieces, and money in minor units."""

    product: str = ""
    group: str = ""
    quantity: Decimal = Decimal(1)
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """How much of a bill was paid with which tender, in minor units.

    ``transaction_id`` names the deed of a payment with points or credit, where it was booked.
    """

    tender: str
    amount_minor: int
    is_loyalty: bool = False
    transaction_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """A bill. Without lines it is one amount; lines always sum to ``amount_minor``."""

    amount_minor: int
    direction: Direction = Direction.SALE
    lines: tuple[BasketLine, ...] = ()
    payments: tuple[Payment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What one line saw and gave before, within the days that count together (rules 3)."""

    basis: Decimal = Decimal(0)
    given: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rules must know beside the basket; stored with the deed to compute it again.

    ``at`` is in the store's time zone. ``ordinals`` count the earlier deeds that met a line's
    conditions, by line key; ``windows`` hold the sums for cumulative awards. ``points_today`` and
    ``credit_today_minor`` were awarded earlier on the same day. No personal data.
    """

    at: datetime
    store: str = ""
    member: str = ""
    customer_groups: frozenset[str] = frozenset()
    tier_id: int | None = None
    is_customer_day: bool = False
    ordinals: Mapping[int, int] = field(default_factory=dict)
    windows: Mapping[int, Window] = field(default_factory=dict)
    points_today: int = 0
    credit_today_minor: int = 0
