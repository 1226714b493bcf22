"""The forms of a plan, of the places and times at which it holds, and of its lines (IV7, IV8)."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cards import freezing
from cards.models import (
    MOST_MINOR,
    Card,
    CustomerGroup,
    Plan,
    PlanHours,
    PlanLine,
    Product,
    ProductGroup,
    Tender,
    Tier,
)
from clubs.models import PlaceStatus, Store
from loyalty.members.models import Member
from loyalty.rules.terms import (
    AwardCriteria,
    Basis,
    CriteriaGroup,
    CustomerType,
    Unit,
)
from loyalty.web.fields import AmountField
from loyalty.web.money import plain
from staff.admin import rule_words
from staff.admin.conditions import CLEAR, Whens, column_of, mark, need, settle
from staff.admin.forms import VersionedForm, clean_code, loosen_code
from staff.admin.unfold_parts import InlineFormSet, dress, name_cells

_COUNTS = {"is_exempt": CLEAR}
LINE_WHENS: Whens = {
    "must_process": _COUNTS,
    "is_exempt": {"must_process": CLEAR},
    "customer_code": {"customer_type": (CustomerType.CODE.value,)},
    "customer_group": {"customer_type": (CustomerType.GROUP.value,)},
    "product": {"group": (CriteriaGroup.ITEM.value,)},
    "product_group": {"group": (CriteriaGroup.ITEM_GROUP.value,)},
    "least_minor": {"group": (CriteriaGroup.BILL_VALUE.value,)},
    "least_pieces": {"group": (CriteriaGroup.BILL_QUANTITY.value,)},
    "tender": {"group": (CriteriaGroup.BILL_VALUE.value,)},
    "transaction_criteria": _COUNTS,
    "transaction_count": _COUNTS,
    "basis": _COUNTS,
    "calculation_on": _COUNTS,
    "value_minor": {**_COUNTS, "basis": (Basis.AMOUNT.value,)},
    "value_pieces": {**_COUNTS, "basis": (Basis.QUANTITY.value,)},
    "unit": _COUNTS,
    "award_points": {**_COUNTS, "unit": (Unit.POINTS.value,)},
    "award_minor": {**_COUNTS, "unit": (Unit.CREDIT.value,)},
}
# Put back to nothing, or to one, where they do not apply; the database asks for it.
_SETTLED = (
    "customer_code",
    "customer_group",
    "product",
    "product_group",
    "least_minor",
    "least_pieces",
    "transaction_count",
    "value_minor",
    "value_pieces",
    "award_points",
    "award_minor",
)
MONEY = ("least_minor", "value_minor", "award_minor")
_ABOVE_ZERO = (*MONEY, "least_pieces", "value_pieces", "award_points")
# A bill line counts what it looks at; the page sets it, the form refuses anything else.
BASIS_OF_BILL = {
    CriteriaGroup.BILL_VALUE.value: Basis.AMOUNT.value,
    CriteriaGroup.BILL_QUANTITY.value: Basis.QUANTITY.value,
}
PRODUCTS = "products-of-the-partner"


class PlanForm(VersionedForm):
    """When a plan holds. ``card`` is the plan's; an end is after the start."""

    card: ClassVar[Card]
    is_archived = forms.BooleanField(
        label=_("archived"),
        required=False,
        help_text=_("An archived plan is used no more; what it gave stays explained."),
    )

    class Meta:
        model = Plan
        fields = "__all__"  # The list names the fields that a person may change.

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        loosen_code(self)
        self.initial["is_archived"] = self.instance.archived_at is not None
        if not self.instance.pk and "start_date" in self.fields:
            self.initial["start_date"] = timezone.localtime(
                timezone.now(), self.card.partner.zone()
            ).date()
        dress(self, *(name for name in ("is_archived",) if name in self.fields))

    def clean(self) -> dict[str, Any]:
        """Put the plan on its card, locked so that codes are given out one at a time."""
        cleaned = super().clean()
        card = Card.objects.select_for_update(no_key=True).get(pk=self.card.pk)
        self.instance.card, self.instance.partner_id = card, card.partner_id
        clean_code(self, Plan.objects.filter(card=card))
        self._check_end(cleaned)
        if "is_archived" in self.fields:
            is_archived = bool(cleaned.get("is_archived"))
            if is_archived != (self.instance.archived_at is not None):
                self.instance.archived_at = timezone.now() if is_archived else None
        return cleaned

    def _check_end(self, cleaned: Mapping[str, Any]) -> None:
        start, end = cleaned.get("start_date"), cleaned.get("end_date")
        start_time, end_time = cleaned.get("start_time"), cleaned.get("end_time")
        if end is None:
            if end_time is not None and "end_date" not in self.errors:
                self.add_error("end_date", _("An end time needs its date."))
        elif start is not None and end < start:
            self.add_error("end_date", _("The plan must end after it starts."))
        elif end == start and end_time and end_time <= (start_time or end_time.min):
            self.add_error("end_time", _("The plan must end after it starts."))


class RowOfPlanForm(forms.ModelForm[Any]):
    """A row of a plan: what it offers is read once for all rows, of this card's partner alone."""

    card: ClassVar[Card]
    offers: ClassVar[Mapping[str, Any]] = {}
    words: ClassVar[Mapping[str, Sequence[tuple[Any, Any]]]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in self.offers.items():
            field = self.fields.get(name)
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = rows
                if name in self.words:
                    field.choices = self.words[name]


class HoursForm(RowOfPlanForm):
    """A place and time; from and to are the same only for a whole day."""

    class Meta:
        model = PlanHours
        fields = ("store", "weekday", "start_time", "end_time")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_cumulative(self.card):
            for name in ("weekday", "start_time", "end_time"):
                if name in self.fields:
                    self.fields[name].disabled = True
        name_cells(self)

    def clean(self) -> dict[str, Any]:
        """Refuse half a pair of times, and a span of no length."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        start, end = cleaned.get("start_time"), cleaned.get("end_time")
        if (start is None) != (end is None):
            missing = "start_time" if start is None else "end_time"
            self.add_error(missing, _("From and to belong together."))
        elif start is not None and start == end and start != start.min:
            self.add_error("end_time", _("From and to are the same, so it would never hold."))
        return cleaned


class LineForm(RowOfPlanForm):
    """A line: money in the card's currency, products and members by their codes (IV8)."""

    product = forms.ModelChoiceField(
        queryset=Product.objects.none(),
        to_field_name="code",
        required=False,
        label=_("product"),
        widget=forms.TextInput(attrs={"list": PRODUCTS, "dir": "ltr", "autocomplete": "off"}),
        error_messages={"invalid_choice": _("There is no product with this code.")},
    )

    class Meta:
        model = PlanLine
        fields = (
            "is_exempt",
            "must_process",
            "customer_type",
            "customer_code",
            "customer_group",
            "tier",
            "group",
            "product",
            "product_group",
            "least_minor",
            "least_pieces",
            "tender",
            "transaction_criteria",
            "transaction_count",
            "basis",
            "calculation_on",
            "value_minor",
            "value_pieces",
            "unit",
            "award_points",
            "award_minor",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currency = str(self.card.currency)
        for name in MONEY:
            if name in self.fields:
                stored = getattr(self.instance, name)
                self.fields[name] = AmountField(
                    currency=currency,
                    most_minor=MOST_MINOR,
                    required=False,
                    label=column_of(PlanLine, name).verbose_name,
                    help_text=currency,
                )
                self.initial[name] = "" if stored is None else plain(stored, currency)
        if self.instance.product_id:
            self.initial["product"] = self.instance.product.code
        for name in ("least_pieces", "value_pieces"):
            if self.initial.get(name) is not None:
                self.initial[name] = f"{self.initial[name].normalize():f}"
        if "transaction_count" in self.fields:
            self.fields["transaction_count"].required = False
        mark(self, LINE_WHENS)
        if "basis" in self.fields:
            follows = ",".join(f"{group}={basis}" for group, basis in BASIS_OF_BILL.items())
            self.fields["basis"].widget.attrs["data-follows"] = f"group:{follows}"
        dress(self, *(name for name in (*MONEY, "product") if name in self.fields))

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot work beside its field, with the reason."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self._check_together(cleaned)
        settle(self, LINE_WHENS, _SETTLED)
        for name, message in _NEEDED.items():
            need(self, LINE_WHENS, (name,), message)
        for name in _ABOVE_ZERO:
            value = cleaned.get(name)
            if value is not None and value <= 0 and name not in self.errors:
                self.add_error(name, _("Type a number above zero."))
        code = cleaned.get("customer_code")
        members = Member.objects.filter(partner_id=self.card.partner_id)
        if code and not members.filter(code=code).exists():
            self.add_error("customer_code", _("No member has this code."))
        return cleaned

    def _check_together(self, cleaned: Mapping[str, Any]) -> None:
        if cleaned.get("is_exempt") and cleaned.get("must_process"):
            self.add_error(
                "must_process", _("A line cannot be exempt and always on top at the same time.")
            )
        group = cleaned.get("group")
        basis = BASIS_OF_BILL.get(str(group))
        if basis and not cleaned.get("is_exempt") and cleaned.get("basis") != basis:
            self.add_error(
                "basis",
                _("A line for bills from a value on counts amounts, not pieces.")
                if basis == Basis.AMOUNT
                else _("A line for bills from so many pieces on counts pieces, not amounts."),
            )
        if cleaned.get("tender") and group != CriteriaGroup.BILL_VALUE:
            self.add_error("tender", _("Only a line for bills from a value on can name a tender."))


_NEEDED = {
    "customer_code": _("Type the member's code."),
    "customer_group": _("Choose a customer group."),
    "product": _("Type the product's code."),
    "product_group": _("Choose a product group."),
    "least_minor": _("Type from which amount on."),
    "least_pieces": _("Type from how many pieces on."),
    "transaction_count": _("Type a number above zero."),
    "value_minor": _("Type the amount of a step."),
    "value_pieces": _("Type the pieces of a step."),
    "award_points": _("Type how many points."),
    "award_minor": _("Type how much credit."),
}


class LineRows(InlineFormSet):  # type: ignore[type-arg]  # of the theme
    """The lines of a plan that are in use, each under its own words."""

    card: ClassVar[Card]

    def get_queryset(self) -> Any:
        """Return the lines, each told in words for its title."""
        is_read = hasattr(self, "_queryset")
        rows = super().get_queryset()
        if not is_read:
            tiers = rule_words.tier_names(self.card) if rows else {}
            for row in rows:
                line = freezing.line_of(row)
                row.get_inline_title = rule_words.line_words(line, self.card, tiers)
        return rows


def is_cumulative(card: Card) -> bool:
    """Return whether the purchases of some days count together on this card (IV3.13)."""
    return card.award_criteria == AwardCriteria.CUMULATIVE


def hours_offers(card: Card, plan: Plan | None) -> dict[str, Any]:
    """Return the stores that a row of hours may name: those of the card's club."""
    hours = PlanHours.objects.filter(plan=plan) if plan else PlanHours.objects.none()
    in_use = Q(status=PlaceStatus.ACTIVE) | Q(pk__in=hours.values("store_id"))
    return {"store": Store.objects.filter(in_use, club=card.club_id).order_by("name", "pk")}


def line_offers(card: Card, plan: Plan | None) -> dict[str, Any]:
    """Return what lines may name: master data of the card's partner, and the card's tiers.

    What was archived is offered no more, but stays where a line names it already.
    """
    lines = PlanLine.objects.filter(plan=plan) if plan else PlanLine.objects.none()
    own = Q(partner_id=card.partner_id)

    def in_use(name: str) -> Q:
        return Q(archived_at=None) | Q(pk__in=lines.values(f"{name}_id"))

    return {
        "tier": Tier.objects.filter(in_use("tier"), card=card).order_by("min_value", "pk"),
        "product": Product.objects.filter(own, in_use("product")).order_by("code"),
        "product_group": ProductGroup.objects.filter(own, in_use("product_group")).order_by("code"),
        "customer_group": CustomerGroup.objects.filter(own, in_use("customer_group")).order_by(
            "code"
        ),
        "tender": Tender.objects.filter(own, in_use("tender")).order_by("code"),
    }


def words_of(offers: Mapping[str, Any], empty: Mapping[str, Any]) -> dict[str, Any]:
    """Return the choices of drop-downs, read once; ``empty`` says what no choice means."""
    return {
        name: [("", words), *((row.pk, str(row)) for row in offers[name])]
        for name, words in empty.items()
    }
