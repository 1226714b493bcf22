"""Lists of cards and what hangs on them. Saving a card publishes its rules at once."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, F, Q, QuerySet
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from cards import terms
from cards.models import (
    Card,
    CardStatus,
    CardText,
    NumberMode,
    Reward,
    RewardStatus,
    TermsVersion,
    Tier,
)
from loyalty.members.models import RewardCounter
from loyalty.web.money import money
from staff.admin import numbers, poster_pages
from staff.admin.choices import ROUNDINGS
from staff.admin.forms_cards import (
    LOCKED_WITH_MEMBERS,
    CardForm,
    CardTextForm,
    RewardForm,
    RewardRowForm,
    RewardRows,
    TierRowForm,
    TierRows,
    has_members,
)
from staff.admin.grids import WalledRows
from staff.admin.scoping import OwnFilter, PartnerAdmin
from staff.admin.site import site
from staff.admin.unfold_parts import StackedInline, TabularInline, badge, column, page_button

CARD_COLOURS = {
    CardStatus.DRAFT.value: "info",
    CardStatus.ACTIVE.value: "success",
    CardStatus.PAUSED.value: "warning",
    CardStatus.ARCHIVED.value: "danger",
}
REWARD_COLOURS = {
    RewardStatus.ACTIVE.value: "success",
    RewardStatus.PAUSED.value: "warning",
    RewardStatus.ARCHIVED.value: "danger",
}
# Out of the way of every threshold that a form accepts.
TIERS_ASIDE = 1_000_000_000


SHOWN = {
    "step_minor": "step_shown",
    "min_amount_minor": "least_shown",
    "max_amount_minor": "most_shown",
    "rounding": "rounding_shown",
}


def _in_words(fields: Any) -> list[Any]:
    """Return the fields of a fieldset with what is stored in another form shown in words."""
    return [
        SHOWN.get(name, name)
        if isinstance(name, str)
        else tuple(SHOWN.get(one, one) for one in name)
        for name in fields
    ]


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
    fields = ("name", "code", "min_value", "multiplier", "entry_reward", "is_archived")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Offer this card's rewards for entry, none on a new card."""
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
class CardAdmin(PartnerAdmin):
    """The cards of the business, each one form (R3)."""

    form = CardForm

    class Media:
        js = (Script("js/admin/card-preview.js", type="module"),)

    list_display = ("name", "code", "club", "state", "member_count", "reward_count")
    list_select_related = ("club",)
    list_filter = ("status", ("club", OwnFilter))
    search_fields = ("name", "code")
    ordering = ("name", "pk")
    inlines = (RewardsInline, TiersInline, TextsInline)
    actions_detail = ("posters", "numbers")
    fieldsets = (
        (
            _("General"),
            {
                "fields": (
                    "club",
                    "name",
                    "code",
                    "status",
                    "valid_from",
                    "valid_until",
                    ("unit_one", "unit_many"),
                    "currency",
                )
            },
        ),
        (
            _("How members earn"),
            {
                "fields": (
                    "is_points_only",
                    ("step_minor", "points_per_step"),
                    ("min_amount_minor", "max_amount_minor"),
                    ("max_points", "rounding"),
                    ("welcome_points", "expiry_days"),
                ),
                "description": _(
                    "Every full step of a purchase earns. Saving publishes the rules at once;"
                    " what was booked before keeps the rules of its day."
                ),
            },
        ),
        (
            _("Look"),
            {"fields": ("preview", ("colour", "text_colour"), "icon", "logo", "background")},
        ),
        (
            _("Limits against mistakes and misuse"),
            {
                "fields": (
                    ("earns_per_hour", "earns_per_day"),
                    "redeems_per_day",
                    ("gift_cap", "adjust_cap"),
                    ("claim_minutes", "undo_minutes"),
                    ("printed_card_spends", "search_spends"),
                )
            },
        ),
        (
            _("Card numbers"),
            {
                "fields": ("number_mode", ("number_prefix", "number_width")),
                "description": _("Locked once the card has a member."),
            },
        ),
    )

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
        """Return the fields; where they are only read, money and rounding in words."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (title, {**options, "fields": _in_words(options["fields"])})
            for title, options in fieldsets
        ]

    @column(_("amount per step"))
    def step_shown(self, card: Card) -> str:
        """Return the amount per step as money."""
        return money(card.step_minor, card.currency)

    @column(_("smallest amount that earns"))
    def least_shown(self, card: Card) -> str:
        """Return the smallest amount as money."""
        return money(card.min_amount_minor, card.currency)

    @column(_("largest amount of one purchase"))
    def most_shown(self, card: Card) -> str:
        """Return the largest amount as money."""
        return money(card.max_amount_minor, card.currency)

    @column(_("rounding"))
    def rounding_shown(self, card: Card) -> str:
        """Return the rounding in words."""
        return str(dict(ROUNDINGS)[card.rounding])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return what is drawn, and what is locked by activation or by members."""
        names: tuple[str, ...] = ("preview",)
        if obj is not None and obj.activated_at is not None:
            names = (*names, "currency", "club")
        if obj is not None and has_members(obj):
            names = (*names, *LOCKED_WITH_MEMBERS)
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
        """Save texts, tiers and rewards, then publish the rules under the card's lock."""
        super().save_related(request, form, formsets, change)
        self.publish(request, form.instance)

    def publish(self, request: HttpRequest, card: Card) -> None:
        """Freeze the rules as the next version, if they changed."""
        locked = Card.objects.select_for_update(no_key=True).get(pk=card.pk)
        last = TermsVersion.objects.filter(card=card).order_by("-number").first()
        version = terms.publish(card=locked, at=timezone.now(), by_id=request.user.pk)
        if last is None or last.pk != version.pk:
            words = _("The rules are published as version %(number)s.")
            self.message_user(request, words % {"number": version.number}, messages.SUCCESS)

    def make_room(self, formset: Any) -> None:
        """Let two tiers change places in one save: thresholds are unique at every moment."""
        if formset.model is Tier:
            moved = [row.pk for row, names in formset.changed_objects if "min_value" in names]
            Tier.objects.filter(pk__in=moved).update(min_value=F("min_value") + TIERS_ASIDE)

    @page_button(_("Posters"), "print")
    def posters(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what can be printed or put on a screen for this card."""
        return poster_pages.poster_page(self, request, self.get_object(request, object_id))

    @page_button(_("Card numbers"), "pin")
    def numbers(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the stock of pre-printed cards, and add to it."""
        return numbers.numbers_page(self, request, self.get_object(request, object_id))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Return the buttons of this card: its numbers only where they are pre-printed."""
        card = self.get_object(request, object_id)
        found: list[Any] = super().get_actions_detail(request, object_id)  # type: ignore[misc]  # of the theme
        is_printed = card.number_mode == NumberMode.PREPRINTED
        return [one for one in found if is_printed or not one.action_name.endswith("_numbers")]

    def get_urls(self) -> list[Any]:
        """Return the pages of a card besides its form."""
        return [*numbers.urls(self), *poster_pages.urls(self), *super().get_urls()]


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
