"""The rows that a card's advanced rules are made of; published together as one version."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cards.models import choices
from cards.models.limits import MOST_MINOR, MOST_POINTS
from cards.models.masters import CustomerGroup, Product, ProductGroup, Tender
from cards.models.offers import Tier
from cards.models.programme import Card
from clubs.models import CODE_LENGTH, Partner, Store, Versioned, code_is_plain
from loyalty.rules.terms import (
    Basis,
    CalculationOn,
    ConflictMethod,
    CriteriaGroup,
    CustomerType,
    Direction,
    PlanType,
    TransactionCriteria,
    Unit,
)

MOST_LINES = 200
_most_points = [MaxValueValidator(MOST_POINTS)]


def customer_is_named_where_asked(name: str) -> models.CheckConstraint:
    """Return the rule that a member's code or a group stands exactly where the type asks for it."""
    return models.CheckConstraint(
        name=name,
        condition=Q(customer_type="ALL", customer_code="", customer_group__isnull=True)
        | (Q(customer_type="CODE", customer_group__isnull=True) & ~Q(customer_code=""))
        | Q(customer_type="GROUP", customer_code="", customer_group__isnull=False),
    )


class ForCustomers(models.Model):
    """Whom a rule is for: everybody, one member by code, or a customer group."""

    customer_type = models.CharField(
        _("for"), max_length=5, choices=choices.CUSTOMER_TYPES, default=CustomerType.ALL.value
    )
    customer_code = models.CharField(_("member's code"), max_length=20, blank=True)
    customer_group = models.ForeignKey(
        CustomerGroup,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("customer group"),
    )
    tier = models.ForeignKey(
        Tier,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("tier"),
        help_text=_("Empty: all tiers."),
    )

    class Meta:
        abstract = True


class Plan(Versioned):
    """A set of lines and when they hold (IV7). Times are the partner's; the end is excluded."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="plans")
    code = models.CharField(_("code"), max_length=CODE_LENGTH, validators=[code_is_plain])
    name = models.CharField(_("description"), max_length=50)
    type = models.CharField(
        _("plan type"), max_length=13, choices=choices.PLAN_TYPES, default=PlanType.NORMAL.value
    )
    direction = models.CharField(
        _("counts when"), max_length=4, choices=choices.DIRECTIONS, default=Direction.SALE.value
    )
    start_date = models.DateField(_("start date"))
    start_time = models.TimeField(_("start time"), null=True, blank=True)
    end_date = models.DateField(_("end date"), null=True, blank=True)
    end_time = models.TimeField(_("end time"), null=True, blank=True)
    conflict_method = models.CharField(
        _("of several lines counts"),
        max_length=8,
        choices=choices.CONFLICT_METHODS,
        default=ConflictMethod.SUM.value,
        help_text=_("Only when plans are settled one by one first."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        constraints = [
            models.UniqueConstraint(fields=["card", "code"], name="plan_code_is_unique"),
            models.CheckConstraint(
                name="plan_ends_after_it_starts",
                condition=Q(end_date__isnull=True) | Q(end_date__gte=F("start_date")),
            ),
            models.CheckConstraint(
                name="plan_end_time_needs_date",
                condition=Q(end_time__isnull=True) | Q(end_date__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class PlanHours(models.Model):
    """Where and when a plan holds: store, weekday, from, to (IV7.10)."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="hours")
    store = models.ForeignKey(
        Store,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("store"),
        help_text=_("Empty: all stores."),
    )
    weekday = models.SmallIntegerField(
        _("weekday"), choices=choices.WEEKDAYS, null=True, blank=True
    )
    start_time = models.TimeField(_("from"), null=True, blank=True)
    end_time = models.TimeField(_("to"), null=True, blank=True)

    class Meta:
        verbose_name = _("place and time")
        verbose_name_plural = _("places and times")
        constraints = [
            models.CheckConstraint(
                name="plan_hours_are_a_pair",
                condition=Q(start_time__isnull=True, end_time__isnull=True)
                | Q(start_time__isnull=False, end_time__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"hours {self.pk} of plan {self.plan_id}"


_SIMPLE_LINES = ("ALL", "ITEM", "ITEM_GROUP")


class PlanLine(ForCustomers):
    """One row of a plan (IV8): whom it is for, what it looks at, how it counts, what it gives.

    ``value_minor`` or ``value_pieces`` is one step, by the basis; ``award_points`` or
    ``award_minor`` is what it earns, by the unit. Archived, not deleted: history counts by its key.
    """

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    is_exempt = models.BooleanField(_("exempt"), default=False)
    must_process = models.BooleanField(_("must process"), default=False)
    group = models.CharField(
        _("looks at"),
        max_length=13,
        choices=choices.CRITERIA_GROUPS,
        default=CriteriaGroup.ALL.value,
    )
    product = models.ForeignKey(
        Product,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("product"),
    )
    product_group = models.ForeignKey(
        ProductGroup,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("product group"),
    )
    least_minor = models.BigIntegerField(_("bills from"), null=True, blank=True)
    least_pieces = models.DecimalField(
        _("from pieces"), max_digits=9, decimal_places=3, null=True, blank=True
    )
    tender = models.ForeignKey(
        Tender,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("paid with"),
        help_text=_("Empty: any tender."),
    )
    transaction_criteria = models.CharField(
        _("which purchases"),
        max_length=7,
        choices=choices.TRANSACTION_CRITERIA,
        default=TransactionCriteria.EVERY.value,
    )
    transaction_count = models.PositiveIntegerField(
        _("number"), default=1, validators=[MinValueValidator(1), MaxValueValidator(10_000)]
    )
    basis = models.CharField(
        _("counts"), max_length=8, choices=choices.BASES, default=Basis.AMOUNT.value
    )
    calculation_on = models.CharField(
        _("earns"), max_length=8, choices=choices.CALCULATIONS, default=CalculationOn.EVERY.value
    )
    value_minor = models.BigIntegerField(_("amount of a step"), null=True, blank=True)
    value_pieces = models.DecimalField(
        _("pieces of a step"), max_digits=9, decimal_places=3, null=True, blank=True
    )
    unit = models.CharField(
        _("gives"), max_length=6, choices=choices.UNITS, default=Unit.POINTS.value
    )
    award_points = models.PositiveIntegerField(
        _("points"), null=True, blank=True, validators=_most_points
    )
    award_minor = models.BigIntegerField(_("credit"), null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        # A comparison with nothing is neither true nor false, and a check lets that pass.
        constraints = [
            models.CheckConstraint(
                name="line_exempts_or_must_process",
                condition=~Q(is_exempt=True, must_process=True),
            ),
            customer_is_named_where_asked("line_names_its_customer"),
            models.CheckConstraint(
                name="line_names_what_it_looks_at",
                condition=Q(group="ITEM", product__isnull=False, product_group__isnull=True)
                | Q(group="ITEM_GROUP", product__isnull=True, product_group__isnull=False)
                | Q(
                    group__in=("ALL", "BILL_VALUE", "BILL_QUANTITY"),
                    product__isnull=True,
                    product_group__isnull=True,
                ),
            ),
            models.CheckConstraint(
                name="line_bill_has_its_least",
                condition=Q(
                    group="BILL_VALUE",
                    least_minor__isnull=False,
                    least_minor__gt=0,
                    least_pieces__isnull=True,
                )
                | Q(
                    group="BILL_QUANTITY",
                    least_minor__isnull=True,
                    least_pieces__isnull=False,
                    least_pieces__gt=0,
                )
                | Q(group__in=_SIMPLE_LINES, least_minor__isnull=True, least_pieces__isnull=True),
            ),
            models.CheckConstraint(
                name="line_basis_fits_its_bill",
                condition=Q(is_exempt=True)
                | ~Q(group="BILL_VALUE", basis="QUANTITY")
                & ~Q(group="BILL_QUANTITY", basis="AMOUNT"),
            ),
            models.CheckConstraint(
                name="line_tender_only_with_bill_value",
                condition=Q(tender__isnull=True) | Q(group="BILL_VALUE"),
            ),
            models.CheckConstraint(
                name="line_counts_from_one", condition=Q(transaction_count__gte=1)
            ),
            models.CheckConstraint(
                name="line_step_fits_its_basis",
                condition=Q(is_exempt=True)
                | Q(
                    basis="AMOUNT",
                    value_minor__isnull=False,
                    value_minor__gt=0,
                    value_pieces__isnull=True,
                )
                | Q(
                    basis="QUANTITY",
                    value_minor__isnull=True,
                    value_pieces__isnull=False,
                    value_pieces__gt=0,
                ),
            ),
            models.CheckConstraint(
                name="line_award_fits_its_unit",
                condition=Q(is_exempt=True)
                | Q(
                    unit="POINTS",
                    award_points__isnull=False,
                    award_points__gt=0,
                    award_minor__isnull=True,
                )
                | Q(
                    unit="CREDIT",
                    award_points__isnull=True,
                    award_minor__isnull=False,
                    award_minor__gt=0,
                    award_minor__lte=MOST_MINOR,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.pk} of plan {self.plan_id}"
