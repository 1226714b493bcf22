"""The ledger: rows that are added and never changed, and the few that point at them.

Positive amounts earn, negative amounts spend. Database triggers refuse every other write.
"""

from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cards.models import Card, Reward, TermsVersion, Tier
from clubs.models import Partner, Store
from loyalty.ledger.kinds import REVERSIBLE_KINDS, FiringKind, Kind, Source, Unit
from loyalty.ledger.parked import ParkedRefund
from loyalty.ledger.waiting import Answer, WaitingAdjustment
from loyalty.members.models import Account, Membership, TierSource, Voucher, VoucherStatus

__all__ = [
    "REVERSIBLE_KINDS",
    "Answer",
    "Entry",
    "Firing",
    "FiringKind",
    "Kind",
    "LineMatch",
    "Lot",
    "LotUse",
    "ParkedRefund",
    "ReceiptUse",
    "Source",
    "TierChange",
    "Transaction",
    "TransactionNote",
    "Unit",
    "VoucherMove",
    "WaitingAdjustment",
]


class Transaction(models.Model):
    """One business deed on one account. Never changed; a mistake is corrected by a REVERSAL.

    ``points`` and ``credit_minor`` are the sums of its entries; ``result`` is what the person at
    the counter was told; ``facts`` is what the rules looked at.
    """

    # Those without an index of their own begin one of the indexes below.
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", db_index=False)
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="+")
    membership = models.ForeignKey(
        Membership,
        on_delete=models.PROTECT,
        null=True,
        related_name="transactions",
        db_index=False,
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="transactions", db_index=False
    )
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
    )
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    source = models.CharField(_("source"), max_length=10, choices=Source)
    request_id = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    receipt_number = models.CharField(_("receipt"), max_length=40, blank=True)
    amount_minor = models.BigIntegerField(_("amount"), null=True)
    points = models.BigIntegerField(_("points"), default=0)
    credit_minor = models.BigIntegerField(_("credit"), default=0)
    # What the deed added to the account's sums beside its balance.
    lifetime_points = models.BigIntegerField(default=0)
    lifetime_credit_minor = models.BigIntegerField(default=0)
    shortfall_points = models.BigIntegerField(default=0)
    shortfall_credit_minor = models.BigIntegerField(default=0)
    basket: "models.JSONField[Any, Any]" = models.JSONField(null=True)
    terms = models.ForeignKey(TermsVersion, on_delete=models.PROTECT, null=True, related_name="+")
    result: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        default=dict, encoder=DjangoJSONEncoder
    )
    facts: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        default=dict, encoder=DjangoJSONEncoder
    )
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="reversal"
    )
    refunds = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="refunded_by"
    )
    caused_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="caused"
    )
    occurred_at = models.DateTimeField(_("when"))
    recorded_at = models.DateTimeField(_("recorded"), auto_now_add=True)

    class Meta:
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        constraints = [
            models.UniqueConstraint(fields=["partner", "request_id"], name="request_is_done_once"),
            models.CheckConstraint(
                name="reversal_names_what_it_reverses",
                condition=Q(kind="REVERSAL", reverses__isnull=False)
                | (~Q(kind="REVERSAL") & Q(reverses__isnull=True)),
            ),
            models.CheckConstraint(
                name="amount_is_not_negative",
                condition=Q(amount_minor__isnull=True) | Q(amount_minor__gte=0),
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="transaction_by_account"),
            models.Index(fields=["membership", "-id"], name="transaction_by_membership"),
            models.Index(fields=["actor", "-occurred_at"], name="transaction_by_actor"),
            models.Index(fields=["store", "-occurred_at"], name="transaction_by_store"),
            models.Index(fields=["partner", "-id"], name="transaction_by_partner"),
            models.Index(fields=["partner", "-occurred_at"], name="transaction_by_day"),
        ]

    def __str__(self) -> str:
        return f"transaction {self.pk}"


class TransactionNote(models.Model):
    """Free words about a transaction; erasable, so that personal data never sits in the ledger."""

    transaction = models.OneToOneField(
        Transaction, on_delete=models.PROTECT, primary_key=True, related_name="note"
    )
    internal = models.CharField(_("internal note"), max_length=500, blank=True)
    comment = models.CharField(_("comment for the customer"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")

    def __str__(self) -> str:
        return f"note of transaction {self.transaction_id}"


class Entry(models.Model):
    """A signed move of one unit on one account, with the balance after it."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", db_index=False)
    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="entries", db_index=False
    )
    unit = models.CharField(max_length=6, choices=Unit)
    amount = models.BigIntegerField(_("amount"))
    sequence = models.BigIntegerField()
    balance_after = models.BigIntegerField(_("balance"))

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "unit", "sequence"], name="entry_sequence_is_unique"
            ),
            models.CheckConstraint(
                name="entry_moves_something",
                condition=(Q(amount__lt=0) | Q(amount__gt=0)) & Q(sequence__gt=0),
            ),
            models.CheckConstraint(name="entry_leaves_no_debt", condition=Q(balance_after__gte=0)),
        ]

    def __str__(self) -> str:
        return f"entry {self.pk}"


class Lot(models.Model):
    """What an earning entry still has left, and until when it can be used."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", db_index=False)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="lots")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="lots")
    unit = models.CharField(max_length=6, choices=Unit)
    earned = models.BigIntegerField(_("earned"))
    remaining = models.BigIntegerField(_("left"))
    expires_at = models.DateTimeField(_("expires"), null=True)

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints = [
            models.CheckConstraint(
                name="lot_holds_no_more_than_earned",
                condition=Q(earned__gt=0) & Q(remaining__gte=0) & Q(remaining__lte=F("earned")),
            )
        ]
        indexes = [
            models.Index(
                fields=["account", "unit", "expires_at", "id"],
                include=["remaining"],
                name="open_lot_by_account",
                condition=Q(remaining__gt=0),
            ),
            models.Index(
                fields=["expires_at", "account"],
                name="open_lot_by_expiry",
                condition=Q(remaining__gt=0, expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"lot {self.pk}"


class LotUse(models.Model):
    """How much an entry took from a lot; negative means given back."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", db_index=False)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="uses")
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="lot_uses")
    amount = models.BigIntegerField(_("taken"))

    class Meta:
        verbose_name = _("use of a lot")
        verbose_name_plural = _("uses of lots")
        constraints = [
            models.CheckConstraint(
                name="lot_use_takes_something", condition=Q(amount__lt=0) | Q(amount__gt=0)
            )
        ]

    def __str__(self) -> str:
        return f"lot use {self.pk}"


class ReceiptUse(models.Model):
    """A receipt number that was turned into points; released when that is undone."""

    # Begins the index below.
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(_("receipt"), max_length=40)
    period = models.CharField(max_length=10, blank=True)
    transaction = models.OneToOneField(
        Transaction, on_delete=models.PROTECT, related_name="receipt_use"
    )
    released_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("used receipt")
        verbose_name_plural = _("used receipts")
        constraints = [
            models.UniqueConstraint(
                fields=["store", "number", "period"],
                name="receipt_is_used_once",
                condition=Q(released_at__isnull=True),
            )
        ]
        indexes = [models.Index(fields=["partner", "number"], name="receipt_by_number")]

    def __str__(self) -> str:
        return f"receipt use {self.pk}"


class TierChange(models.Model):
    """An account's move from one tier to another, and what it was before."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    transaction = models.OneToOneField(
        Transaction, on_delete=models.PROTECT, related_name="tier_change"
    )
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="tier_changes")
    from_tier = models.ForeignKey(Tier, on_delete=models.PROTECT, null=True, related_name="+")
    to_tier = models.ForeignKey(Tier, on_delete=models.PROTECT, null=True, related_name="+")
    from_source = models.CharField(max_length=10, choices=TierSource)
    to_source = models.CharField(max_length=10, choices=TierSource)
    from_hold_until = models.DateTimeField(null=True)
    to_hold_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("tier change")
        verbose_name_plural = _("tier changes")

    def __str__(self) -> str:
        return f"tier change {self.pk}"


class VoucherMove(models.Model):
    """A voucher's step from one status to the next."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="moves")
    transaction = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, related_name="voucher_moves"
    )
    from_status = models.CharField(max_length=10, choices=VoucherStatus, blank=True)
    to_status = models.CharField(max_length=10, choices=VoucherStatus)

    class Meta:
        verbose_name = _("voucher move")
        verbose_name_plural = _("voucher moves")

    def __str__(self) -> str:
        return f"voucher move {self.pk}"


class LineMatch(models.Model):
    """That a purchase met a plan line whose history counts (rules 2 and 3).

    ``basis`` is in minor units or pieces. Undone purchases count no more, refunded ones do.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    transaction = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, related_name="line_matches"
    )
    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="line_matches"
    )
    line_key = models.BigIntegerField()
    basis = models.DecimalField(max_digits=16, decimal_places=3)
    given = models.BigIntegerField()
    occurred_at = models.DateTimeField()

    class Meta:
        verbose_name = _("line met")
        verbose_name_plural = _("lines met")
        indexes = [
            models.Index(
                fields=["membership", "line_key", "occurred_at"], name="line_match_by_line"
            )
        ]

    def __str__(self) -> str:
        return f"line match {self.pk}"


class Firing(models.Model):
    """That a referral or milestone rule fired for a membership; released when that is undone.

    ``occurrence`` is the year of a birthday, the number of a visit, or empty.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="firings")
    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="firings")
    kind = models.CharField(max_length=9, choices=FiringKind)
    rule_key = models.BigIntegerField()
    occurrence = models.CharField(max_length=20, blank=True)
    occurred_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("rule fired")
        verbose_name_plural = _("rules fired")
        constraints = [
            models.UniqueConstraint(
                fields=["membership", "kind", "rule_key", "occurrence"],
                name="rule_fires_once",
                condition=Q(released_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"firing {self.pk}"
