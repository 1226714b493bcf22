"""A card's brand as a stylesheet: its colours, and nothing that tells who holds it."""

import hashlib
import re
from collections.abc import Iterable

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from cards.models import Card, CardStatus

# A page of cards never shows more; a longer address is nobody's.
MOST_CARDS = 100
MOST_DIGITS = 15
KEEP_FOR_EVER = "public, max-age=31536000, immutable"


def _declarations(card: Card) -> str:
    image = f' --brand-image: url("{card.background.url}");' if card.background else ""
    return f"--brand: {card.colour}; --brand-ink: {card.text_colour};{image}"


def _sheet(card: Card) -> str:
    return f":root {{ {_declarations(card)} }}\n"


def _sheet_of_many(cards: Iterable[Card]) -> str:
    return "".join(f'[data-look="{card.pk}"] {{ {_declarations(card)} }}\n' for card in cards)


def _hash(sheet: str) -> str:
    return hashlib.sha256(sheet.encode()).hexdigest()[:12]


def address(card: Card) -> str:
    """Return the address of the card's stylesheet, which names its content."""
    version = urlencode({"v": _hash(_sheet(card))})
    return f"{reverse('wallet:look', args=[card.pk])}?{version}"


def address_of_many(cards: Iterable[Card]) -> str:
    """Return the address of one stylesheet for several cards, or nothing for none."""
    found = sorted({card.pk: card for card in cards}.values(), key=lambda card: card.pk)
    if not found:
        return ""
    query = {"c": ",".join(str(card.pk) for card in found), "v": _hash(_sheet_of_many(found))}
    return f"{reverse('wallet:looks')}?{urlencode(query)}"


@require_safe
def look(request: HttpRequest, card_id: int) -> HttpResponse:
    """Answer the stylesheet of one card; whoever names its content may keep it for ever."""
    card = _published({card_id}).get(card_id)
    if card is None:
        raise Http404
    # The row's version names the content as well: it rises with every save.
    return _answer(request, _sheet(card), also_named=str(card.version))


@require_safe
def looks(request: HttpRequest) -> HttpResponse:
    """Answer one stylesheet for the cards of a list."""
    named = request.GET.get("c", "").split(",")[:MOST_CARDS]
    is_key = re.compile(rf"[0-9]{{1,{MOST_DIGITS}}}").fullmatch
    ids = {int(part) for part in named if is_key(part)}
    found = _published(ids)
    return _answer(request, _sheet_of_many(found[pk] for pk in sorted(found)))


def _published(ids: set[int]) -> dict[int, Card]:
    # A draft is nobody's business; every other card was shown to the public once.
    cards = Card.objects.filter(pk__in=ids).exclude(status=CardStatus.DRAFT)
    return {
        card.pk: card
        for card in cards.only("colour", "text_colour", "background", "version").order_by("pk")
    }


def _answer(request: HttpRequest, sheet: str, also_named: str = "") -> HttpResponse:
    named = request.GET.get("v", "")
    is_current = bool(named) and named in {_hash(sheet), also_named}
    return HttpResponse(
        sheet,
        content_type="text/css; charset=utf-8",
        headers={"Cache-Control": KEEP_FOR_EVER if is_current else "no-cache"},
    )
