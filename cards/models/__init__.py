"""What is offered: cards with their rules and look, tiers, rewards, plans, and published terms."""

from cards.models.limits import MOST_DAYS, MOST_MINOR, MOST_POINTS, colour_is_hex
from cards.models.masters import CustomerGroup, Product, ProductGroup, Tag, TagSide, Tender
from cards.models.offers import PrintedCard, Reward, RewardStatus, Tier
from cards.models.other_rules import ExpiryRule, MilestoneRule, ReferralRule, SpecialDay
from cards.models.plans import MOST_LINES, Plan, PlanHours, PlanLine
from cards.models.programme import (
    NUMBERING,
    Card,
    CardIcon,
    CardStatus,
    CardText,
    NumberMode,
)
from cards.models.published import TermsVersion, WhatIf, WhatIfStatus

__all__ = [
    "MOST_DAYS",
    "MOST_LINES",
    "MOST_MINOR",
    "MOST_POINTS",
    "NUMBERING",
    "Card",
    "CardIcon",
    "CardStatus",
    "CardText",
    "CustomerGroup",
    "ExpiryRule",
    "MilestoneRule",
    "NumberMode",
    "Plan",
    "PlanHours",
    "PlanLine",
    "PrintedCard",
    "Product",
    "ProductGroup",
    "ReferralRule",
    "Reward",
    "RewardStatus",
    "SpecialDay",
    "Tag",
    "TagSide",
    "Tender",
    "TermsVersion",
    "Tier",
    "WhatIf",
    "WhatIfStatus",
    "colour_is_hex",
]
