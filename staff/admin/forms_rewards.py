"""The forms of rewards: rows on the page of a card, and a page of their own."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cards.models import Card, CardStatus, Reward, RewardStatus, Tier
from loyalty.web.images import PictureField
from staff.admin.forms import VersionedForm, clean_code, loosen_code
from staff.admin.forms_rows import CodedRows, RowForm
from staff.admin.unfold_parts import dress


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
