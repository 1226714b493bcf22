"""The pages of what-if runs: ask what the draft would have done, watch it, read the outcome."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from cards import freezing
from cards.models import Card, Tier, WhatIf, WhatIfStatus
from loyalty.analytics import whatif
from loyalty.ledger.models import Transaction
from loyalty.members.models import Membership
from loyalty.rules.awards import Award
from loyalty.rules.explanations import steps_from_data
from loyalty.web.explaining import explanation, given
from loyalty.web.money import count, decimal_number, money
from loyalty.web.requests import signed_in
from staff.admin.poster_pages import seen
from staff.admin.unfold_parts import dress

NAME = "cards_card_what_if"


class AskForm(forms.Form):
    """Over how many days the draft is run."""

    days = forms.TypedChoiceField(
        label=gettext_lazy("Purchases of"),
        coerce=int,
        choices=[
            (
                days,
                ngettext_lazy("the last %(days)s day", "the last %(days)s days", days)
                % {"days": days},
            )
            for days in whatif.DAYS
        ],
        initial=30,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as a page shows it."""

    row: WhatIf
    state: str
    words: str
    address: str
    before: str = ""
    after: str = ""

    @property
    def is_going_on(self) -> bool:
        """Return whether there is more to come."""
        return self.state in whatif.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one purchase gives by one set of rules, and why."""

    gives: str
    why: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One of the most changed purchases, before and after."""

    purchase: Transaction
    member: Membership | None
    booked: Side
    drafted: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How many members would go from one tier to another."""

    before: str
    after: str
    members: int
    is_kept: bool


def urls(model_admin: Any) -> list[Any]:
    """Return the addresses of a card's what-if runs."""
    view = model_admin.admin_site.admin_view

    def asking(request: HttpRequest, object_id: int) -> HttpResponse:
        return ask_page(model_admin, request, seen(model_admin, request, object_id))

    def result(request: HttpRequest, object_id: int, run_id: int) -> HttpResponse:
        return result_page(model_admin, request, seen(model_admin, request, object_id), run_id)

    return [
        path("<key:object_id>/what-if/", view(asking), name=NAME),
        path("<key:object_id>/what-if/<key:run_id>/", view(result), name=f"{NAME}_result"),
    ]


def ask_page(model_admin: Any, request: HttpRequest, card: Card) -> HttpResponse:
    """Show the runs of a card; a POST asks for another one."""
    may_ask = model_admin.has_change_permission(request, card)
    form = AskForm(request.POST or None)
    if request.method == "POST":
        if not may_ask:
            raise PermissionDenied
        if form.is_valid():
            run = whatif.ask(
                card_id=card.pk,
                days=form.cleaned_data["days"],
                at=timezone.now(),
                by_id=signed_in(request).pk,
            )
            return redirect(f"admin:{NAME}_result", card.pk, run.pk)
    context = {
        **_page(model_admin, request, card, _("What if")),
        "form": form,
        "may_ask": may_ask,
        "runs": [shown(run) for run in card.what_ifs.order_by("-pk")],
    }
    return render(request, "admin/cards/what_if.html", context)


def result_page(model_admin: Any, request: HttpRequest, card: Card, run_id: int) -> HttpResponse:
    """Show how far a run is, or what it found; with ``part`` only how far it is.

    :raises Http404: if the card has no such run.
    """
    row = card.what_ifs.select_related("asked_by").filter(pk=run_id).order_by("pk").first()
    if row is None:
        raise Http404
    row.card = card
    run = shown(row)
    if "part" in request.GET:
        return render(request, "admin/cards/_what_if_progress.html", {"run": run})
    context = {
        **_page(model_admin, request, card, _("What the draft would have done")),
        "run": run,
        "since": whatif.first_moment(row),
        "is_replaced": row.outcome.get("error") == whatif.REPLACED,
        "is_outdated": row.terms != freezing.frozen(card),
    }
    if run.state == WhatIfStatus.DONE:
        context |= _outcome(card, row)
    return render(request, "admin/cards/what_if_result.html", context)


def _page(model_admin: Any, request: HttpRequest, card: Card, title: str) -> dict[str, Any]:
    return {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "crumbs": model_admin.crumbs(card, title),
        "opts": model_admin.opts,
        "original": card,
    }


def shown(row: WhatIf) -> Run:
    """Return a run as a page shows it; one that the queue gave up on has failed."""
    state = WhatIfStatus.FAILED if whatif.is_given_up(row) else WhatIfStatus(row.status)
    facts: dict[str, str] = {}
    if state == WhatIfStatus.DONE:
        found = row.outcome
        facts = {
            "before": given(found["points_before"], found["credit_before"], row.card),
            "after": given(found["points_after"], found["credit_after"], row.card),
        }
    return Run(
        row=row,
        state=state,
        words=str(state.label),
        address=reverse(f"admin:{NAME}_result", args=[row.card_id, row.pk]),
        **facts,
    )


def _outcome(card: Card, row: WhatIf) -> dict[str, Any]:
    """Return what a run found, in words."""
    found = row.outcome
    return {
        "found": found,
        "figures": _figures(card, found),
        "moved": _moved(card, found),
        "changed": _changed(card, found["changed"]),
    }


def _figures(card: Card, found: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return the figures of a run: what it is, the figure, and what to hold it against."""

    def credit(minor: int) -> str:
        return money(minor, card.currency)

    points = _("%(unit)s by the draft") % {"unit": card.unit_many}
    figures = [
        (_("purchases"), count(found["purchases"]), ""),
        (
            points,
            count(found["points_after"]),
            _held_against(count, found["points_before"], found["points_after"]),
        ),
    ]
    if found["credit_before"] or found["credit_after"]:
        against = _held_against(credit, found["credit_before"], found["credit_after"])
        figures.append((_("credit by the draft"), credit(found["credit_after"]), against))
    of_all = _("of %(members)s who bought") % {"members": count(found["members"])}
    figures += [
        (_("members with more"), count(found["better"]), of_all),
        (_("members with less"), count(found["worse"]), of_all),
    ]
    if found["mixed"]:
        figures.append((_("members with more and less"), count(found["mixed"]), of_all))
    return figures


def _held_against(written: Callable[[int], str], before: int, after: int) -> str:
    """Return what was booked, and by how much the draft gives more or less."""
    booked = _("%(before)s were booked") % {"before": written(before)}
    if not before:
        return booked
    change = (Decimal(after - before) * 100 / before).quantize(Decimal("0.1"))
    sign = "+" if change > 0 else ""
    return f"{booked} ({sign}{decimal_number(change)} %)"


def _moved(card: Card, found: Mapping[str, Any]) -> list[Moved]:
    """Return the moves between tiers, those that would happen first."""
    names = dict(Tier.objects.filter(card=card).values_list("pk", "name"))
    rows = []
    for is_kept, moves in ((False, found["moves"]), (True, found["kept"])):
        for move, members in moves.items():
            before, after = (names.get(int(pk), _("no tier")) for pk in move.split(">"))
            rows.append(Moved(before=before, after=after, members=members, is_kept=is_kept))
    return sorted(rows, key=lambda row: (row.is_kept, -row.members, row.before, row.after))


def _changed(card: Card, found: Sequence[Mapping[str, Any]]) -> list[Changed]:
    """Return the most changed purchases, read in two statements."""
    purchases = Transaction.objects.filter(card=card).in_bulk([one["transaction"] for one in found])
    members = Membership.objects.filter(card=card).in_bulk([one["membership"] for one in found])
    rows = []
    for one in found:
        (points, drafted_points), (credit, drafted_credit) = one["points"], one["credit"]
        rows.append(
            Changed(
                purchase=purchases[one["transaction"]],
                member=members.get(one["membership"]),
                booked=_side(card, points, credit, one["steps_before"]),
                drafted=_side(card, drafted_points, drafted_credit, one["steps"]),
            )
        )
    return rows


def _side(
    card: Card, points: int, credit_minor: int, steps: Sequence[Mapping[str, Any]] | None
) -> Side:
    if steps is None:
        why = [_("refused: above the largest amount of one purchase")]
    else:
        why = explanation(Award(points=points, steps=steps_from_data(steps)), card)
    return Side(gives=given(points, credit_minor, card), why=why)
