"""The tiers of a card, as rows on its page."""

from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cards.models import Tier
from clubs.models import Currency
from loyalty.rules.terms import TierBasis
from loyalty.web.fields import AmountField
from loyalty.web.money import plain
from staff.admin.forms_rows import CodedRows, RowForm
from staff.admin.unfold_parts import dress, name_cells

CREDIT_BASES = frozenset({TierBasis.AWARDED_CREDIT.value, TierBasis.AVAILABLE_CREDIT.value})
MOST_VALUE = 1_000_000_000


class TierRows(CodedRows):
    """The tiers of a card: one per threshold."""

    def clean(self) -> None:
        """Refuse two tiers in use whose thresholds meet: neither would be the higher one."""
        super().clean()
        seen: set[int] = set()
        for form in self.forms:
            if not form.is_valid() or not (form.has_changed() or form.instance.pk):
                continue
            value = form.cleaned_data.get("min_value")
            if value is None or form.cleaned_data.get("is_archived"):
                continue
            if value in seen:
                form.add_error("min_value", _("Another tier starts there."))
            seen.add(value)


class TierRowForm(RowForm):
    """A tier in the grid; one that is no longer wanted is archived, never deleted.

    ``basis`` and ``currency`` are the card's: a threshold is in points, or in money.
    """

    basis: ClassVar[str] = TierBasis.AWARDED_POINTS.value
    currency: ClassVar[str] = Currency.EUR.value
    is_archived = forms.BooleanField(label=_("archived"), required=False)

    class Meta:
        model = Tier
        fields = (
            "name",
            "code",
            "min_value",
            "multiplier",
            "rate",
            "redemption_percent",
            "entry_reward",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["is_archived"] = self.instance.archived_at is not None
        if self.basis in CREDIT_BASES and "min_value" in self.fields:
            self._take_money()
        for name in ("rate", "multiplier", "redemption_percent"):
            if name in self.fields:
                self.initial[name] = f"{getattr(self.instance, name).normalize():f}"
        dress(self, "is_archived")
        name_cells(self)

    def _take_money(self) -> None:
        label = self.fields["min_value"].label
        self.fields["min_value"] = AmountField(
            currency=self.currency, most_minor=MOST_VALUE, label=label
        )
        dress(self, "min_value")
        if self.instance.pk:
            self.initial["min_value"] = plain(self.instance.min_value, self.currency)

    def clean(self) -> dict[str, Any]:
        """Set when the tier was archived, or that it is not."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("is_archived"):
            self.instance.archived_at = None
        elif self.instance.archived_at is None:
            self.instance.archived_at = timezone.now()
        return cleaned
