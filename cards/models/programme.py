"""Cards: a loyalty programme's life, its limits, its words and its look."""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cards.models.limits import MOST_POINTS, colour_is_hex
from cards.models.rule_settings import RULE_CONSTRAINTS, RuleSettings
from clubs.models import CODE_LENGTH, Club, Currency, Partner, Versioned, code_is_plain


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


# What says how card numbers are made; it stands still once somebody has a card (IV3.6).
NUMBERING = ("number_mode", "number_prefix", "number_width", "number_has_check_digit")


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


class Card(RuleSettings, Versioned):
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
    number_has_check_digit = models.BooleanField(_("number ends with a check digit"), default=False)
    next_number = models.PositiveBigIntegerField(default=1, editable=False)
    # What members may do and see by themselves.
    check_in_hours = models.PositiveSmallIntegerField(
        _("hours between two check-ins"),
        default=4,
        validators=[MinValueValidator(1), MaxValueValidator(720)],
    )
    are_receipts_shown = models.BooleanField(
        _("members see their receipts"), default=True, help_text=_("Number, lines and payments.")
    )
    has_referrals = models.BooleanField(_("members may recommend the card"), default=False)
    referrals_per_month = models.PositiveSmallIntegerField(
        _("most recommendations of one member in 30 days"), default=20
    )
    only_head_redeems = models.BooleanField(_("in a group only its head spends"), default=False)
    most_in_group = models.PositiveSmallIntegerField(
        _("most members of a group"),
        default=8,
        validators=[MinValueValidator(2), MaxValueValidator(100)],
    )
    company_name = models.CharField(_("company name"), max_length=150, blank=True)
    website = models.URLField(_("website"), blank=True)
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
            models.CheckConstraint(
                name="card_ends_after_it_starts",
                condition=Q(valid_from=None)
                | Q(valid_until=None)
                | Q(valid_until__gt=F("valid_from")),
            ),
            *RULE_CONSTRAINTS,
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
        return f"{self.title} ({self.language})"
