"""A card's published rules as values: what the engine computes with.

Money is in minor units of the card's currency, quantities are decimals. Codes are those of the
partner's master data. Compiled once per version and process, so whatever can be looked up in
advance is looked up by ``plans.compiled``, not at the counter.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum

from loyalty.rules.rounding import Rounding


class Unit(StrEnum):
    """What a line awards: whole points, or credit in minor units (IV8.19)."""

    POINTS = "POINTS"
    CREDIT = "CREDIT"


class Direction(StrEnum):
    """Which way the money went: the shop sold, or it bought from the member (FA1, FA2)."""

    SALE = "SALE"
    BUY = "BUY"


class PlanType(StrEnum):
    """When a plan takes part (IV7.5)."""

    NORMAL = "NORMAL"
    SPECIAL_DAYS = "SPECIAL_DAYS"
    CUSTOMER_DAYS = "CUSTOMER_DAYS"


class CustomerType(StrEnum):
    """Whom a rule is for (IV4.4, IV8.4)."""

    ALL = "ALL"
    CODE = "CODE"
    GROUP = "GROUP"


class CriteriaGroup(StrEnum):
    """What a line looks at (IV8.7 to IV8.11)."""

    ALL = "ALL"
    ITEM = "ITEM"
    ITEM_GROUP = "ITEM_GROUP"
    BILL_VALUE = "BILL_VALUE"
    BILL_QUANTITY = "BILL_QUANTITY"


class TransactionCriteria(StrEnum):
    """Which of the member's matching purchases earn (IV8.12, rules 2)."""

    EVERY = "EVERY"
    EQUAL = "EQUAL"
    GREATER = "GREATER"


class Basis(StrEnum):
    """What is counted (IV8.14, IV8.15)."""

    AMOUNT = "AMOUNT"
    QUANTITY = "QUANTITY"


class CalculationOn(StrEnum):
    """Each full step earns, or once from a threshold on (IV8.16, rules 1)."""

    EVERY = "EVERY"
    AT_LEAST = "AT_LEAST"


class AwardCriteria(StrEnum):
    """Each purchase by itself, or the purchases of some days together (IV3.13, rules 3)."""

    EVERY_TRANSACTION = "EVERY_TRANSACTION"
    CUMULATIVE = "CUMULATIVE"


class ConflictBasis(StrEnum):
    """One step over plan totals, or two steps (IV3.16, rules 5)."""

    GLOBAL = "GLOBAL"
    PLAN_GLOBAL = "PLAN_GLOBAL"


class ConflictMethod(StrEnum):
    """What several plans together give (IV3.17, rules 5)."""

    MINIMUM = "MINIMUM"
    MAXIMUM = "MAXIMUM"
    SUM = "SUM"
    AVERAGE = "AVERAGE"


class LoyaltyTender(StrEnum):
    """What a bill earns that was partly paid with points or credit (IV3.27, rules 9)."""

    FULL = "FULL"
    REST = "REST"
    NOTHING = "NOTHING"


class SpecialWindow(StrEnum):
    """How long a member's special day lasts (IV3.14, rules 12)."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    DAYS = "DAYS"


class TierBasis(StrEnum):
    """What a tier's threshold is held against (IV3.7 to IV3.10)."""

    AVAILABLE_POINTS = "AVAILABLE_POINTS"
    AWARDED_POINTS = "AWARDED_POINTS"
    AVAILABLE_CREDIT = "AVAILABLE_CREDIT"
    AWARDED_CREDIT = "AWARDED_CREDIT"


class TierManagement(StrEnum):
    """Who moves a member between tiers, and when (IV3.18)."""

    MANUAL = "MANUAL"
    AUTOMATIC = "AUTOMATIC"
    AFTER_DAYS = "AFTER_DAYS"


class TierWindow(StrEnum):
    """Over which time awarded units count for a tier (rules 7)."""

    LIFETIME = "LIFETIME"
    ROLLING = "ROLLING"
    CALENDAR_YEAR = "CALENDAR_YEAR"
    ANNIVERSARY = "ANNIVERSARY"


class RedemptionMethod(StrEnum):
    """How points become money (IV3.19, rules 6)."""

    CURRENT_TIER = "CURRENT_TIER"
    FALLBACK = "FALLBACK"


class RefundMethod(StrEnum):
    """What a refund takes back (IV3.20, rules 8)."""

    ALL = "ALL"
    PRO_RATA = "PRO_RATA"
    NONE = "NONE"


class Clawback(StrEnum):
    """What happens when a refund should take back more than is there (rules 8)."""

    REFUSE = "REFUSE"
    SHORTFALL = "SHORTFALL"


class ExpiryMethod(StrEnum):
    """How a lot's date is found (IV4.2, IV4.3)."""

    SLIDING = "SLIDING"
    FIXED = "FIXED"


class ExpiryOverride(StrEnum):
    """Who moves a lot's date (IV3.21)."""

    OFF = "OFF"
    AUTOMATIC = "AUTOMATIC"
    BY_HAND = "BY_HAND"


class FullCards(StrEnum):
    """What happens when a stamp card is full (CU32)."""

    ISSUE = "ISSUE"
    KEEP = "KEEP"


class ReferralEvent(StrEnum):
    """When a recommendation pays (IV5.3 to IV5.10)."""

    REGISTRATION = "REGISTRATION"
    FIRST_PURCHASE = "FIRST_PURCHASE"
    THRESHOLD_POINTS = "THRESHOLD_POINTS"
    THRESHOLD_CREDIT = "THRESHOLD_CREDIT"


class ReferralBeneficiary(StrEnum):
    """Whom a recommendation pays (rules 11)."""

    REFERRER = "REFERRER"
    REFERRED = "REFERRED"
    BOTH = "BOTH"


class MilestoneKind(StrEnum):
    """What a milestone counts (PA2.2, PA2.6)."""

    VISITS = "VISITS"
    BIRTHDAY = "BIRTHDAY"
    ANNIVERSARY = "ANNIVERSARY"
    CHECK_IN = "CHECK_IN"


@dataclass(frozen=True, slots=True, kw_only=True)
class TierTerms:
    """A tier as it was published.

    ``min_value`` is in points or minor units, by the card's basis. ``rate`` is the minor units of
    credit that one point is worth, ``redemption_percent`` how much of a bill may be paid so.
    """

    tier_id: int
    name: str
    min_value: int
    multiplier: Decimal = Decimal(1)
    rate: Decimal = Decimal(0)
    redemption_percent: Decimal = Decimal(100)
    entry_reward_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of a plan (IV8). ``key`` is stable over versions: history is counted by it.

    ``criteria_code`` names a product or a product group; ``criteria_least`` is the smallest bill,
    in minor units or pieces. ``value`` is one step of the basis, in minor units or pieces.
    ``award`` is what a step earns, in points or minor units of credit.
    """

    key: int
    is_exempt: bool = False
    must_process: bool = False
    customer_type: CustomerType = CustomerType.ALL
    customer_code: str = ""
    tier_id: int | None = None
    group: CriteriaGroup = CriteriaGroup.ALL
    criteria_code: str = ""
    criteria_least: Decimal = Decimal(0)
    transaction_criteria: TransactionCriteria = TransactionCriteria.EVERY
    transaction_count: int = 1
    basis: Basis = Basis.AMOUNT
    calculation_on: CalculationOn = CalculationOn.EVERY
    value: Decimal = Decimal(100)
    tender: str = ""
    unit: Unit = Unit.POINTS
    award: int = 1

    @property
    def is_bill(self) -> bool:
        """Return whether the line looks at the bill rather than at what is on it."""
        return self.group in {CriteriaGroup.BILL_VALUE, CriteriaGroup.BILL_QUANTITY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Where and when a plan holds: a store (empty: all), a weekday (Monday is 0, None: all), hours.

    ``until`` is excluded; 00:00 to 00:00 is the whole day.
    """

    store: str = ""
    weekday: int | None = None
    start: time = time.min
    until: time = time.min


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A set of lines and when they hold (IV7). ``until`` is excluded; no hours: always."""

    code: str
    name: str = ""
    type: PlanType = PlanType.NORMAL
    direction: Direction = Direction.SALE
    start: datetime | None = None
    until: datetime | None = None
    conflict_method: ConflictMethod = ConflictMethod.SUM
    hours: tuple[Hours, ...] = ()
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialDay:
    """A day of the programme (IV6.3); a yearly one counts in each year."""

    code: str
    day: date
    is_yearly: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryRule:
    """A row of the expiry setup (IV4). ``unit`` None means both; later rows are newer."""

    method: ExpiryMethod
    unit: Unit | None = None
    customer_type: CustomerType = CustomerType.ALL
    customer_code: str = ""
    tier_id: int | None = None
    days: int | None = None
    day: date | None = None
    is_yearly: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralRule:
    """A row of the referral setup (IV5). ``threshold`` is in points or minor units, by event."""

    key: int
    event: ReferralEvent
    threshold: int = 0
    points: int = 0
    credit_minor: int = 0
    beneficiary: ReferralBeneficiary = ReferralBeneficiary.REFERRER


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneRule:
    """What so many visits, a birthday, an anniversary or a check-in gives (PA2.2, PA2.6)."""

    key: int
    kind: MilestoneKind
    count: int | None = None
    is_repeated: bool = False
    points: int = 0
    credit_minor: int = 0
    reward_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Everything a deed needs to know of a card's rules."""

    is_points_only: bool = False
    min_amount_minor: int = 0
    max_amount_minor: int = 1_000_000
    max_points: int = 10_000
    max_points_day: int | None = None
    max_credit_minor: int | None = None
    max_credit_day_minor: int | None = None
    rounding: Rounding = Rounding.DOWN
    welcome_points: int = 0
    welcome_credit_minor: int = 0
    # Earning.
    plans: tuple[Plan, ...] = ()
    award_criteria: AwardCriteria = AwardCriteria.EVERY_TRANSACTION
    cumulative_days: int | None = None
    conflict_basis: ConflictBasis = ConflictBasis.GLOBAL
    conflict_method: ConflictMethod = ConflictMethod.MAXIMUM
    loyalty_tender: LoyaltyTender = LoyaltyTender.REST
    special_days: tuple[SpecialDay, ...] = ()
    special_window: SpecialWindow = SpecialWindow.DAY
    special_days_before: int = 0
    special_days_after: int = 0
    # Tiers.
    tiers: tuple[TierTerms, ...] = ()
    tier_basis: TierBasis = TierBasis.AWARDED_POINTS
    tier_management: TierManagement = TierManagement.AUTOMATIC
    tier_days: int | None = None
    tier_window: TierWindow = TierWindow.LIFETIME
    tier_window_days: int | None = None
    # Points as money: without a tier the base rate and percentage hold. A rate of 0: not offered.
    redemption_method: RedemptionMethod = RedemptionMethod.CURRENT_TIER
    base_rate: Decimal = Decimal(0)
    base_redemption_percent: Decimal = Decimal(100)
    # Refunds.
    refund_method: RefundMethod = RefundMethod.PRO_RATA
    clawback: Clawback = Clawback.SHORTFALL
    # Expiry. ``expiry_days`` is the simple rule; it holds where no row does.
    expiry_days: int | None = None
    expiry_rules: tuple[ExpiryRule, ...] = ()
    expiry_override: ExpiryOverride = ExpiryOverride.OFF
    expiry_override_days: int = 0
    expiry_grace_days: int = 0
    # Stamp cards: None is no stamp card.
    stamps_per_card: int | None = None
    full_cards: FullCards = FullCards.ISSUE
    full_card_reward_id: int | None = None
    # Beside purchases.
    referral_rules: tuple[ReferralRule, ...] = ()
    milestone_rules: tuple[MilestoneRule, ...] = ()

    def tier(self, tier_id: int | None) -> TierTerms | None:
        """Return the terms of a tier, or None."""
        return next((tier for tier in self.tiers if tier.tier_id == tier_id), None)
