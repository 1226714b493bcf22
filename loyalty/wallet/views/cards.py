"""The person's cards, and the open cards they may take."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from loyalty.wallet import holdings, look, open_cards
from loyalty.wallet.forms import SearchForm
from loyalty.web.requests import signed_in

CARDS_PER_PAGE = 20


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the person's cards, or the one next step of somebody who has none. Source: R5.3."""
    tiles = holdings.tiles(user=signed_in(request), at=timezone.now())
    looks_url = look.address_of_many(tile.card for tile in tiles)
    return render(request, "wallet/home.html", {"tiles": tiles, "looks_url": looks_url})


@login_required
@require_safe
def cards(request: HttpRequest) -> HttpResponse:
    """Show the open cards that the person does not hold yet. Source: R5.3."""
    form = SearchForm(request.GET)
    query = form.cleaned_data["q"] if form.is_valid() else ""
    found = open_cards.to_join(user=signed_in(request), query=query, at=timezone.now())
    page: Any = Paginator(found, CARDS_PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list) if form.is_valid() else []
    context = {
        "form": form,
        "page": page,
        "shown": shown,
        "search": query,
        "query": urlencode({"q": query}) if query else "",
        "looks_url": look.address_of_many(shown),
    }
    return render(request, "wallet/cards.html", context)
