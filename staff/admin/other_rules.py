"""Lists of a card's other rules: special days, expiry, referral, milestones (IV4 to IV6).

They are rows of the card's draft: what is saved here counts once the card's rules are published.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar
from urllib.parse import parse_qs

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.forms.widgets import Script
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import date as date_filter
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from cards import terms
from cards.models import Card, ExpiryRule, MilestoneRule, ReferralRule, SpecialDay
from loyalty.members.models import Member
from loyalty.rules.terms import CustomerType, ExpiryMethod, MilestoneKind, ReferralEvent
from loyalty.web import words
from loyalty.web.money import count, money
from staff.admin.conditions import Whens, applies
from staff.admin.forms_other_rules import (
    ExpiryRuleForm,
    MilestoneRuleForm,
    ReferralRuleForm,
    RuleForm,
    SpecialDayForm,
)
from staff.admin.scoping import OwnFilter, PartnerAdmin
from staff.admin.site import site
from staff.admin.unfold_parts import NOTHING, column

CARD_FILTER = "card__id__exact"


def in_full(day: date, *, is_yearly: bool) -> str:
    """Return a date as people say it, with its year unless it comes back."""
    if is_yearly:
        return _("%(day)s, every year") % {"day": date_filter(day, pgettext("date format", "j F"))}
    return date_filter(day, pgettext("date format", "j F Y"))


class RuleAdmin(PartnerAdmin):
    """What the rows of a card's rules have in common: a card, a draft, and that they may go."""

    class Media:
        js = (Script("js/admin/conditional.js", type="module"),)

    form = RuleForm
    change_form_template = "admin/rule_form.html"
    empty_words: ClassVar[Any] = ""  # What an empty list says: what the rules are for.
    # What stands in place of a field for somebody who may only look.
    in_place: ClassVar[Mapping[str, str]] = {}
    delete_confirmation_template = "admin/rule_remove.html"
    ordering: ClassVar[tuple[str, ...]] = ("card__name", "pk")
    list_filter: ClassVar[tuple[Any, ...]] = (("card", OwnFilter),)
    list_select_related: ClassVar[tuple[str, ...]] = ("card",)

    def in_words(self, row: Any) -> str:
        """Return the rule in a few words, as its list, its page and messages name it."""
        raise NotImplementedError

    @column(gettext_lazy("rule"))
    def rule(self, row: Any) -> str:
        """Return the rule in a few words."""
        return self.in_words(row)

    def crumbs(self, row: Any = None, *more: Any) -> list[tuple[Any, str]]:
        """Return the way to a page, with the rule in words."""
        found = super().crumbs(row, *more)
        return [found[0], (capfirst(self.in_words(row)), found[1][1]), *found[2:]] if row else found

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields; to who may only look, those that apply, and in words."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        whens = self.form.whens
        return [
            (title, {**options, "fields": self._read(options["fields"], whens, obj)})
            for title, options in fieldsets
        ]

    def _read(self, names: Sequence[str], whens: Whens, row: Any) -> list[str]:
        def stored(name: str) -> Any:
            return getattr(row, name)

        asked = [name for name in names if name not in whens or applies(whens[name], stored)]
        return [self.in_place.get(name, name) for name in asked]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether rows may be taken out: what was published keeps its own copy."""
        return self.has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return the card of a stored row: it stays where it was made."""
        return ("card",) if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Return the card that the list was narrowed to, or that the card's page named."""
        asked = parse_qs(request.GET.get("_changelist_filters", ""))
        chosen = request.GET.get("card") or next(iter(asked.get(CARD_FILTER, [])), "")
        return {"card": chosen} if chosen.isascii() and chosen.isdecimal() else {}

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """Say what was added, and when it counts."""
        return self._answer(request, obj, _("Added: %(rule)s."))

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        """Say what was saved, and when it counts."""
        return self._answer(request, obj, _("Saved: %(rule)s."))

    def _answer(self, request: HttpRequest, obj: Any, said: str) -> HttpResponse:
        self.say(request, obj.card, said % {"rule": self.in_words(obj)})
        if "_continue" in request.POST:
            return redirect(f"admin:cards_{self.opts.model_name}_change", obj.pk)
        return self.response_post_save_change(request, obj)

    def say(self, request: HttpRequest, card: Card, said: str) -> None:
        """Say what was done; on a card in use also that the draft is still to be published."""
        is_draft = card.terms_versions.exists() and terms.has_unpublished_changes(card)
        if is_draft:
            said = format_html(
                '{} {} <a class="row-link" href="{}">{}</a>',
                said,
                _("It counts once the card's rules are published."),
                reverse("admin:cards_card_change", args=[card.pk]),
                card.name,
            )
        self.message_user(request, said, messages.SUCCESS)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """Ask before a row goes, naming it in words."""
        row = self.get_object(request, object_id)
        context = {"words": self.in_words(row), "crumbs": self.crumbs(row, _("Remove"))}
        return super().delete_view(request, object_id, context)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Take the row out of the draft, audit it, and say when that counts."""
        card, said = obj.card, _("Removed: %(rule)s.") % {"rule": self.in_words(obj)}
        self.drop_row(request, obj, self.partner_id_of(obj))
        self.say(request, card, said)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> Any:
        """Lead back to the list; what was said stands there."""
        return redirect(f"admin:cards_{self.opts.model_name}_changelist")


@admin.register(SpecialDay, site=site)
class SpecialDayAdmin(RuleAdmin):
    """Special days of the programme (IV6.3)."""

    form = SpecialDayForm
    empty_words = gettext_lazy("Add days on which plans for special days hold, once or every year.")
    list_display = ("name", "code", "when", "card")
    search_fields = ("code", "name")
    ordering: ClassVar[tuple[str, ...]] = ("card__name", "day", "pk")
    fieldsets = ((None, {"fields": ("card", "name", "code", "day", "is_yearly")}),)

    def in_words(self, row: SpecialDay) -> str:
        """Return the name of the day."""
        return row.name

    @column(gettext_lazy("day"), ordering="day")
    def when(self, row: SpecialDay) -> str:
        """Return the date."""
        return in_full(row.day, is_yearly=row.is_yearly)


def _with_names(rules: QuerySet[Any]) -> QuerySet[Any]:
    """Return expiry rules with the names of the members that they are for."""
    named = Member.objects.filter(
        partner=OuterRef("partner"), code=OuterRef("customer_code")
    ).order_by("pk")
    found: QuerySet[Any] = rules.annotate(
        first_name=Subquery(named.values("first_name")[:1]),
        last_name=Subquery(named.values("last_name")[:1]),
    )
    return found


@admin.register(ExpiryRule, site=site)
class ExpiryRuleAdmin(RuleAdmin):
    """Rows of the expiry setup (IV4)."""

    form = ExpiryRuleForm
    empty_words = gettext_lazy(
        "Without a rule, what is earned lasts as long as its card says. Add one for some members,"
        " for a tier, or for a date."
    )
    in_place: ClassVar[Mapping[str, str]] = {
        "customer_code": "who",
        "customer_group": "who",
        "tier": "tier_name",
        "unit": "unit_name",
    }
    list_display = ("rule", "who", "tier_name", "unit_name", "card")
    list_select_related = ("card", "tier", "customer_group")
    list_words = gettext_lazy("Expiry rules")
    fieldsets = (
        (None, {"fields": ("card", "unit")}),
        (
            gettext_lazy("For whom"),
            {
                "fields": ("customer_type", "customer_code", "customer_group", "tier"),
                "description": gettext_lazy(
                    "The closest rule decides: one member, then a group, then everybody; with a"
                    " tier before without; then the newest. Where none holds, the card's days do."
                ),
            },
        ),
        (gettext_lazy("Until when"), {"fields": ("method", "days", "day", "is_yearly")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rules with the names of the members they are for."""
        return _with_names(super().get_queryset(request))

    def in_words(self, row: ExpiryRule) -> str:
        """Return when what is earned ends."""
        if row.method == ExpiryMethod.SLIDING:
            days = row.days or 0
            said = ngettext("%(count)s day after the award", "%(count)s days after the award", days)
            return said % {"count": count(days)}
        assert row.day is not None  # noqa: S101 - a constraint of the table
        return _("on %(day)s") % {"day": in_full(row.day, is_yearly=row.is_yearly)}

    @column(gettext_lazy("for whom"), ordering="customer_type")
    def who(self, row: Any) -> str:
        """Return the member's name, the group's, or everybody."""
        if row.customer_type == CustomerType.CODE:
            return self._name(row) or str(row.customer_code)
        return str(row.customer_group.name if row.customer_group else _("everybody"))

    def _name(self, row: Any) -> str:
        """Return the member's name: the list brings it along, a page asks for it."""
        if not hasattr(row, "first_name"):
            row = _with_names(ExpiryRule.objects.filter(pk=row.pk)).get()
        return f"{row.first_name or ''} {row.last_name or ''}".strip()

    @column(gettext_lazy("tier"), ordering="tier__name")
    def tier_name(self, row: ExpiryRule) -> str:
        """Return the tier."""
        return row.tier.name if row.tier else _("all tiers")

    @column(gettext_lazy("what ends"), ordering="unit")
    def unit_name(self, row: ExpiryRule) -> str:
        """Return the unit, or both."""
        return row.get_unit_display() if row.unit else _("points and credit")


class GivingAdmin(RuleAdmin):
    """What referral and milestone rules have in common: they give points or credit."""

    in_place: ClassVar[Mapping[str, str]] = {
        "credit_minor": "credit_shown",
        "threshold_minor": "threshold_shown",
    }

    @column(gettext_lazy("credit"))
    def credit_shown(self, row: Any) -> str:
        """Return the credit as money."""
        return money(row.credit_minor, row.card.currency)

    @column(gettext_lazy("so much credit"))
    def threshold_shown(self, row: Any) -> str:
        """Return the threshold as money."""
        return money(row.threshold_minor, row.card.currency)

    @column(gettext_lazy("gives"))
    def gives(self, row: Any) -> str:
        """Return what the rule gives, in the units of its card."""
        parts = [words.points(row.points, row.card)] if row.points else []
        if row.credit_minor:
            parts.append(money(row.credit_minor, row.card.currency))
        return " + ".join([*parts, *self.more_gifts(row)]) or NOTHING

    def more_gifts(self, row: Any) -> list[str]:
        """Return what the rule gives besides points and credit."""
        return []


@admin.register(ReferralRule, site=site)
class ReferralRuleAdmin(GivingAdmin):
    """What recommendations give (IV5)."""

    form = ReferralRuleForm
    empty_words = gettext_lazy("Add what it gives when a member brings somebody new, and to whom.")
    list_display = ("rule", "gives", "beneficiary", "card")
    list_words = gettext_lazy("Referral")
    fieldsets = (
        (None, {"fields": ("card",)}),
        (
            gettext_lazy("When"),
            {
                "fields": ("event", "threshold_points", "threshold_minor"),
                "description": gettext_lazy(
                    "A threshold is what the new member holds and has not spent. Each rule gives"
                    " once for each new member."
                ),
            },
        ),
        (gettext_lazy("Gives"), {"fields": ("points", "credit_minor", "beneficiary")}),
    )

    def in_words(self, row: ReferralRule) -> str:
        """Return when the rule gives."""
        match row.event:
            case ReferralEvent.THRESHOLD_POINTS.value:
                held = words.points(row.threshold_points or 0, row.card)
            case ReferralEvent.THRESHOLD_CREDIT.value:
                held = money(row.threshold_minor or 0, row.card.currency)
            case _event:
                return row.get_event_display()
        return _("the new member holds %(held)s") % {"held": held}

    def say(self, request: HttpRequest, card: Card, said: str) -> None:
        """Say also that a card on which nobody recommends gives nothing yet."""
        super().say(request, card, said)
        if not card.has_referrals:
            more = _("On %(card)s members cannot recommend yet; switch that on at the card.")
            self.message_user(request, more % {"card": card.name}, messages.WARNING)


@admin.register(MilestoneRule, site=site)
class MilestoneRuleAdmin(GivingAdmin):
    """What visits, birthdays, anniversaries and check-ins give (PA2.2, PA2.6)."""

    form = MilestoneRuleForm
    empty_words = gettext_lazy("Add what visits, birthdays, anniversaries and check-ins give.")
    list_display = ("rule", "gives", "card")
    list_select_related = ("card", "reward")
    list_words = gettext_lazy("Milestones")
    fieldsets = (
        (None, {"fields": ("card",)}),
        (gettext_lazy("When"), {"fields": ("kind", "count", "is_repeated")}),
        (gettext_lazy("Gives"), {"fields": ("points", "credit_minor", "reward")}),
    )

    def in_words(self, row: MilestoneRule) -> str:
        """Return when the rule gives."""
        match row.kind:
            case MilestoneKind.VISITS.value:
                visits = row.count or 1
                once = ngettext("on visit %(count)s", "on visit %(count)s", visits)
                often = ngettext("on every visit", "on every %(count)s visits", visits)
                return (often if row.is_repeated else once) % {"count": count(visits)}
            case MilestoneKind.BIRTHDAY.value:
                return _("on every birthday") if row.is_repeated else _("on the first birthday")
            case MilestoneKind.ANNIVERSARY.value:
                return (
                    _("on every anniversary") if row.is_repeated else _("on the first anniversary")
                )
            case _check_in:
                return _("at every check-in") if row.is_repeated else _("at the first check-in")

    def more_gifts(self, row: MilestoneRule) -> list[str]:
        """Return the reward."""
        return [row.reward.name] if row.reward else []
