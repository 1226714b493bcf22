"""What is offered: cards with their rules and look, tiers, rewards and published terms."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clubs.models import CODE_LENGTH, Club, Currency, Partner, Versioned, code_is_plain
from loyalty.rules.rounding import Rounding

# One entry never moves more: it keeps every sum far inside 64 bits and a typing slip small.
MOST_POINTS = 1_000_000
MOST_MINOR = 10_000_000_000
colour_is_hex = RegexValidator(r"^#[0-9a-fA-F]{6}$", _("A colour such as #0f6e4f."))


class CardStatus(models.TextChoices):
    """Where a card stands in its life."""

    DRAFT = "DRAFT", _("draft")
    ACTIVE = "ACTIVE", _("active")
    PAUSED = "PAUSED", _("paused")
    ARCHIVED = "ARCHIVED", _("archived")


class NumberMode(models.TextChoices):
    """Where card numbers come from (IV3.2)."""

    AUTO = "AUTO", _("made by the system")
    PREPRINTED = "PREPRINTED", _("pre-printed cards")
    TYPED = "TYPED", _("typed by hand")


class CardIcon(models.TextChoices):
    """The small drawing on a card."""

    CUP = "cup", _("cup")
    SCISSORS = "scissors", _("scissors")
    DUMBBELL = "dumbbell", _("dumbbell")
    BASKET = "basket", _("basket")
    STAR = "star", _("star")
    FORK = "fork", _("knife and fork")
    HEART = "heart", _("heart")
    GIFT = "gift", _("gift")


class Card(Versioned):
    """A loyalty programme of one club (R3): its rules, its words and its look.

    Money is in minor units of ``currency``, which is locked once the card was activated.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="cards")
    club = models.ForeignKey(
        Club, on_delete=models.PROTECT, related_name="cards", verbose_name=_("club")
    )
    code = models.CharField(_("code"), max_length=CODE_LENGTH, validators=[code_is_plain])
    name = models.CharField(_("name"), max_length=60)
    status = models.CharField(
        _("status"), max_length=10, choices=CardStatus, default=CardStatus.DRAFT
    )
    activated_at = models.DateTimeField(_("first activated"), null=True, editable=False)
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    unit_one = models.CharField(_("one unit is called"), max_length=20, default="point")
    unit_many = models.CharField(_("many units are called"), max_length=20, default="points")
    currency = models.CharField(_("currency"), max_length=3, choices=Currency, default=Currency.EUR)
    # How purchases earn: the default plan line.
    is_points_only = models.BooleanField(
        _("staff enter points, no amount"), default=False, help_text=_("Points-only card.")
    )
    step_minor = models.BigIntegerField(_("amount per step"), default=100)
    points_per_step = models.PositiveIntegerField(
        _("points per step"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(10_000)],
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
    rounding = models.CharField(
        _("rounding"),
        max_length=10,
        choices=[(mode.value, mode.value) for mode in Rounding],
        default=Rounding.DOWN.value,
    )
    welcome_points = models.PositiveIntegerField(
        _("welcome points"), default=0, validators=[MaxValueValidator(MOST_POINTS)]
    )
    expiry_days = models.PositiveIntegerField(
        _("points last (days)"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(36_500)],
        help_text=_("Counted from the day they were earned. Empty means for ever."),
    )
    # Limits against mistakes and misuse.
    earns_per_hour = models.PositiveSmallIntegerField(
        _("most awards per member and hour"), default=3
    )
    earns_per_day = models.PositiveSmallIntegerField(
        _("most awards per member and day"), default=10
    )
    redeems_per_day = models.PositiveSmallIntegerField(
        _("most rewards per member and day"), default=5
    )
    gift_cap = models.PositiveIntegerField(
        _("most points staff may give without a sale"),
        default=50,
        validators=[MaxValueValidator(MOST_POINTS)],
    )
    adjust_cap = models.PositiveIntegerField(
        _("largest adjustment"), default=10_000, validators=[MaxValueValidator(MOST_POINTS)]
    )
    claim_minutes = models.PositiveSmallIntegerField(
        _("a claim lasts (minutes)"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
    )
    undo_minutes = models.PositiveSmallIntegerField(
        _("staff may undo for (minutes)"), default=15, validators=[MaxValueValidator(1440)]
    )
    printed_card_spends = models.BooleanField(
        _("a printed code may spend"),
        default=False,
        help_text=_("A printed code can be copied; earning is always allowed."),
    )
    search_spends = models.BooleanField(
        _("a confirmed search may spend"),
        default=False,
        help_text=_("For members without a phone, by staff who have the permission."),
    )
    # Card numbers.
    number_mode = models.CharField(
        _("card numbers"), max_length=10, choices=NumberMode, default=NumberMode.AUTO
    )
    number_prefix = models.CharField(
        _("number starts with"),
        max_length=8,
        blank=True,
        validators=[RegexValidator(r"^[0-9A-Z]*$", _("Digits and capital letters."))],
    )
    number_width = models.PositiveSmallIntegerField(
        _("digits of the number"),
        default=8,
        validators=[MinValueValidator(4), MaxValueValidator(16)],
    )
    next_number = models.PositiveBigIntegerField(default=1, editable=False)
    # Look.
    colour = models.CharField(
        _("colour"), max_length=7, default="#0f6e4f", validators=[colour_is_hex]
    )
    text_colour = models.CharField(
        _("text colour"), max_length=7, default="#ffffff", validators=[colour_is_hex]
    )
    icon = models.CharField(_("icon"), max_length=10, choices=CardIcon, default=CardIcon.STAR)
    logo = models.ImageField(_("logo"), upload_to="cards/", blank=True)
    background = models.ImageField(_("background picture"), upload_to="cards/", blank=True)

    class Meta:
        verbose_name = _("card")
        verbose_name_plural = _("cards")
        constraints = [
            models.UniqueConstraint(fields=["partner", "code"], name="card_code_is_unique"),
            models.CheckConstraint(name="card_step_is_positive", condition=Q(step_minor__gt=0)),
            models.CheckConstraint(
                name="card_amounts_are_in_order",
                condition=Q(min_amount_minor__gte=0)
                & Q(max_amount_minor__gte=F("min_amount_minor"))
                & Q(max_amount_minor__lte=MOST_MINOR),
            ),
            models.CheckConstraint(
                name="card_ends_after_it_starts",
                condition=Q(valid_from=None)
                | Q(valid_until=None)
                | Q(valid_until__gt=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CardText(models.Model):
    """The words of a card in one language (R3.2)."""

    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="texts")
    language = models.CharField(_("language"), max_length=10)
    title = models.CharField(_("title"), max_length=60)
    description = models.CharField(_("description"), max_length=300, blank=True)
    rules = models.TextField(_("how it works"), max_length=3000, blank=True)
    terms = models.TextField(_("terms"), max_length=10_000, blank=True)

    class Meta:
        verbose_name = _("card text")
        verbose_name_plural = _("card texts")
        constraints = [
            models.UniqueConstraint(fields=["card", "language"], name="card_speaks_language_once")
        ]

    def __str__(self) -> str:
        return f"{self.language} text of card {self.card_id}"


class Tier(Versioned):
    """A level that members climb to by points awarded; archived, never deleted."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="tiers")
    code = models.CharField(_("code"), max_length=CODE_LENGTH, validators=[code_is_plain])
    name = models.CharField(_("name"), max_length=50)
    min_points = models.PositiveIntegerField(
        _("from points awarded"), validators=[MaxValueValidator(1_000_000_000)]
    )
    multiplier = models.DecimalField(
        _("earns times"),
        max_digits=5,
        decimal_places=2,
        default=Decimal("1.00"),
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(Decimal(100))],
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
                fields=["card", "min_points"],
                name="tier_threshold_is_unique",
                condition=Q(archived_at=None),
            ),
            models.CheckConstraint(
                name="tier_multiplier_is_positive", condition=Q(multiplier__gt=0)
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


class TermsVersion(models.Model):
    """A card's rules as they were published: frozen, numbered, named by every transaction."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.PROTECT, related_name="terms_versions")
    number = models.PositiveIntegerField(_("version"))
    terms: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(_("rules"))
    published_at = models.DateTimeField(_("published"))
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("published rules")
        verbose_name_plural = _("published rules")
        constraints = [
            models.UniqueConstraint(fields=["card", "number"], name="terms_number_is_unique")
        ]

    def __str__(self) -> str:
        return f"terms {self.number} of card {self.card_id}"
