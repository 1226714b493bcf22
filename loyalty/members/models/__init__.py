"""Who holds what: members, their cards, their wallets, and the rights they hold for a while."""

from loyalty.members.models.accounts import (
    Account,
    Membership,
    MembershipGroup,
    MembershipQuerySet,
    MembershipStatus,
    TierSource,
    pooled,
)
from loyalty.members.models.people import (
    ConsentSource,
    GuestLink,
    Member,
    MemberNote,
    MemberTag,
)
from loyalty.members.models.rights import (
    Claim,
    RewardCounter,
    Scan,
    ScanMeans,
    ScanOutcome,
    Voucher,
    VoucherOrigin,
    VoucherStatus,
)

__all__ = [
    "Account",
    "Claim",
    "ConsentSource",
    "GuestLink",
    "Member",
    "MemberNote",
    "MemberTag",
    "Membership",
    "MembershipGroup",
    "MembershipQuerySet",
    "MembershipStatus",
    "RewardCounter",
    "Scan",
    "ScanMeans",
    "ScanOutcome",
    "TierSource",
    "Voucher",
    "VoucherOrigin",
    "VoucherStatus",
    "pooled",
]
