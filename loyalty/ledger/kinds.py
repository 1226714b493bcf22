"""What deeds there are, through which doors they come, and what entries move."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """Which deed a transaction records."""

    PURCHASE = "PURCHASE", _("purchase")
    BUY = "BUY", _("bought from member")
    POINTS = "POINTS", _("points")
    REDEMPTION = "REDEMPTION", _("reward")
    PAYMENT = "PAYMENT", _("payment")
    REFUND = "REFUND", _("refund")
    ADJUSTMENT = "ADJUSTMENT", _("adjustment")
    EXPIRY = "EXPIRY", _("expiry")
    BONUS = "BONUS", _("bonus")
    TRANSFER = "TRANSFER", _("transfer")
    OPENING = "OPENING", _("opening balance")
    ENROLMENT = "ENROLMENT", _("enrolment")
    TIER_CHANGE = "TIER_CHANGE", _("tier change")
    VOUCHER = "VOUCHER", _("voucher")
    STATUS = "STATUS", _("status")
    REVERSAL = "REVERSAL", _("undone")


# What "the most recent transaction" may be (design: Rollback).
REVERSIBLE_KINDS = (
    Kind.PURCHASE,
    Kind.BUY,
    Kind.POINTS,
    Kind.REDEMPTION,
    Kind.PAYMENT,
    Kind.REFUND,
    Kind.ADJUSTMENT,
    Kind.TIER_CHANGE,
    Kind.VOUCHER,
)


class Source(models.TextChoices):
    """Through which door a deed came."""

    SCAN = "SCAN", _("counter")
    ADMIN = "ADMIN", _("dashboard")
    API = "API", _("API")
    FEED = "FEED", _("feed")
    IMPORT = "IMPORT", _("import")
    SYSTEM = "SYSTEM", _("system")
    OFFLINE = "OFFLINE", _("offline counter")
    WALLET = "WALLET", _("wallet")


class Unit(models.TextChoices):
    """What an entry moves: whole points, or credit in minor units of the card's currency."""

    POINTS = "POINTS", _("points")
    CREDIT = "CREDIT", _("credit")


class FiringKind(models.TextChoices):
    """Which rule fires once per occurrence."""

    REFERRAL = "REFERRAL", _("referral")
    MILESTONE = "MILESTONE", _("milestone")
