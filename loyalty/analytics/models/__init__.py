"""What analytics keep: sums of the ledger, daily counts, and views of cards."""

from loyalty.analytics.models.counts import (
    AtRisk,
    BestMember,
    CardView,
    CohortMonth,
    DayView,
    Measure,
    OpenBalance,
    RiskCount,
    TierCount,
    VisitCount,
)
from loyalty.analytics.models.sums import (
    ActiveMonth,
    DayFact,
    DayHour,
    MonthFact,
    MonthHour,
    RollupMark,
    TierMove,
)

__all__ = [
    "ActiveMonth",
    "AtRisk",
    "BestMember",
    "CardView",
    "CohortMonth",
    "DayFact",
    "DayHour",
    "DayView",
    "Measure",
    "MonthFact",
    "MonthHour",
    "OpenBalance",
    "RiskCount",
    "RollupMark",
    "TierCount",
    "TierMove",
    "VisitCount",
]
