"""Forms of the deeds on an account. Each carries the key by which a repeat is known."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cards.models import Card, Tag, Tier
from loyalty.ledger.models import Transaction
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.operations.offers import RewardOffer
from loyalty.rules.offers import OfferState
from loyalty.web import words
from loyalty.web.fields import PointsField
from loyalty.web.requests import new_request_id
from staff.admin.unfold_parts import dress

MOST_INTERNAL, MOST_COMMENT, MOST_NOTE = 500, 200, 2000
AUTOMATIC = "automatic"


def internal_note(*, is_required: bool = False) -> forms.CharField:
    """Return the field for words that only the team sees."""
    return forms.CharField(
        label=_("internal note"),
        max_length=MOST_INTERNAL,
        required=is_required,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Only your team sees this."),
    )


class DeedForm(forms.Form):
    """A form whose second submit returns the first result."""

    request_id = forms.CharField(
        widget=forms.HiddenInput,
        max_length=32,
        validators=[RegexValidator(r"^[0-9a-zA-Z-]+$")],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["request_id"].initial = new_request_id
        dress(self)


class NoteForm(DeedForm):
    """Nothing but a reason."""

    internal = internal_note()


class ReasonForm(DeedForm):
    """Nothing but a reason, which must be given."""

    internal = internal_note(is_required=True)


class WriteNoteForm(DeedForm):
    """Words about a member, for the team alone."""

    text = forms.CharField(
        label=_("note"),
        max_length=MOST_NOTE,
        widget=forms.Textarea(attrs={"rows": 5, "autofocus": True}),
        help_text=_("Only your team sees this. It goes when the customer is erased."),
    )


class PutTagForm(DeedForm):
    """A tag that the member does not wear yet."""

    tag = forms.TypedChoiceField(label=_("tag"), coerce=int)

    def __init__(self, *args: Any, tags: list[Tag], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["tag"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [(tag.pk, tag.name) for tag in tags]


class WordsForm(DeedForm):
    """Words to a colleague, which must be given."""

    words = forms.CharField(
        label=_("reason"),
        max_length=MOST_INTERNAL,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Only your team sees this."),
    )


class AdjustForm(DeedForm):
    """Points to add, or with a minus to take (CU15 to CU20)."""

    reason = forms.ChoiceField(label=_("reason"), choices=AdjustmentReason.choices)
    comment = forms.CharField(
        label=_("comment for the customer"),
        max_length=MOST_COMMENT,
        required=False,
        help_text=_("Shown in the customer's history. Left empty, it says “Manual adjustments”."),
    )
    internal = internal_note()
    is_counted = forms.BooleanField(
        label=_("counts towards the tier"), required=False, initial=True
    )
    about = forms.TypedChoiceField(
        label=_("about the purchase"), required=False, coerce=int, empty_value=None
    )
    # Set where the page has said that the amount is above the own limit (CU3).
    asks = forms.BooleanField(required=False, widget=forms.HiddenInput)
    field_order = ("request_id", "points", "reason", "comment", "internal", "about", "is_counted")

    def __init__(
        self, *args: Any, most: int, purchases: list[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["points"] = PointsField(
            most=most,
            is_signed=True,
            label=_("points"),
            help_text=_("A minus takes points away, for example \u221224."),
        )
        self.fields["points"].widget.attrs["autofocus"] = True
        about = self.fields["about"]
        assert isinstance(about, forms.ChoiceField)  # noqa: S101 - declared above
        about.choices = [("", _("none in particular")), *purchases]
        self.order_fields(self.field_order)
        dress(self, "points")


class RewardSelect(forms.Select):
    """A drop-down whose dearer options cannot be chosen (CU25)."""

    def __init__(self, offers: list[RewardOffer], available: int) -> None:
        super().__init__()
        self.offers = {str(offer.reward.pk): offer for offer in offers}
        self.available = available

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the option with what would be left, locked if the balance does not reach."""
        option: dict[str, Any] = super().create_option(name, value, *args, **kwargs)
        offer = self.offers.get(str(value))
        if offer is not None and offer.is_ready:
            option["attrs"]["data-left"] = str(self.available - offer.reward.cost)
        elif offer is not None:
            option["attrs"]["disabled"] = True
        return option


class SpendForm(DeedForm):
    """A reward to give for points (CU21 to CU26)."""

    reward = forms.TypedChoiceField(label=_("reward"), coerce=int)
    internal = internal_note()

    def __init__(
        self, *args: Any, offers: list[RewardOffer], available: int, card: Card, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        shown = [
            offer for offer in offers if offer.state in {OfferState.READY, OfferState.NOT_ENOUGH}
        ]
        field = self.fields["reward"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.widget = RewardSelect(shown, available)
        field.choices = [("", _("Choose a reward"))] + [
            (offer.reward.pk, self._words(offer, available, card)) for offer in shown
        ]
        dress(self, "reward")

    @staticmethod
    def _words(offer: RewardOffer, available: int, card: Card) -> str:
        price = words.points(offer.reward.cost, card)
        if offer.is_ready:
            left = words.points(available - offer.reward.cost, card)
            return str(_("%(reward)s: %(price)s, %(left)s left after")) % {
                "reward": offer.reward.name,
                "price": price,
                "left": left,
            }
        missing = words.points(offer.missing, card)
        return str(_("%(reward)s: %(price)s, %(missing)s missing")) % {
            "reward": offer.reward.name,
            "price": price,
            "missing": missing,
        }


class TierForm(DeedForm):
    """A tier from those there are, or the automatic rule (CU27 to CU31, CU34)."""

    tier = forms.ChoiceField(label=_("tier"))
    hold_until = forms.DateField(
        label=_("keep it until the end of"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty means until somebody changes it again."),
    )
    internal = internal_note()
    are_rewards_given = forms.BooleanField(
        label=_("Trigger tier rewards"),
        required=False,
        help_text=_("Gives the reward on entry, once."),
    )

    def __init__(self, *args: Any, tiers: list[Tier], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        field = self.fields["tier"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [(AUTOMATIC, _("automatic, by points awarded"))] + [
            (str(tier.pk), tier.name) for tier in tiers
        ]

    def clean_hold_until(self) -> date | None:
        """Refuse a day that has passed."""
        day: date | None = self.cleaned_data["hold_until"]
        if day is not None and day < self.today:
            raise ValidationError(_("Choose today or a later day."), code="past")
        return day

    def tier_id(self) -> int | None:
        """Return the chosen tier; None means the automatic rule."""
        chosen = str(self.cleaned_data["tier"])
        return None if chosen == AUTOMATIC else int(chosen)

    def held_until(self, zone: ZoneInfo) -> datetime | None:
        """Return the end of the chosen day where the business is; never with the automatic rule."""
        day = self.cleaned_data["hold_until"]
        if day is None or self.tier_id() is None:
            return None
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()), zone)


class RollBackForm(NoteForm):
    """The transaction that was shown, so that nothing else is undone."""

    transaction_id = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class RemoveVoucherForm(NoteForm):
    """Whether the points come back (CU13)."""

    are_points_returned = forms.TypedChoiceField(
        label=_("points"),
        coerce=lambda value: value == "yes",
        choices=[("yes", _("give the points back")), ("no", _("keep the points"))],
        widget=forms.RadioSelect,
        initial="yes",
    )
    field_order = ("request_id", "are_points_returned", "internal")


def purchases_of(deeds: list[Transaction], card: Card) -> list[tuple[int, str]]:
    """Return purchases as choices, in words."""
    found: list[tuple[int, str]] = []
    for deed in deeds:
        day = timezone.localtime(deed.occurred_at, card.partner.zone()).date().isoformat()
        found.append((deed.pk, f"{day} · {words.history_line(deed, card).title}"))
    return found
