"""The form of a card, and of its words in one language."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cards.models import NUMBERING, Card, CardText, colour_is_hex
from clubs.models import Club
from loyalty.members.models import Membership
from loyalty.web.images import PictureField
from staff.admin import choices
from staff.admin.conditions import TICKED, Whens
from staff.admin.forms import clean_code, loosen_code
from staff.admin.forms_rules import RulesForm
from staff.admin.unfold_parts import dress
from staff.contrast import LEAST_CONTRAST, contrast

PREVIEWED = ("name", "colour", "text_colour", "icon", "unit_many", "unit_one")
CARD_WHENS: Whens = {"referrals_per_month": {"has_referrals": TICKED}}


def has_members(card: Card) -> bool:
    """Return whether anybody holds the card, which locks where its numbers come from (IV3.6)."""
    return Membership.objects.filter(card_id=card.pk).exists()


def _is_colour(text: str) -> bool:
    try:
        colour_is_hex(text)
    except ValidationError:
        return False
    return True


class CardForm(RulesForm):
    """A card in one form: its life, its rules, its look."""

    logo = PictureField(label=_("logo"), required=False, size=(400, 400))
    background = PictureField(label=_("background picture"), required=False, size=(1600, 1600))

    website = forms.URLField(label=_("website"), required=False, assume_scheme="https")

    whens = {**RulesForm.whens, **CARD_WHENS}

    class Meta:
        model = Card
        fields = "__all__"  # The list names the fields that a person may change.
        widgets = {
            "colour": forms.TextInput(attrs={"type": "color"}),
            "text_colour": forms.TextInput(attrs={"type": "color"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        loosen_code(self)
        for name in PREVIEWED:
            if name in self.fields:
                self.fields[name].widget.attrs["data-preview"] = name
        for name in ("colour", "text_colour"):
            if name in self.fields:
                self.fields[name].widget.attrs["class"] = "colour-input"
        dress(self, *(name for name in ("logo", "background", "website") if name in self.fields))

    def partner_id(self) -> int | None:
        """Return the partner of the club."""
        if self.instance.pk:
            return int(self.instance.partner_id)
        club = self.cleaned_data.get("club")
        return club.partner_id if isinstance(club, Club) else None

    def clean(self) -> dict[str, Any]:
        """Check what no single field can: order of amounts and dates, contrast, locks."""
        cleaned = super().clean()
        if (partner := getattr(self, "partner", None)) is None:
            return cleaned
        clean_code(self, Card.objects.filter(partner=partner))
        club = cleaned.get("club")
        if club is not None and club.partner_id != partner.pk:
            self.add_error("club", _("The club belongs to another business."))
        self.check_rules()
        self._check_dates(cleaned)
        self._check_look(cleaned)
        self._check_locks()
        return cleaned

    def _check_dates(self, cleaned: dict[str, Any]) -> None:
        starts, ends = cleaned.get("valid_from"), cleaned.get("valid_until")
        if starts and ends and ends <= starts:
            self.add_error("valid_until", _("The card must end after it starts."))

    def _check_look(self, cleaned: dict[str, Any]) -> None:
        colour, text = str(cleaned.get("colour")), str(cleaned.get("text_colour"))
        if not _is_colour(colour) or not _is_colour(text):
            return  # The field says so itself.
        if contrast(text, colour) < LEAST_CONTRAST:
            words = _(
                "The text cannot be read well on this colour: contrast %(found)s, needed %(least)s."
                " Choose a darker or lighter colour."
            )
            facts = {"found": f"{contrast(text, colour):.1f}", "least": LEAST_CONTRAST}
            self.add_error("text_colour", ValidationError(words, code="contrast", params=facts))

    def _check_locks(self) -> None:
        """Refuse what was locked since the form was opened."""
        touched = set(self.changed_data)
        if self.instance.activated_at is not None and touched & {"currency", "club"}:
            self.add_error(None, _("Currency and club are locked once a card was activated."))
        if touched & set(NUMBERING) and has_members(self.instance):
            self.add_error(None, _("Card numbers are locked once the card has a member."))


class CardTextForm(forms.ModelForm[CardText]):
    """The words of a card in one language."""

    language = forms.ChoiceField(label=_("language"))

    class Meta:
        model = CardText
        fields = ("language", "title", "description", "rules", "terms")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["language"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = choices.languages()
        dress(self, "language")
