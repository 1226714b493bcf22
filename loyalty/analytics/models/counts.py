"""What is counted on a card once a day, because no sum of days can tell it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cards.models import Card, Tier
from clubs.models import Partner
from loyalty.analytics.models.placed import Placed
from loyalty.ledger.models import Unit
from loyalty.members.models import Membership


class OpenBalance(models.Model):
    """What was open in lots when it was last counted: by tier, and when earned and ending."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="+")
    tier = models.ForeignKey(
        Tier, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    unit = models.CharField(max_length=6, choices=Unit)
    earned_month = models.DateField(_("earned"))
    # The month of the last day on which it can be used; None: for ever.
    ends_month = models.DateField(_("ends"), null=True)
    amount = models.BigIntegerField(_("left"))

    class Meta:
        verbose_name = _("open balance")
        verbose_name_plural = _("open balances")

    def __str__(self) -> str:
        return f"open balance {self.pk}"


class CardCount(models.Model):
    """What the daily round counted on a card."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True


class CohortMonth(CardCount):
    """How many of those who joined in a month were active in another; without one, all of them."""

    joined_month = models.DateField(_("joined"))
    month = models.DateField(_("month"), null=True)
    member_count = models.BigIntegerField(_("members"))

    class Meta:
        verbose_name = _("month of a cohort")
        verbose_name_plural = _("months of cohorts")

    def __str__(self) -> str:
        return f"cohort month {self.pk}"


class Comeback(models.Model):
    """How many members were there on a day who had been there last on another, or (None) never.

    Of one card, or (None) of all that the partner has.
    """

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+")
    card = models.ForeignKey(
        Card, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    day = models.DateField(_("day"))
    last_day = models.DateField(_("last visit before"), null=True)
    member_count = models.BigIntegerField(_("members"))

    class Meta:
        verbose_name = _("comeback")
        verbose_name_plural = _("comebacks")
        indexes = [
            models.Index(
                fields=["card", "day", "last_day"],
                include=["member_count"],
                name="comeback_by_card",
            ),
            models.Index(
                fields=["partner", "day", "last_day"],
                include=["member_count"],
                name="comeback_by_partner",
                condition=Q(card=None),
            ),
        ]

    def __str__(self) -> str:
        return f"comeback {self.pk}"


class VisitCount(CardCount):
    """How many members came how often in the last days: from ``times`` up to the next row's."""

    day_count = models.SmallIntegerField(_("days"))
    times = models.SmallIntegerField(_("times"))
    member_count = models.BigIntegerField(_("members"))
    visit_count = models.BigIntegerField(_("visits"))

    class Meta:
        verbose_name = _("visit count")
        verbose_name_plural = _("visit counts")

    def __str__(self) -> str:
        return f"visit count {self.pk}"


class PlaceCount(CardCount, Placed):
    """How many members of a card were active in the last days at a store, or with a person.

    ``is_before`` tells the same of as many days before those.
    """

    day_count = models.SmallIntegerField(_("days"))
    is_before = models.BooleanField(default=False)
    member_count = models.BigIntegerField(_("members"))

    class Meta:
        verbose_name = _("place count")
        verbose_name_plural = _("place counts")
        indexes = [
            models.Index(fields=["store"], name="place_count_by_store"),
            models.Index(fields=["actor"], name="place_count_by_actor"),
        ]

    def __str__(self) -> str:
        return f"place count {self.pk}"


class RiskCount(CardCount):
    """How many members of a card are at risk."""

    member_count = models.BigIntegerField(_("members"))

    class Meta:
        verbose_name = _("count of members at risk")
        verbose_name_plural = _("counts of members at risk")

    def __str__(self) -> str:
        return f"risk count {self.pk}"


class AtRisk(models.Model):
    """A member who should have come by now: one of those of a card who came most."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="+", db_index=False)
    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    visit_count = models.IntegerField(_("visits"))
    gap_days = models.IntegerField(_("days between visits"))
    last_date = models.DateField(_("last visit"))

    class Meta:
        verbose_name = _("member at risk")
        verbose_name_plural = _("members at risk")
        indexes = [
            models.Index(fields=["card", "-visit_count", "membership"], name="at_risk_by_visits")
        ]

    def __str__(self) -> str:
        return f"at risk {self.pk}"


class TierCount(CardCount):
    """How many members stand on a tier of a card; without one, on none."""

    tier = models.ForeignKey(
        Tier, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    member_count = models.BigIntegerField(_("members"))

    class Meta:
        verbose_name = _("count of a tier")
        verbose_name_plural = _("counts of tiers")

    def __str__(self) -> str:
        return f"tier count {self.pk}"


class Measure(models.TextChoices):
    """What members are ranked by."""

    SPENT = "SPENT", _("spent")
    EARNED = "EARNED", _("earned")
    VISITS = "VISITS", _("visits")


class BestMember(CardCount):
    """One of the members of a card with the most of something in the last days."""

    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    day_count = models.SmallIntegerField(_("days"))
    measure = models.CharField(_("ranked by"), max_length=6, choices=Measure)
    amount = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("best member")
        verbose_name_plural = _("best members")

    def __str__(self) -> str:
        return f"best member {self.pk}"


class CardView(models.Model):
    """That somebody looked at a card's page: raw rows of the last days, who it was unknown.

    ``viewer`` tells one viewer from another and gives nobody away. The slot is a half hour, for
    whoever comes through two doors at once.
    """

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+", db_index=False)
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="+", db_index=False)
    viewer = models.CharField(max_length=64)
    viewed_at = models.DateTimeField(_("viewed"))
    slot = models.BigIntegerField()

    class Meta:
        verbose_name = _("card view")
        verbose_name_plural = _("card views")
        constraints = [
            models.UniqueConstraint(fields=["card", "viewer", "slot"], name="view_counts_once")
        ]
        indexes = [
            models.Index(fields=["viewed_at", "card"], name="card_view_by_time"),
            models.Index(fields=["card", "viewed_at"], name="card_view_by_card"),
        ]

    def __str__(self) -> str:
        return f"card view {self.pk}"


class DayView(models.Model):
    """How often a card was looked at on a day whose raw rows are gone."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField(_("day"))
    view_count = models.BigIntegerField(_("views"), default=0)

    class Meta:
        verbose_name = _("views of a day")
        verbose_name_plural = _("views of days")
        constraints = [
            models.UniqueConstraint(fields=["card", "day"], name="views_of_day_are_one_row")
        ]

    def __str__(self) -> str:
        return f"day view {self.pk}"
