"""The pages of a card's other rules, each with a link from the card (IV3.32)."""

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.urls import reverse

from cards.models import Card, ExpiryRule, MilestoneRule, Plan, ReferralRule, SpecialDay
from staff.admin.site import site

_RULES: tuple[type[models.Model], ...] = (
    Plan,
    ExpiryRule,
    SpecialDay,
    ReferralRule,
    MilestoneRule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePage:
    """A list of rules of one kind, and how many this card has."""

    words: Any
    address: str
    count: int


def pages(card: Card) -> list[RulePage]:
    """Return the lists of the card's rules that are not fields of its form."""
    return [_page(model, card) for model in _RULES if site.is_registered(model)]


def _page(model: type[models.Model], card: Card) -> RulePage:
    rows = model._default_manager.filter(card=card)
    if model is Plan:
        rows = rows.filter(archived_at=None)
    address = reverse(f"admin:cards_{model._meta.model_name}_changelist")
    return RulePage(
        words=model._meta.verbose_name_plural,
        address=f"{address}?card__id__exact={card.pk}",
        count=rows.count(),
    )
