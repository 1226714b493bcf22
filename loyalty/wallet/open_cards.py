"""Cards as people see them before they hold them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from cards import access
from cards.models import Card, Reward, RewardStatus
from loyalty.members.access import memberships_for_member
from loyalty.users.models import User
from loyalty.wallet.card_page import text_of
from loyalty.web import words
from loyalty.web.money import money


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCard:
    """What a card promises: its words, how it earns, and what there is to save for."""

    text: dict[str, str]
    about: dict[str, str]
    promises: list[str]
    rewards: list[Reward]


def to_join(*, user: User, query: str, at: datetime) -> QuerySet[Card, Any]:
    """Return the open cards that the person does not hold, whose names hold the words."""
    held = memberships_for_member(user=user).values("card")
    found = access.open_at(at).exclude(pk__in=held)
    for word in query.split():
        found = found.filter(
            Q(name__icontains=word)
            | Q(partner__name__icontains=word)
            | Q(club__name__icontains=word)
        )
    return _with_text(found).order_by("partner__name", "name", "pk")


def shown_to_visitor(card: Card, *, at: datetime) -> ShownCard:
    """Return what an open card promises to somebody who may join it; two statements."""
    text = _with_text(Card.objects.filter(pk=card.pk)).get().text or {}
    rewards = Reward.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=at), card=card, status=RewardStatus.ACTIVE
    ).select_related("min_tier")
    return ShownCard(
        text=text,
        # The description stands at the top of the page already.
        about={name: text[name] for name in ("rules", "terms") if text},
        promises=list(_promises(card)),
        rewards=list(rewards.order_by("position", "cost", "pk")),
    )


def _with_text(cards: QuerySet[Card]) -> QuerySet[Card, Any]:
    return cards.annotate(text=text_of(OuterRef("pk")))


def _promises(card: Card) -> list[str]:
    lines: list[str] = []
    if card.is_points_only:
        lines.append(_("The staff give you %(units)s at each visit.") % {"units": card.unit_many})
    elif not card.uses_plans:
        # What plans give is told by the card's own words: it depends on the bill.
        rate = _("%(points)s for every %(amount)s you spend.") % {
            "points": words.given(card.points_per_step, card.credit_per_step_minor, card),
            "amount": money(card.step_minor, card.currency),
        }
        lines.append(rate)
        if card.min_amount_minor:
            least = money(card.min_amount_minor, card.currency)
            lines.append(_("From %(least)s a purchase.") % {"least": least})
    if card.welcome_points:
        welcome = words.points(card.welcome_points, card)
        lines.append(_("%(points)s to start with.") % {"points": welcome})
    if card.expiry_days:
        lasting = _("They last %(days)s days from the day you earn them.")
        if not lines:
            lasting = _("What you earn lasts %(days)s days.")
        lines.append(lasting % {"days": card.expiry_days})
    return lines
