"""The list of rewards, and each on its own page (R3.5)."""

from typing import Any

from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from cards.models import Card, Reward, RewardStatus
from loyalty.members.models import RewardCounter
from staff.admin.forms_rewards import RewardForm
from staff.admin.scoping import OwnFilter, PartnerAdmin
from staff.admin.site import site
from staff.admin.unfold_parts import badge, column

REWARD_COLOURS = {
    RewardStatus.ACTIVE.value: "success",
    RewardStatus.PAUSED.value: "warning",
    RewardStatus.ARCHIVED.value: "danger",
}


@admin.register(Reward, site=site)
class RewardAdmin(PartnerAdmin):
    """The rewards of all cards (R3.5)."""

    form = RewardForm
    list_display = ("name", "card", "cost", "stock_left", "state")
    list_select_related = ("card", "counter")
    list_filter = ("status", ("card", OwnFilter))
    search_fields = ("name", "code")
    ordering = ("card__name", "position", "cost", "pk")
    fieldsets = (
        (None, {"fields": ("card", "name", "code", "description", "image", "status")}),
        (_("Price and stock"), {"fields": ("cost", ("stock", "handed_out"), "per_member")}),
        (_("When and for whom"), {"fields": ("valid_from", "valid_until", "min_tier")}),
        (_("Vouchers"), {"fields": ("voucher_days",)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return the card of a stored reward: it stays where it was made."""
        return ("handed_out", "card") if obj else ("handed_out",)

    @column(_("handed out"))
    def handed_out(self, reward: Reward) -> int:
        """Return how many pieces are out."""
        counter = RewardCounter.objects.filter(reward_id=reward.pk).first()
        return counter.issued if counter else 0

    @column(_("in stock"))
    def stock_left(self, reward: Reward) -> str:
        """Return how many pieces are left."""
        if reward.stock is None:
            return str(_("no limit"))
        counter = getattr(reward, "counter", None)
        return str(max(0, reward.stock - (counter.issued if counter else 0)))

    @badge(_("status"), REWARD_COLOURS, ordering="status")
    def state(self, reward: Reward) -> tuple[str, str]:
        """Return the status as a badge."""
        return reward.status, reward.get_status_display()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the reward, and make a card's form that is open elsewhere stale."""
        super().save_model(request, obj, form, change)
        Card.objects.filter(pk=obj.card_id).update(version=F("version") + 1)
