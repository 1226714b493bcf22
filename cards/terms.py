"""Freeze a card's rules as a numbered version, and read a version back as values."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from cards.models import Card, TermsVersion
from loyalty.rules.rounding import Rounding
from loyalty.rules.terms import Line, Terms, TierTerms

SCHEMA = 1


def frozen(card: Card) -> dict[str, Any]:
    """Return the card's rules as they stand in its rows, as plain data."""
    return {
        "schema": SCHEMA,
        "currency": card.currency,
        "is_points_only": card.is_points_only,
        "plans": [
            {
                "code": "SIMPLE",
                "lines": [
                    {
                        "step_minor": card.step_minor,
                        "points_per_step": card.points_per_step,
                        "min_amount_minor": card.min_amount_minor,
                    }
                ],
            }
        ],
        "max_amount_minor": card.max_amount_minor,
        "max_points": card.max_points,
        "rounding": card.rounding,
        "welcome_points": card.welcome_points,
        "expiry_days": card.expiry_days,
        "tiers": [
            {
                "tier_id": tier.pk,
                "name": tier.name,
                "min_points": tier.min_points,
                "multiplier": str(tier.multiplier),
                "entry_reward_id": tier.entry_reward_id,
            }
            for tier in card.tiers.filter(archived_at=None).order_by("min_points", "pk")
        ],
    }


def compiled(data: dict[str, Any]) -> Terms:
    """Return frozen rules as values."""
    line = data["plans"][0]["lines"][0]
    return Terms(
        line=Line(**line),
        is_points_only=data["is_points_only"],
        max_amount_minor=data["max_amount_minor"],
        max_points=data["max_points"],
        rounding=Rounding(data["rounding"]),
        welcome_points=data["welcome_points"],
        expiry_days=data["expiry_days"],
        tiers=tuple(
            TierTerms(**{**tier, "multiplier": Decimal(tier["multiplier"])})
            for tier in data["tiers"]
        ),
    )


@lru_cache(maxsize=4096)
def of_version(version_id: int) -> Terms:
    """Return the rules of a published version; read once per process, for it never changes.

    :raises TermsVersion.DoesNotExist: if there is none.
    """
    return compiled(TermsVersion.objects.values_list("terms", flat=True).get(pk=version_id))


def publish(*, card: Card, at: datetime, by_id: int | None) -> TermsVersion:
    """Freeze the card's rules as its next version, unless nothing changed since the last.

    Returns the version in force. The caller holds the card's row lock.
    """
    last = card.terms_versions.order_by("-number").first()
    rules = frozen(card)
    if last is not None and last.terms == rules:
        return last
    return TermsVersion.objects.create(
        partner_id=card.partner_id,
        card=card,
        number=last.number + 1 if last else 1,
        terms=rules,
        published_at=at,
        published_by_id=by_id,
    )
