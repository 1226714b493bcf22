"""Forms of a card's other rules: special days, expiry, referral, milestones.

A field that does not apply is hidden by the page and emptied by the form; the tables refuse it too.
"""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cards.models import (
    MOST_MINOR,
    Card,
    CardStatus,
    ExpiryRule,
    MilestoneRule,
    ReferralRule,
    RewardStatus,
    SpecialDay,
)
from cards.models.choices import UNITS
from clubs.models import Currency, Partner
from loyalty.members import searching
from loyalty.members.models import Member, Membership
from loyalty.members.phones import phone_number
from loyalty.rules.terms import CustomerType, ExpiryMethod, MilestoneKind, ReferralEvent
from loyalty.web.fields import AmountField
from loyalty.web.money import plain
from staff.admin.conditions import Whens, mark, settle
from staff.admin.forms import VersionedForm, clean_code, loosen_code
from staff.admin.unfold_parts import dress

GIVES_NOTHING = _("This gives nothing. Type points or credit above zero.")


class RuleForm(VersionedForm):
    """A row of a card's rules; it stands in the draft until the card's rules are published."""

    whens: ClassVar[Whens] = {}
    money: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cards = self.fields.get("card")
        if isinstance(cards, forms.ModelChoiceField) and cards.queryset is not None:
            cards.queryset = cards.queryset.exclude(status=CardStatus.ARCHIVED).order_by(
                "name", "pk"
            )
            cards.empty_label = _("Choose a card")
        self.card = self._card_so_far()
        for name in self.money:
            if name in self.fields:
                self._set_money(name)
        mark(self, self.whens)

    def _card_so_far(self) -> Card | None:
        """Return the row's card, the one that was typed or asked for, or the only one there is."""
        if self.instance.pk:
            return self._rules_card()
        field = self.fields.get("card")
        if not isinstance(field, forms.ModelChoiceField) or field.queryset is None:
            return None
        try:
            typed = field.clean(self.data.get("card") or self.initial.get("card"))
        except ValidationError:
            first = list(field.queryset[:2])
            typed = first[0] if len(first) == 1 else None
            if typed is not None:
                self.initial["card"] = typed.pk
        return typed if isinstance(typed, Card) else None

    def _rules_card(self) -> Card:
        card: Card = self.instance.card
        return card

    def _set_money(self, name: str) -> None:
        field = self.fields[name]
        assert isinstance(field, AmountField)  # noqa: S101 - declared as one
        if self.card is None:
            field.help_text = _("In the card's currency.")
        else:
            field.currency = self.card.currency
            field.help_text = self.card.currency
            stored = getattr(self.instance, name)
            self.initial[name] = None if stored is None else plain(stored, self.card.currency)
        dress(self, name)

    def offer(self, name: str, offered: Q, nothing: Any) -> None:
        """Offer rows of the card alone; of every card, with its name, while none is chosen.

        ``nothing`` says what it means to choose none.
        """
        field = self.fields.get(name)
        if not isinstance(field, forms.ModelChoiceField) or field.queryset is None:
            return
        kept = offered | Q(pk=getattr(self.instance, f"{name}_id"))
        rows = field.queryset.filter(kept).select_related("card").order_by("card__name", "pk")
        has_one_card = "card" not in self.fields or self._cards_count() == 1
        if has_one_card and self.card is not None:
            rows = rows.filter(card=self.card)
        else:
            field.label_from_instance = _with_card  # type: ignore[assignment]  # Django's hook
        field.queryset = rows
        field.empty_label = nothing

    def _cards_count(self) -> int:
        field = self.fields["card"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - a foreign key
        return 0 if field.queryset is None else field.queryset.count()

    def clean(self) -> dict[str, Any]:
        """Empty what does not apply, and lock the card, whose draft this edits."""
        cleaned = super().clean()
        settle(self, self.whens, self.whens)
        card = self.instance.card if self.instance.pk else cleaned.get("card")
        if card is None:
            return cleaned
        locked = Card.objects.select_for_update(no_key=True).get(pk=card.pk)
        self.instance.partner_id = locked.partner_id
        self.clean_rule(locked, cleaned)
        return cleaned

    def clean_rule(self, card: Card, cleaned: dict[str, Any]) -> None:
        """Check what only this kind of rule can tell, under the card's lock."""

    def require(self, name: str, words: Any) -> None:
        """Say beside a field that it must be filled in, unless it has an error already."""
        if name in self.fields and not self.cleaned_data.get(name) and name not in self.errors:
            self.add_error(name, ValidationError(words, code="required"))

    def need_something(self, *names: str) -> None:
        """Refuse a rule that gives nothing."""
        if not any(self.cleaned_data.get(name) for name in names) and not (
            set(names) & set(self.errors)
        ):
            self.add_error(names[0], ValidationError(GIVES_NOTHING, code="nothing"))

    def check_card_of(self, name: str, card: Card, words: Any) -> None:
        """Refuse a row of another card."""
        row = self.cleaned_data.get(name)
        if row is not None and row.card_id != card.pk:
            self.add_error(name, ValidationError(words, code="foreign"))


def _with_card(row: Any) -> str:
    return f"{row.card.name} · {row.name}"


def _today(card: Card) -> Any:
    return timezone.localtime(timezone.now(), card.partner.zone()).date()


def _date() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class SpecialDayForm(RuleForm):
    """A special day of the programme (IV6.3)."""

    class Meta:
        model = SpecialDay
        fields = ("card", "code", "name", "day", "is_yearly")
        widgets = {"day": _date()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        loosen_code(self)
        dress(self, *(name for name in ("day",) if name in self.fields))

    def clean_rule(self, card: Card, cleaned: dict[str, Any]) -> None:
        """Check the code, and that the day will come."""
        clean_code(self, SpecialDay.objects.filter(card=card))
        day = cleaned.get("day")
        is_new = not self.instance.pk or "day" in self.changed_data
        if day and is_new and not cleaned.get("is_yearly") and day < _today(card):
            words = _("This day is over and would never come. Choose a later one, or every year.")
            self.add_error("day", ValidationError(words, code="past"))


class ExpiryRuleForm(RuleForm):
    """A row of the expiry setup (IV4): for whom, and when what they earn ends."""

    whens: ClassVar[Whens] = {
        "customer_code": {"customer_type": (CustomerType.CODE.value,)},
        "customer_group": {"customer_type": (CustomerType.GROUP.value,)},
        "days": {"method": (ExpiryMethod.SLIDING.value,)},
        "day": {"method": (ExpiryMethod.FIXED.value,)},
        "is_yearly": {"method": (ExpiryMethod.FIXED.value,)},
    }
    customer_code = forms.CharField(
        label=_("which member"),
        max_length=100,
        required=False,
        help_text=_("Name, phone, e-mail, card number or customer code."),
    )

    class Meta:
        model = ExpiryRule
        fields = (
            "card",
            "unit",
            "customer_type",
            "customer_code",
            "customer_group",
            "tier",
            "method",
            "days",
            "day",
            "is_yearly",
        )
        labels = {"unit": _("What ends"), "customer_type": _("Who")}
        help_texts = {"unit": "", "tier": ""}
        widgets = {"day": _date()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self, *(name for name in ("customer_code", "day") if name in self.fields))
        unit = self.fields.get("unit")
        if isinstance(unit, forms.ChoiceField):
            unit.choices = [("", _("points and credit")), *UNITS]
        self._say_who()
        self.offer("tier", Q(archived_at=None), _("all tiers"))
        group = self.fields.get("customer_group")
        if isinstance(group, forms.ModelChoiceField) and group.queryset is not None:
            kept = Q(archived_at=None) | Q(pk=self.instance.customer_group_id)
            group.queryset = group.queryset.filter(kept).order_by("code", "pk")
            group.empty_label = _("Choose a group")

    def _say_who(self) -> None:
        """Say beside a stored code whose it is."""
        if self.instance.customer_code and "customer_code" in self.fields:
            of_business = Member.objects.filter(partner_id=self.instance.partner_id)
            found = of_business.filter(code=self.instance.customer_code).order_by("pk").first()
            if found is not None:
                self.fields["customer_code"].help_text = found.full_name()

    def clean_rule(self, card: Card, cleaned: dict[str, Any]) -> None:
        """Check each field that applies (IV4.5, IV4.7)."""
        match cleaned.get("customer_type"):
            case CustomerType.CODE.value:
                self._name_member(card, cleaned)
            case CustomerType.GROUP.value:
                self.require("customer_group", _("Choose the customer group."))
                group = cleaned.get("customer_group")
                if group is not None and group.partner_id != card.partner_id:
                    words = _("The group belongs to another business.")
                    self.add_error("customer_group", ValidationError(words, code="foreign"))
            case _all:
                pass
        self.check_card_of("tier", card, _("The tier belongs to another card."))
        match cleaned.get("method"):
            case ExpiryMethod.SLIDING.value:
                self.require("days", _("Type how many days, one at least."))
            case ExpiryMethod.FIXED.value:
                self.require("day", _("Choose the date."))
                self._check_day(card, cleaned)
            case _unknown:
                pass

    def _check_day(self, card: Card, cleaned: dict[str, Any]) -> None:
        day = cleaned.get("day")
        touched = not self.instance.pk or {"day", "is_yearly"} & set(self.changed_data)
        if day and touched and not cleaned.get("is_yearly") and day < _today(card):
            words = _("This date is over, so the rule would never hold. Choose a later one.")
            self.add_error("day", ValidationError(words, code="past"))

    def _name_member(self, card: Card, cleaned: dict[str, Any]) -> None:
        """Turn what was typed into the code of the one member that it means."""
        self.require("customer_code", _("Say which member."))
        typed = str(cleaned.get("customer_code") or "")
        if not typed or "customer_code" in self.errors:
            return
        found = members_meant(typed, card.partner)
        if len(found) == 1:
            cleaned["customer_code"] = found[0].code
            return
        words = (
            _("Several members match. Type the phone number or the customer code.")
            if found
            else _("No member of this business matches.")
        )
        self.add_error("customer_code", ValidationError(words, code="member"))


def members_meant(typed: str, partner: Partner) -> list[Member]:
    """Return the member with this code, or at most two whom a search finds."""
    members = Member.objects.known().filter(partner=partner)
    if exact := list(members.filter(code__iexact=typed.strip())):
        return exact
    phone = phone_number(typed, partner.country)
    found = searching.ids_of_matching(
        Membership.objects.filter(partner=partner),
        members,
        typed=typed,
        phones={phone} if phone else (),
    )
    return list(members.filter(memberships__in=found).distinct().order_by("pk")[:2])


class ReferralRuleForm(RuleForm):
    """What a recommendation gives, to whom, and when (IV5)."""

    whens: ClassVar[Whens] = {
        "threshold_points": {"event": (ReferralEvent.THRESHOLD_POINTS.value,)},
        "threshold_minor": {"event": (ReferralEvent.THRESHOLD_CREDIT.value,)},
    }
    money = ("threshold_minor", "credit_minor")
    threshold_minor = AmountField(
        currency=Currency.EUR, most_minor=MOST_MINOR, label=_("so much credit"), required=False
    )
    credit_minor = AmountField(
        currency=Currency.EUR, most_minor=MOST_MINOR, label=_("credit"), required=False
    )

    class Meta:
        model = ReferralRule
        fields = (
            "card",
            "event",
            "threshold_points",
            "threshold_minor",
            "points",
            "credit_minor",
            "beneficiary",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "points" in self.fields:
            self.fields["points"].required = False

    def clean_rule(self, card: Card, cleaned: dict[str, Any]) -> None:
        """Check the threshold, and that somebody gets something."""
        match cleaned.get("event"):
            case ReferralEvent.THRESHOLD_POINTS.value:
                self.require("threshold_points", _("Type how many points, one at least."))
            case ReferralEvent.THRESHOLD_CREDIT.value:
                self.require("threshold_minor", _("Type an amount above zero."))
            case _no_threshold:
                pass
        self.need_something("points", "credit_minor")
        _zero_for_empty(cleaned)


class MilestoneRuleForm(RuleForm):
    """What a number of visits, a birthday or a check-in gives (PA2.2, PA2.6)."""

    whens: ClassVar[Whens] = {"count": {"kind": (MilestoneKind.VISITS.value,)}}
    money = ("credit_minor",)
    credit_minor = AmountField(
        currency=Currency.EUR, most_minor=MOST_MINOR, label=_("credit"), required=False
    )

    class Meta:
        model = MilestoneRule
        fields = ("card", "kind", "count", "is_repeated", "points", "credit_minor", "reward")
        labels = {"is_repeated": _("Again and again")}
        help_texts = {
            "is_repeated": _("After so many visits more, every year, or at every check-in.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "points" in self.fields:
            self.fields["points"].required = False
        self.offer("reward", ~Q(status=RewardStatus.ARCHIVED), _("no reward"))

    def clean_rule(self, card: Card, cleaned: dict[str, Any]) -> None:
        """Check the count, the reward's card, and that the member gets something."""
        if cleaned.get("kind") == MilestoneKind.VISITS.value:
            self.require("count", _("Type how many visits, one at least."))
        self.check_card_of("reward", card, _("The reward belongs to another card."))
        self.need_something("points", "credit_minor", "reward")
        _zero_for_empty(cleaned)


def _zero_for_empty(cleaned: dict[str, Any]) -> None:
    for name in ("points", "credit_minor"):
        if name in cleaned and cleaned[name] is None:
            cleaned[name] = 0
