"""Cards as people see them before they hold them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from cards import access, terms
from cards.models import Card, Reward, RewardStatus, TermsVersion
from loyalty.members.access import memberships_for_member
from loyalty.rules.terms import Direction, Terms, Unit
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
    found = access.joinable_at(at).exclude(pk__in=held)
    for word in query.split():
        found = found.filter(
            Q(name__icontains=word)
            | Q(partner__name__icontains=word)
            | Q(club__name__icontains=word)
        )
    return _with_text(found).order_by("partner__name", "name", "pk")


def shown_to_visitor(card: Card, *, at: datetime) -> ShownCard:
    """Return what an open card promises to somebody who may join it; two statements."""
    versions = TermsVersion.objects.filter(card=OuterRef("pk"), published_at__lte=at)
    in_force = Subquery(versions.order_by("-number").values("pk")[:1])
    row = _with_text(Card.objects.filter(pk=card.pk)).annotate(terms_id=in_force).get()
    text = row.text or {}
    rewards = Reward.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=at), card=card, status=RewardStatus.ACTIVE
    ).select_related("min_tier")
    return ShownCard(
        text=text,
        # The description stands at the top of the page already.
        about={name: text[name] for name in ("rules", "terms") if text},
        promises=_promises(card, terms.of_version(row.terms_id)) if row.terms_id else [],
        rewards=list(rewards.order_by("position", "cost", "pk")),
    )


def _with_text(cards: QuerySet[Card]) -> QuerySet[Card, Any]:
    return cards.annotate(text=text_of(OuterRef("pk")))


def _promises(card: Card, rules: Terms) -> list[str]:
    """Return what the rules in force give, in sentences; what plans give the card's words tell."""
    earning = _earning(card, rules)
    lines = [earning] if earning else []
    if rules.min_amount_minor and earning:
        least = money(rules.min_amount_minor, card.currency)
        lines.append(_("From %(least)s a purchase.") % {"least": least})
    if rules.welcome_points or rules.welcome_credit_minor:
        welcome = words.given(rules.welcome_points, rules.welcome_credit_minor, card)
        lines.append(_("%(points)s to start with.") % {"points": welcome})
    if rules.expiry_days and not rules.expiry_rules:
        lasting = _("They last %(days)s days from the day you earn them.")
        if not lines:
            lasting = _("What you earn lasts %(days)s days.")
        lines.append(lasting % {"days": rules.expiry_days})
    return lines


def _earning(card: Card, rules: Terms) -> str:
    if rules.is_points_only:
        return _("The staff give you %(units)s at each visit.") % {"units": card.unit_many}
    # The rule of a simple card is a plan without a name.
    simple = [plan for plan in rules.plans if not plan.name and plan.direction == Direction.SALE]
    given = {line.unit: line for plan in simple for line in plan.lines}
    if not given:
        return ""
    points, credit = (
        given[unit].award if unit in given else 0 for unit in (Unit.POINTS, Unit.CREDIT)
    )
    step = max(int(line.value) for line in given.values())
    return _("%(points)s for every %(amount)s you spend.") % {
        "points": words.given(points, credit, card),
        "amount": money(step, card.currency),
    }
