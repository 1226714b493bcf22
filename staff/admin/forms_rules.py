"""The part of a card's form that its rules are frozen from (IV3, FA1, FA2, CU32)."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from cards.models import MOST_MINOR, Card, Reward
from clubs.models import DECIMALS, Currency
from loyalty.rules.terms import (
    AwardCriteria,
    ExpiryOverride,
    SpecialWindow,
    TierBasis,
    TierManagement,
    TierWindow,
)
from loyalty.web.fields import AmountField
from loyalty.web.money import plain
from staff.admin.conditions import ANY, CLEAR, TICKED, Whens, column_of, mark, need, settle
from staff.admin.forms import PartnersForm
from staff.admin.unfold_parts import dress

_SIMPLE = {"uses_plans": CLEAR, "is_points_only": CLEAR}
_PLANS = {"uses_plans": TICKED, "is_points_only": CLEAR}
_AMOUNTS = {"is_points_only": CLEAR}
_AWARDED = {"tier_basis": (TierBasis.AWARDED_POINTS.value, TierBasis.AWARDED_CREDIT.value)}
_MOVED = {"expiry_override": (ExpiryOverride.AUTOMATIC.value, ExpiryOverride.BY_HAND.value)}
_AROUND = {**_PLANS, "special_window": (SpecialWindow.DAYS.value,)}
_STAMPS = {"stamps_per_card": (ANY,)}
WHENS: Whens = {
    "step_minor": _SIMPLE,
    "points_per_step": _SIMPLE,
    "credit_per_step_minor": _SIMPLE,
    "buy_step_minor": _SIMPLE,
    "buy_points_per_step": {**_SIMPLE, "buy_step_minor": (ANY,)},
    "min_amount_minor": _AMOUNTS,
    "max_amount_minor": _AMOUNTS,
    "max_credit_minor": _AMOUNTS,
    "max_credit_day_minor": _AMOUNTS,
    "rounding": _AMOUNTS,
    "award_criteria": _AMOUNTS,
    "cumulative_days": {**_AMOUNTS, "award_criteria": (AwardCriteria.CUMULATIVE.value,)},
    "conflict_basis": _PLANS,
    "conflict_method": _PLANS,
    "loyalty_tender": _AMOUNTS,
    "special_window": _PLANS,
    "special_days_before": _AROUND,
    "special_days_after": _AROUND,
    "tier_days": {"tier_management": (TierManagement.AFTER_DAYS.value,)},
    "tier_window": _AWARDED,
    "tier_window_days": {**_AWARDED, "tier_window": (TierWindow.ROLLING.value,)},
    "expiry_override_days": _MOVED,
    "expiry_grace_days": _MOVED,
    "full_cards": _STAMPS,
    "full_card_reward": _STAMPS,
}
# What the database refuses where it does not apply.
_SETTLED = (
    "award_criteria",
    "cumulative_days",
    "special_days_before",
    "special_days_after",
    "tier_days",
    "tier_window",
    "tier_window_days",
    "expiry_override_days",
    "expiry_grace_days",
    "full_card_reward",
)
_NEEDED = ("cumulative_days", "tier_days", "tier_window_days")
_WHOLE = (
    "special_days_before",
    "special_days_after",
    "expiry_override_days",
    "expiry_grace_days",
    "buy_points_per_step",
)
MONEY_FIELDS = (
    "step_minor",
    "credit_per_step_minor",
    "buy_step_minor",
    "min_amount_minor",
    "max_amount_minor",
    "max_credit_minor",
    "max_credit_day_minor",
    "welcome_credit_minor",
)
_ZERO_IS_NOTHING = ("credit_per_step_minor", "min_amount_minor", "welcome_credit_minor")
_EMPTY_AT_ZERO = ("credit_per_step_minor", "welcome_credit_minor")
_ABOVE_ZERO = ("step_minor", "buy_step_minor", "max_credit_minor", "max_credit_day_minor")


def _amount(name: str, *, required: bool = False) -> AmountField:
    """Return the field of a setting in money; the form sets its currency."""
    column = column_of(Card, name)
    return AmountField(
        currency=Currency.EUR,
        most_minor=MOST_MINOR,
        required=required,
        label=column.verbose_name,
        help_text=column.help_text,
    )


class RulesForm(PartnersForm):
    """Money is typed in the card's currency with its decimals; what does not apply is neutral."""

    step_minor = _amount("step_minor", required=True)
    credit_per_step_minor = _amount("credit_per_step_minor")
    buy_step_minor = _amount("buy_step_minor")
    min_amount_minor = _amount("min_amount_minor")
    max_amount_minor = _amount("max_amount_minor", required=True)
    max_credit_minor = _amount("max_credit_minor")
    max_credit_day_minor = _amount("max_credit_day_minor")
    welcome_credit_minor = _amount("welcome_credit_minor")

    whens: ClassVar[Whens] = WHENS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currency = self.currency()
        for name in MONEY_FIELDS:
            if name in self.fields:
                self._set_money(name, currency)
        for name in _WHOLE:
            if name in self.fields:
                self.fields[name].required = False
        rewards = self.fields.get("full_card_reward")
        if isinstance(rewards, forms.ModelChoiceField):
            rewards.queryset = Reward.objects.filter(card_id=self.instance.pk).order_by("position")
        mark(self, self.whens)

    def _set_money(self, name: str, currency: str) -> None:
        field = self.fields[name]
        assert isinstance(field, AmountField)  # noqa: S101 - declared above
        field.currency = currency
        stored = getattr(self.instance, name)
        is_empty = stored is None or (stored == 0 and name in _EMPTY_AT_ZERO)
        self.initial[name] = "" if is_empty else plain(stored, currency)
        field.help_text = f"{currency}. {field.help_text}" if field.help_text else currency
        dress(self, name)

    def currency(self) -> str:
        """Return the currency that the amounts are typed in: the one chosen with them."""
        typed = self.data.get("currency") if "currency" in self.fields else None
        return str(typed) if typed in DECIMALS else str(self.instance.currency)

    def check_rules(self) -> None:
        """Settle what does not apply, and refuse what cannot work beside its field."""
        cleaned = self.cleaned_data
        for name in _ZERO_IS_NOTHING:
            if name in self.fields and name not in self.errors:
                cleaned[name] = cleaned.get(name) or 0
        settle(self, self.whens, _SETTLED)
        need(self, self.whens, _NEEDED, _("Type how many days."))
        for name in _WHOLE:
            if name in self.fields and cleaned.get(name) is None and name not in self.errors:
                cleaned[name] = column_of(Card, name).get_default()
        self._check_amounts(cleaned)

    def _check_amounts(self, cleaned: Mapping[str, Any]) -> None:
        for name in _ABOVE_ZERO:
            if cleaned.get(name) == 0:
                self.add_error(name, _("Type an amount above zero."))
        least, most = cleaned.get("min_amount_minor"), cleaned.get("max_amount_minor")
        if least is not None and most is not None and most < max(least, 1):
            self.add_error("max_amount_minor", _("Less than the smallest amount that earns."))
