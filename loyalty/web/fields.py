"""Form fields that accept what people type at a counter and refuse everything else in words."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from loyalty.members.phones import phone_number
from loyalty.rules.typed import (
    NotANumberError,
    TooFineError,
    ascii_digits,
    minor_units,
    whole,
)
from loyalty.web.money import decimals, money


class _TextNumber(forms.CharField):
    """A text input for numbers: no steppers, no scientific notation, no surprises."""

    def __init__(self, **options: Any) -> None:
        attributes = {"inputmode": "decimal", "autocomplete": "off", "dir": "ltr"}
        options.setdefault("widget", forms.TextInput(attrs=attributes))
        options.setdefault("max_length", 40)
        super().__init__(**options)


class AmountField(_TextNumber):
    """An amount of money; cleans to whole minor units of ``currency``.

    At most ten digits before the decimal sign and no more decimals than the currency has; with
    ``is_signed`` a leading minus takes money away.
    """

    def __init__(
        self,
        *,
        currency: str,
        most_minor: int | None = None,
        is_signed: bool = False,
        **options: Any,
    ) -> None:
        self.currency = currency
        self.most_minor = most_minor
        self.is_signed = is_signed
        super().__init__(**options)
        if is_signed:
            self.widget.attrs["inputmode"] = "text"

    def clean(self, value: Any) -> int | None:
        """Return minor units, or None for an empty optional field."""
        text = super().clean(value)
        if not text:
            return None
        places = decimals(self.currency)
        try:
            minor = minor_units(text, places=places, is_signed=self.is_signed)
        except NotANumberError:
            raise ValidationError(_("Type an amount such as 12.40."), code="amount") from None
        except TooFineError:
            raise ValidationError(self._too_fine(places), code="decimals") from None
        if self.most_minor is not None and abs(minor) > self.most_minor:
            most = money(self.most_minor, self.currency)
            raise ValidationError(
                _("At most %(most)s at a time."), code="max", params={"most": most}
            )
        return minor

    @staticmethod
    def _too_fine(places: int) -> Any:
        if not places:
            return _("This currency has no decimals.")
        return _("At most %(places)s decimals.") % {"places": places}


class PointsField(_TextNumber):
    """Whole points; with ``is_signed`` a leading minus takes points away."""

    def __init__(self, *, most: int, is_signed: bool = False, **options: Any) -> None:
        self.most = most
        self.is_signed = is_signed
        super().__init__(**options)
        self.widget.attrs.setdefault("inputmode", "text" if is_signed else "numeric")

    def clean(self, value: Any) -> int | None:
        """Return the points, or None for an empty optional field."""
        text = super().clean(value)
        if not text:
            return None
        try:
            points = whole(text, is_signed=self.is_signed)
        except NotANumberError:
            raise ValidationError(_("Type a whole number."), code="whole") from None
        if points == 0:
            raise ValidationError(_("Type a number other than zero."), code="zero")
        if abs(points) > self.most:
            raise ValidationError(
                _("At most %(most)s at a time."), code="max", params={"most": self.most}
            )
        return points


class PhoneField(forms.CharField):
    """A phone number in any writing; cleans to E.164, or to nothing."""

    def __init__(self, *, country: str, **options: Any) -> None:
        self.country = country
        attributes = {"inputmode": "tel", "autocomplete": "tel", "dir": "ltr"}
        options.setdefault("widget", forms.TextInput(attrs=attributes))
        options.setdefault("max_length", 40)
        super().__init__(**options)

    def clean(self, value: Any) -> str:
        """Return the number as +351912345678, or an empty text for an empty optional field."""
        text = super().clean(value)
        if not text:
            return ""
        found = phone_number(text, self.country)
        if found is None:
            raise ValidationError(_("Type a phone number with its area code."), code="phone")
        return found


def masked_phone(phone: str) -> str:
    """Return a phone number with all but its last three digits hidden."""
    return f"••• {phone[-3:]}" if phone else ""


class PinField(forms.CharField):
    """Four to six digits, in any script."""

    def __init__(self, **options: Any) -> None:
        attributes = {"inputmode": "numeric", "autocomplete": "off", "dir": "ltr"}
        options.setdefault("widget", forms.PasswordInput(attrs=attributes, render_value=False))
        options.setdefault("max_length", 6)
        super().__init__(**options)

    def clean(self, value: Any) -> str:
        """Return the digits."""
        text = ascii_digits(super().clean(value))
        if not re.fullmatch(r"\d{4,6}", text):
            raise ValidationError(_("Four to six digits."), code="pin")
        return text
