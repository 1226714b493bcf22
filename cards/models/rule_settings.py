"""The settings of a card that its rules are frozen from (IV3, FA1, FA2, CU32)."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cards.models import choices
from cards.models.limits import MOST_DAYS, MOST_MINOR, MOST_POINTS
from loyalty.rules.rounding import Rounding
from loyalty.rules.terms import (
    AwardCriteria,
    Clawback,
    ConflictBasis,
    ConflictMethod,
    ExpiryOverride,
    FullCards,
    LoyaltyTender,
    RedemptionMethod,
    RefundMethod,
    SpecialWindow,
    TierBasis,
    TierManagement,
    TierWindow,
)

_days = [MinValueValidator(1), MaxValueValidator(MOST_DAYS)]
_per_step = [MaxValueValidator(10_000)]
_percent = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))]


class RuleSettings(models.Model):
    """What a card's rules say beside its plans and tiers. Money in minor units.

    Operations never read these: they read the published version.
    """

    # How purchases earn: the simple rule, or plans.
    uses_plans = models.BooleanField(
        _("advanced rules"), default=False, help_text=_("Plans and lines in place of one rule.")
    )
    is_points_only = models.BooleanField(
        _("staff enter points, no amount"), default=False, help_text=_("Points-only card.")
    )
    step_minor = models.BigIntegerField(_("amount per step"), default=100)
    points_per_step = models.PositiveIntegerField(
        _("points per step"), default=1, validators=_per_step
    )
    buy_step_minor = models.BigIntegerField(
        _("amount per step when we buy"),
        null=True,
        blank=True,
        help_text=_("What the shop buys from the member. Empty: buys earn nothing."),
    )
    buy_points_per_step = models.PositiveIntegerField(
        _("points per step when we buy"), default=1, validators=_per_step
    )
    credit_per_step_minor = models.BigIntegerField(
        _("credit per step"), default=0, help_text=_("Money back on each full step of a sale.")
    )
    min_amount_minor = models.BigIntegerField(_("smallest amount that earns"), default=0)
    max_amount_minor = models.BigIntegerField(
        _("largest amount of one purchase"), default=1_000_000
    )
    max_points = models.PositiveIntegerField(
        _("most points of one purchase"),
        default=10_000,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_POINTS)],
    )
    max_points_day = models.PositiveIntegerField(
        _("most points of one day"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_POINTS)],
    )
    max_credit_minor = models.BigIntegerField(
        _("most credit of one purchase"), null=True, blank=True
    )
    max_credit_day_minor = models.BigIntegerField(
        _("most credit of one day"), null=True, blank=True
    )
    rounding = models.CharField(
        _("rounding"), max_length=10, choices=choices.ROUNDINGS, default=Rounding.DOWN.value
    )
    award_criteria = models.CharField(
        _("what counts for an award"),
        max_length=20,
        choices=choices.AWARD_CRITERIA,
        default=AwardCriteria.EVERY_TRANSACTION.value,
    )
    cumulative_days = models.PositiveIntegerField(
        _("days that count together"), null=True, blank=True, validators=_days
    )
    conflict_basis = models.CharField(
        _("several plans are settled"),
        max_length=12,
        choices=choices.CONFLICT_BASES,
        default=ConflictBasis.GLOBAL.value,
    )
    conflict_method = models.CharField(
        _("of several plans counts"),
        max_length=8,
        choices=choices.CONFLICT_METHODS,
        default=ConflictMethod.MAXIMUM.value,
    )
    loyalty_tender = models.CharField(
        _("a bill partly paid with points"),
        max_length=8,
        choices=choices.LOYALTY_TENDERS,
        default=LoyaltyTender.REST.value,
    )
    welcome_points = models.PositiveIntegerField(
        _("welcome points"), default=0, validators=[MaxValueValidator(MOST_POINTS)]
    )
    welcome_credit_minor = models.BigIntegerField(_("welcome credit"), default=0)
    special_window = models.CharField(
        _("a member's special day lasts"),
        max_length=6,
        choices=choices.SPECIAL_WINDOWS,
        default=SpecialWindow.DAY.value,
    )
    special_days_before = models.PositiveSmallIntegerField(
        _("days before"), default=0, validators=[MaxValueValidator(180)]
    )
    special_days_after = models.PositiveSmallIntegerField(
        _("days after"), default=0, validators=[MaxValueValidator(180)]
    )
    # Tiers.
    tier_basis = models.CharField(
        _("tiers are reached by"),
        max_length=20,
        choices=choices.TIER_BASES,
        default=TierBasis.AWARDED_POINTS.value,
    )
    tier_management = models.CharField(
        _("members change tier"),
        max_length=12,
        choices=choices.TIER_MANAGEMENTS,
        default=TierManagement.AUTOMATIC.value,
    )
    tier_days = models.PositiveIntegerField(
        _("every so many days"), null=True, blank=True, validators=_days
    )
    tier_window = models.CharField(
        _("what was awarded counts"),
        max_length=14,
        choices=choices.TIER_WINDOWS,
        default=TierWindow.LIFETIME.value,
    )
    tier_window_days = models.PositiveIntegerField(
        _("so many days"), null=True, blank=True, validators=_days
    )
    # Points as money.
    redemption_method = models.CharField(
        _("points are worth"),
        max_length=14,
        choices=choices.REDEMPTION_METHODS,
        default=RedemptionMethod.CURRENT_TIER.value,
    )
    base_rate = models.DecimalField(
        _("one point is worth"),
        max_digits=12,
        decimal_places=6,
        default=Decimal(0),
        validators=[MinValueValidator(Decimal(0))],
        help_text=_("In money, without a tier. Zero: points cannot pay."),
    )
    base_redemption_percent = models.DecimalField(
        _("percent of a bill that points may pay"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(100),
        validators=_percent,
    )
    # Refunds.
    refund_method = models.CharField(
        _("a refund takes back"),
        max_length=8,
        choices=choices.REFUND_METHODS,
        default=RefundMethod.PRO_RATA.value,
    )
    clawback = models.CharField(
        _("when it was spent already"),
        max_length=9,
        choices=choices.CLAWBACKS,
        default=Clawback.SHORTFALL.value,
    )
    # Expiry.
    expiry_days = models.PositiveIntegerField(
        _("points last (days)"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(MOST_DAYS)],
        help_text=_("Counted from the day they were earned. Empty means for ever."),
    )
    expiry_override = models.CharField(
        _("the date may be moved"),
        max_length=9,
        choices=choices.EXPIRY_OVERRIDES,
        default=ExpiryOverride.OFF.value,
    )
    expiry_override_days = models.PositiveSmallIntegerField(
        _("by at most (days)"), default=0, validators=[MaxValueValidator(3660)]
    )
    expiry_grace_days = models.PositiveSmallIntegerField(
        _("days of grace"), default=0, validators=[MaxValueValidator(3660)]
    )
    # Stamp cards.
    stamps_per_card = models.PositiveSmallIntegerField(
        _("stamps fill a card"),
        null=True,
        blank=True,
        validators=[MinValueValidator(2), MaxValueValidator(100)],
        help_text=_("Empty: this is no stamp card."),
    )
    full_cards = models.CharField(
        _("a full card"), max_length=5, choices=choices.FULL_CARDS, default=FullCards.ISSUE.value
    )
    full_card_reward = models.ForeignKey(
        "cards.Reward",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("reward of a full card"),
    )

    class Meta:
        abstract = True


RULE_CONSTRAINTS = [
    models.CheckConstraint(
        name="card_step_is_positive",
        condition=Q(step_minor__gt=0) & (Q(buy_step_minor__isnull=True) | Q(buy_step_minor__gt=0)),
    ),
    models.CheckConstraint(
        name="card_amounts_are_in_order",
        condition=Q(min_amount_minor__gte=0)
        & Q(max_amount_minor__gte=F("min_amount_minor"))
        & Q(max_amount_minor__lte=MOST_MINOR),
    ),
    models.CheckConstraint(
        name="card_credit_is_within_bounds",
        condition=Q(credit_per_step_minor__gte=0)
        & Q(credit_per_step_minor__lte=MOST_MINOR)
        & Q(welcome_credit_minor__gte=0)
        & Q(welcome_credit_minor__lte=MOST_MINOR)
        & (Q(max_credit_minor__isnull=True) | Q(max_credit_minor__gt=0))
        & (Q(max_credit_day_minor__isnull=True) | Q(max_credit_day_minor__gt=0)),
    ),
    models.CheckConstraint(
        name="card_cumulative_needs_days",
        condition=Q(
            award_criteria="CUMULATIVE", cumulative_days__isnull=False, cumulative_days__gt=0
        )
        | Q(award_criteria="EVERY_TRANSACTION", cumulative_days__isnull=True),
    ),
    models.CheckConstraint(
        name="card_special_days_only_around",
        condition=Q(special_window="DAYS") | Q(special_days_before=0, special_days_after=0),
    ),
    models.CheckConstraint(
        name="card_tier_days_only_after_days",
        condition=Q(tier_management="AFTER_DAYS", tier_days__isnull=False, tier_days__gt=0)
        | (~Q(tier_management="AFTER_DAYS") & Q(tier_days__isnull=True)),
    ),
    models.CheckConstraint(
        name="card_tier_window_days_only_rolling",
        condition=Q(tier_window="ROLLING", tier_window_days__isnull=False, tier_window_days__gt=0)
        | (~Q(tier_window="ROLLING") & Q(tier_window_days__isnull=True)),
    ),
    models.CheckConstraint(
        name="card_points_pay_within_bounds",
        condition=Q(base_rate__gte=0)
        & Q(base_redemption_percent__gte=0)
        & Q(base_redemption_percent__lte=100),
    ),
    models.CheckConstraint(
        name="card_expiry_moves_only_with_override",
        condition=~Q(expiry_override="OFF") | Q(expiry_override_days=0, expiry_grace_days=0),
    ),
    models.CheckConstraint(
        name="card_full_card_belongs_to_stamps",
        condition=Q(stamps_per_card__isnull=True, full_card_reward__isnull=True)
        | Q(stamps_per_card__isnull=False, stamps_per_card__gte=2),
    ),
]
