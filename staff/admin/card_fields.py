"""What stands on the page of a card, and how it is shown to who may only read."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _

from cards.models import Card
from loyalty.web.money import money
from staff.admin.conditions import Whens, applies, column_of
from staff.admin.forms_rules import MONEY_FIELDS
from staff.admin.unfold_parts import NOTHING, column

_ADVANCED = ("collapse",)
FIELDSETS: Any = (  # Django's type for it has a name of its stubs alone.
    (
        _("General"),
        {
            "fields": (
                "club",
                "name",
                "code",
                "status",
                "valid_from",
                "valid_until",
                ("unit_one", "unit_many"),
                "currency",
            )
        },
    ),
    (
        _("How members earn"),
        {
            "fields": (
                ("is_points_only", "uses_plans"),
                ("step_minor", "points_per_step", "credit_per_step_minor"),
                ("buy_step_minor", "buy_points_per_step"),
                ("min_amount_minor", "max_amount_minor", "rounding"),
                ("max_points", "max_points_day"),
                ("max_credit_minor", "max_credit_day_minor"),
                ("welcome_points", "welcome_credit_minor", "expiry_days"),
                ("stamps_per_card", "full_cards", "full_card_reward"),
            ),
            "description": _(
                "Every full step of a purchase earns. What you save here is a draft until it is"
                " published; what was booked before keeps the rules of its day."
            ),
        },
    ),
    (
        _("Advanced: what counts together"),
        {
            "fields": (
                ("award_criteria", "cumulative_days"),
                ("conflict_basis", "conflict_method"),
                "loyalty_tender",
                ("special_window", "special_days_before", "special_days_after"),
            ),
            "classes": _ADVANCED,
        },
    ),
    (
        _("Advanced: tiers"),
        {
            "fields": (
                "tier_basis",
                ("tier_management", "tier_days"),
                ("tier_window", "tier_window_days"),
            ),
            "classes": _ADVANCED,
        },
    ),
    (
        _("Advanced: paying with points"),
        {
            "fields": ("redemption_method", ("base_rate", "base_redemption_percent")),
            "classes": _ADVANCED,
        },
    ),
    (
        _("Advanced: refunds and expiry"),
        {
            "fields": (
                ("refund_method", "clawback"),
                ("expiry_override", "expiry_override_days", "expiry_grace_days"),
            ),
            "classes": _ADVANCED,
        },
    ),
    (
        _("Look"),
        {"fields": ("preview", ("colour", "text_colour"), "icon", "logo", "background")},
    ),
    (
        _("What members see and may do"),
        {
            "fields": (
                ("company_name", "website"),
                "are_receipts_shown",
                ("has_referrals", "referrals_per_month"),
                ("only_head_redeems", "most_in_group"),
                "check_in_hours",
            )
        },
    ),
    (
        _("Limits against mistakes and misuse"),
        {
            "fields": (
                ("earns_per_hour", "earns_per_day"),
                "redeems_per_day",
                ("gift_cap", "adjust_cap"),
                ("claim_minutes", "undo_minutes"),
                ("printed_card_spends", "search_spends"),
            )
        },
    ),
    (
        _("Card numbers"),
        {
            "fields": (
                "number_mode",
                ("number_prefix", "number_width"),
                "number_has_check_digit",
            ),
            "description": _("Locked once the card has a member."),
        },
    ),
)


def _shown(name: str) -> Any:
    """Return a column that shows a setting in minor units as money."""

    def show(self: Any, card: Card) -> str:
        value = getattr(card, name)
        return NOTHING if value is None else money(value, card.currency)

    return column(column_of(Card, name).verbose_name)(show)


class MoneyShown:
    """The settings in money, for who may only read them."""


for _name in MONEY_FIELDS:
    setattr(MoneyShown, f"{_name}_shown", _shown(_name))


def read_fieldsets(fieldsets: Iterable[Any], card: Card, whens: Whens) -> Iterator[Any]:
    """Return the fields of a page that is only read: money in words, without what does not apply.

    A fieldset of which nothing is left is left out.
    """
    for title, options in fieldsets:
        rows = [_row(row, card, whens) for row in options["fields"]]
        if any(rows):
            yield title, {**options, "fields": [row for row in rows if row]}


def _row(row: Any, card: Card, whens: Whens) -> tuple[str, ...]:
    names = (row,) if isinstance(row, str) else row
    kept = [
        name
        for name in names
        if name not in whens or applies(whens[name], lambda other: getattr(card, other))
    ]
    return tuple(f"{name}_shown" if name in MONEY_FIELDS else name for name in kept)
