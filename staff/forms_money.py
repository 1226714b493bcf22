"""The counter's forms for paying with points or credit, and for refunds."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from cards.models import Card
from loyalty.ledger.models import Unit
from loyalty.operations.receipts import MOST_CHARACTERS
from loyalty.rules.typed import MOST_DIGITS
from loyalty.web.fields import AmountField
from loyalty.web.money import decimals, plain
from staff.forms import DeedForm, ReceiptForm

UNIT_WORDS = {Unit.POINTS: _("with points"), Unit.CREDIT: _("with credit")}


def big_amount(card: Card, label: Any, most_minor: int) -> AmountField:
    """Return the field of the one big amount on a page."""
    field = AmountField(currency=card.currency, most_minor=most_minor, label=label)
    field.widget.attrs |= {
        "class": "amount-input",
        "placeholder": plain(0, card.currency),
        "data-amount": "",
        "data-decimals": decimals(card.currency),
        "data-digits": MOST_DIGITS,
        "autofocus": True,
    }
    return field


class PayForm(ReceiptForm):
    """A bill to be paid with points or credit, whole or in part (IV3.19)."""

    figure: ClassVar[str] = "amount"
    unit = forms.ChoiceField(label=_("Pay"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, card: Card, units: list[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label = _("The bill, %(currency)s") % {"currency": card.currency}
        self.fields["amount"] = big_amount(card, label, card.max_amount_minor)
        self.fields["money"] = AmountField(
            currency=card.currency,
            required=False,
            label=_("Pay only so much"),
            help_text=_("Empty: as much of the bill as possible."),
        )
        choice = self.fields["unit"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101 - declared above
        choice.choices = [(unit.value, UNIT_WORDS[unit]) for unit in units]
        choice.initial = units[0].value if units else None
        if len(units) == 1:
            choice.widget = forms.HiddenInput()
        for name in ("unit", "money", "receipt"):
            if name in self.fields:
                self.fields[name].widget.attrs |= {"data-preview-field": ""}

    def asked(self) -> dict[str, Any]:
        """Return what was asked for, as the deeds name it."""
        return {
            "bill_minor": self.cleaned_data["amount"],
            "money_minor": self.cleaned_data["money"],
            "receipt": self.receipt_number(),
        }


class RefundForm(DeedForm):
    """How much of a purchase is refunded; first all that is left of it (IV3.20)."""

    figure: ClassVar[str] = "amount"

    def __init__(self, *args: Any, card: Card, left_minor: int, **kwargs: Any) -> None:
        kwargs["initial"] = {"amount": plain(left_minor, card.currency)}
        super().__init__(*args, **kwargs)
        label = _("Refund, %(currency)s") % {"currency": card.currency}
        self.fields["amount"] = big_amount(card, label, left_minor)


class FindReceiptForm(forms.Form):
    """A receipt number by which a purchase is found."""

    receipt = forms.CharField(
        label=_("Receipt number"),
        max_length=MOST_CHARACTERS,
        widget=forms.TextInput(attrs={"type": "search", "class": "input", "autocomplete": "off"}),
    )


class ParkForm(DeedForm):
    """A refund of a receipt that no purchase was booked for yet."""

    receipt = forms.CharField(max_length=MOST_CHARACTERS, widget=forms.HiddenInput)

    def __init__(self, *args: Any, card: Card, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label = _("Refund, %(currency)s") % {"currency": card.currency}
        self.fields["amount"] = AmountField(
            currency=card.currency, most_minor=card.max_amount_minor, label=label
        )
