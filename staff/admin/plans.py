"""The plans of a card with their hours and lines (IV7, IV8); what is saved is a draft."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms.widgets import Script
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cards.models import MOST_LINES, Card, Plan, PlanHours, PlanLine
from loyalty.rules.terms import ConflictBasis
from staff.admin import publishing
from staff.admin.forms_plans import (
    HoursForm,
    LineForm,
    LineRows,
    PlanForm,
    hours_offers,
    is_cumulative,
    line_offers,
    words_of,
)
from staff.admin.grids import WalledRows
from staff.admin.powers import powers_of
from staff.admin.scoping import OwnFilter, PartnerAdmin, own_choices
from staff.admin.site import site
from staff.admin.unfold_parts import StackedInline, TabularInline, badge, column

STATES = {
    "ACTIVE": (_("active"), "success"),
    "WAITING": (_("begins later"), "info"),
    "OVER": (_("over"), "warning"),
    "OFF": (_("switched off"), "warning"),
    "ARCHIVED": (_("archived"), "danger"),
}
MOST_OFFERED = 500  # Products in the list under a field; any other code can be typed.


def chosen_card(request: HttpRequest, plan: Plan | None) -> Card:
    """Return the card of a plan, or for a new one the own card that the address names.

    :raises Http404: if it names none of the person's cards.
    """
    if plan is not None and plan.pk:
        return plan.card
    key = request.GET.get("card", "")
    if not (key.isascii() and key.isdecimal()):
        raise Http404
    cards = own_choices(Card, powers_of(request), PlanAdmin.editors).select_related("partner")
    card = cards.filter(pk=int(key[:18])).order_by("pk").first()
    if card is None:
        raise Http404
    return card


class RowsOfPlan(WalledRows):
    """Rows of a plan: they may be taken out by who may change the plan (IV7.9)."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether a row may be taken out."""
        return self.has_change_permission(request, obj)

    def partner_id_of(self, row: Any) -> int | None:
        """Return the partner of the plan, which is what permissions are asked for."""
        return row.partner_id if isinstance(row, Plan) and row.pk else None


class HoursInline(RowsOfPlan, TabularInline):  # type: ignore[type-arg]  # one model, named below
    """Where and when the plan holds; no rows: everywhere, always (IV7.10)."""

    model = PlanHours
    form = HoursForm
    extra = 0
    hide_title = True
    fields = ("store", "weekday", "start_time", "end_time")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Offer the stores of the card's club."""
        card = chosen_card(request, obj)
        offers = hours_offers(card, obj)
        words = words_of(offers, {"store": _("all stores")})
        facts = {"card": card, "offers": offers, "words": words}
        kwargs["form"] = type("HoursOfPlanForm", (HoursForm,), facts)
        return super().get_formset(request, obj, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows as they were added."""
        return super().get_queryset(request).order_by("pk")


class LinesInline(RowsOfPlan, StackedInline):  # type: ignore[type-arg]  # one model, named below
    """The lines of the plan: for whom, on what, how it counts, what it gives (IV8)."""

    model = PlanLine
    form = LineForm
    formset = LineRows
    extra = 0

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields of a line; under cumulative awards no purchase is counted alone."""
        if obj is not None and not self.has_change_permission(request, obj):
            return []  # The title of each line says it in words.
        counting = ("transaction_criteria", "transaction_count")
        rows = [
            ("is_exempt", "must_process"),
            ("customer_type", "customer_code", "customer_group", "tier"),
            ("group", "product", "product_group", "least_minor", "least_pieces", "tender"),
            *(() if is_cumulative(chosen_card(request, obj)) else (counting,)),
            ("basis", "calculation_on", "value_minor", "value_pieces"),
            ("unit", "award_points", "award_minor"),
        ]
        return [(None, {"fields": rows})]

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Offer the partner's own master data, read once for all lines."""
        card = chosen_card(request, obj)
        offers = line_offers(card, obj)
        empty = {
            "tier": _("all tiers"),
            "product_group": _("choose"),
            "customer_group": _("choose"),
            "tender": _("any tender"),
        }
        facts = {"card": card, "offers": offers, "words": words_of(offers, empty)}
        kwargs["form"] = type("LineOfPlanForm", (LineForm,), facts)
        kwargs["formset"] = type("LinesOfPlan", (LineRows,), {"card": card})
        return super().get_formset(
            request, obj, **({"max_num": MOST_LINES, "absolute_max": MOST_LINES} | kwargs)
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the lines in use, with what they name."""
        rows = super().get_queryset(request).filter(archived_at=None)
        named = ("product", "product_group", "tender", "customer_group")
        return rows.select_related(*named).order_by("position", "pk")


@admin.register(Plan, site=site)
class PlanAdmin(PartnerAdmin):
    """The plans of all cards (IV7)."""

    form = PlanForm
    change_form_template = "admin/cards/plan_form.html"
    inlines = (LinesInline, HoursInline)
    list_display = ("code", "name", "card", "kind", "starts", "ends", "state")
    list_display_links = ("code", "name")
    list_select_related = ("card__partner",)
    list_filter = (("card", OwnFilter), "type", "is_active")
    search_fields = ("code", "name")
    ordering = ("card__name", "code", "pk")

    class Media:
        js = (Script("js/admin/conditional.js", type="module"),)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields; the plan's own method only where plans are settled one by one."""
        card = chosen_card(request, obj)
        rows: list[Any] = [("code", "name"), ("type", "direction")]
        rows += [("start_date", "start_time"), ("end_date", "end_time")]
        if card.conflict_basis == ConflictBasis.PLAN_GLOBAL:
            rows.append("conflict_method")
        rows.append("is_active")
        if obj is not None and self.has_change_permission(request, obj):
            rows.append("is_archived")
        return [(None, {"fields": rows})]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return a form class that knows the card."""
        made = super().get_form(request, obj, change, **kwargs)
        made.card = chosen_card(request, obj)
        return made

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Ask for the card first: its currency and tiers decide what a plan can say."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if "card" in request.GET:
            return super().add_view(request, form_url, extra_context)
        cards = own_choices(Card, powers_of(request), self.editors).order_by("name", "pk")
        found = list(cards.select_related("club")[:MOST_OFFERED])
        if len(found) == 1:
            return redirect(f"{request.path}?card={found[0].pk}")
        context = {
            **self.admin_site.each_context(request),
            "title": _("New plan"),
            "crumbs": self.crumbs(None, _("New")),
            "opts": self.opts,
            "cards": found,
        }
        return render(request, "admin/cards/choose_card.html", context)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Show the form with its card and how that card's rules stand."""
        card = chosen_card(request, kwargs.get("obj"))
        products = line_offers(card, None)["product"]
        context |= {
            "card": card,
            "standing": publishing.standing(card),
            "products": products[:MOST_OFFERED],
            "is_cumulative": is_cumulative(card),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save hours and lines; publish if asked, and warn of lines that give twice."""
        super().save_related(request, form, formsets, change)
        plan = form.instance
        publishing.after_save(self, request, plan.card_id, plan_code=plan.code)

    def drop_row(self, request: HttpRequest, row: Any, partner_id: int | None) -> None:
        """Archive a line, whose key history counts by; delete a row of hours."""
        if not isinstance(row, PlanLine):
            super().drop_row(request, row, partner_id)
            return
        row.archived_at = timezone.now()
        row.save(update_fields=["archived_at"])
        self.audit_row(request, row, "archive", partner_id, {}, {"plan_id": row.plan_id})

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        """Lead back to the plans of the card."""
        return redirect(plans_address(obj.card_id))

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        """Lead back to the plans of the card."""
        return redirect(plans_address(obj.card_id))

    @column(_("plan type"), ordering="type")
    def kind(self, plan: Plan) -> str:
        """Return the plan's type."""
        return plan.get_type_display()

    @column(_("from"), ordering="start_date")
    def starts(self, plan: Plan) -> Any:
        """Return the first day."""
        return plan.start_date

    @column(_("until"), ordering="end_date")
    def ends(self, plan: Plan) -> Any:
        """Return the last day, if there is one."""
        return plan.end_date

    @badge(_("status"), {name: colour for name, (_words, colour) in STATES.items()})
    def state(self, plan: Plan) -> tuple[str, Any]:
        """Return whether the plan is in force today as a badge."""
        name = _state(plan)
        return name, STATES[name][0]


def plans_address(card_id: int) -> str:
    """Return the address of the plans of one card."""
    return f"{reverse('admin:cards_plan_changelist')}?card__id__exact={card_id}"


def _state(plan: Plan) -> str:
    today = timezone.localtime(timezone.now(), plan.card.partner.zone()).date()
    if plan.archived_at is not None:
        return "ARCHIVED"
    if not plan.is_active:
        return "OFF"
    if plan.start_date > today:
        return "WAITING"
    return "OVER" if plan.end_date is not None and plan.end_date < today else "ACTIVE"
