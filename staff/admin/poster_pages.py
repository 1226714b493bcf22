"""What a shop puts up so that people join: posters to print and a page for a screen."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import translation
from django.utils.translation import gettext as _

from cards.models import Card, RewardStatus
from loyalty.web import words as plain_words
from staff import posters
from staff.contrast import contrast
from staff.posters import Invitation

MAKERS = {"poster": posters.poster, "tent": posters.table_tent}
PRINTED = "print poster"
LIGHT_INK, DARK_INK = "#ffffff", "#101418"


def urls(model_admin: Any) -> list[Any]:
    """Return the addresses of a card's posters."""
    view = model_admin.admin_site.admin_view

    def paper(request: HttpRequest, object_id: int, kind: str) -> HttpResponse:
        return poster_file(model_admin, request, seen(model_admin, request, object_id), kind)

    def screen(request: HttpRequest, object_id: int) -> HttpResponse:
        return screen_page(request, seen(model_admin, request, object_id))

    return [
        path("<key:object_id>/<slug:kind>.pdf", view(paper), name="cards_card_poster"),
        path("<key:object_id>/screen/", view(screen), name="cards_card_screen"),
    ]


def seen(model_admin: Any, request: HttpRequest, object_id: int) -> Card:
    """Return a card that the person may see.

    :raises Http404: for a foreign card.
    """
    card: Card = model_admin.get_object(request, str(object_id))
    if not model_admin.has_view_permission(request, card):
        raise PermissionDenied
    return card


def join_address(card: Card) -> str:
    """Return where people join; `/join/` is the wallet's public page of a card."""
    return f"{settings.SITE_URL}/join/{card.pk}/"


def invitation(card: Card) -> Invitation:
    """Return what the card's posters say, in the language of the business."""
    with translation.override(card.partner.language):
        cheapest = (
            card.rewards.filter(status=RewardStatus.ACTIVE).order_by("cost", "position", "pk")
        ).first()
        teaser = ""
        if cheapest is not None:
            facts = {
                "reward": cheapest.name,
                "points": plain_words.points(cheapest.cost, card),
            }
            teaser = _("%(reward)s for %(points)s") % facts
    return Invitation(
        title=card.name,
        place=card.partner.name,
        address=join_address(card),
        teaser=teaser,
    )


def poster_page(model_admin: Any, request: HttpRequest, card: Card) -> HttpResponse:
    """Show what can be printed for a card, with its code."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Posters"),
        "crumbs": model_admin.crumbs(card, _("Posters")),
        "opts": model_admin.opts,
        "original": card,
        "words": invitation(card),
        "can_print": posters.can_print(card.name + card.partner.name),
    }
    return render(request, "admin/posters.html", context)


def poster_file(model_admin: Any, request: HttpRequest, card: Card, kind: str) -> HttpResponse:
    """Return a poster as a PDF; a POST notes that it was printed."""
    make = MAKERS.get(kind)
    if make is None:
        raise Http404
    if request.method == "POST":
        model_admin.audit(request, card, PRINTED, after={"kind": kind})
    with translation.override(card.partner.language):
        response = HttpResponse(make(invitation(card)), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{card.code}-{kind}.pdf"'
    return response


def screen_page(request: HttpRequest, card: Card) -> HttpResponse:
    """Show the card's code over the whole of a screen in the shop."""
    is_dark = contrast(LIGHT_INK, card.colour) >= contrast(DARK_INK, card.colour)
    with translation.override(card.partner.language):
        context = {"card": card, "words": invitation(card), "is_dark": is_dark}
        return render(request, "admin/screen.html", context)
