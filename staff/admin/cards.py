"""Lists of cards and what hangs on them. A card's rules are saved as a draft, then published."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, F, Q, QuerySet
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from cards.models import (
    NUMBERING,
    Card,
    CardStatus,
    CardText,
    NumberMode,
    Reward,
    RewardStatus,
    Tier,
)
from clubs.models import DECIMALS
from staff.admin import numbers, plan_rows, poster_pages, publishing, rule_pages, what_if
from staff.admin.card_fields import FIELDSETS, MoneyShown, read_fieldsets
from staff.admin.forms_cards import CardForm, CardTextForm, has_members
from staff.admin.forms_rewards import RewardRowForm, RewardRows
from staff.admin.forms_tiers import TierRowForm, TierRows
from staff.admin.grids import WalledRows
from staff.admin.scoping import OwnFilter, PartnerAdmin
from staff.admin.site import site
from staff.admin.tester import tester_page
from staff.admin.unfold_parts import StackedInline, TabularInline, badge, column, page_button

CARD_COLOURS = {
    CardStatus.DRAFT.value: "info",
    CardStatus.ACTIVE.value: "success",
    CardStatus.PAUSED.value: "warning",
    CardStatus.ARCHIVED.value: "danger",
}
# Out of the way of every threshold that a form accepts.
TIERS_ASIDE = 1_000_000_000


class TextsInline(WalledRows, StackedInline):  # type: ignore[type-arg]  # one model, named below
    """The words of the card, a language each (R3.2)."""

    model = CardText
    hide_title = True
    form = CardTextForm
    extra = 0

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether a language may be taken out: words have no history."""
        return self.has_change_permission(request, obj)

    def partner_id_of(self, row: Any) -> int | None:
        """Return the partner of the card, which is what permissions are asked for."""
        return row.partner_id if isinstance(row, Card) and row.pk else None


class TiersInline(WalledRows, TabularInline):  # type: ignore[type-arg]  # one model, named below
    """The tiers of the card; archived, never deleted."""

    model = Tier
    form = TierRowForm
    formset = TierRows
    extra = 0
    can_delete = False
    hide_title = True
    fields = (
        "name",
        "code",
        "min_value",
        "multiplier",
        "rate",
        "redemption_percent",
        "entry_reward",
        "is_archived",
    )

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Offer this card's rewards for entry, none on a new card; take thresholds as it counts."""
        row = obj if obj is not None else Card()
        typed = str(request.POST.get("currency", ""))
        facts = {
            "basis": str(request.POST.get("tier_basis", row.tier_basis)),
            "currency": typed if typed in DECIMALS else row.currency,
        }
        kwargs["form"] = type("TierOfCardForm", (TierRowForm,), facts)
        made = super().get_formset(request, obj, **kwargs)
        field: Any = made.form.base_fields.get("entry_reward")
        if field is not None:
            rewards = Reward.objects.filter(card=obj) if obj else Reward.objects.none()
            field.queryset = rewards.order_by("position", "cost", "pk")
        return made

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the tiers from the lowest up."""
        return super().get_queryset(request).order_by("min_value", "pk")


class RewardsInline(WalledRows, TabularInline):  # type: ignore[type-arg]  # one model, named below
    """The rewards of the card, in the order members see; rows are dragged (R3.4)."""

    model = Reward
    form = RewardRowForm
    formset = RewardRows
    extra = 0
    can_delete = False
    show_change_link = True  # The title of a row is where its link stands.
    ordering_field = "position"
    fields = ("name", "code", "cost", "stock", "status", "position")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rewards as members see them."""
        return super().get_queryset(request).order_by("position", "cost", "pk")


@admin.register(Card, site=site)
class CardAdmin(MoneyShown, PartnerAdmin):
    """The cards of the business, each one form (R3)."""

    form = CardForm
    change_form_template = "admin/cards/card_form.html"

    class Media:
        js = (
            Script("js/admin/card-preview.js", type="module"),
            Script("js/admin/conditional.js", type="module"),
        )

    list_display = ("name", "code", "club", "state", "member_count", "reward_count")
    list_select_related = ("club",)
    list_filter = ("status", ("club", OwnFilter))
    search_fields = ("name", "code")
    ordering = ("name", "pk")
    inlines = (RewardsInline, TiersInline, TextsInline)
    actions_detail = ("publish", "plans", "tester", "posters", "numbers")
    fieldsets = FIELDSETS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the cards with how many members and rewards they have."""
        offered = Q(rewards__status=RewardStatus.ACTIVE)
        found: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .annotate(
                members_in=Count("memberships", distinct=True),
                rewards_in=Count("rewards", filter=offered, distinct=True),
            )
        )
        return found

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields; where they are only read, money in words."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return list(read_fieldsets(fieldsets, obj, CardForm.whens))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return what is drawn, and what is locked by activation or by members."""
        names: tuple[str, ...] = ("preview",)
        if obj is not None and obj.activated_at is not None:
            names = (*names, "currency", "club")
        if obj is not None and has_members(obj):
            names = (*names, *NUMBERING)
        return names

    @column(_("preview"))
    def preview(self, card: Card) -> SafeString:
        """Return the card as members see it."""
        return render_to_string("admin/card_preview.html", {"card": card})

    @badge(_("status"), CARD_COLOURS, ordering="status")
    def state(self, card: Card) -> tuple[str, str]:
        """Return the status as a badge."""
        return card.status, card.get_status_display()

    @column(_("members"), ordering="members_in")
    def member_count(self, card: Any) -> int:
        """Return the number of people who hold the card."""
        return int(card.members_in)

    @column(_("rewards"), ordering="rewards_in")
    def reward_count(self, card: Any) -> int:
        """Return the number of rewards on offer."""
        return int(card.rewards_in)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the card; note when it is activated for the first time."""
        if obj.status == CardStatus.ACTIVE and obj.activated_at is None:
            obj.activated_at = timezone.now()
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save texts, tiers and rewards; a card that takes up plans starts with its simple rule."""
        super().save_related(request, form, formsets, change)
        card = form.instance
        for plan in plan_rows.take_up(card, form):
            self.audit_row(
                request, plan, "add", card.partner_id, {}, {"code": plan.code, "name": plan.name}
            )
        publishing.after_save(self, request, card.pk)

    def make_room(self, formset: Any) -> None:
        """Let two tiers change places in one save: thresholds are unique at every moment."""
        if formset.model is Tier:
            moved = [row.pk for row, names in formset.changed_objects if "min_value" in names]
            Tier.objects.filter(pk__in=moved).update(min_value=F("min_value") + TIERS_ASIDE)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Show the form with how its rules stand, and the pages of its other rules."""
        card = kwargs.get("obj")
        if card is not None:
            context["standing"] = publishing.standing(card)
            context["rule_pages"] = rule_pages.pages(card)
        return super().render_change_form(request, context, *args, **kwargs)

    @page_button(_("Publish"), "publish")
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what publishing the draft would change; a POST publishes it."""
        return publishing.publish_page(self, request, self.get_object(request, object_id))

    @page_button(_("Plans"), "rule")
    def plans(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead to the plans of this card."""
        card = self.get_object(request, object_id)
        return redirect(f"{reverse('admin:cards_plan_changelist')}?card__id__exact={card.pk}")

    @page_button(_("Try the rules"), "calculate")
    def tester(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what the rules make of a purchase that is typed in; nothing is booked."""
        return tester_page(self, request, self.get_object(request, object_id))

    @page_button(_("Posters"), "print")
    def posters(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what can be printed or put on a screen for this card."""
        return poster_pages.poster_page(self, request, self.get_object(request, object_id))

    @page_button(_("Card numbers"), "pin")
    def numbers(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the numbers printed ahead, and make more of them."""
        return numbers.numbers_page(self, request, self.get_object(request, object_id))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Return the buttons of this card that lead somewhere as it is now."""
        card = self.get_object(request, object_id)
        hidden = set()
        if card.number_mode == NumberMode.TYPED:
            hidden.add("numbers")
        if not card.uses_plans:
            hidden.add("plans")
        found: list[Any] = super().get_actions_detail(request, object_id)  # type: ignore[misc]  # of the theme
        return [one for one in found if one.action_name.rpartition("_")[2] not in hidden]

    def get_urls(self) -> list[Any]:
        """Return the pages of a card besides its form."""
        more = (*numbers.urls(self), *poster_pages.urls(self), *what_if.urls(self))
        return [*more, *super().get_urls()]
