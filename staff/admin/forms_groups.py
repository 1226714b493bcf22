"""Forms of membership groups and of dates that are moved by hand."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from cards.models import Card
from loyalty.ledger.models import Unit
from loyalty.members.models import Membership
from loyalty.operations import extensions
from loyalty.operations.extensions import Extendable
from loyalty.web import words
from staff.admin.forms_account import DeedForm, internal_note
from staff.admin.unfold_parts import dress

MOST_NUMBERS = 2000  # More characters than the largest group's card numbers.
_BETWEEN = re.compile(r"[\s,;]+")


class NumbersForm(DeedForm):
    """Members of one card, by their card numbers."""

    numbers = forms.CharField(
        label=_("card numbers of the members"),
        max_length=MOST_NUMBERS,
        widget=forms.Textarea(attrs={"rows": 4, "class": "d-ltr"}),
        help_text=_("One on each line. You find them on the members' pages."),
    )
    internal = internal_note()

    def found(self, card: Card, typed: str) -> list[Membership]:
        """Return the memberships of the card with these numbers.

        :raises ValidationError: naming the first number that no card has.
        """
        numbers = [number for number in _BETWEEN.split(typed.upper()) if number]
        rows = Membership.objects.filter(card=card, number__in=numbers)
        by_number = {row.number.upper(): row for row in rows}
        for number in numbers:
            if number not in by_number:
                raise ValidationError(
                    _("No member of this card has the number %(number)s."),
                    code="unknown",
                    params={"number": number},
                )
        return list(by_number.values())


class FormGroupForm(NumbersForm):
    """A new group: its card, its name, who leads it and who else is in it (IV9.1)."""

    card = forms.TypedChoiceField(label=_("card"), coerce=int)
    name = forms.CharField(label=_("name"), max_length=80, help_text=_("Only your team sees it."))
    head = forms.CharField(label=_("card number of its head"), max_length=24)
    field_order = ("request_id", "card", "name", "head", "numbers", "internal")

    def __init__(self, *args: Any, cards: list[Card], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cards = {card.pk: card for card in cards}
        field = self.fields["card"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [(card.pk, card.name) for card in cards]
        dress(self)

    def clean(self) -> dict[str, Any]:
        """Look the numbers up on the chosen card."""
        given: dict[str, Any] = super().clean() or {}
        card = self.cards.get(given.get("card") or 0)
        for name in ("head", "numbers"):
            if card is not None and given.get(name):
                try:
                    given[f"{name}_found"] = self.found(card, given[name])
                except ValidationError as error:
                    self.add_error(name, error)
        return given


class AddMemberForm(NumbersForm):
    """One more member of a group."""

    field_order = ("request_id", "numbers", "internal")

    def __init__(self, *args: Any, card: Card, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.card = card
        self.fields["numbers"] = forms.CharField(
            label=_("card number of the member"),
            max_length=24,
            help_text=_("You find it on the member's page."),
        )
        self.order_fields(self.field_order)
        dress(self, "numbers")

    def clean_numbers(self) -> Membership:
        """Return the member with this number."""
        return self.found(self.card, self.cleaned_data["numbers"])[0]


class ExtendForm(DeedForm):
    """Which points and credit last longer, and by how many days (IV3.21, IV3.22)."""

    days = forms.IntegerField(label=_("days after the date they were given"), min_value=1)
    lots = forms.TypedMultipleChoiceField(
        label=_("which"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all of them."),
    )
    internal = internal_note()
    field_order = ("request_id", "days", "lots", "internal")

    def __init__(
        self, *args: Any, offered: list[Extendable], most: int, card: Card, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        days = forms.IntegerField(
            label=_("days after the date they were given"),
            min_value=1,
            max_value=max(most, 1),
            initial=most,
            help_text=_("At most %(most)s.") % {"most": most},
        )
        self.fields["days"] = days
        field = self.fields["lots"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - declared above
        field.choices = [(one.lot.pk, self._words(one, card)) for one in offered]
        self.order_fields(self.field_order)
        dress(self, "days")

    @staticmethod
    def _words(one: Extendable, card: Card) -> str:
        zone, is_points = card.partner.zone(), one.lot.unit == Unit.POINTS
        what = words.given(
            one.lot.remaining if is_points else 0, 0 if is_points else one.lot.remaining, card
        )
        ends, latest = (
            date_format(localtime(moment - extensions.INSTANT, zone).date())
            for moment in (one.expires_at, one.latest)
        )
        return str(
            _("%(what)s until %(day)s, at most until %(latest)s")
            % {"what": what, "day": ends, "latest": latest}
        )
