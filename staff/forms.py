"""The forms of the counter. Each carries the key that makes a second submit harmless."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from itertools import pairwise
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from cards.models import MOST_POINTS, Card, NumberMode, PrintedCard
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.operations.enrolments import tidy_name
from loyalty.operations.receipts import MOST_CHARACTERS
from loyalty.rules.terms import Direction
from loyalty.rules.typed import MOST_DIGITS
from loyalty.web.fields import AmountField, PhoneField, PinField, PointsField
from loyalty.web.money import decimals, plain
from loyalty.web.refusals import refusal_of
from loyalty.web.requests import new_request_id

MOST_ID = 2**63 - 1
_key_is_plain = RegexValidator(r"\A[0-9A-Za-z_-]{8,64}\Z")


class DeedForm(forms.Form):
    """A form that does one deed, once: its key is made when it is shown."""

    request_id = forms.CharField(
        max_length=64, validators=[_key_is_plain], widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"request_id": new_request_id(), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.status = 422
        for field in self.fields.values():
            if isinstance(field.widget, forms.TextInput):
                field.widget.attrs.setdefault("autocomplete", "off")

    def clean(self) -> dict[str, Any]:
        """Say once, in words, that the page is no good where its key is missing or damaged."""
        if self.errors.pop("request_id", None):
            raise ValidationError(
                _("Open this page again; it is not complete. Nothing was booked.")
            )
        return self.cleaned_data

    def refuse(self, error: Exception) -> None:
        """Show a refusal beside the field it is about, or above the form.

        :raises Http404: if the refusal is that there is nothing here for this person.
        """
        refusal = refusal_of(error)
        if refusal.status == HTTPStatus.NOT_FOUND:
            raise Http404
        self.status = refusal.status
        self.add_error(refusal.field if refusal.field in self.fields else None, refusal.message)


class ReceiptForm(DeedForm):
    """A booking of a sale; the receipt number is asked for where there is a store.

    ``figure`` names the field of the one big figure.
    """

    figure: ClassVar[str]
    receipt = forms.CharField(label=_("Receipt number"), required=False, max_length=MOST_CHARACTERS)

    def __init__(self, *args: Any, has_store: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_store:
            del self.fields["receipt"]

    def receipt_number(self) -> str:
        """Return the receipt number, empty where none was typed or asked for."""
        return str(self.cleaned_data.get("receipt", ""))


class AwardForm(ReceiptForm):
    """A purchase by its amount (R7.2), or what the shop buys where the card's rules know of it."""

    figure = "amount"
    direction = forms.ChoiceField(
        label=_("What happens"),
        choices=[
            (Direction.SALE.value, _("The customer buys")),
            (Direction.BUY.value, _("We buy from the customer")),
        ],
        widget=forms.RadioSelect(attrs={"data-preview-field": ""}),
        initial=Direction.SALE.value,
        required=False,
    )

    def __init__(self, *args: Any, card: Card, takes_buys: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not takes_buys and "direction" not in self.data:
            del self.fields["direction"]
        currency = card.currency
        field = AmountField(
            currency=currency,
            most_minor=card.max_amount_minor,
            label=_("Purchase amount, %(currency)s") % {"currency": currency},
        )
        field.widget.attrs |= {
            "class": "amount-input",
            "placeholder": plain(0, currency),
            "data-amount": "",
            "data-decimals": decimals(currency),
            "data-digits": MOST_DIGITS,
            "autofocus": True,
        }
        if not decimals(currency):
            field.widget.attrs["inputmode"] = "numeric"
        self.fields["amount"] = field

    def is_buy(self) -> bool:
        """Return whether the shop buys from the customer."""
        return bool(self.cleaned_data.get("direction") == Direction.BUY)


class PointsForm(ReceiptForm):
    """Points that staff enter on a points-only card (R9.2)."""

    figure = "points"

    def __init__(self, *args: Any, card: Card, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = PointsField(most=card.max_points, label=card.unit_many.capitalize())
        field.widget.attrs |= _big_whole_number()
        self.fields["points"] = field


def _big_whole_number() -> dict[str, Any]:
    return {
        "class": "amount-input",
        "placeholder": "0",
        "data-amount": "",
        "data-decimals": 0,
        "data-digits": len(str(MOST_POINTS)),
        "autofocus": True,
    }


class GiveForm(DeedForm):
    """Points without a sale (FA12): how many, and why. A correction is the manager's."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[
            (reason.value, reason.label)
            for reason in AdjustmentReason
            if reason != AdjustmentReason.CORRECTION
        ],
        widget=forms.RadioSelect,
        initial=AdjustmentReason.GOODWILL,
    )

    def __init__(self, *args: Any, card: Card, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = PointsField(most=card.gift_cap, label=card.unit_many.capitalize())
        field.widget.attrs |= _big_whole_number()
        self.fields["points"] = field


class RedeemForm(DeedForm):
    """One reward to hand out."""

    reward = forms.IntegerField(min_value=1, max_value=MOST_ID, widget=forms.HiddenInput)


class VoucherForm(DeedForm):
    """One voucher to hand out."""

    voucher = forms.IntegerField(min_value=1, max_value=MOST_ID, widget=forms.HiddenInput)


class SearchForm(forms.Form):
    """One line by which a member is found: phone, e-mail, card number or code."""

    q = forms.CharField(
        label=_("Phone, e-mail or card number"),
        max_length=120,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "class": "input",
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )


class ConfirmForm(forms.Form):
    """The tick that staff made sure with the customer who it is (FA9)."""

    is_confirmed = forms.BooleanField(
        error_messages={
            "required": _("Ask the customer first, then tick this. Nothing was opened.")
        }
    )


def _printed_ahead(cards: Iterable[Card]) -> bool:
    """Return whether any of these cards has numbers that were printed before somebody has them."""
    return PrintedCard.objects.filter(card__in=[card.pk for card in cards]).exists()


class EnrolForm(DeedForm):
    """A new member at the counter, with what they agreed to."""

    card = forms.ChoiceField(label=_("Card"))
    first_name = forms.CharField(label=_("First name"), max_length=80)
    last_name = forms.CharField(label=_("Last name"), max_length=80, required=False)
    phone = forms.CharField(label=_("Phone"), required=False)
    is_phone_confirmed = forms.BooleanField(
        label=_("I read the phone number back to the customer"), required=False
    )
    email = forms.EmailField(label=_("E-mail"), required=False, max_length=254)
    number = forms.CharField(label=_("Card number"), max_length=24, required=False)
    referral_code = forms.CharField(
        label=_("Recommendation code"),
        max_length=20,
        required=False,
        help_text=_("Of the member who brought them."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    wants_news = forms.BooleanField(label=_("Wants news and offers"), required=False)
    consent = forms.BooleanField(
        label=_("The customer has read the privacy text and agrees"),
        error_messages={"required": _("The member has to agree to the privacy text first.")},
    )

    def __init__(self, *args: Any, cards: Sequence[Card], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cards = {str(card.pk): card for card in cards}
        choice = self.fields["card"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101 - declared above
        choice.choices = [(key, card.name) for key, card in self.cards.items()]
        if len(self.cards) == 1:
            choice.widget = forms.HiddenInput()
            choice.initial = cards[0].pk
        chosen = self.cards.get(self.data.get("card", ""), cards[0])
        self.fields["phone"] = PhoneField(
            country=chosen.partner.country, label=_("Phone"), required=False
        )
        self.fields["phone"].widget.attrs["autocomplete"] = "off"
        if len(settings.LANGUAGES) == 1:
            self.fields["language"].widget = forms.HiddenInput()
            self.fields["language"].initial = settings.LANGUAGES[0][0]
        if not any(card.has_referrals for card in cards):
            del self.fields["referral_code"]
        self._shape_number()

    def _shape_number(self) -> None:
        modes = {card.number_mode for card in self.cards.values()}
        if modes == {NumberMode.AUTO} and not _printed_ahead(self.cards.values()):
            del self.fields["number"]
        elif modes == {NumberMode.TYPED}:
            self.fields["number"].required = True
        else:
            self.fields["number"].help_text = _("As printed on the card. Empty: the next one.")

    def clean_first_name(self) -> str:
        """Refuse a name of which nothing would be kept."""
        name = tidy_name(self.cleaned_data["first_name"])
        if not name:
            raise ValidationError(_("Type a name."), code="name")
        return name

    def clean(self) -> dict[str, Any]:
        """Ask for one way to reach the member, and for the number to be read back."""
        given = super().clean()
        is_reachable = given.get("phone") or given.get("email")
        if not is_reachable and not {"phone", "email"} & set(self.errors):
            self.add_error("phone", _("Type a phone number or an e-mail."))
        if given.get("phone") and not given.get("is_phone_confirmed"):
            self.add_error("is_phone_confirmed", _("Read the number back first, then tick this."))
        return given

    def chosen_card(self) -> Card:
        """Return the card that the form names."""
        return self.cards[self.cleaned_data["card"]]


class StoreForm(forms.Form):
    """The store a person works in today."""

    store = forms.IntegerField(min_value=1, max_value=MOST_ID)


class PersonForm(forms.Form):
    """Who takes over the tablet, by their PIN."""

    person = forms.IntegerField(min_value=1, max_value=MOST_ID, widget=forms.HiddenInput)
    pin = PinField(label=_("PIN"))


class SetPinForm(forms.Form):
    """A new PIN, typed twice."""

    pin = PinField(label=_("New PIN"), help_text=_("Four to six digits that nobody guesses."))
    again = PinField(label=_("The same PIN again"))

    def clean_pin(self) -> str:
        """Refuse the first ones that everybody tries."""
        pin = str(self.cleaned_data["pin"])
        steps = {int(later) - int(former) for former, later in pairwise(pin)}
        if steps in ({0}, {1}, {-1}):
            raise ValidationError(_("Too easy to guess. Choose another."), code="easy")
        return pin

    def clean(self) -> dict[str, Any]:
        """Refuse two different PINs."""
        pin, again = self.cleaned_data.get("pin"), self.cleaned_data.get("again")
        if pin and again and pin != again:
            self.add_error("again", _("This is another PIN. Type the same one twice."))
        return self.cleaned_data


class SlipForm(forms.Form):
    """Which store and day an end-of-day slip is about; nonsense means the usual."""

    store = forms.IntegerField(min_value=1, max_value=MOST_ID, required=False)
    date = forms.DateField(required=False)
