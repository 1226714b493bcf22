"""The other rows of a card's rules: special days, expiry, referral, milestones."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cards.models import choices
from cards.models.limits import MOST_DAYS, MOST_POINTS
from cards.models.offers import Reward
from cards.models.plans import ForCustomers, customer_is_named_where_asked
from cards.models.programme import Card
from clubs.models import CODE_LENGTH, Partner, Versioned, code_is_plain
from loyalty.rules.terms import ExpiryMethod, ReferralBeneficiary

_most_points = [MaxValueValidator(MOST_POINTS)]


class SpecialDay(Versioned):
    """A day of the programme on which plans for special days hold (IV6.3)."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="special_days")
    code = models.CharField(_("code"), max_length=CODE_LENGTH, validators=[code_is_plain])
    name = models.CharField(_("description"), max_length=50)
    day = models.DateField(_("day"))
    is_yearly = models.BooleanField(_("every year"), default=False)

    class Meta:
        verbose_name = _("special day")
        verbose_name_plural = _("special days")
        constraints = [
            models.UniqueConstraint(fields=["card", "code"], name="special_day_code_is_unique")
        ]

    def __str__(self) -> str:
        return self.code


class ExpiryRule(ForCustomers, Versioned):
    """A row of the expiry setup (IV4): whom it is for, and when what is earned ends."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="expiry_rules")
    method = models.CharField(
        _("method"),
        max_length=7,
        choices=choices.EXPIRY_METHODS,
        default=ExpiryMethod.SLIDING.value,
    )
    unit = models.CharField(
        _("for"), max_length=6, choices=choices.UNITS, blank=True, help_text=_("Empty: both.")
    )
    days = models.PositiveIntegerField(
        _("days"), null=True, blank=True, validators=[MaxValueValidator(MOST_DAYS)]
    )
    day = models.DateField(_("date"), null=True, blank=True)
    is_yearly = models.BooleanField(_("every year"), default=False)

    class Meta:
        verbose_name = _("expiry rule")
        verbose_name_plural = _("expiry rules")
        constraints = [
            customer_is_named_where_asked("expiry_rule_names_its_customer"),
            models.CheckConstraint(
                name="expiry_rule_has_days_or_date",
                condition=Q(method="SLIDING", days__isnull=False, day__isnull=True, is_yearly=False)
                | Q(method="FIXED", days__isnull=True, day__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"expiry rule {self.pk}"


class ReferralRule(Versioned):
    """What a recommendation gives, to whom, and when (IV5)."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="referral_rules")
    event = models.CharField(_("when"), max_length=16, choices=choices.REFERRAL_EVENTS)
    threshold_points = models.PositiveIntegerField(_("so many points"), null=True, blank=True)
    threshold_minor = models.BigIntegerField(_("so much credit"), null=True, blank=True)
    points = models.PositiveIntegerField(_("points"), default=0, validators=_most_points)
    credit_minor = models.BigIntegerField(_("credit"), default=0)
    beneficiary = models.CharField(
        _("to"),
        max_length=8,
        choices=choices.REFERRAL_BENEFICIARIES,
        default=ReferralBeneficiary.REFERRER.value,
        help_text=_(
            "The referrer, also called referee, is the existing member;"
            " the referred, also called referral, is the new one."
        ),
    )

    class Meta:
        verbose_name = _("referral rule")
        verbose_name_plural = _("referral rules")
        constraints = [
            models.CheckConstraint(
                name="referral_rule_gives_something",
                condition=(Q(points__gt=0) | Q(credit_minor__gt=0)) & Q(credit_minor__gte=0),
            ),
            models.CheckConstraint(
                name="referral_rule_has_its_threshold",
                condition=Q(
                    event="THRESHOLD_POINTS",
                    threshold_points__isnull=False,
                    threshold_points__gt=0,
                    threshold_minor__isnull=True,
                )
                | Q(
                    event="THRESHOLD_CREDIT",
                    threshold_points__isnull=True,
                    threshold_minor__isnull=False,
                    threshold_minor__gt=0,
                )
                | Q(
                    event__in=("REGISTRATION", "FIRST_PURCHASE"),
                    threshold_points__isnull=True,
                    threshold_minor__isnull=True,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"referral rule {self.pk}"


class MilestoneRule(Versioned):
    """What a number of visits, a birthday or a check-in gives (PA2.2, PA2.6)."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="milestone_rules")
    kind = models.CharField(_("when"), max_length=11, choices=choices.MILESTONE_KINDS)
    count = models.PositiveIntegerField(
        _("visits"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    is_repeated = models.BooleanField(_("again after so many more"), default=False)
    points = models.PositiveIntegerField(_("points"), default=0, validators=_most_points)
    credit_minor = models.BigIntegerField(_("credit"), default=0)
    reward = models.ForeignKey(
        Reward,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("reward"),
    )

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        constraints = [
            models.CheckConstraint(
                name="milestone_gives_something",
                condition=(Q(points__gt=0) | Q(credit_minor__gt=0) | Q(reward__isnull=False))
                & Q(credit_minor__gte=0),
            ),
            models.CheckConstraint(
                name="milestone_counts_visits",
                condition=Q(kind="VISITS", count__isnull=False, count__gt=0)
                | Q(kind__in=("BIRTHDAY", "ANNIVERSARY", "CHECK_IN"), count__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"milestone {self.pk}"
