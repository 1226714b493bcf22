"""The form of a card and of what hangs on it: texts, tiers, rewards."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cards.models import (
    MOST_MINOR,
    Card,
    CardStatus,
    CardText,
    Reward,
    RewardStatus,
    Tier,
    colour_is_hex,
)
from clubs.models import DECIMALS, Club, Currency
from loyalty.members.models import Membership
from loyalty.web.fields import AmountField
from loyalty.web.images import PictureField
from loyalty.web.money import plain
from staff.admin import choices
from staff.admin.forms import PartnersForm, VersionedForm, clean_code, loosen_code
from staff.admin.unfold_parts import InlineFormSet, dress, name_cells
from staff.contrast import LEAST_CONTRAST, contrast

MONEY_FIELDS = ("step_minor", "min_amount_minor", "max_amount_minor")
PREVIEWED = ("name", "colour", "text_colour", "icon", "unit_many", "unit_one")
LOCKED_WITH_MEMBERS = ("number_mode", "number_prefix", "number_width")


def has_members(card: Card) -> bool:
    """Return whether anybody holds the card, which locks where its numbers come from (IV3.6)."""
    return Membership.objects.filter(card_id=card.pk).exists()


def _is_colour(text: str) -> bool:
    try:
        colour_is_hex(text)
    except ValidationError:
        return False
    return True


class CardForm(PartnersForm):
    """A card in one form; money is typed in the card's currency with its decimals."""

    step_minor = AmountField(currency=Currency.EUR, label=_("amount per step"))
    min_amount_minor = AmountField(
        currency=Currency.EUR, label=_("smallest amount that earns"), required=False
    )
    max_amount_minor = AmountField(
        currency=Currency.EUR, label=_("largest amount of one purchase"), most_minor=MOST_MINOR
    )
    rounding = forms.ChoiceField(choices=choices.ROUNDINGS, label=_("rounding"))
    logo = PictureField(label=_("logo"), required=False, size=(400, 400))
    background = PictureField(label=_("background picture"), required=False, size=(1600, 1600))
    website = forms.URLField(label=_("website"), required=False, assume_scheme="https")

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
        currency = self._currency()
        for name in MONEY_FIELDS:
            if name in self.fields:
                self._set_money(name, currency)
        for name in PREVIEWED:
            if name in self.fields:
                self.fields[name].widget.attrs["data-preview"] = name
        for name in ("colour", "text_colour"):
            if name in self.fields:
                self.fields[name].widget.attrs["class"] = "colour-input"
        dress(self, *(name for name in ("rounding", "logo", "background") if name in self.fields))

    def _set_money(self, name: str, currency: str) -> None:
        field = self.fields[name]
        assert isinstance(field, AmountField)  # noqa: S101 - declared above
        field.currency = currency
        stored = getattr(self.instance, name)
        self.initial[name] = plain(stored, currency)
        field.help_text = currency
        dress(self, name)

    def _currency(self) -> str:
        """Return the currency that the amounts are typed in: the one chosen with them."""
        typed = self.data.get("currency") if "currency" in self.fields else None
        return str(typed) if typed in DECIMALS else str(self.instance.currency)

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
        self._check_amounts(cleaned)
        self._check_look(cleaned)
        self._check_locks()
        return cleaned

    def _check_amounts(self, cleaned: dict[str, Any]) -> None:
        if "min_amount_minor" in self.fields and cleaned.get("min_amount_minor") is None:
            cleaned["min_amount_minor"] = 0
        if cleaned.get("step_minor") == 0:
            self.add_error("step_minor", _("Type an amount above zero."))
        least, most = cleaned.get("min_amount_minor"), cleaned.get("max_amount_minor")
        if least is not None and most is not None and most < max(least, 1):
            self.add_error("max_amount_minor", _("Less than the smallest amount that earns."))
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
        if touched & set(LOCKED_WITH_MEMBERS) and has_members(self.instance):
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


class RowForm(forms.ModelForm[Any]):
    """A row of a grid on the card's page: its code is made from its name if left empty."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        loosen_code(self)
        name_cells(self)


class CodedRows(InlineFormSet):  # type: ignore[type-arg]  # of the theme
    """Rows whose codes are unique on their card."""

    def clean(self) -> None:
        """Give each new row a code, and refuse one that is taken."""
        super().clean()
        codes: set[str] = set()
        taken = self.model._default_manager.filter(card_id=self.instance.pk)
        for form in self.forms:
            if not form.is_valid() or not (form.has_changed() or form.instance.pk):
                continue
            clean_code(form, taken, codes)
            code = str(form.cleaned_data.get("code") or form.instance.code)
            codes.add(code.lower())
            form.instance.code = code


class TierRows(CodedRows):
    """The tiers of a card: one per threshold."""

    def clean(self) -> None:
        """Refuse two tiers in use with the same threshold."""
        super().clean()
        seen: set[int] = set()
        for form in self.forms:
            if not form.is_valid() or not (form.has_changed() or form.instance.pk):
                continue
            points = form.cleaned_data.get("min_value")
            if points is None or form.cleaned_data.get("is_archived"):
                continue
            if points in seen:
                form.add_error("min_value", _("Another tier starts there."))
            seen.add(points)


class RewardRows(CodedRows):
    """The rewards of a card: an active card offers at least one (R3.4)."""

    def clean(self) -> None:
        """Refuse an active card that offers nothing.

        :raises ValidationError: if no reward is left.
        """
        super().clean()
        offered = [
            form
            for form in self.forms
            if form.is_valid()
            and (form.has_changed() or form.instance.pk)
            and form.cleaned_data.get("status") == RewardStatus.ACTIVE
        ]
        if self.instance.status == CardStatus.ACTIVE and not offered:
            raise ValidationError(
                _("A card needs at least one reward before it is active. Add one below."),
                code="no_reward",
            )


class TierRowForm(RowForm):
    """A tier in the grid; one that is no longer wanted is archived, never deleted."""

    is_archived = forms.BooleanField(label=_("archived"), required=False)

    class Meta:
        model = Tier
        fields = ("name", "code", "min_value", "multiplier", "entry_reward")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["is_archived"] = self.instance.archived_at is not None
        dress(self, "is_archived")
        name_cells(self)

    def clean(self) -> dict[str, Any]:
        """Set when the tier was archived, or that it is not."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("is_archived"):
            self.instance.archived_at = None
        elif self.instance.archived_at is None:
            self.instance.archived_at = timezone.now()
        return cleaned


class RewardRowForm(RowForm):
    """A reward in the grid."""

    class Meta:
        model = Reward
        fields = ("name", "code", "cost", "stock", "status", "position")


class RewardForm(VersionedForm):
    """Everything about one reward."""

    image = PictureField(label=_("picture"), required=False, size=(1200, 1200))

    class Meta:
        model = Reward
        fields = "__all__"  # The list names the fields that a person may change.

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        loosen_code(self)
        if "image" in self.fields:
            dress(self, "image")
        tiers = self.fields.get("min_tier")
        if isinstance(tiers, forms.ModelChoiceField) and self.instance.pk:
            tiers.queryset = Tier.objects.filter(card=self.instance.card_id, archived_at=None)

    def clean(self) -> dict[str, Any]:
        """Check the code, the dates, the tier and the last reward of an active card."""
        cleaned = super().clean()
        card = self.instance.card if self.instance.pk else cleaned.get("card")
        if card is None:
            return cleaned
        card = Card.objects.select_for_update(no_key=True).get(pk=card.pk)
        self.instance.partner_id = card.partner_id
        clean_code(self, Reward.objects.filter(card=card))
        tier = cleaned.get("min_tier")
        if tier is not None and tier.card_id != card.pk:
            self.add_error("min_tier", _("The tier belongs to another card."))
        starts, ends = cleaned.get("valid_from"), cleaned.get("valid_until")
        if starts and ends and ends <= starts:
            self.add_error("valid_until", _("The reward must end after it starts."))
        others = card.rewards.filter(status=RewardStatus.ACTIVE).exclude(pk=self.instance.pk)
        is_last = card.status == CardStatus.ACTIVE and not others.exists()
        if is_last and cleaned.get("status") != RewardStatus.ACTIVE:
            self.add_error("status", _("An active card needs one reward at least."))
        return cleaned
