"""Short ways to do each deed in a test: by Sam at the counter, by Petra in the dashboard."""

from datetime import timedelta
from typing import Any

from loyalty.ledger import verification
from loyalty.ledger.models import Entry, Lot, Source, Transaction
from loyalty.members.models import Account, Membership, RewardCounter, Voucher
from loyalty.operations import (
    adjustments,
    memberships,
    purchases,
    redemptions,
    rollbacks,
    tiers,
    vouchers,
)
from loyalty.operations.purchases import Bill
from tests.cast import NOON, Cast, deed, make_cast


def days(count: float):
    return timedelta(days=count)


def buy(cast: Cast, minor: int, *, at=NOON, receipt="", key="", **how: Any) -> Transaction:
    """Let Sam book a purchase for Mia after scanning her code."""
    membership = how.get("membership", cast.membership)
    actor = how.get("actor", cast.sam)
    scan = how["scan"] if "scan" in how else cast.scan(actor, at=at, membership=membership)
    return purchases.award_purchase(
        deed=deed(actor, at=at, key=key, store=how.get("store", cast.old_port)),
        membership_id=membership.pk,
        bill=Bill(amount_minor=minor, currency=how.get("currency", "EUR")),
        receipt=receipt,
        scan_id=scan,
    )


def redeem(cast: Cast, reward=None, *, at=NOON, key="", **how: Any) -> Transaction:
    membership = how.get("membership", cast.membership)
    actor = how.get("actor", cast.sam)
    scan = how["scan"] if "scan" in how else cast.scan(actor, at=at, membership=membership)
    return redemptions.redeem_reward(
        deed=deed(actor, how.get("source", Source.SCAN), at=at, key=key),
        membership_id=membership.pk,
        reward_id=(reward or cast.reward).pk,
        scan_id=scan,
    )


def adjust(cast: Cast, points: int, *, at=NOON, key="", **how: Any) -> Transaction:
    return adjustments.adjust_points(
        deed=deed(how.pop("actor", cast.petra), Source.ADMIN, at=at, key=key),
        membership_id=how.pop("membership", cast.membership).pk,
        points=points,
        **how,
    )


def issue(cast: Cast, reward=None, *, at=NOON, key="", **how: Any) -> Transaction:
    return vouchers.issue_voucher(
        deed=deed(how.get("actor", cast.petra), Source.ADMIN, at=at, key=key),
        membership_id=how.get("membership", cast.membership).pk,
        reward_id=(reward or cast.reward).pk,
    )


def use(cast: Cast, voucher: Voucher, *, at=NOON, key="", **how: Any) -> Transaction:
    return vouchers.use_voucher(
        deed=deed(cast.sam, at=at, key=key),
        membership_id=how.get("membership", cast.membership).pk,
        voucher_id=voucher.pk,
        scan_id=how["scan"] if "scan" in how else cast.scan(at=at),
    )


def remove(cast: Cast, voucher_id: int, *, returned=True, at=NOON, key="", **how: Any):
    return vouchers.remove_voucher(
        deed=deed(how.get("actor", cast.petra), Source.ADMIN, at=at, key=key),
        membership_id=how.get("membership", cast.membership).pk,
        voucher_id=voucher_id,
        are_points_returned=returned,
    )


def place(cast: Cast, tier, *, at=NOON, key="", **how: Any) -> Transaction:
    return tiers.change_tier(
        deed=deed(how.pop("actor", cast.petra), Source.ADMIN, at=at, key=key),
        membership_id=cast.membership.pk,
        tier_id=tier.pk if tier else None,
        **how,
    )


def set_status(cast: Cast, status, *, at=NOON, key="", **how: Any) -> Transaction:
    return memberships.change_status(
        deed=deed(how.get("actor", cast.petra), Source.ADMIN, at=at, key=key),
        membership_id=cast.membership.pk,
        status=status,
    )


def undo(cast: Cast, done: Transaction, *, at=NOON, key="", **how: Any) -> Transaction:
    return rollbacks.undo_own_latest(
        deed=deed(how.get("actor", cast.sam), at=at, key=key),
        membership_id=how.get("membership", cast.membership).pk,
        transaction_id=done.pk,
    )


def roll_back(cast: Cast, done: Transaction, *, at=NOON, key="", **how: Any) -> Transaction:
    return rollbacks.roll_back_latest(
        deed=deed(how.get("actor", cast.petra), Source.ADMIN, at=at, key=key),
        membership_id=how.get("membership", cast.membership).pk,
        transaction_id=done.pk,
        note=how.get("note"),
    )


def account_of(membership: Membership) -> Account:
    return Account.objects.get(memberships=membership)


def balance(cast: Cast) -> int:
    return account_of(cast.membership).points


def open_lots(cast: Cast) -> list[tuple[int, Any]]:
    """Return what is left in each open lot and until when, in order of age."""
    account = account_of(cast.membership)
    found = Lot.objects.filter(account=account, remaining__gt=0).order_by("pk")
    return list(found.values_list("remaining", "expires_at"))


def standing(cast: Cast) -> dict[str, Any]:
    """Return everything that undoing a deed must bring back."""
    account = account_of(cast.membership)
    return {
        "account": (account.points, account.lifetime_points),
        "tier": (account.tier_id, account.tier_source, account.tier_hold_until),
        "lots": list(
            Lot.objects.filter(account=account, remaining__gt=0)
            .order_by("pk")
            .values_list("pk", "remaining", "expires_at")
        ),
        "vouchers": list(
            Voucher.objects.filter(account=account, status="ISSUED")
            .order_by("pk")
            .values_list("pk", flat=True)
        ),
        "out": {
            counter.reward_id: counter.issued
            for counter in RewardCounter.objects.all()
            if counter.issued
        },
    }


def rows() -> tuple[int, int]:
    """Return how many transactions and entries there are."""
    return Transaction.objects.count(), Entry.objects.count()


def mismatches(at=NOON) -> list[Any]:
    """Return what the verifier finds wrong with the whole ledger."""
    return verification.verify(verification.Scope(at=at))


def rich_cast(points=1000, **card):
    cast = make_cast(**card)
    adjust(cast, points)
    return cast
