"""Card numbers printed ahead: make a batch from the series, take one out, print (IV3.3, IV9.8)."""

import csv
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from cards.models import Card, NumberMode, PrintedCard
from loyalty.members import codes
from loyalty.members.models import Membership
from loyalty.operations import numbering
from loyalty.web import qr
from loyalty.web.fields import PointsField
from staff import posters
from staff.admin.unfold_parts import dress

MOST_AT_ONCE = 1000  # One page of the browser, one transaction, one print job.
PER_PAGE = 100


class StockForm(forms.Form):
    """How many numbers to add: at least one, and no more than the series has left."""

    count = PointsField(most=MOST_AT_ONCE, label=gettext_lazy("how many"), initial=50)

    def __init__(self, *args: Any, left: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.left = left
        dress(self)

    def clean_count(self) -> int:
        """Refuse more than there are."""
        wanted: int = self.cleaned_data["count"]
        if wanted > self.left:
            words = ngettext_lazy(
                "The series has %(left)s number left. Make it wider, or start another.",
                "The series has %(left)s numbers left. Make it wider, or start another.",
                self.left,
            )
            raise ValidationError(words, code="exhausted", params={"left": self.left})
        return wanted


class RangeForm(forms.Form):
    """Which numbers of the stock to print: from one to another, or all of them."""

    since = forms.CharField(label=gettext_lazy("from number"), max_length=24, required=False)
    until = forms.CharField(label=gettext_lazy("to number"), max_length=24, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs |= {"dir": "ltr", "autocomplete": "off"}
        dress(self)


def urls(model_admin: Any) -> list[Any]:
    """Return the addresses of the stock's files."""
    view = model_admin.admin_site.admin_view

    def listed(request: HttpRequest, object_id: int) -> HttpResponse:
        card = _numbered(model_admin, request, object_id)
        return number_list(card, _wanted(request, card))

    def sheet(request: HttpRequest, object_id: int) -> HttpResponse:
        card = _numbered(model_admin, request, object_id)
        return number_sheet(card, _wanted(request, card))

    name = "cards_card_numbers"
    return [
        path("<key:object_id>/numbers.csv", view(listed), name=f"{name}_csv"),
        path("<key:object_id>/numbers.pdf", view(sheet), name=f"{name}_pdf"),
    ]


def _numbered(model_admin: Any, request: HttpRequest, object_id: int) -> Card:
    """Return a card whose numbers come from a series; where they are typed there is no stock."""
    card: Card = model_admin.get_object(request, str(object_id))
    if card.number_mode == NumberMode.TYPED:
        raise Http404
    if not model_admin.has_change_permission(request, card):
        raise PermissionDenied
    return card


def _wanted(request: HttpRequest, card: Card) -> QuerySet[PrintedCard]:
    """Return the stock in the order of its numbers, or the part of it that was asked for."""
    found = numbering.in_stock(card).order_by("number", "pk")
    form = RangeForm(request.GET)
    if not form.is_valid():
        return found.none()
    if since := form.cleaned_data["since"].upper():
        found = found.filter(number__gte=since)
    if until := form.cleaned_data["until"].upper():
        found = found.filter(number__lte=until)
    return found


def left_in_series(card: Card) -> int:
    """Return how many numbers the card's series can still make."""
    return max(0, int(10**card.number_width) - card.next_number)


@transaction.atomic
def add_numbers(*, card_id: int, count: int) -> list[PrintedCard]:
    """Add the next numbers of the card's series to its stock, each with the code of its QR."""
    card = Card.objects.select_for_update(no_key=True).get(pk=card_id)
    first = card.next_number
    made = PrintedCard.objects.bulk_create(
        PrintedCard(
            partner_id=card.partner_id,
            card=card,
            number=numbering.numbered(card, number),
            code=codes.new_card_code(),
        )
        for number in range(first, first + count)
    )
    Card.objects.filter(pk=card_id).update(next_number=first + count)
    return made


def numbers_page(model_admin: Any, request: HttpRequest, card: Card) -> HttpResponse:
    """Show the stock; a POST adds numbers, or makes one void."""
    card = _numbered(model_admin, request, card.pk)
    left = left_in_series(card)
    form = StockForm(request.POST if "add" in request.POST else None, left=left)
    if request.method == "POST":
        if "void" in request.POST:
            _make_void(model_admin, request, card, request.POST["void"])
            return redirect(request.path)
        if form.is_valid():
            count = form.cleaned_data["count"]
            add_numbers(card_id=card.pk, count=count)
            model_admin.audit(request, card, "add numbers", after={"count": count})
            words = ngettext("%(count)s number added.", "%(count)s numbers added.", count)
            messages.success(request, words % {"count": count})
            return redirect(request.path)
    used = set(Membership.objects.filter(card=card).values_list("number", flat=True))
    page = Paginator(card.printed_cards.order_by("-pk"), PER_PAGE).get_page(request.GET.get("p"))
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Card numbers"),
        "crumbs": model_admin.crumbs(card, _("Card numbers")),
        "opts": model_admin.opts,
        "original": card,
        "form": form,
        "page": page,
        "used": used,
        "free": numbering.in_stock(card).count(),
        "range_form": RangeForm(),
        "next_number": numbering.numbered(card, card.next_number) if left else "",
        "left": left,
        "is_automatic": card.number_mode == NumberMode.AUTO,
    }
    return render(request, "admin/numbers.html", context)


def _make_void(model_admin: Any, request: HttpRequest, card: Card, key: str) -> None:
    if not (key.isascii() and key.isdecimal()):
        raise Http404
    printed = numbering.in_stock(card).filter(pk=int(key[:18])).order_by("pk").first()
    if printed is None:
        raise Http404
    PrintedCard.objects.filter(pk=printed.pk).update(is_void=True)
    model_admin.audit(request, card, "void number", after={"number": printed.number})
    messages.success(request, _("%(number)s is void.") % {"number": printed.number})


def number_list(card: Card, stock: QuerySet[PrintedCard]) -> HttpResponse:
    """Return numbers in stock with the address in each QR, for a print shop."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{card.code}-numbers.csv"'
    writer = csv.writer(response)
    writer.writerow(["number", "address"])
    for printed in stock:
        writer.writerow([printed.number, qr.card_address(printed.code)])
    return response


def number_sheet(card: Card, stock: QuerySet[PrintedCard]) -> HttpResponse:
    """Return numbers in stock as cards to cut, ten on an A4 page."""
    cards = [(printed.number, qr.card_address(printed.code)) for printed in stock[:MOST_AT_ONCE]]
    response = HttpResponse(posters.card_sheet(card.name, cards), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{card.code}-cards.pdf"'
    return response
