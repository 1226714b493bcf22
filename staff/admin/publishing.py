"""From draft to published rules: what would change, the deed, and what a save is told about it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cards import terms
from cards.models import Card, CardStatus, TermsVersion
from loyalty.rules import tiers
from loyalty.rules.terms import Terms
from staff.admin import overlaps
from staff.admin.differences import Change, Differences

BUTTON = "_publish"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the rules of a card stand: which version is in force, and whether the draft differs."""

    card: Card
    number: int | None
    is_changed: bool

    @property
    def is_waiting(self) -> bool:
        """Return whether members earn by other rules than the draft says."""
        return self.number is not None and self.is_changed


def standing(card: Card) -> Standing:
    """Return how the rules of a card stand."""
    last = latest(card)
    return Standing(
        card=card,
        number=last.number if last else None,
        is_changed=terms.has_unpublished_changes(card),
    )


def latest(card: Card) -> TermsVersion | None:
    """Return the version in force, or None for a card that never was published."""
    return TermsVersion.objects.filter(card=card).order_by("-number").first()


def changes(card: Card, draft: Terms | None = None) -> list[Change]:
    """Return what publishing would change; before the first version, against no rules at all."""
    last = latest(card)
    before = terms.of_version(last.pk) if last else Terms()
    return Differences(card).changes(before, draft or terms.draft(card))


def after_save(
    model_admin: Any, request: HttpRequest, card_id: int, *, plan_code: str | None = None
) -> None:
    """Publish if the person asked for it or the card opens for the first time; else say it waits.

    Runs under the card's lock, in the transaction of the save.
    """
    card = Card.objects.select_for_update(no_key=True).get(pk=card_id)
    found = standing(card)
    is_opening = found.number is None and card.status == CardStatus.ACTIVE
    if found.is_changed and (is_opening or BUTTON in request.POST):
        publish(model_admin, request, card)
    elif found.is_waiting:
        words = _("Saved as a draft. Members earn by version %(number)s until you publish.")
        model_admin.message_user(request, words % {"number": found.number}, messages.INFO)
    warn(model_admin, request, card, plan_code)


def publish(model_admin: Any, request: HttpRequest, card: Card) -> TermsVersion:
    """Freeze the draft of a locked card as its next version, audit it and say so."""
    version = terms.publish(card=card, at=timezone.now(), by_id=request.user.pk)
    model_admin.audit(request, card, "publish", after={"version": version.number})
    words = _("The rules are published as version %(number)s.")
    model_admin.message_user(request, words % {"number": version.number}, messages.SUCCESS)
    return version


def warn(model_admin: Any, request: HttpRequest, card: Card, plan_code: str | None = None) -> None:
    """Say what is allowed but seldom meant; nothing is refused."""
    draft = terms.draft(card)
    for words in (*doubts(card, draft), *overlaps.warnings(card, draft, plan_code=plan_code)):
        model_admin.message_user(request, words, messages.WARNING)


def doubts(card: Card, draft: Terms) -> list[str]:
    """Return what about the draft is seldom meant (IV6.8)."""
    found = [
        _("Points of tier %(tier)s are worth less than those of a lower tier.")
        % {"tier": tier.name}
        for tier in tiers.worse_rates(draft.tiers)
    ]
    if card.uses_plans and not card.is_points_only and not any(plan.lines for plan in draft.plans):
        found.append(_("No active plan has a line yet, so purchases earn nothing."))
    return found


def publish_page(model_admin: Any, request: HttpRequest, card: Card) -> HttpResponse:
    """Show what publishing would change; a POST publishes."""
    if not model_admin.has_view_permission(request, card):
        raise PermissionDenied
    may_publish = model_admin.has_change_permission(request, card)
    if request.method == "POST":
        if not may_publish:
            raise PermissionDenied
        with transaction.atomic():
            locked = Card.objects.select_for_update(no_key=True).get(pk=card.pk)
            if terms.has_unpublished_changes(locked):
                publish(model_admin, request, locked)
        return redirect("admin:cards_card_change", card.pk)
    draft = terms.draft(card)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Publish the rules"),
        "crumbs": model_admin.crumbs(card, _("Publish")),
        "opts": model_admin.opts,
        "original": card,
        "standing": standing(card),
        "changes": changes(card, draft),
        "doubts": [*doubts(card, draft), *overlaps.warnings(card, draft)],
        "may_publish": may_publish,
        "what_if_address": what_if_address(card),
    }
    return render(request, "admin/cards/publish.html", context)


def what_if_address(card: Card) -> str:
    """Return where the draft is run over what happened, or nothing where there is no such page."""
    try:
        return reverse("admin:cards_card_what_if", args=[card.pk])
    except NoReverseMatch:
        return ""
