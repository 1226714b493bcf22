"""Freeze a card's rules as a numbered version, and read a version back as values."""

from datetime import datetime
from functools import lru_cache

from cards import freezing
from cards.models import Card, TermsVersion
from loyalty.rules.terms import Terms


@lru_cache(maxsize=1024)
def of_version(version_id: int) -> Terms:
    """Return the rules of a published version; read once per process, for it never changes.

    :raises TermsVersion.DoesNotExist: if there is none.
    """
    return freezing.thawed(TermsVersion.objects.values_list("terms", flat=True).get(pk=version_id))


def draft(card: Card) -> Terms:
    """Return the rules as they stand in the card's rows, published or not."""
    return freezing.thawed(freezing.frozen(card))


def has_unpublished_changes(card: Card) -> bool:
    """Return whether the card's rows say other than its last version, or it has none."""
    last = card.terms_versions.order_by("-number").first()
    return last is None or last.terms != freezing.frozen(card)


def publish(*, card: Card, at: datetime, by_id: int | None) -> TermsVersion:
    """Freeze the card's rules as its next version, unless nothing changed since the last.

    Returns the version in force. The caller holds the card's row lock.
    """
    last = card.terms_versions.order_by("-number").first()
    rules = freezing.frozen(card)
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
