"""The dashboard's forms for refunds and for paying with points or credit."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cards.models import Card
from loyalty.ledger.models import Unit
from loyalty.operations.refunding import ReturnedLine
from loyalty.operations.sales import Sale
from loyalty.web.fields import AmountField
from loyalty.web.money import decimals, money, plain
from staff.admin.forms_account import AdjustForm, DeedForm, internal_note
from staff.admin.unfold_parts import dress

UNIT_WORDS = {Unit.POINTS: _("with points"), Unit.CREDIT: _("with credit")}


class RefundForm(DeedForm):
    """How much of a purchase is refunded, or which lines of its bill (IV3.20)."""

    lines = forms.MultipleChoiceField(
        label=_("returned lines"), required=False, widget=forms.CheckboxSelectMultiple
    )
    internal = internal_note()
    field_order = ("request_id", "lines", "amount", "internal")

    def __init__(self, *args: Any, sale: Sale, card: Card, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.left = {
            at: row["amount_minor"] - self._returned(sale, at)
            for at, row in enumerate((sale.booked.basket or {}).get("lines", ()))
        }
        currency = card.currency
        self.fields["amount"] = AmountField(
            currency=currency,
            label=_("amount"),
            required=not self.left,
            initial="" if self.left else plain(sale.left_minor, currency),
            help_text=_("%(left)s is left to refund.") % {"left": money(sale.left_minor, currency)},
        )
        self._shape_lines(sale, currency)
        self.order_fields(self.field_order)
        dress(self, "amount")

    @staticmethod
    def _returned(sale: Sale, at: int) -> int:
        told = [row for one in sale.earlier for row in one.result.get("lines", ())]
        return sum(amount for index, amount in told if index == at)

    def _shape_lines(self, sale: Sale, currency: str) -> None:
        if not self.left:
            del self.fields["lines"]
            return
        field = self.fields["lines"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - declared above
        rows = (sale.booked.basket or {})["lines"]
        field.choices = [
            (str(at), f"{rows[at].get('product') or at + 1} · {money(left, currency)}")
            for at, left in self.left.items()
            if left > 0
        ]
        field.help_text = _("Or leave these empty and type an amount.")

    def clean(self) -> dict[str, Any]:
        """Ask for lines or for an amount, not for both."""
        given: dict[str, Any] = super().clean() or {}
        chosen, amount = given.get("lines"), given.get("amount")
        if chosen and amount is not None:
            raise ValidationError(_("Choose lines or type an amount, not both."), code="both")
        if not chosen and amount is None and not self.errors:
            self.add_error("amount", _("Choose lines or type an amount."))
        return given

    def returned(self) -> tuple[int, list[ReturnedLine]]:
        """Return the amount, and the lines if any were chosen."""
        chosen = [int(at) for at in self.cleaned_data.get("lines", ())]
        if not chosen:
            return self.cleaned_data["amount"], []
        lines = [ReturnedLine(index=at, amount_minor=self.left[at]) for at in chosen]
        return sum(line.amount_minor for line in lines), lines


class AdjustCreditForm(AdjustForm):
    """Credit to add, or with a minus to take (IV9.7)."""

    field_order = ("request_id", "credit", "reason", "comment", "internal", "about", "is_counted")

    def __init__(
        self, *args: Any, most: int, purchases: list[tuple[int, str]], currency: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, most=most, purchases=purchases, **kwargs)
        del self.fields["points"]
        self.fields["credit"] = AmountField(
            currency=currency,
            most_minor=most * 10 ** decimals(currency),
            is_signed=True,
            label=_("credit"),
            help_text=_("A minus takes credit away, for example \u22122.40."),
        )
        self.fields["credit"].widget.attrs["autofocus"] = True
        self.order_fields(self.field_order)
        dress(self, "credit")


class PayForm(DeedForm):
    """A bill to be paid with points or credit, whole or in part (IV3.19)."""

    unit = forms.ChoiceField(label=_("pay"))
    internal = internal_note()
    field_order = ("request_id", "amount", "unit", "money", "internal")

    def __init__(self, *args: Any, units: list[Unit], card: Card, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"] = AmountField(
            currency=card.currency, most_minor=card.max_amount_minor, label=_("the bill")
        )
        self.fields["amount"].widget.attrs["autofocus"] = True
        self.fields["money"] = AmountField(
            currency=card.currency,
            required=False,
            label=_("pay only so much"),
            help_text=_("Empty: as much of the bill as possible."),
        )
        choice = self.fields["unit"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101 - declared above
        choice.choices = [(unit.value, UNIT_WORDS[unit]) for unit in units]
        self.order_fields(self.field_order)
        dress(self, "amount", "money")
