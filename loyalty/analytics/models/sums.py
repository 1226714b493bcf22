"""Sums of the ledger by day and by month, kept by jobs; all can be made again from its rows."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cards.models import Card, Reward, Tier
from clubs.models import Partner
from loyalty.analytics.models.placed import Placed
from loyalty.ledger.models import Kind, Source
from loyalty.members.models import Membership


class Sums(models.Model):
    """What deeds of one sort come to. Days are those of the partner, by when a deed was done.

    ``deed`` is what was done; where ``is_undoing``, what a REVERSAL took back, on the day of that.
    ``aspect`` tells a voucher's step, and of a refund what was refunded. What goes out is positive
    too. Baskets are purchases that stand, ``rewarded`` those on a day on which the member was
    handed a reward.
    """

    deed = models.CharField(_("deed"), max_length=12, choices=Kind)
    aspect = models.CharField(max_length=12, blank=True)
    source = models.CharField(_("source"), max_length=10, choices=Source)
    is_undoing = models.BooleanField(_("undone"))
    deed_count = models.BigIntegerField(_("deeds"))
    money_minor = models.BigIntegerField(_("amount"))
    points_in = models.BigIntegerField()
    points_out = models.BigIntegerField()
    credit_in = models.BigIntegerField()
    credit_out = models.BigIntegerField()
    awarded_points = models.BigIntegerField()
    awarded_credit = models.BigIntegerField()
    basket_count = models.BigIntegerField()
    basket_minor = models.BigIntegerField()
    rewarded_count = models.BigIntegerField()
    rewarded_minor = models.BigIntegerField()

    class Meta:
        abstract = True


class DayFact(Sums, Placed):
    """The sums of a day by card, store, person and reward."""

    # Those without an index of their own begin one of the indexes below, or are not looked up.
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+", db_index=False)
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="+", db_index=False)
    reward = models.ForeignKey(
        Reward, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    day = models.DateField(_("day"))

    class Meta:
        verbose_name = _("sums of a day")
        verbose_name_plural = _("sums of days")
        indexes = [
            models.Index(fields=["partner", "day"], name="day_fact_by_partner"),
            models.Index(fields=["card", "day"], name="day_fact_by_card"),
            models.Index(fields=["store", "day"], name="day_fact_by_store"),
            models.Index(fields=["actor", "day"], name="day_fact_by_actor"),
        ]

    def __str__(self) -> str:
        return f"day fact {self.pk}"


class MonthFact(Sums):
    """The sums of a month by card and reward: those of its days, for long spans."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+", db_index=False)
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="+", db_index=False)
    reward = models.ForeignKey(
        Reward, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    month = models.DateField(_("month"))

    class Meta:
        verbose_name = _("sums of a month")
        verbose_name_plural = _("sums of months")
        indexes = [
            models.Index(fields=["partner", "month"], name="month_fact_by_partner"),
            models.Index(fields=["card", "month"], name="month_fact_by_card"),
        ]

    def __str__(self) -> str:
        return f"month fact {self.pk}"


class DayHour(Placed):
    """The visits of a day by hour, as the clock of the store shows it; those undone are left out.

    The weekday is kept too, because it may be another one at a store in another time zone.
    """

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+", db_index=False)
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField(_("day"))
    weekday = models.SmallIntegerField(_("weekday"))
    hour = models.SmallIntegerField(_("hour"))
    visit_count = models.BigIntegerField(_("visits"))

    class Meta:
        verbose_name = _("visits of an hour")
        verbose_name_plural = _("visits of hours")
        indexes = [
            models.Index(fields=["partner", "day"], name="day_hour_by_partner"),
            models.Index(fields=["card", "day"], name="day_hour_by_card"),
            models.Index(fields=["store", "day"], name="day_hour_by_store"),
            models.Index(fields=["actor", "day"], name="day_hour_by_actor"),
        ]

    def __str__(self) -> str:
        return f"day hour {self.pk}"


class MonthHour(models.Model):
    """The visits of a month by card, weekday and hour: those of its days, for long spans."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+", db_index=False)
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="+", db_index=False)
    month = models.DateField(_("month"))
    weekday = models.SmallIntegerField(_("weekday"))
    hour = models.SmallIntegerField(_("hour"))
    visit_count = models.BigIntegerField(_("visits"))

    class Meta:
        verbose_name = _("visits of a month by hour")
        verbose_name_plural = _("visits of months by hour")
        indexes = [
            models.Index(fields=["partner", "month"], name="month_hour_by_partner"),
            models.Index(fields=["card", "month"], name="month_hour_by_card"),
        ]

    def __str__(self) -> str:
        return f"month hour {self.pk}"


class ActiveMonth(models.Model):
    """On which days of a month a member was there: bit 0 of ``days`` is the first."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+")
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="+", db_index=False)
    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    month = models.DateField(_("month"))
    days = models.IntegerField(_("days"))
    # What the bits say, so that sums over many months need not look at them. Ordinals are days.
    day_count = models.SmallIntegerField(_("days counted"))
    first_ordinal = models.IntegerField()
    last_ordinal = models.IntegerField()

    class Meta:
        verbose_name = _("active month")
        verbose_name_plural = _("active months")
        constraints = [
            models.UniqueConstraint(
                fields=["card", "month", "membership"],
                name="member_is_active_in_month_once",
            )
        ]

    def __str__(self) -> str:
        return f"active month {self.pk}"


class TierMove(models.Model):
    """How many accounts of a card moved from one tier to another on a day."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+", db_index=False)
    card = models.ForeignKey(Card, on_delete=models.CASCADE, related_name="+", db_index=False)
    from_tier = models.ForeignKey(
        Tier, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    to_tier = models.ForeignKey(
        Tier, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    day = models.DateField(_("day"))
    move_count = models.BigIntegerField(_("moves"))

    class Meta:
        verbose_name = _("tier moves of a day")
        verbose_name_plural = _("tier moves of days")
        indexes = [
            models.Index(fields=["partner", "day"], name="tier_move_by_partner"),
            models.Index(fields=["card", "day"], name="tier_move_by_card"),
        ]

    def __str__(self) -> str:
        return f"tier move {self.pk}"


class RollupMark(models.Model):
    """How far the sums of a partner reach, which is all that the job knows.

    The sums are those of all transactions up to ``done_id``; on the days before ``next_date`` they
    are those up to ``target_id`` already. The daily round over all cards was last through on
    ``counted_date``; of the one under way, ``counted_part`` parts of the card after
    ``counted_card_id`` are counted.
    """

    partner = models.OneToOneField(
        Partner, on_delete=models.CASCADE, primary_key=True, related_name="rollup_mark"
    )
    timezone = models.CharField(max_length=50)
    done_id = models.BigIntegerField(default=0)
    target_id = models.BigIntegerField(default=0)
    next_date = models.DateField(null=True)
    rolled_at = models.DateTimeField(_("as of"), null=True)
    counted_card_id = models.BigIntegerField(default=0)
    counted_part = models.SmallIntegerField(default=0)
    counted_date = models.DateField(null=True)
    counted_at = models.DateTimeField(_("counted"), null=True)

    class Meta:
        verbose_name = _("mark of sums")
        verbose_name_plural = _("marks of sums")

    def __str__(self) -> str:
        return f"sums of partner {self.partner_id}"

    def state(self) -> tuple[object, ...]:
        """Return what changes whenever the sums do."""
        return self.partner_id, self.timezone, self.done_id, self.target_id, self.next_date

    def cursor(self) -> tuple[int, int]:
        """Return how far the daily round came."""
        return self.counted_card_id, self.counted_part
