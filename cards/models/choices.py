"""The words for each choice that a rule offers; the choices themselves belong to the rules."""

from django.utils.translation import gettext_lazy as _

from loyalty.rules.rounding import Rounding
from loyalty.rules.terms import (
    AwardCriteria,
    Basis,
    CalculationOn,
    Clawback,
    ConflictBasis,
    ConflictMethod,
    CriteriaGroup,
    CustomerType,
    Direction,
    ExpiryMethod,
    ExpiryOverride,
    FullCards,
    LoyaltyTender,
    MilestoneKind,
    PlanType,
    RedemptionMethod,
    ReferralBeneficiary,
    ReferralEvent,
    RefundMethod,
    SpecialWindow,
    TierBasis,
    TierManagement,
    TierWindow,
    TransactionCriteria,
    Unit,
)

ROUNDINGS = [
    (Rounding.DOWN.value, _("down, the shop keeps the fraction")),
    (Rounding.HALF_UP.value, _("to the nearest")),
    (Rounding.UP.value, _("up")),
]
WEEKDAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]
UNITS = [(Unit.POINTS.value, _("points")), (Unit.CREDIT.value, _("credit"))]
DIRECTIONS = [
    (Direction.SALE.value, _("we sell")),
    (Direction.BUY.value, _("we buy from the member")),
]
PLAN_TYPES = [
    (PlanType.NORMAL.value, _("normal")),
    (PlanType.SPECIAL_DAYS.value, _("on special days of the programme")),
    (PlanType.CUSTOMER_DAYS.value, _("on the member's birthday and anniversary")),
]
CUSTOMER_TYPES = [
    (CustomerType.ALL.value, _("everybody")),
    (CustomerType.CODE.value, _("one member")),
    (CustomerType.GROUP.value, _("a customer group")),
]
CRITERIA_GROUPS = [
    (CriteriaGroup.ALL.value, _("everything")),
    (CriteriaGroup.ITEM.value, _("one product")),
    (CriteriaGroup.ITEM_GROUP.value, _("a product group")),
    (CriteriaGroup.BILL_VALUE.value, _("bills from a value on")),
    (CriteriaGroup.BILL_QUANTITY.value, _("bills from so many pieces on")),
]
TRANSACTION_CRITERIA = [
    (TransactionCriteria.EVERY.value, _("every so many")),
    (TransactionCriteria.EQUAL.value, _("only this one")),
    (TransactionCriteria.GREATER.value, _("all after this one")),
]
BASES = [(Basis.AMOUNT.value, _("amount")), (Basis.QUANTITY.value, _("pieces"))]
CALCULATIONS = [
    (CalculationOn.EVERY.value, _("for every full step")),
    (CalculationOn.AT_LEAST.value, _("once, from the value on")),
]
AWARD_CRITERIA = [
    (AwardCriteria.EVERY_TRANSACTION.value, _("each purchase by itself")),
    (AwardCriteria.CUMULATIVE.value, _("the purchases of some days together")),
]
CONFLICT_BASES = [
    (ConflictBasis.GLOBAL.value, _("all plans at once")),
    (ConflictBasis.PLAN_GLOBAL.value, _("first inside each plan, then between plans")),
]
CONFLICT_METHODS = [
    (ConflictMethod.MAXIMUM.value, _("the highest")),
    (ConflictMethod.MINIMUM.value, _("the lowest")),
    (ConflictMethod.SUM.value, _("all together")),
    (ConflictMethod.AVERAGE.value, _("the average")),
]
LOYALTY_TENDERS = [
    (LoyaltyTender.FULL.value, _("the whole bill earns")),
    (LoyaltyTender.REST.value, _("only the rest of the bill earns")),
    (LoyaltyTender.NOTHING.value, _("the bill earns nothing")),
]
SPECIAL_WINDOWS = [
    (SpecialWindow.DAY.value, _("the day itself")),
    (SpecialWindow.WEEK.value, _("its week")),
    (SpecialWindow.MONTH.value, _("its month")),
    (SpecialWindow.DAYS.value, _("some days before and after")),
]
TIER_BASES = [
    (TierBasis.AWARDED_POINTS.value, _("points awarded")),
    (TierBasis.AVAILABLE_POINTS.value, _("points available")),
    (TierBasis.AWARDED_CREDIT.value, _("credit awarded")),
    (TierBasis.AVAILABLE_CREDIT.value, _("credit available")),
]
TIER_MANAGEMENTS = [
    (TierManagement.AUTOMATIC.value, _("by itself, after every deed")),
    (TierManagement.AFTER_DAYS.value, _("by itself, every so many days")),
    (TierManagement.MANUAL.value, _("by hand only")),
]
TIER_WINDOWS = [
    (TierWindow.LIFETIME.value, _("since joining")),
    (TierWindow.ROLLING.value, _("the last days")),
    (TierWindow.CALENDAR_YEAR.value, _("this calendar year")),
    (TierWindow.ANNIVERSARY.value, _("this year of membership")),
]
REDEMPTION_METHODS = [
    (RedemptionMethod.CURRENT_TIER.value, _("all at the rate of the current tier")),
    (RedemptionMethod.FALLBACK.value, _("in slices, each at the rate of its tier")),
]
REFUND_METHODS = [
    (RefundMethod.PRO_RATA.value, _("in proportion")),
    (RefundMethod.ALL.value, _("all of it")),
    (RefundMethod.NONE.value, _("nothing")),
]
CLAWBACKS = [
    (Clawback.SHORTFALL.value, _("stop at zero; later awards settle the rest")),
    (Clawback.REFUSE.value, _("refuse the refund")),
]
EXPIRY_METHODS = [
    (ExpiryMethod.SLIDING.value, _("so many days after the award")),
    (ExpiryMethod.FIXED.value, _("on a fixed date")),
]
EXPIRY_OVERRIDES = [
    (ExpiryOverride.OFF.value, _("no")),
    (ExpiryOverride.AUTOMATIC.value, _("yes, by itself")),
    (ExpiryOverride.BY_HAND.value, _("yes, by a manager")),
]
FULL_CARDS = [
    (FullCards.ISSUE.value, _("gives its reward at once")),
    (FullCards.KEEP.value, _("is kept until the member wants it")),
]
REFERRAL_EVENTS = [
    (ReferralEvent.REGISTRATION.value, _("the new member joins")),
    (ReferralEvent.FIRST_PURCHASE.value, _("the new member's first purchase")),
    (ReferralEvent.THRESHOLD_POINTS.value, _("the new member holds so many points")),
    (ReferralEvent.THRESHOLD_CREDIT.value, _("the new member holds so much credit")),
]
REFERRAL_BENEFICIARIES = [
    (ReferralBeneficiary.REFERRER.value, _("the referrer")),
    (ReferralBeneficiary.REFERRED.value, _("the new member")),
    (ReferralBeneficiary.BOTH.value, _("both")),
]
MILESTONE_KINDS = [
    (MilestoneKind.VISITS.value, _("number of visits")),
    (MilestoneKind.BIRTHDAY.value, _("birthday")),
    (MilestoneKind.ANNIVERSARY.value, _("anniversary")),
    (MilestoneKind.CHECK_IN.value, _("check-in")),
]
