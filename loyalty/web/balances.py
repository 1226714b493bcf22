"""A balance as people read it: points, credit, or both."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from cards.models import Card
from loyalty.web.explaining import given
from loyalty.web.money import count, decimals, money


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The main figure with its unit, what else is there (may be empty), and all in one text.

    ``value`` is the main figure as a whole number that has so many ``decimals``, for a script.
    """

    figure: str
    unit: str
    more: str
    text: str
    value: int
    decimals: int = 0


def balance(card: Card, points: int, credit_minor: int) -> Balance:
    """Return what can be spent, in words; credit comes first where the card gives no points."""
    text = given(points, credit_minor, card)
    if points == 0 and (credit_minor or gives_only_credit(card)):
        credit = money(credit_minor, card.currency)
        only = _("%(amount)s credit") % {"amount": credit}
        return Balance(
            figure=credit,
            unit=_("credit"),
            more="",
            text=only,
            value=credit_minor,
            decimals=decimals(card.currency),
        )
    more = _("and %(amount)s credit") % {"amount": money(credit_minor, card.currency)}
    return Balance(
        figure=count(points),
        unit=card.unit_one if points == 1 else card.unit_many,
        more=more if credit_minor else "",
        text=text,
        value=points,
    )


def gives_only_credit(card: Card) -> bool:
    """Return whether purchases earn credit and no points, by the card's simple rule."""
    return (
        not card.uses_plans
        and not card.is_points_only
        and card.points_per_step == 0
        and card.credit_per_step_minor > 0
    )
