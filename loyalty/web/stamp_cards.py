"""A balance of stamps as the cards it fills: full ones, and the one in progress (CU32)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cards import terms
from cards.models import Card, TermsVersion
from loyalty.rules import stamps
from loyalty.rules.terms import Terms
from loyalty.web.money import count


@dataclass(frozen=True, slots=True, kw_only=True)
class StampCard:
    """Full cards, and how far the one in progress is; ``text`` says both."""

    full: int
    in_progress: int
    per_card: int
    text: str

    def places(self) -> Iterator[tuple[int, bool]]:
        """Return each place of the card in progress, counted from one, and whether it is filled."""
        return ((place, place <= self.in_progress) for place in range(1, self.per_card + 1))


def stamp_card(rules: Terms, available: int, card: Card) -> StampCard | None:
    """Return a balance as stamp cards, or None where the card is none."""
    per_card = rules.stamps_per_card
    if per_card is None:
        return None
    found = stamps.filled(balance=available, per_card=per_card)
    return StampCard(
        full=found.cards,
        in_progress=found.in_progress,
        per_card=per_card,
        text=_told(found.cards, found.in_progress, per_card, card),
    )


def in_force(card: Card, available: int, *, at: datetime) -> StampCard | None:
    """Return a balance as stamp cards by the rules in force; no statement for another card."""
    if card.stamps_per_card is None:
        return None
    versions = TermsVersion.objects.filter(card=card, published_at__lte=at).order_by("-number")
    version = versions.values_list("pk", flat=True).first()
    return stamp_card(terms.of_version(version), available, card) if version else None


def _told(full: int, in_progress: int, per_card: int, card: Card) -> str:
    progress = _("%(count)s of %(all)s %(units)s") % {
        "count": count(in_progress),
        "all": count(per_card),
        "units": card.unit_many,
    }
    if not full:
        return progress
    cards = ngettext("%(count)s full card", "%(count)s full cards", full) % {"count": count(full)}
    return _("%(cards)s and %(progress)s") % {"cards": cards, "progress": progress}
