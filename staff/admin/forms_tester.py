"""What is typed into the rule tester: a bill, when and where, and who buys."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from cards.models import MOST_MINOR, MOST_POINTS, Card, CustomerGroup, Tender, Tier, choices
from clubs.models import PlaceStatus, Store
from loyalty.members.models import Membership
from loyalty.rules.terms import Direction
from loyalty.web.fields import AmountField, PointsField
from staff.admin.unfold_parts import dress

PUBLISHED, DRAFT = "PUBLISHED", "DRAFT"
MOST_ROWS = 50
ROWS = 3
_OF_POINTS = {"rules", "points"}  # Where staff type points, nothing else is looked at.


class TesterForm(forms.Form):
    """A purchase as a whole; who buys is named by code or described by hand."""

    rules = forms.ChoiceField(label=_("which rules"), widget=forms.RadioSelect)
    direction = forms.ChoiceField(label=_("direction"), choices=choices.DIRECTIONS, required=False)
    amount = AmountField(currency="EUR", most_minor=MOST_MINOR, label=_("amount"), required=False)
    points = PointsField(most=MOST_POINTS, label=_("points typed by staff"), required=False)
    day = forms.DateField(
        label=_("date"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    time = forms.TimeField(
        label=_("time"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    store = forms.ModelChoiceField(
        queryset=Store.objects.none(),
        required=False,
        label=_("store"),
        empty_label=_("no store"),
    )
    member_code = forms.CharField(
        label=_("member's code"),
        required=False,
        max_length=20,
        help_text=_("Takes tier, group, birthday and history from the member."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr"}),
    )
    tier = forms.ModelChoiceField(
        queryset=Tier.objects.none(), required=False, label=_("tier"), empty_label=_("no tier")
    )
    customer_group = forms.ModelChoiceField(
        queryset=CustomerGroup.objects.none(),
        required=False,
        label=_("customer group"),
        empty_label=_("no group"),
    )
    is_customer_day = forms.BooleanField(label=_("it is the member's special day"), required=False)
    earlier = forms.IntegerField(
        label=_("such purchases before this one"),
        required=False,
        initial=0,
        validators=[MinValueValidator(0), MaxValueValidator(10_000)],
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )

    def __init__(
        self, *args: Any, card: Card, has_published: bool, is_points_only: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.card = card
        both = [(DRAFT, _("draft")), (PUBLISHED, _("published"))]
        self._choice("rules").choices = both if has_published else both[:1]
        self._rows("store").queryset = Store.objects.filter(
            club=card.club_id, status=PlaceStatus.ACTIVE
        ).order_by("name", "pk")
        self._rows("tier").queryset = Tier.objects.filter(card=card, archived_at=None).order_by(
            "min_value", "pk"
        )
        self._rows("customer_group").queryset = CustomerGroup.objects.filter(
            partner_id=card.partner_id, archived_at=None
        ).order_by("code")
        amount = self.fields["amount"]
        assert isinstance(amount, AmountField)  # noqa: S101 - declared above
        amount.currency, amount.help_text = card.currency, card.currency
        for name in set(self.fields) - _OF_POINTS if is_points_only else ("points",):
            del self.fields[name]
        dress(self)

    def _choice(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        return field

    def _rows(self, name: str) -> "forms.ModelChoiceField[Any]":
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - declared above
        return field

    def clean_direction(self) -> Direction:
        """Return the direction; a sale if none was chosen."""
        return Direction(self.cleaned_data["direction"] or Direction.SALE)

    def clean_member_code(self) -> Membership | None:
        """Return the membership of the member with this code, or None if none was typed."""
        code = self.cleaned_data["member_code"]
        if not code:
            return None
        found = Membership.objects.filter(
            card=self.card, member__code=code, member__partner_id=self.card.partner_id
        ).first()
        if found is None:
            raise forms.ValidationError(_("Nobody with this code holds the card."), code="member")
        return found


class ItemForm(forms.Form):
    """One line of the bill; empty if nothing is typed."""

    product = forms.CharField(
        label=_("product code"),
        max_length=20,
        required=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "dir": "ltr", "list": "products-of-the-partner"}
        ),
    )
    quantity = forms.DecimalField(
        label=_("pieces"),
        required=False,
        max_digits=9,
        decimal_places=3,
        validators=[MinValueValidator(Decimal("0.001"))],
        widget=forms.TextInput(attrs={"inputmode": "decimal", "dir": "ltr"}),
    )
    amount = AmountField(currency="EUR", most_minor=MOST_MINOR, label=_("amount"), required=False)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_currency(self, currency)
        dress(self)

    def clean(self) -> dict[str, Any]:
        """Ask for the amount of a line that names a product or pieces."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        is_begun = cleaned.get("product") or cleaned.get("quantity") is not None
        if is_begun and cleaned.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", _("Type the amount of this line."))
        return cleaned


class PaidForm(forms.Form):
    """One payment of the bill."""

    tender = forms.ModelChoiceField(
        queryset=Tender.objects.none(),
        required=False,
        label=_("paid with"),
        empty_label=_("choose"),
    )
    amount = AmountField(currency="EUR", most_minor=MOST_MINOR, label=_("amount"), required=False)

    def __init__(self, *args: Any, currency: str, partner_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _in_currency(self, currency)
        tender = self.fields["tender"]
        assert isinstance(tender, forms.ModelChoiceField)  # noqa: S101 - declared above
        tender.queryset = Tender.objects.filter(partner_id=partner_id, archived_at=None).order_by(
            "code"
        )
        dress(self)

    def clean(self) -> dict[str, Any]:
        """Ask for both, or neither."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        tender, amount = cleaned.get("tender"), cleaned.get("amount")
        if tender and amount is None and "amount" not in self.errors:
            self.add_error("amount", _("Type the amount paid with it."))
        if amount and not tender and "tender" not in self.errors:
            self.add_error("tender", _("Choose the tender."))
        return cleaned


def _in_currency(form: forms.Form, currency: str) -> None:
    field = form.fields["amount"]
    assert isinstance(field, AmountField)  # noqa: S101 - declared by both forms
    field.currency = currency


Items = forms.formset_factory(
    ItemForm, extra=ROWS, max_num=MOST_ROWS, absolute_max=MOST_ROWS, validate_max=True
)
Payments = forms.formset_factory(
    PaidForm, extra=2, max_num=MOST_ROWS, absolute_max=MOST_ROWS, validate_max=True
)
