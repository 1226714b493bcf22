"""What a member may do for a while: claims, vouchers, and the scans that allow spending."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cards.models import Card, Reward, Tier
from clubs.models import Partner, Store
from loyalty.members.models.accounts import Account, Membership


class Claim(models.Model):
    """A member's wish for a reward, shown as a QR for a few minutes; it holds no points."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="claims")
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="claims")
    cost = models.PositiveIntegerField(_("costs points"))
    token_hash = models.CharField(max_length=64, unique=True)
    started_at = models.DateTimeField(_("started"))
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        indexes = [
            models.Index(fields=["membership", "reward", "-id"], name="claim_by_membership"),
        ]

    def __str__(self) -> str:
        return f"claim {self.pk}"


class VoucherStatus(models.TextChoices):
    """Where a voucher stands; the last three are final."""

    ISSUED = "ISSUED", _("ready")
    USED = "USED", _("used")
    REMOVED = "REMOVED", _("removed")
    EXPIRED = "EXPIRED", _("expired")


class VoucherOrigin(models.TextChoices):
    """Why a voucher was issued."""

    SPENT = "SPENT", _("bought with points")
    TIER = "TIER", _("tier reward")
    MILESTONE = "MILESTONE", _("milestone")
    STAMPS = "STAMPS", _("full card")


class Voucher(models.Model):
    """A right to a reward, kept for later. Its moves are VoucherMove rows in the ledger."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="vouchers")
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="vouchers")
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="vouchers")
    origin = models.CharField(_("origin"), max_length=10, choices=VoucherOrigin)
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, null=True, related_name="+")
    cost = models.PositiveIntegerField(_("cost points"), default=0)
    status = models.CharField(
        _("status"), max_length=10, choices=VoucherStatus, default=VoucherStatus.ISSUED
    )
    issued_at = models.DateTimeField(_("issued"))
    expires_at = models.DateTimeField(_("expires"), null=True)

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "tier"],
                name="tier_reward_is_given_once",
                condition=Q(origin="TIER") & ~Q(status="REMOVED"),
            ),
            models.CheckConstraint(
                name="tier_voucher_names_its_tier",
                condition=(Q(origin="TIER") & Q(tier__isnull=False))
                | (~Q(origin="TIER") & Q(tier__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["account", "status", "-id"], name="voucher_by_account"),
        ]

    def __str__(self) -> str:
        return f"voucher {self.pk}"


class RewardCounter(models.Model):
    """How many pieces of a reward are out; the row that operations lock and move."""

    reward = models.OneToOneField(
        Reward, on_delete=models.PROTECT, primary_key=True, related_name="counter"
    )
    issued = models.PositiveIntegerField(_("handed out"), default=0)

    class Meta:
        verbose_name = _("reward counter")
        verbose_name_plural = _("reward counters")

    def __str__(self) -> str:
        return f"counter of reward {self.reward_id}"


class ScanOutcome(models.TextChoices):
    """What came of showing a code."""

    OK = "OK", _("read")
    REFUSED = "REFUSED", _("refused")
    STALE = "STALE", _("old code")
    UNKNOWN = "UNKNOWN", _("unknown code")


class ScanMeans(models.TextChoices):
    """How the member was found."""

    PHONE = "PHONE", _("rotating code")
    PRINTED = "PRINTED", _("printed or typed code")
    SEARCH = "SEARCH", _("search")
    CLAIM = "CLAIM", _("claim code")


class Scan(models.Model):
    """Who looked up which membership where; a fresh one is the right to spend (design: QR codes).

    A used rotating code is unique per membership and step, so nobody else can use it again.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", null=True)
    card = models.ForeignKey(Card, on_delete=models.PROTECT, null=True, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, related_name="scans"
    )
    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, null=True, related_name="scans")
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="scans"
    )
    session_hash = models.CharField(max_length=64)
    means = models.CharField(_("found by"), max_length=10, choices=ScanMeans)
    outcome = models.CharField(_("outcome"), max_length=10, choices=ScanOutcome)
    step = models.BigIntegerField(null=True)
    is_phone_confirmed = models.BooleanField(_("phone confirmed"), default=False)
    scanned_at = models.DateTimeField(_("scanned"))

    class Meta:
        verbose_name = _("scan")
        verbose_name_plural = _("scans")
        constraints = [
            models.UniqueConstraint(
                fields=["membership", "step"],
                name="rotating_code_is_used_once",
                condition=Q(outcome="OK"),
            ),
            models.CheckConstraint(
                name="scan_that_worked_names_membership",
                condition=~Q(outcome="OK") | Q(membership__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["staff", "-scanned_at"], name="scan_by_staff"),
            models.Index(fields=["membership", "-scanned_at"], name="scan_by_membership"),
        ]

    def __str__(self) -> str:
        return f"scan {self.pk}"
