"""Who holds which card: memberships, the wallets behind them, and groups that share one."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cards.models import Card, Tier
from clubs.models import Club, Partner
from loyalty.members.models.people import Member


class TierSource(models.TextChoices):
    """Why an account has its tier."""

    AUTOMATIC = "AUTOMATIC", _("automatic")
    MANUAL = "MANUAL", _("set by hand")


class Account(models.Model):
    """A wallet: what is left, what was ever awarded, and the tier. Moved by posting alone.

    ``points`` and ``credit_minor`` are caches of the last entry, tied to it by triggers.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    # Begins the index below.
    card = models.ForeignKey(
        Card, on_delete=models.PROTECT, related_name="accounts", db_index=False
    )
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
    # Up to which day the tier job has judged this account; it books nothing by itself.
    tier_assessed_date = models.DateField(null=True)
    # The group's account that took all this one held; nothing is booked here any more (IV9.4).
    absorbed_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="absorbed"
    )

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
            models.CheckConstraint(
                name="absorbed_account_is_empty",
                condition=Q(absorbed_by__isnull=True) | Q(points=0, credit_minor=0),
            ),
        ]
        indexes = [
            models.Index(fields=["card", "tier_assessed_date"], name="account_by_assessment"),
        ]

    def __str__(self) -> str:
        return f"account {self.pk}"


def pooled(account_id: int, path: str = "account") -> Q:
    """Return the rows that are an account's own, or of one that it took over as a group's."""
    # As a set of accounts, so that the index of the rows by account is used.
    accounts = Account.objects.filter(Q(pk=account_id) | Q(absorbed_by=account_id))
    return Q(**{f"{path}__in": accounts.values("pk")})


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

    def taken_over_by(self, membership: "Membership") -> "MembershipQuerySet":
        """Return the closed cards of customers who were merged into this card's."""
        return self.filter(card=membership.card_id, member__merged_into=membership.member_id)

    def in_force_for(self, membership: "Membership") -> "MembershipQuerySet":
        """Return the card that took over a closed one whose customer was merged away."""
        taker = self.filter(card=membership.card_id, member=membership.member.merged_into_id)
        return taker.order_by("pk")


class Membership(models.Model):
    """A member's holding of a card, with the code and key that its QR is made of."""

    # Both begin an index below.
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", db_index=False)
    card = models.ForeignKey(
        Card, on_delete=models.PROTECT, related_name="memberships", db_index=False
    )
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
    referral_code = models.CharField(_("referral code"), max_length=10, unique=True)
    referred_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="referrals"
    )
    joined_at = models.DateTimeField(_("joined"))
    # When somebody last did something on it; kept by posting, which leaves out the system's deeds.
    active_at = models.DateTimeField(_("last active"))

    objects: ClassVar[MembershipQuerySet] = MembershipQuerySet.as_manager()  # type: ignore[assignment] # as_manager returns a manager that quacks like the queryset

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["member", "card"], name="member_holds_card_once"),
            models.UniqueConstraint(fields=["card", "number"], name="card_number_is_unique"),
        ]
        indexes = [
            models.Index(fields=["partner", "-active_at", "-id"], name="membership_by_activity"),
            models.Index(fields=["card", "-active_at", "-id"], name="card_membership_by_activity"),
            models.Index(fields=["partner", "number"], name="membership_by_number"),
        ]

    def __str__(self) -> str:
        return f"membership {self.pk}"
