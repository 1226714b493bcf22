"""Businesses, the walls inside them, their stores, and who works there."""

import zoneinfo
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

CODE_LENGTH = 20
code_is_plain = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", _("Use letters, digits, dots, dashes and underscores.")
)


def validate_timezone(name: str) -> None:
    """Refuse a time zone that this machine does not know."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("Choose a time zone such as Europe/Lisbon."), code="timezone")


class PartnerStatus(models.TextChoices):
    """Whether a partner does business here."""

    ACTIVE = "ACTIVE", _("active")
    SUSPENDED = "SUSPENDED", _("suspended")


class PlaceStatus(models.TextChoices):
    """Whether a club or a store is in use. What has a history is archived, never deleted."""

    ACTIVE = "ACTIVE", _("active")
    ARCHIVED = "ARCHIVED", _("archived")


class Weekday(models.IntegerChoices):
    """Days a week may start with, numbered as Python does."""

    MONDAY = 0, _("Monday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class Currency(models.TextChoices):
    """Currencies with the decimals that their money has; see DECIMALS."""

    AED = "AED", _("UAE dirham")
    BHD = "BHD", _("Bahraini dinar")
    BRL = "BRL", _("Brazilian real")
    CHF = "CHF", _("Swiss franc")
    EGP = "EGP", _("Egyptian pound")
    EUR = "EUR", _("euro")
    GBP = "GBP", _("pound sterling")
    IQD = "IQD", _("Iraqi dinar")
    JOD = "JOD", _("Jordanian dinar")
    JPY = "JPY", _("yen")
    KWD = "KWD", _("Kuwaiti dinar")
    MAD = "MAD", _("Moroccan dirham")
    OMR = "OMR", _("Omani rial")
    PLN = "PLN", _("zloty")
    QAR = "QAR", _("Qatari riyal")
    SAR = "SAR", _("Saudi riyal")
    SEK = "SEK", _("Swedish krona")
    TND = "TND", _("Tunisian dinar")
    TRY = "TRY", _("Turkish lira")
    USD = "USD", _("US dollar")


_THREE = {Currency.BHD, Currency.IQD, Currency.JOD, Currency.KWD, Currency.OMR, Currency.TND}
DECIMALS: dict[str, int] = {
    currency: 0 if currency == Currency.JPY else 3 if currency in _THREE else 2
    for currency in Currency
}


class Versioned(models.Model):
    """Master data saved by forms: a stale form is refused by its row version."""

    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        abstract = True


class Partner(Versioned):
    """A business that wants loyalty cards (R1.1)."""

    name = models.CharField(_("name"), max_length=100)
    company_name = models.CharField(_("company name"), max_length=150, blank=True)
    slug = models.SlugField(_("short name in addresses"), max_length=50, unique=True)
    code = models.CharField(
        _("code"), max_length=CODE_LENGTH, unique=True, validators=[code_is_plain]
    )
    country = models.CharField(_("country"), max_length=2, default="PT")
    currency = models.CharField(_("currency"), max_length=3, choices=Currency, default=Currency.EUR)
    timezone = models.CharField(
        _("time zone"), max_length=50, default="Europe/Lisbon", validators=[validate_timezone]
    )
    language = models.CharField(_("language"), max_length=10, default="en")
    week_start = models.SmallIntegerField(
        _("week starts on"), choices=Weekday, default=Weekday.MONDAY
    )
    logo = models.ImageField(_("logo"), upload_to="partners/", blank=True)
    website = models.URLField(_("website"), blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=PartnerStatus, default=PartnerStatus.ACTIVE
    )
    max_clubs = models.PositiveIntegerField(_("most clubs"), null=True, blank=True)
    max_stores = models.PositiveIntegerField(_("most stores"), null=True, blank=True)
    max_admin_seats = models.PositiveIntegerField(_("most managers"), null=True, blank=True)
    max_members = models.PositiveIntegerField(_("most members"), null=True, blank=True)
    features = models.JSONField(_("switched-off features"), default=list, blank=True)
    # Where staff of some club practise: a business beside the real ones, which counts nowhere.
    is_practice = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")

    def __str__(self) -> str:
        return self.name

    def zone(self) -> zoneinfo.ZoneInfo:
        """Return the time zone that decides every date of this partner."""
        return zoneinfo.ZoneInfo(self.timezone)


class ClubQuerySet(models.QuerySet["Club"]):
    """Clubs, read by who works in them."""

    def staffed_by(self, user_id: int) -> "ClubQuerySet":
        """Return the clubs where this user works now."""
        return self.filter(
            status=PlaceStatus.ACTIVE,
            partner__status=PartnerStatus.ACTIVE,
            staff__user_id=user_id,
            staff__is_active=True,
        )

    def served_by(self, user_id: int) -> "ClubQuerySet":
        """Return the clubs whose cards this user may serve: where they work, and practise."""
        works = Club.objects.staffed_by(user_id).values("pk")
        return self.filter(Q(pk__in=works) | Q(practice_of__in=works))


class Club(Versioned):
    """A wall between groups of employees: staff of one club never touch cards of another."""

    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="clubs", verbose_name=_("partner")
    )
    code = models.CharField(_("code"), max_length=CODE_LENGTH, validators=[code_is_plain])
    name = models.CharField(_("name"), max_length=100)
    status = models.CharField(
        _("status"), max_length=10, choices=PlaceStatus, default=PlaceStatus.ACTIVE
    )
    # The club whose staff practise in this one, which is of a practice business.
    practice_of = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, editable=False, related_name="practice"
    )

    objects: ClassVar[ClubQuerySet] = ClubQuerySet.as_manager()  # type: ignore[assignment] # as_manager returns a manager that quacks like the queryset

    class Meta:
        verbose_name = _("club")
        verbose_name_plural = _("clubs")
        constraints = [
            models.UniqueConstraint(fields=["partner", "code"], name="club_code_is_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class ReceiptRestart(models.TextChoices):
    """When a till starts its receipt numbers again."""

    NEVER = "NEVER", _("never")
    YEARLY = "YEARLY", _("every year")
    DAILY = "DAILY", _("every day")


class Store(Versioned):
    """A place with a till."""

    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="stores", verbose_name=_("partner")
    )
    club = models.ForeignKey(
        Club, on_delete=models.PROTECT, related_name="stores", verbose_name=_("club")
    )
    code = models.CharField(_("code"), max_length=CODE_LENGTH, validators=[code_is_plain])
    name = models.CharField(_("name"), max_length=100)
    timezone = models.CharField(
        _("time zone"), max_length=50, blank=True, validators=[validate_timezone]
    )
    receipt_restart = models.CharField(
        _("receipt numbers start again"),
        max_length=10,
        choices=ReceiptRestart,
        default=ReceiptRestart.NEVER,
    )
    allows_check_in = models.BooleanField(
        _("members may check in"),
        default=False,
        help_text=_("By the QR at the door, and by a button in their wallet."),
    )
    # What the QR at the door holds; replacing it makes printed ones useless.
    check_in_code = models.CharField(max_length=16, blank=True, editable=False)
    status = models.CharField(
        _("status"), max_length=10, choices=PlaceStatus, default=PlaceStatus.ACTIVE
    )

    class Meta:
        verbose_name = _("store")
        verbose_name_plural = _("stores")
        constraints = [
            models.UniqueConstraint(fields=["partner", "code"], name="store_code_is_unique"),
        ]

    def __str__(self) -> str:
        return self.name


def is_taken(at: datetime) -> models.Q:
    """Return the condition of a place that is in force, or that a person can still accept."""
    return models.Q(is_active=True) | models.Q(invited_until__gt=at)


class Place(Versioned):
    """What gives a user rights; while they are only invited it is not active, so it gives none.

    ``invited_until`` is set until the person has accepted, with the hash of the invitation's token.
    """

    is_active = models.BooleanField(_("active"), default=True)
    invited_until = models.DateTimeField(_("invited until"), null=True, editable=False)
    invitation_hash = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_is_invited_or_active",
                condition=models.Q(invited_until=None) | models.Q(is_active=False),
            ),
            models.UniqueConstraint(
                name="%(class)s_has_its_own_invitation",
                fields=["invitation_hash"],
                condition=~models.Q(invitation_hash=""),
            ),
        ]

    @property
    def is_invited(self) -> bool:
        """Return whether the person has yet to accept."""
        return self.invited_until is not None


class StaffMember(Place):
    """A user who works in a club, and what they may do at its counter."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="staff_rows"
    )
    club = models.ForeignKey(
        Club, on_delete=models.PROTECT, related_name="staff", verbose_name=_("club")
    )
    pin_hash = models.CharField(max_length=128, blank=True, editable=False)
    may_give_points = models.BooleanField(
        _("may give points without a sale"),
        default=False,
        help_text=_("Goodwill or old stamp cards, within the card's limit."),
    )
    may_redeem_by_search = models.BooleanField(
        _("may hand out rewards without the member's phone"),
        default=False,
        help_text=_("Only where the card allows it, after the phone number was confirmed."),
    )

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff")
        constraints = [
            *Place.Meta.constraints,
            models.UniqueConstraint(fields=["user", "club"], name="user_works_in_club_once"),
        ]

    def __str__(self) -> str:
        return f"staff {self.pk}"

    def set_pin(self, pin: str) -> None:
        """Store the PIN as a hash; the caller saves."""
        self.pin_hash = make_password(pin)

    def pin_is(self, pin: str) -> bool:
        """Return whether this is the PIN."""
        return bool(self.pin_hash) and check_password(pin, self.pin_hash)


class DeviceSignIn(models.Model):
    """A full sign-in of a person on a device; their PIN is good there for 12 hours after."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="device_sign_ins"
    )
    device_hash = models.CharField(max_length=64)
    signed_in_at = models.DateTimeField()
    missed_pins = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("sign-in on a device")
        verbose_name_plural = _("sign-ins on devices")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "device_hash"], name="user_signs_in_once_per_device"
            ),
        ]

    def __str__(self) -> str:
        return f"device sign-in {self.pk}"


class Role(models.TextChoices):
    """What a manager may do."""

    OWNER = "OWNER", _("owner")
    MANAGER = "MANAGER", _("manager")
    SUPPORT = "SUPPORT", _("support")


class Manager(Place):
    """A user who runs a partner's dashboard."""

    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="managers", verbose_name=_("partner")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="manager_rows"
    )
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MANAGER)
    adjust_cap = models.PositiveIntegerField(
        _("largest adjustment"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Points in one deed. Empty means the card's own limit."),
    )

    class Meta:
        verbose_name = _("manager")
        verbose_name_plural = _("managers")
        constraints = [
            *Place.Meta.constraints,
            models.UniqueConstraint(fields=["user", "partner"], name="user_manages_partner_once"),
        ]

    def __str__(self) -> str:
        return f"manager {self.pk}"


class SavedView(models.Model):
    """A filter of the list of customers that a person keeps under a name (CU6).

    ``filter`` holds the fields as they were typed; they are looked at again each time. Words typed
    into the search are not among them: they can be somebody's name.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views"
    )
    shared_with = models.ForeignKey(
        Partner,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="shared_views",
        verbose_name=_("shared with"),
    )
    name = models.CharField(_("name"), max_length=40)
    filter = models.JSONField(default=dict)
    default_of = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="default_views")

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="user_names_view_once"),
        ]

    def __str__(self) -> str:
        return f"view {self.pk}"
