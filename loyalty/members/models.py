"""Who holds what: members, their cards, their wallets, and the rights they hold for a while."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from cards.models import Card, Reward, Tier
from clubs.models import Club, Partner, Store


class ConsentSource(models.TextChoices):
    """Where a member agreed to the privacy text."""

    SELF = "SELF", _("by themselves")
    COUNTER = "COUNTER", _("at the counter")
    IMPORT = "IMPORT", _("import")


class Member(models.Model):
    """One partner's record of one customer; without a user it is a guest.

    All personal data of a customer lives here and can be erased; the ledger carries ids only.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="member_rows",
    )
    code = models.CharField(_("code"), max_length=20)
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=16, blank=True)
    phone_confirmed_at = models.DateTimeField(_("phone confirmed"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    privacy_version = models.CharField(_("privacy text"), max_length=20, blank=True)
    privacy_accepted_at = models.DateTimeField(_("privacy accepted"), null=True, blank=True)
    consent_source = models.CharField(
        _("agreed"), max_length=10, choices=ConsentSource, default=ConsentSource.SELF
    )
    marketing_accepted_at = models.DateTimeField(_("wants news"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_from"
    )
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)
    joined_at = models.DateTimeField(_("joined"))

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(fields=["partner", "code"], name="member_code_is_unique"),
            models.UniqueConstraint(
                fields=["partner", "user"],
                name="user_is_member_once",
                condition=Q(user__isnull=False),
            ),
            models.UniqueConstraint(
                "partner",
                Lower("email"),
                name="member_email_is_unique",
                condition=~Q(email=""),
            ),
            models.UniqueConstraint(
                fields=["partner", "phone"],
                name="confirmed_phone_is_unique",
                condition=Q(phone_confirmed_at__isnull=False) & ~Q(phone=""),
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "phone"], name="member_by_phone"),
            models.Index(fields=["partner", "-id"], name="member_by_newest"),
        ]

    def __str__(self) -> str:
        return self.code

    def full_name(self) -> str:
        """Return first and last name, or the code of a member without a name."""
        return f"{self.first_name} {self.last_name}".strip() or self.code

    def short_name(self) -> str:
        """Return the first name and the initial of the last, as shown at the counter."""
        initial = f" {self.last_name[0]}." if self.last_name else ""
        return f"{self.first_name}{initial}".strip() or self.code


class TierSource(models.TextChoices):
    """Why an account has its tier."""

    AUTOMATIC = "AUTOMATIC", _("automatic")
    MANUAL = "MANUAL", _("set by hand")


class Account(models.Model):
    """A wallet: what is left, what was ever awarded, and the tier. Moved by posting alone.

    ``points`` and ``credit_minor`` are caches of the last entry, tied to it by triggers.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="accounts")
    points = models.BigIntegerField(_("points"), default=0)
    credit_minor = models.BigIntegerField(_("credit"), default=0)
    points_sequence = models.BigIntegerField(default=0)
    credit_sequence = models.BigIntegerField(default=0)
    lifetime_points = models.BigIntegerField(_("points awarded"), default=0)
    lifetime_credit_minor = models.BigIntegerField(_("credit awarded"), default=0)
    shortfall_points = models.BigIntegerField(_("points owed"), default=0)
    shortfall_credit_minor = models.BigIntegerField(_("credit owed"), default=0)
    tier = models.ForeignKey(
        Tier, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("tier")
    )
    tier_source = models.CharField(max_length=10, choices=TierSource, default=TierSource.AUTOMATIC)
    tier_hold_until = models.DateTimeField(_("tier held until"), null=True)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.CheckConstraint(
                name="account_is_never_negative",
                condition=Q(points__gte=0)
                & Q(credit_minor__gte=0)
                & Q(lifetime_points__gte=0)
                & Q(lifetime_credit_minor__gte=0)
                & Q(shortfall_points__gte=0)
                & Q(shortfall_credit_minor__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"account {self.pk}"


class MembershipGroup(models.Model):
    """Members who share one account (IV9.1)."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="groups")
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="group")
    head = models.ForeignKey("Membership", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("membership group")
        verbose_name_plural = _("membership groups")

    def __str__(self) -> str:
        return f"group {self.pk}"


class MembershipStatus(models.TextChoices):
    """Whether a membership takes part."""

    ACTIVE = "ACTIVE", _("active")
    REMOVED = "REMOVED", _("removed")
    BLOCKED = "BLOCKED", _("blocked")


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships, read by who may see them."""

    def of_user(self, user_id: int) -> "MembershipQuerySet":
        """Return the cards that this person holds and may see."""
        return self.filter(member__user_id=user_id).exclude(status=MembershipStatus.REMOVED)

    def of_clubs_staffed_by(self, user_id: int) -> "MembershipQuerySet":
        """Return the memberships of cards of clubs where this user works now."""
        return self.filter(card__club__in=Club.objects.staffed_by(user_id))


class Membership(models.Model):
    """A member's holding of a card, with the code and key that its QR is made of."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="memberships")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="memberships")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="memberships")
    group = models.ForeignKey(
        MembershipGroup, on_delete=models.PROTECT, null=True, related_name="memberships"
    )
    number = models.CharField(_("card number"), max_length=24)
    code = models.CharField(_("code"), max_length=12, unique=True)
    totp_key = models.CharField(max_length=40)
    status = models.CharField(
        _("status"), max_length=10, choices=MembershipStatus, default=MembershipStatus.ACTIVE
    )
    referred_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="referrals"
    )
    joined_at = models.DateTimeField(_("joined"))

    objects: ClassVar[MembershipQuerySet] = MembershipQuerySet.as_manager()  # type: ignore[assignment] # as_manager returns a manager that quacks like the queryset

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["member", "card"], name="member_holds_card_once"),
            models.UniqueConstraint(fields=["card", "number"], name="card_number_is_unique"),
        ]

    def __str__(self) -> str:
        return f"membership {self.pk}"


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
                | (Q(origin="SPENT") & Q(tier__isnull=True)),
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


class GuestLink(models.Model):
    """A one-time link by which a guest takes over their own record; stored hashed."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True)

    class Meta:
        verbose_name = _("guest link")
        verbose_name_plural = _("guest links")
        constraints = [
            models.CheckConstraint(
                name="guest_link_expires", condition=Q(expires_at__gt=F("made_at"))
            )
        ]

    def __str__(self) -> str:
        return f"link {self.pk}"
