"""What members climb to and save for: tiers, rewards, and printed cards in stock."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cards.models.limits import MOST_POINTS
from cards.models.programme import Card
from clubs.models import CODE_LENGTH, Partner, Versioned, code_is_plain


class Tier(Versioned):
    """A level that members climb to by points awarded; archived, never deleted."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="tiers")
    code = models.CharField(_("code"), max_length=CODE_LENGTH, validators=[code_is_plain])
    name = models.CharField(_("name"), max_length=50)
    min_value = models.PositiveIntegerField(
        _("from"), validators=[MaxValueValidator(1_000_000_000)]
    )
    multiplier = models.DecimalField(
        _("earns times"),
        max_digits=5,
        decimal_places=2,
        default=Decimal("1.00"),
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(Decimal(100))],
    )
    rate = models.DecimalField(
        _("one point is worth"),
        max_digits=12,
        decimal_places=6,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("In money. Zero: as without a tier."),
    )
    redemption_percent = models.DecimalField(
        _("percent of a bill that points may pay"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(100),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )
    entry_reward = models.ForeignKey(
        "Reward",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("reward on entry"),
    )
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        constraints = [
            models.UniqueConstraint(fields=["card", "code"], name="tier_code_is_unique"),
            models.UniqueConstraint(
                fields=["card", "min_value"],
                name="tier_threshold_is_unique",
                condition=Q(archived_at=None),
            ),
            models.CheckConstraint(
                name="tier_multiplier_is_positive", condition=Q(multiplier__gt=0)
            ),
            models.CheckConstraint(
                name="tier_pays_within_bounds",
                condition=Q(rate__gte=0)
                & Q(redemption_percent__gte=0)
                & Q(redemption_percent__lte=100),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RewardStatus(models.TextChoices):
    """Whether a reward is offered."""

    ACTIVE = "ACTIVE", _("offered")
    PAUSED = "PAUSED", _("paused")
    ARCHIVED = "ARCHIVED", _("archived")


class Reward(Versioned):
    """A prize that members save for (R3.5)."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="rewards")
    code = models.CharField(_("code"), max_length=CODE_LENGTH, validators=[code_is_plain])
    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=300, blank=True)
    image = models.ImageField(_("picture"), upload_to="rewards/", blank=True)
    cost = models.PositiveIntegerField(
        _("costs points"), validators=[MinValueValidator(1), MaxValueValidator(MOST_POINTS)]
    )
    stock = models.PositiveIntegerField(
        _("pieces in all"), null=True, blank=True, help_text=_("Empty means without limit.")
    )
    per_member = models.PositiveSmallIntegerField(
        _("most per member"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    min_tier = models.ForeignKey(
        Tier,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("from tier"),
    )
    voucher_days = models.PositiveSmallIntegerField(
        _("a voucher lasts (days)"),
        null=True,
        blank=True,
        default=90,
        validators=[MinValueValidator(1)],
    )
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    status = models.CharField(
        _("status"), max_length=10, choices=RewardStatus, default=RewardStatus.ACTIVE
    )

    class Meta:
        verbose_name = _("reward")
        verbose_name_plural = _("rewards")
        constraints = [
            models.UniqueConstraint(fields=["card", "code"], name="reward_code_is_unique"),
            models.CheckConstraint(name="reward_costs_points", condition=Q(cost__gt=0)),
            models.CheckConstraint(
                name="reward_ends_after_it_starts",
                condition=Q(valid_from=None)
                | Q(valid_until=None)
                | Q(valid_until__gt=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PrintedCard(models.Model):
    """One pre-printed card in stock: its number and the code in its QR (IV3.4)."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="printed_cards")
    number = models.CharField(_("number"), max_length=24)
    code = models.CharField(_("code"), max_length=12, unique=True)
    is_void = models.BooleanField(_("void"), default=False)

    class Meta:
        verbose_name = _("printed card")
        verbose_name_plural = _("printed cards")
        constraints = [
            models.UniqueConstraint(fields=["card", "number"], name="printed_number_is_unique")
        ]

    def __str__(self) -> str:
        return self.number
