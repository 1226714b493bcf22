"""What analytics keep: sums of the ledger, daily counts, views of cards, signals."""

from loyalty.analytics.models.counts import (
    AtRisk,
    BestMember,
    CardView,
    CohortMonth,
    Comeback,
    DayView,
    Measure,
    OpenBalance,
    PlaceCount,
    RiskCount,
    TierCount,
    VisitCount,
)
from loyalty.analytics.models.signals import Signal, SignalKind, SignalMark, SignalState
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
    "Comeback",
    "DayFact",
    "DayHour",
    "DayView",
    "Measure",
    "MonthFact",
    "MonthHour",
    "OpenBalance",
    "PlaceCount",
    "RiskCount",
    "RollupMark",
    "Signal",
    "SignalKind",
    "SignalMark",
    "SignalState",
    "TierCount",
    "TierMove",
    "VisitCount",
]
